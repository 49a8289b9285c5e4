package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/audit/tfaddr"
)

// notCompared lists the attributes of planned resources, and the counts, that
// the configuration makes of something else than constants: "address: attribute
// (references)". The file does not tell how, so they are not held against it.
func notCompared(f *File) []string {
	planned := map[string]bool{}
	for _, c := range f.Changes {
		if c.After != nil {
			planned[tfaddr.Bare(c.Address)] = true
		}
	}
	out := []string{}
	for _, address := range slices.Sorted(maps.Keys(f.Declared)) {
		d := f.Declared[address]
		if !planned[address] {
			continue
		}
		var open []string
		note := func(name string, e *Expression) {
			if e == nil || e.IsConstant {
				return
			}
			on := strings.Join(slices.Compact(slices.Sorted(slices.Values(e.References))), ", ")
			open = append(open, strings.TrimSuffix(fmt.Sprintf("%s (%s)", name, on), " ()"))
		}
		note("count", d.Count)
		note("for_each", d.ForEach)
		for _, name := range slices.Sorted(maps.Keys(d.Expressions)) {
			e := d.Expressions[name]
			note(name, &e)
		}
		if len(open) > 0 {
			out = append(out, address+": "+strings.Join(open, "; "))
		}
	}
	return out
}
