package located

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// ModifyPlan implements resource.ResourceWithModifyPlan. It asks no site.
func (r *located[M, P]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var config, plan M
	var prior *M
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		prior = new(M)
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	b := P(&plan).base()
	k, known := b.key()
	b.ID = types.StringUnknown()
	if known {
		b.ID = types.StringValue(k.String())
		if prior == nil {
			if at, err := r.mayMake(k); err != nil {
				resp.Diagnostics.Append(diagnose.UnableAt(at, "plan", r.describe(k), err))
				return
			}
		}
	}
	if prior != nil {
		if was, _ := P(prior).base().key(); !known || was != k {
			prior = nil // another one is made
		}
	}
	replace, diags := r.object.Plan(config, &plan, prior)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.RequiresReplace = append(resp.RequiresReplace, replace...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// mayMake tells what is known to fail without asking the site, and the attribute
// to blame: a place that is not configured, and two resources of one id.
func (r *located[M, P]) mayMake(k Key) (path.Path, error) {
	if !r.data.Known() {
		return path.Empty(), nil // the apply will tell
	}
	if _, err := r.data.Fleet(); err != nil {
		return path.Empty(), err
	}
	if _, err := r.data.Site(k.Site, k.Platform); err != nil {
		return path.Root("site"), psn.Errorf(psn.InvalidInput, "%w", err)
	}
	return path.Root("name"), r.data.Claim(r.object.Kind(), k.String())
}
