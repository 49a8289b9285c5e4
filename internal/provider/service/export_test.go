package service

import (
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
