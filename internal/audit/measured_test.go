package audit_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit"
)

// What a refresh counts anew is no drift and makes no state stale; what was
// applied and is another is both.
func TestFiguresOfARefresh(t *testing.T) {
	t.Parallel()
	usage := func(n int) object { return object{"acilia": object{"instances": n}} }
	for name, tc := range map[string]struct {
		attribute string
		was, is   any
		want      int
	}{
		"what is used":    {"usage", usage(2), usage(3), 0},
		"used at last":    {"usage", nil, usage(3), 0},
		"the name":        {"name", "Provincia di Brescia", "Provincia", 1},
		"another sites":   {"sites", []any{"acilia"}, []any{"pomezia"}, 1},
		"nothing changes": {"usage", usage(2), usage(2), 0},
	} {
		f := newFixture(1)
		before, after := object{"id": "p_bs"}, object{"id": "p_bs"}
		before[tc.attribute], after[tc.attribute] = tc.was, tc.is
		f.top["resource_drift"] = []any{object{"address": "psn_tenant.brescia", "mode": "managed", "type": "psn_tenant", "provider_name": hosted,
			"change": object{"actions": []any{"update"}, "before": before, "after": after, "after_unknown": object{}}}}
		f.edit("psn_tenant.brescia", tc.attribute, tc.was)
		plan := f.plan(t)
		f.edit("psn_tenant.brescia", tc.attribute, tc.is)
		state, err := audit.Read(bytes.NewReader(f.state(t)))
		if err != nil {
			t.Fatal(err)
		}
		file, err := audit.Read(bytes.NewReader(plan))
		if err != nil {
			t.Fatal(err)
		}
		r, err := audit.Evaluate(file, judged, audit.Against(state))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, f := range r.Findings {
			if strings.HasPrefix(f.Rule, "AUD-0") {
				got[f.Rule]++
			}
		}
		if got["AUD-009"] != tc.want || got["AUD-010"] != tc.want {
			t.Errorf("%s: %v, want %d of AUD-009 and AUD-010 each", name, verdicts(r), tc.want)
		}
	}
}
