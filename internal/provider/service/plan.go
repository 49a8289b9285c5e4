package service

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// ModifyPlan implements resource.ResourceWithModifyPlan. It is a function of the
// configuration and the prior state alone, because it runs again at apply.
func (r *serviceResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		r.declareRemoved(ctx, req, resp)
		return
	}
	var m, config, prior model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	config.ID = types.StringUnknown()
	if !config.TenantID.IsUnknown() && !config.Name.IsUnknown() {
		id, err := psn.NewServiceID(psn.TenantID(config.TenantID.ValueString()), config.Name.ValueString())
		if err == nil {
			id, err = psn.ParseServiceID(string(id))
		}
		if err != nil {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("tenant_id"), "plan", "the service", err))
			return
		}
		config.ID = types.StringValue(string(id))
		if req.State.Raw.IsNull() {
			if err := r.data.Claim("service", string(id)); err != nil {
				resp.Diagnostics.Append(diagnose.UnableAt(path.Root("name"), "plan", describe(config.ID), err))
				return
			}
		}
	}
	if !config.ID.IsUnknown() {
		finding.Report(&resp.Diagnostics, r.data.Classes().Declare(psn.ServiceID(config.ID.ValueString()), psn.Classification(config.Classification.ValueString())),
			func(psn.Finding) string { return diagnose.Summary("accept", describe(config.ID)) },
			func(psn.Finding) path.Path { return path.Root("classification") })
	}
	resp.Diagnostics.Append(config.dated()...)
	doc := config.document(prior)
	found := judge(doc)
	config.report(&resp.Diagnostics, found)
	if resp.Diagnostics.HasError() {
		return
	}
	list := finding.Flatten(found)
	if _, _, known := config.exceptions(); !known || unsettled(doc) {
		list = finding.Unknown()
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), config.ID)...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("findings"), list)...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("as_of"), config.asOf(prior))...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("reclassifications"), config.reclassified(prior))...)
}

// declareRemoved lets a service that goes keep its class for this plan: its
// machines do not become less by its removal.
func (r *serviceResource) declareRemoved(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var prior model
	if req.State.Raw.IsNull() || req.State.Get(ctx, &prior).HasError() {
		return
	}
	prior.mayGo(&resp.Diagnostics)
	id := psn.ServiceID(prior.ID.ValueString())
	if _, known := r.data.Classes().Of(id); !known {
		r.data.Classes().Declare(id, psn.Classification(prior.Classification.ValueString()))
	}
}
