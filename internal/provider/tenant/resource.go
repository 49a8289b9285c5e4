// Package tenant is psn_tenant: one public administration and its containers at
// each site. It must not know a hypervisor.
package tenant

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var (
	_ resource.ResourceWithConfigure      = (*tenantResource)(nil)
	_ resource.ResourceWithImportState    = (*tenantResource)(nil)
	_ resource.ResourceWithIdentity       = (*tenantResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*tenantResource)(nil)
	_ resource.ResourceWithValidateConfig = (*tenantResource)(nil)
)

const defaultTimeout = 10 * time.Minute

type tenantResource struct{ data *providerdata.Data }

// New returns the resource.
func New() resource.Resource { return &tenantResource{} }

// Metadata implements resource.Resource.
func (r *tenantResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_tenant"
}

// Configure implements resource.ResourceWithConfigure.
func (r *tenantResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = providerdata.From(req.ProviderData, &resp.Diagnostics)
}

// Schema implements resource.Resource.
func (r *tenantResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *tenantResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema()
}

// Create implements resource.Resource.
func (r *tenantResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	if plan.ID.IsUnknown() {
		id, err := psn.TenantOf(plan.IPACode.ValueString())
		if err != nil {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("ipa_code"), "create", "the tenant", err))
			return
		}
		plan.ID = types.StringValue(string(id))
	}
	want, err := r.wanted(plan.Sites)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("create", describe(plan.ID), err))
		return
	}
	// The id is in the state before anything is made at a site.
	plan.Sites = flattenSites(nil)
	plan.Usage = uncounted(plan.Usage)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{plan.ID})...)
	stood := r.standing(ctx, want, psn.TenantID(plan.ID.ValueString()))
	made := r.ensure(ctx, plan, types.MapNull(plan.SiteQuotas.ElementType(ctx)), want, &resp.Diagnostics)
	if len(stood) > 0 {
		resp.Diagnostics.AddWarning(fmt.Sprintf("Tenant %q stood already", plan.ID.ValueString()),
			fmt.Sprintf("It stood at %s, as an apply leaves it that was cut off before it could write its state, and was taken over with the name, the limits and the principals declared here.\n\n"+
				"What to do: if another configuration declares it too, take it out of one of the two, or the end of one will be the end of both.", list(stood)))
	}
	if len(made) == 0 {
		// Nothing to keep: what a lost answer may have left is found again by id.
		resp.State.RemoveResource(ctx)
		return
	}
	if len(made) < len(want) {
		resp.Diagnostics.AddWarning(fmt.Sprintf("Tenant %q was made in part", plan.ID.ValueString()),
			"It stands at some of its sites only, and what fails half-way is tainted: the next apply would remove it from all sites, which is refused while anything is in it, and make it again.\n\n"+
				"What to do: `terraform untaint` (or `tofu untaint`) the tenant; then the next apply makes what is missing.")
	}
	plan.Sites = flattenSites(made)
	resp.Diagnostics.Append(r.firstUsage(ctx, &plan, stood, made)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read implements resource.Resource. A site that does not answer keeps what the
// state says of it.
func (r *tenantResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if state.IPACode.IsNull() {
		state.IPACode = state.ID
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{state.ID})...)
	fleet, err := r.data.Fleet()
	if err != nil {
		resp.Diagnostics.Append(diagnose.Warn("refresh", describe(state.ID), err))
		return
	}
	known := expandSites(state.Sites)
	var found, seen []psn.Site
	silent := false
	for _, l := range r.look(ctx, fleet.SiteNames(), psn.TenantID(state.ID.ValueString())) {
		if l.err != nil {
			resp.Diagnostics.Append(diagnose.Warn("refresh", fmt.Sprintf("%s at %s", describe(state.ID), l.site), l.err))
			silent = true
		}
		if l.whole || l.err != nil && slices.Contains(known, l.site) {
			found = append(found, l.site)
		}
		if l.whole {
			seen = append(seen, l.site)
		}
		state.Name = l.renamed(state.Name)
	}
	if len(found) == 0 && !silent {
		resp.State.RemoveResource(ctx)
		return
	}
	state.Sites = flattenSites(found)
	resp.Diagnostics.Append(r.refreshLimits(ctx, &state, seen)...)
	resp.Diagnostics.Append(r.refreshPrincipals(ctx, &state, seen)...)
	resp.Diagnostics.Append(r.refreshUsage(ctx, &state, seen)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Update implements resource.Resource.
func (r *tenantResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	want, err := r.wanted(plan.Sites)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("update", describe(plan.ID), err))
		return
	}
	have := expandSites(state.Sites)
	made := r.ensure(ctx, plan, state.SiteQuotas, want, &resp.Diagnostics)
	failed := slices.DeleteFunc(slices.Clone(want), func(s psn.Site) bool { return slices.Contains(made, s) })
	for _, s := range have {
		if slices.Contains(want, s) {
			continue
		}
		if err := r.remove(ctx, s, psn.TenantID(plan.ID.ValueString()), &resp.Diagnostics); err != nil {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("sites"), "remove", fmt.Sprintf("%s from %s", describe(plan.ID), s), err))
			made = append(made, s)
		}
	}
	plan.Sites = flattenSites(made)
	plan = plan.undone(ctx, state, failed)
	plan.Usage = uncounted(plan.Usage)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{plan.ID})...)
}

// Delete implements resource.Resource.
func (r *tenantResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := state.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	fleet, err := r.data.Fleet()
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("delete", describe(state.ID), err))
		return
	}
	id, known := psn.TenantID(state.ID.ValueString()), expandSites(state.Sites)
	var left []psn.Site
	for _, l := range r.look(ctx, fleet.SiteNames(), id) {
		switch had := slices.Contains(known, l.site); {
		case !had && l.err != nil:
			resp.Diagnostics.Append(diagnose.Warn("look for", fmt.Sprintf("%s at %s, where it was not known to be", describe(state.ID), l.site), l.err))
			continue
		case !had && !l.some:
			continue // a question about a tenant that is not there may make something for it
		}
		if err := r.remove(ctx, l.site, id, &resp.Diagnostics); err != nil {
			left = append(left, l.site)
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("sites"), "delete", fmt.Sprintf("%s at %s", describe(state.ID), l.site), err))
		}
	}
	if len(left) > 0 {
		state.Sites = flattenSites(left)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// ImportState implements resource.ResourceWithImportState: by IPA code.
func (r *tenantResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	code := req.ID
	if code == "" {
		var id identity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		code = id.IPACode.ValueString()
	}
	id, err := psn.TenantOf(code)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("import", "the tenant", err))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), string(id))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("ipa_code"), code)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{types.StringValue(string(id))})...)
}

// wanted returns the sites asked for: those of the plan, or every configured one
// when the plan could not know them.
func (r *tenantResource) wanted(sites types.Set) ([]psn.Site, error) {
	fleet, err := r.data.Fleet()
	if err != nil {
		return nil, err
	}
	if sites.IsUnknown() {
		return fleet.SiteNames(), nil
	}
	return expandSites(sites), nil
}

// ensure makes the tenant at each site and returns where it stands; each site
// that failed adds a diagnostic of its own. before are the limits that stood.
func (r *tenantResource) ensure(ctx context.Context, m model, before types.Map, sites []psn.Site, diags *diag.Diagnostics) []psn.Site {
	limits, more := quotas(ctx, m.SiteQuotas, before)
	diags.Append(more...)
	groups := principals(m.Principals)
	var made []psn.Site
	for _, s := range sites {
		t := driver.Tenant{
			ID: psn.TenantID(m.ID.ValueString()), Name: m.Name.ValueString(),
			Quota: limits[s], Principal: groups[s],
		}
		err := r.each(s, func(p *platform.Site) error { return p.EnsureTenant(ctx, t) })
		if err != nil {
			diags.Append(diagnose.UnableAt(path.Root("sites"), "create", fmt.Sprintf("%s at %s", describe(m.ID), s), err))
			continue
		}
		made = append(made, s)
	}
	return made
}

// each calls f on every configured platform of the site, up to the first error.
func (r *tenantResource) each(s psn.Site, f func(*platform.Site) error) error {
	places, err := r.data.At(s)
	if err != nil {
		return err
	}
	for _, p := range places {
		if err := f(p); err != nil {
			return err
		}
	}
	return nil
}

func describe(id types.String) string { return fmt.Sprintf("tenant %q", id.ValueString()) }
