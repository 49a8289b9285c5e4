package placement

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A derogation of which a date is known after apply only decides nothing at
// plan: nothing is shown as placed or passed, and a strategic workload waits.
func TestDerogationWithoutItsDate(t *testing.T) {
	derogated := func(class psn.Classification, date, expiry, asOf types.String) model {
		fields := map[string]attr.Value{
			"id": types.StringValue("DER-1"), "rule": types.StringValue("PLC-002"), "subject": types.StringValue("p_bs/" + string(class)),
			"author": types.StringValue("RTD"), "date": date, "reason": types.StringValue("works"), "expiry": expiry,
		}
		kinds := map[string]attr.Type{}
		for name := range fields {
			kinds[name] = types.StringType
		}
		m := configured(sitesWith(t, 100), workloads(map[string]types.Object{"a": one(class, 2, 4)}))
		m.AsOf = asOf
		m.Derogations = types.ListValueMust(types.ObjectType{AttrTypes: kinds}, []attr.Value{types.ObjectValueMust(kinds, fields)})
		return m
	}
	known, later := types.StringValue, types.StringUnknown()
	for name, dates := range map[string][3]types.String{
		"unknown date":   {later, known("2026-12-31"), known("2026-11-22")},
		"unknown expiry": {known("2026-01-10"), later, known("2026-11-22")},
		"unknown day":    {known("2026-01-10"), known("2026-12-31"), later},
	} {
		for _, class := range psn.Classifications() {
			m, diags := decide(t.Context(), derogated(class, dates[0], dates[1], dates[2]), nil)
			if diags.HasError() != (class == psn.Strategic) || class == psn.Strategic && !strings.Contains(diags.Errors()[0].Detail(), "not known yet, so its places and their separation cannot be shown") {
				t.Errorf("%s, %s: %v", name, class, diags.Errors())
			}
			if !m.Findings.IsUnknown() || !m.Verdict.IsUnknown() || diags.WarningsCount() == 0 || diags.Warnings()[0].Summary() != "Placement is decided at apply" {
				t.Errorf("%s, %s: verdict %s, findings %s, %v", name, class, m.Verdict, m.Findings, diags.Warnings())
			}
		}
	}
	if m, _ := mustDecide(t, derogated(psn.Strategic, known("2026-01-10"), known("2026-12-31"), known("2026-11-22")), nil); m.Findings.IsUnknown() {
		t.Error("with its dates it is not decided either")
	}
}
