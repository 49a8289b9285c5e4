package service

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Destroyed is what the plan says when it destroys a service whose migration
// was paid under call on that date.
func Destroyed(call, paid string) diag.Diagnostics {
	var diags diag.Diagnostics
	model{
		ID:        types.StringValue("p_bs/vecchio"),
		Migration: types.ObjectValueMust(map[string]attr.Type{"call": types.StringType, "paid_date": types.StringType}, map[string]attr.Value{"call": types.StringValue(call), "paid_date": types.StringValue(paid)}),
	}.mayGo(&diags)
	return diags
}

// Planned is what the plan of a service says whose data are abroad, under one
// derogation with these dates, and whether its findings are told.
func Planned(t *testing.T, date, expiry, asOf types.String) (diag.Diagnostics, bool) {
	t.Helper()
	fields := map[string]attr.Value{
		"id": types.StringValue("DER-1"), "rule": types.StringValue("LOC-002"), "subject": types.StringValue("p_bs/conservazione"),
		"author": types.StringValue("RTD"), "date": date, "reason": types.StringValue("until the contract ends"), "expiry": expiry,
	}
	kinds := map[string]attr.Type{}
	for name := range fields {
		kinds[name] = types.StringType
	}
	m := model{
		ID: types.StringValue("p_bs/conservazione"), TenantID: types.StringValue("p_bs"), Name: types.StringValue("conservazione"),
		Classification: types.StringValue("ordinary"), DataLocation: types.StringValue("US"), AsOf: asOf,
		Derogations: types.ListValueMust(types.ObjectType{AttrTypes: kinds}, []attr.Value{types.ObjectValueMust(kinds, fields)}),
	}
	diags := m.dated()
	m.report(&diags, judge(m.document(model{})))
	_, _, known := m.exceptions()
	return diags, known
}
