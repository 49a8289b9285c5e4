package audit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/audit"
)

// The moves and their evidence are told as declared: nothing is made up for
// what the file does not hold.
func TestPapers(t *testing.T) {
	t.Parallel()
	f := newFixture(1)
	f.edit("psn_service.protocollo", "migration", object{"phase": "cutover", "start_date": "2026-01-10", "acceptance_test": "COLL-1"})
	f.edit("psn_service.protocollo", "evidence", object{
		"contract": "CIG-1", "contract_date": "2025-12-01", "public_ips": []any{"192.0.2.7"},
		"report": object{"from": "2026-01-10", "to": "2026-02-10", "cpu": true, "ram": true, "third_party": "PSN"},
	})
	f.unknown["psn_service.protocollo"] = object{"evidence": object{"completion_date": true, "software": []any{object{"product": true}}}}
	r := evaluate(t, f.plan(t))
	if diff := cmp.Diff([]audit.Schedule{{
		Service: "p_bs/protocollo", Phase: "cutover", Start: "2026-01-10", Contract: "2025-12-01", NotKnown: []string{"completion_date"},
	}}, r.Schedule); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]audit.Usage{{Service: "p_bs/protocollo", From: "2026-01-10", To: "2026-02-10", Metrics: []string{"cpu", "ram"}, Origin: "PSN"}}, r.Usage); diff != "" {
		t.Error(diff)
	}
	state := map[string]string{}
	for _, p := range r.Papers {
		state[p.Item] = p.State + " " + p.Reference
	}
	for item, want := range map[string]string{
		"acceptance_test": "present COLL-1", "security_review": "missing ", "contract": "present CIG-1", "public_ips": "present 1",
		"report": "present 2026-01-10 – 2026-02-10", "software": "not known ", "resources": "missing ",
	} {
		if state[item] != want {
			t.Errorf("%s is %q, want %q", item, state[item], want)
		}
	}
	for _, want := range []string{"warning MIG-005 p_bs/protocollo failed", "error EVI-001 p_bs/protocollo failed", "error EVI-002 p_bs/protocollo failed", "error EVI-005 p_bs/protocollo undecidable"} {
		found := false
		for _, v := range verdicts(r) {
			found = found || v == want
		}
		if !found {
			t.Errorf("no %q among %v", want, verdicts(r))
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	r := evaluate(t, newFixture(1).plan(t))
	for subject, want := range map[string][]string{
		"p_bs/anagrafe-1": {`psn_virtual_machine.vm["anagrafe-1"]`}, "p_bs/protocollo": {"psn_service.protocollo"},
	} {
		if diff := cmp.Diff(want, r.Addresses[subject]); diff != "" {
			t.Errorf("%s: %s", subject, diff)
		}
	}
}
