package finding

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// DayOfRecord is the "as_of" to record: the prior one while everything in lists
// that has a first or a last day (derogations, exclusions; of the configuration
// and of the prior state) holds on both days or on neither, so that a later day
// alone is no change. It looks at nothing but dates: what was found or decided may
// not be known in the plan, and the plan and the apply must record the same day.
// A date that is not known is taken to be one of the prior state.
func DayOfRecord(is, was types.String, lists ...types.List) types.String {
	if is.IsNull() || is.IsUnknown() || was.IsNull() {
		return is
	}
	for _, l := range lists {
		for _, e := range l.Elements() {
			if o, ok := e.(types.Object); ok && !sameOnBoth(o.Attributes(), is.ValueString(), was.ValueString()) {
				return is
			}
		}
	}
	return was
}

// sameOnBoth reports whether two days, YYYY-MM-DD, lie on the same side of the
// first and of the last day of a document.
func sameOnBoth(document map[string]attr.Value, a, b string) bool {
	date := func(name string) string {
		s, _ := document[name].(types.String)
		return s.ValueString()
	}
	if first := date("date"); first != "" && (first <= a) != (first <= b) {
		return false
	}
	for _, last := range []string{date("expiry"), date("until")} {
		if last != "" && (a <= last) != (b <= last) {
			return false
		}
	}
	return true
}
