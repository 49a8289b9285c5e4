// Package placement is psn_placement: where every machine of a tenant lives,
// decided in the plan. It asks package placement, and must not know how that
// decides nor read any site while planning.
package placement

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var (
	_ resource.ResourceWithConfigure   = (*placementResource)(nil)
	_ resource.ResourceWithIdentity    = (*placementResource)(nil)
	_ resource.ResourceWithImportState = (*placementResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*placementResource)(nil)
)

type placementResource struct{ data *providerdata.Data }

// New returns the resource.
func New() resource.Resource { return &placementResource{} }

// Metadata implements resource.Resource.
func (r *placementResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_placement"
}

// Configure implements resource.ResourceWithConfigure. The sites are read for
// an import only.
func (r *placementResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = providerdata.From(req.ProviderData, &resp.Diagnostics)
}

// Schema implements resource.Resource.
func (r *placementResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema()
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *placementResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema()
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (r *placementResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var config, plan model
	var prior *model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	config.Name = plan.Name // with its default
	config.ID = types.StringUnknown()
	if !config.TenantID.IsUnknown() && !config.Name.IsUnknown() {
		config.ID = types.StringValue(config.TenantID.ValueString() + "/" + config.Name.ValueString())
	}
	if req.State.Raw.IsNull() && !config.ID.IsUnknown() {
		if err := r.data.Claim("placement", config.ID.ValueString()); err != nil {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("name"), "plan", describe(config.ID), err))
		}
	}
	resp.Diagnostics.Append(r.check(config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	out, diags := decide(ctx, config, prior)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &out)...)
}

// Create implements resource.Resource. The plan was decided with everything
// known just before, so it is the state.
func (r *placementResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{m.TenantID, m.Name})...)
}

// Read implements resource.Resource: the state is the decision of record. After
// an import the decision is read from the machines that stand.
func (r *placementResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Assignments.IsNull() {
		inv, err := r.data.Inventory(ctx)
		if err != nil {
			resp.Diagnostics.Append(diagnose.Unable("import", describe(m.ID), err))
			return
		}
		m.Assignments = flattenAssignments(Standing(inv, psn.TenantID(m.TenantID.ValueString())), nil)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{m.TenantID, m.Name})...)
}

// Update implements resource.Resource.
func (r *placementResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{m.TenantID, m.Name})...)
}

// Delete implements resource.Resource: nothing was made.
func (r *placementResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
}

// ImportState implements resource.ResourceWithImportState: by "<tenant>/<name>".
func (r *placementResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	tenant, name, _ := strings.Cut(req.ID, "/")
	if req.ID == "" {
		var id identity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		tenant, name = id.TenantID.ValueString(), id.Name.ValueString()
	}
	if name == "" {
		name = "default"
	}
	id, err := psn.TenantOf(tenant)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("import", "the placement", err))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), string(id)+"/"+name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("tenant_id"), string(id))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), name)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{types.StringValue(string(id)), types.StringValue(name)})...)
}

func describe(id types.String) string { return fmt.Sprintf("placement %q", id.ValueString()) }
