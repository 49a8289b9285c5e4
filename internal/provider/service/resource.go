// Package service is psn_service: a digital service with its classification, as
// a record whose rules are judged in the plan. It makes nothing at any site.
package service

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var (
	_ resource.ResourceWithConfigure   = (*serviceResource)(nil)
	_ resource.ResourceWithIdentity    = (*serviceResource)(nil)
	_ resource.ResourceWithImportState = (*serviceResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*serviceResource)(nil)
)

type serviceResource struct{ data *providerdata.Data }

// New returns the resource.
func New() resource.Resource { return &serviceResource{} }

// Metadata implements resource.Resource.
func (r *serviceResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_service"
}

// Configure implements resource.ResourceWithConfigure.
func (r *serviceResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = providerdata.From(req.ProviderData, &resp.Diagnostics)
}

// Schema implements resource.Resource.
func (r *serviceResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema()
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *serviceResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema()
}

// Create implements resource.Resource.
func (r *serviceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	m, diags := settled(ctx, req.Plan, model{})
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{m.TenantID, m.Name})...)
}

// Read implements resource.Resource: the state is the record.
func (r *serviceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{m.TenantID, m.Name})...)
}

// Update implements resource.Resource.
func (r *serviceResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var prior model
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	m, diags := settled(ctx, req.Plan, prior)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{m.TenantID, m.Name})...)
}

// Delete implements resource.Resource.
func (r *serviceResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// ImportState implements resource.ResourceWithImportState: by "<tenant>/<name>".
// Everything but the id comes from the configuration.
func (r *serviceResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	raw := req.ID
	if raw == "" {
		var id identity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		raw = id.TenantID.ValueString() + "/" + id.Name.ValueString()
	}
	id, err := psn.ParseServiceID(raw)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("import", "the service", err))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), string(id))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("tenant_id"), string(id.Tenant()))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), id.Name())...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{types.StringValue(string(id.Tenant())), types.StringValue(id.Name())})...)
}

// settled reads the plan with what only the apply knows filled in.
func settled(ctx context.Context, plan tfsdk.Plan, prior model) (model, diag.Diagnostics) {
	var m model
	diags := plan.Get(ctx, &m)
	if m.ID.IsUnknown() {
		m.ID = types.StringValue(m.TenantID.ValueString() + "/" + m.Name.ValueString())
	}
	if m.Reclassifications.IsUnknown() {
		m.Reclassifications = m.reclassified(prior)
	}
	if m.Findings.IsUnknown() {
		m.Findings = finding.Flatten(judge(m.document(prior)))
	}
	return m, diags
}

func describe(id types.String) string {
	if id.IsUnknown() {
		return "the service"
	}
	return fmt.Sprintf("service %q", id.ValueString())
}
