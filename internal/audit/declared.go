package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// keptOnes are the attributes that a psn_placement keeps as they stood while the
// decision stays the same, whatever the configuration has anew.
var keptOnes = map[string]bool{"inventory": true, "as_of": true}

// againstConfiguration compares what is planned with what the configuration has
// as constants, at any depth, and with what it leaves out.
func againstConfiguration(f *File) []psn.Finding {
	if len(f.Declared) == 0 {
		return nil
	}
	var out []psn.Finding
	for _, c := range f.Changes {
		if c.After == nil {
			continue
		}
		d, declared := f.Declared[configAddress(c.Address)]
		if !declared {
			out = append(out, ruleViews.finding(c.Address, "resource_changes keeps or makes the resource, the configuration does not declare it"))
			continue
		}
		s := shapes()[d.Type]
		for _, name := range slices.Sorted(maps.Keys(d.Expressions)) {
			e := d.Expressions[name]
			if !e.IsConstant {
				out = append(out, f.againstReference(d, c, name, e)...)
				continue
			}
			at, wrote, has := s.difference(e.Constant, c.After[name], c.Unknown[name], name, name)
			if at == "" || c.Type == "psn_placement" && keptOnes[name] && same(c.Before[name], c.After[name]) {
				continue
			}
			out = append(out, ruleViews.finding(c.Address, fmt.Sprintf("attribute %s is %s in the configuration and %s in resource_changes%s", at, inWords(at, wrote), inWords(at, has), asBefore(c, name))))
		}
		for _, name := range s.given() {
			if _, written := d.Expressions[name]; !written && c.After[name] != nil {
				out = append(out, ruleViews.finding(c.Address, fmt.Sprintf("attribute %s is absent in the configuration and %s in resource_changes%s", name, inWords(name, c.After[name]), asBefore(c, name))))
			}
		}
	}
	return append(out, undeclaredInstances(f)...)
}

// asBefore says what else than a change of the file explains a value.
func asBefore(c Resource, name string) string {
	if c.Before == nil || !same(c.Before[name], c.After[name]) {
		return ""
	}
	return ", as before the plan: the file was changed, or lifecycle.ignore_changes, which is not in it, keeps the value"
}

func same(a, b any) bool {
	at, _, _ := firstDifference(a, b, "x")
	return at == ""
}

// sameScalar compares as Terraform converts: 2, "2" and 2.0 are the same.
func sameScalar(a, b any) bool {
	if b == nil || fmt.Sprint(a) == fmt.Sprint(b) {
		return b != nil
	}
	_, oneIs := a.(json.Number)
	_, otherIs := b.(json.Number)
	if !oneIs && !otherIs {
		return false
	}
	x, _, errX := big.ParseFloat(fmt.Sprint(a), 10, 256, big.ToNearestEven)
	y, _, errY := big.ParseFloat(fmt.Sprint(b), 10, 256, big.ToNearestEven)
	return errX == nil && errY == nil && x.Cmp(y) == 0
}
