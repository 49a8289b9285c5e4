package audit_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/audit"
)

func changes(d audit.Diff) []string {
	out := []string{}
	for _, c := range d.Changes {
		rule := ""
		if c.Finding != nil {
			rule = " " + c.Finding.Rule
		}
		out = append(out, fmt.Sprintf("%s %s%s %s: %s > %s", c.Effect, c.What, rule, c.Subject, c.Old, c.New))
	}
	return out
}

func TestCompare(t *testing.T) {
	t.Parallel()
	clean := evaluate(t, marshal(t, made(t, "clean/plan.json")))
	later := evaluate(t, marshal(t, made(t, "later/plan.json")))
	want := []string{
		"worse rpo p_bs/protocollo: 15m > 1h",
		"worse rto p_bs/protocollo: 4h > 8h",
		"neutral finding AUD-008 p_bs/sito-web: passed > failed",
		"neutral service p_bs/sito-web: ordinary > ",
		"neutral finding AUD-008 p_bs/web-1: passed > failed",
		"neutral machine p_bs/web-1: santo-stefano-ticino > ",
		"neutral finding AUD-008 p_bs/web-2: passed > failed",
		"neutral machine p_bs/web-2: rozzano > ",
		"neutral headroom rozzano: 374 vCPU > 376 vCPU",
		"neutral headroom santo-stefano-ticino: 374 vCPU > 376 vCPU",
	}
	got := audit.Compare(clean, later)
	if diff := cmp.Diff(want, changes(got)); diff != "" || got.Worse != 2 || got.Better != 0 {
		t.Errorf("%d worse, %d better\n%s", got.Worse, got.Better, diff)
	}
	if same := audit.Compare(later, later); len(same.Changes) != 0 {
		t.Errorf("%v", changes(same))
	}
}

// What is worse one way is better the other.
func TestCompareIsAntisymmetric(t *testing.T) {
	t.Parallel()
	a := newFixture(2)
	b := newFixture(2)
	b.everywhere("anagrafe-1", "standby_site", "santo-stefano-ticino")
	b.everywhere("anagrafe-1", "standby_region", "lombardia")
	b.everywhere("protocollo-1", "standby_site", nil)
	b.edit("psn_service.protocollo", "classification", "ordinary")
	b.edit("psn_service.anagrafe", "continuity", object{"rpo": "1h", "rto": "4h"})
	b.edit("psn_service.sito", "data_location", nil)
	before, after := evaluate(t, a.plan(t)), evaluate(t, b.plan(t))
	there, back := audit.Compare(before, after), audit.Compare(after, before)
	if there.Worse == 0 || there.Worse != back.Better || there.Better != back.Worse || len(there.Changes) != len(back.Changes) {
		t.Errorf("%v\n%v", changes(there), changes(back))
	}
	for _, want := range []string{
		"worse role p_bs/anagrafe-1: dr > ha", "worse standby_site p_bs/protocollo-1: rozzano > ", "worse role p_bs/protocollo-1: dr > none",
		"worse classification p_bs/protocollo: critical > ordinary", "worse rpo p_bs/anagrafe: 15m > 1h",
		"worse finding PLC-002 p_bs/anagrafe-1: passed > failed", "worse finding LOC-002 p_bs/sito: passed > undecidable",
	} {
		found := false
		for _, c := range changes(there) {
			found = found || c == want
		}
		if !found {
			t.Errorf("no %q in %q", want, changes(there))
		}
	}
}
