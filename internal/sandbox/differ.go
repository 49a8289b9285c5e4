package sandbox

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// sameOptions returns psn.Conflict when an option that is set in asked differs
// from that of the sandbox that runs.
func sameOptions(st State, asked Options) error {
	if st.Options == nil {
		return nil // of a version that did not say
	}
	asked.Dir = ""
	// The order of centers means nothing.
	has := *st.Options
	asked.Centers, has.Centers = slices.Sorted(slices.Values(asked.Centers)), slices.Sorted(slices.Values(has.Centers))
	var differ []string
	want, is := reflect.ValueOf(asked), reflect.ValueOf(has)
	for i := range want.NumField() {
		if want.Field(i).IsZero() || reflect.DeepEqual(want.Field(i).Interface(), is.Field(i).Interface()) {
			continue
		}
		name := want.Type().Field(i).Name
		if name == "Machines" {
			differ = append(differ, "sizes of the source's disks")
			continue
		}
		differ = append(differ, fmt.Sprintf("%s is %v, asked for %v", words(name), is.Field(i), want.Field(i)))
	}
	if len(differ) == 0 {
		return nil
	}
	return psn.Errorf(psn.Conflict, "the sandbox in %s runs already (process %d) with other options (%s): stop it with \"psn sandbox down\" first; its machines are gone then", st.Dir, st.PID, strings.Join(differ, "; "))
}

// words turns ExtraMachines into "extra machines".
func words(field string) string {
	var b strings.Builder
	for i, r := range field {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
