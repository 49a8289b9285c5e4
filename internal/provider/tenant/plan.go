package tenant

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// ValidateConfig implements resource.ResourceWithValidateConfig: the identifier
// rules need nothing but the configuration.
func (r *tenantResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	reportIdentifiers(m, &resp.Diagnostics)
	bySite("site_quotas", m.SiteQuotas, m.Sites, &resp.Diagnostics)
	bySite("principals", m.Principals, m.Sites, &resp.Diagnostics)
}

func reportIdentifiers(m model, diags *diag.Diagnostics) {
	finding.Report(diags, policy.Evaluate(m.document()),
		func(psn.Finding) string { return diagnose.Summary("accept", "the tenant") },
		func(f psn.Finding) path.Path {
			switch f.Rule {
			case "IDN-001":
				return path.Root("ipa_code")
			case "IDN-002":
				return path.Root("fiscal_code")
			case "IDN-003":
				return path.Root("cup")
			}
			return path.Empty()
		})
}

// otherTenant asks for a replacement when the code names another tenant, not
// when only its case differs.
func otherTenant(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	if req.PlanValue.IsUnknown() {
		resp.RequiresReplace = true
		return
	}
	was, _ := psn.TenantOf(req.StateValue.ValueString())
	is, _ := psn.TenantOf(req.PlanValue.ValueString())
	resp.RequiresReplace = was != is
}

// ModifyPlan implements resource.ResourceWithModifyPlan: the id and the sites
// are known in the plan.
func (r *tenantResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var m, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.IPACode.IsUnknown() {
		m.ID = types.StringUnknown()
	} else {
		id, err := psn.TenantOf(m.IPACode.ValueString())
		if err != nil {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("ipa_code"), "plan", "the tenant", err))
			return
		}
		m.ID = types.StringValue(string(id))
		if req.State.Raw.IsNull() {
			if err := r.data.Claim("tenant", string(id)); err != nil {
				resp.Diagnostics.Append(diagnose.UnableAt(path.Root("ipa_code"), "plan", describe(m.ID), err))
				return
			}
		}
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), m.ID)...)
	if !r.data.Known() {
		return
	}
	fleet, err := r.data.Fleet()
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("plan", describe(m.ID), err))
		return
	}
	if config.Sites.IsNull() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("sites"), flattenSites(fleet.SiteNames()))...)
	}
}
