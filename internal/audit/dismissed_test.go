package audit_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// A plan that destroys a service which a call paid for is told, while its time
// to be kept runs; also when the service only changes its name.
func TestPaidServiceIsDestroyed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, paid, call string
		actions          []any
		after            any
		want             string
	}{
		{"destroyed", "2026-06-01", "pnrr-1.2-province-2025", []any{"delete"}, nil, "warning FND-006 p_bs/vecchio failed"},
		{"renamed", "2026-06-01", "pnrr-1.2-province-2025", []any{"delete", "create"}, object{"id": "p_bs/nuovo"}, "warning FND-006 p_bs/vecchio failed"},
		{"kept", "2026-06-01", "pnrr-1.2-province-2025", []any{"no-op"}, object{"id": "p_bs/vecchio"}, ""},
		{"forgotten", "2026-06-01", "pnrr-1.2-province-2025", []any{"forget"}, nil, ""},
		{"time over", "2020-06-01", "pnrr-1.2-province-2025", []any{"delete"}, nil, ""},
		{"paid otherwise", "2026-06-01", "", []any{"delete"}, nil, ""},
		{"no such call", "2026-06-01", "pnrr", []any{"delete"}, nil, "warning FND-006 p_bs/vecchio undecidable"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(1)
			var plan object
			if err := json.Unmarshal(f.plan(t), &plan); err != nil {
				t.Fatal(err)
			}
			var unknown any = object{}
			if tc.after == nil {
				unknown = false
			}
			before := object{"id": "p_bs/vecchio", "tenant_id": "p_bs", "name": "vecchio", "classification": "ordinary",
				"migration": object{"call": tc.call, "origin": "on-premise-structured", "destination": "iaas", "paid_date": tc.paid}}
			plan["resource_changes"] = append(plan["resource_changes"].([]any), object{"address": "psn_service.vecchio", "mode": "managed", "type": "psn_service", "provider_name": hosted,
				"change": object{"actions": tc.actions, "before": before, "after": tc.after, "after_unknown": unknown}})
			got := verdicts(evaluate(t, marshal(t, plan)))
			found := slices.DeleteFunc(slices.Clone(got), func(v string) bool { return !strings.Contains(v, " FND-006 ") })
			if tc.want == "" && len(found) > 0 || tc.want != "" && !slices.Equal(found, []string{tc.want}) {
				t.Errorf("want %q in %q", tc.want, got)
			}
		})
	}
}
