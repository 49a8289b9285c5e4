package audit_test

import (
	"slices"
	"strings"
	"testing"
)

// TestDerogationNotKnownYet: what a derogation may set aside of which something,
// a date or all, is known after apply only is not decided: not passed, and not
// taken for hidden. What it cannot set aside fails.
func TestDerogationNotKnownYet(t *testing.T) {
	t.Parallel()
	const service, undecided, failed = "psn_service.sito", "error LOC-002 p_bs/sito undecidable", "error LOC-002 p_bs/sito failed"
	whole := func(change func(object)) object {
		d := object{"id": "DER-1", "rule": "LOC-002", "subject": "p_bs/sito", "author": "RTD", "date": "2026-01-10", "reason": "r", "expiry": "2027-12-31"}
		change(d)
		return d
	}
	without := func(names ...string) (values, unknown object) {
		values, unknown = whole(func(object) {}), object{}
		for _, n := range names {
			delete(values, n)
			unknown[n] = true
		}
		return values, unknown
	}
	for name, tc := range map[string]struct {
		unknown []string // of the derogation; nil: all of the attribute
		change  func(object)
		want    string
	}{
		"known":                           {[]string{}, nil, "error LOC-002 p_bs/sito derogated"},
		"no date":                         {[]string{"date"}, nil, undecided},
		"no expiry":                       {[]string{"expiry"}, nil, undecided},
		"no id":                           {[]string{"id"}, nil, undecided},
		"no rule":                         {[]string{"rule"}, nil, undecided},
		"no subject":                      {[]string{"subject"}, nil, undecided},
		"nothing of it":                   {nil, nil, undecided},
		"no date, of another rule":        {[]string{"date"}, func(d object) { d["rule"] = "KEY-001" }, failed},
		"no date, of another service":     {[]string{"date"}, func(d object) { d["subject"] = "p_bs/anagrafe" }, failed},
		"no date, and it has expired":     {[]string{"date"}, func(d object) { d["expiry"] = "2026-02-01" }, failed},
		"no expiry, and it is to come":    {[]string{"expiry"}, func(d object) { d["date"] = "2027-02-01" }, failed},
		"no rule, and it is on a machine": {[]string{"rule"}, func(d object) { d["subject"] = "p_bs/sito-1" }, failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(1)
			f.edit(service, "data_location", "US")
			f.edit(service, "as_of", "2026-11-22")
			if delete(f.resources[service], "findings"); tc.unknown == nil {
				f.unknown[service] = object{"derogations": true, "findings": true}
			} else {
				values, unknown := without(tc.unknown...)
				if tc.change != nil {
					tc.change(values)
				}
				f.edit(service, "derogations", []any{values})
				f.unknown[service] = object{"derogations": []any{unknown}, "findings": true}
			}
			r := evaluate(t, f.plan(t))
			got := verdicts(r)
			if !slices.Contains(got, tc.want) {
				t.Errorf("no %q among %q", tc.want, got)
			}
			if strings.HasSuffix(tc.want, "derogated") {
				return
			}
			if !slices.Contains(got, "warning AUD-005 p_bs/sito undecidable") || !r.Failed() {
				t.Errorf("nothing says that a derogation is not known: %q", got)
			}
			if tc.want == undecided && slices.Contains(got, "error AUD-001 p_bs/sito failed") {
				t.Errorf("what is not decided is taken for hidden: %q", got)
			}
		})
	}
}
