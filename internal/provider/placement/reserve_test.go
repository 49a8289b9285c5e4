package placement

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Four sites of 6 vCPUs run 4 each, and take 4 over where all is kept: there is
// no room. Where a quarter is kept there is, and PLC-006 tells what is short.
func TestReserveInPart(t *testing.T) {
	config := func(percent types.Int64) model {
		m := configured(sitesWith(t, 6), workloads(map[string]types.Object{"a": one(psn.Critical, 4, 4)}))
		m.DRReserve = percent
		return m
	}
	if _, diags := decide(t.Context(), config(types.Int64Null()), nil); !diags.HasError() {
		t.Error("all of the reserve is placed where there is no room for it")
	}
	m, diags := mustDecide(t, config(types.Int64Value(25)), nil)
	if m.Verdict.ValueString() != "placed" {
		t.Fatalf("verdict %s", m.Verdict)
	}
	told := false
	for _, w := range diags.Warnings() {
		told = told || strings.HasPrefix(w.Summary(), "PLC-006: ") && strings.Contains(w.Detail(), "is short by 2 vCPU for the standbys it would start")
	}
	if !told || !strings.Contains(m.Findings.String(), "PLC-006") || !strings.Contains(m.Explanation.String(), "25 % is kept (dr_reserve)") {
		t.Errorf("what is short is not told: %v\n%s", diags, m.Findings)
	}
	// To ask for more is to ask anew: what does not fit then fails the plan.
	if _, diags := decide(t.Context(), config(types.Int64Value(100)), &m); !diags.HasError() {
		t.Error("a reserve raised beyond what there is fails no plan")
	}
	// To ask for less changes the record, and moves nothing.
	less, _ := mustDecide(t, config(types.Int64Value(20)), &m)
	if !less.Assignments.Equal(m.Assignments) || less.DRReserve.ValueInt64() != 20 {
		t.Errorf("reserve %s, %s", less.DRReserve, less.Moves)
	}
	if later, diags := decide(t.Context(), config(types.Int64Unknown()), nil); !later.Verdict.IsUnknown() || diags.HasError() {
		t.Errorf("a reserve not known yet: %s, %v", later.Verdict, diags)
	}
}
