// Package virtualmachine is psn_virtual_machine: a machine of a service at the
// place decided for it, with the standby that holds its reserve. It must not
// know a hypervisor nor how places are decided.
package virtualmachine

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var (
	_ resource.ResourceWithConfigure   = (*vmResource)(nil)
	_ resource.ResourceWithIdentity    = (*vmResource)(nil)
	_ resource.ResourceWithImportState = (*vmResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*vmResource)(nil)
)

const defaultTimeout = 20 * time.Minute

type vmResource struct {
	places places
	data   *providerdata.Data
}

// New returns the resource.
func New() resource.Resource { return &vmResource{} }

// Metadata implements resource.Resource.
func (r *vmResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_virtual_machine"
}

// Configure implements resource.ResourceWithConfigure.
func (r *vmResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	if d := providerdata.From(req.ProviderData, &resp.Diagnostics); d != nil {
		r.places, r.data = d, d
	}
}

// Schema implements resource.Resource.
func (r *vmResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

// IdentitySchema implements resource.ResourceWithIdentity. It carries no site: a
// failover must not change it.
func (r *vmResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema()
}

// Create implements resource.Resource. It adopts nothing but what an interrupted
// create of the same declaration left. The state holds the id before anything is
// made, so that a failure half-way loses nothing, and no longer when nothing was
// made, so that nobody else's machine is ever deleted for it. What fails half-way is
// replaced by the next apply: therefore the machine that runs is made last.
func (r *vmResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := m.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.ID, config.Name = m.ID, m.Name
	config.notions(m.Platform, &resp.Diagnostics) // in the plan the platform may not have been known
	boot, err := config.firstBoot()
	if err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("user_data"), "create", describe(m.ID, m.Name), err))
	}
	r.accept(m, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	stood, hadStandby := r.vacant(ctx, m, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.room(ctx, m); err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("cluster"), "create", describe(m.ID, m.Name), err))
		return
	}
	planned := m
	m.settle(nil)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(m.vmid()))...)
	if resp.Diagnostics.HasError() {
		return
	}
	maker := ""
	if !hadStandby {
		maker = rand.Text()
	}
	if err := r.makeStandby(ctx, planned, maker); err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("standby_site"), "create", "the standby of "+describe(m.ID, m.Name), err))
		if psn.Is(err, psn.AlreadyExists) || r.nothingLeft(ctx, m.standby(), m.vmid(), err) { // what stands is another's
			resp.State.RemoveResource(ctx)
		}
		return
	}
	active, err := r.makeActive(ctx, planned, boot, stood)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("create", describe(m.ID, m.Name), err)) // any attribute may be the cause
		gone, left := r.undone(ctx, planned, hadStandby, err)
		if left != nil {
			resp.Diagnostics.Append(diagnose.Warn("remove again", "the standby of "+describe(m.ID, m.Name)+fmt.Sprintf(" at %s", planned.standby()), left))
		}
		if gone {
			resp.State.RemoveResource(ctx)
		}
		return
	}
	m = planned
	m.settle(active)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Read implements resource.Resource. It asks the shared inventory only. While a
// site does not answer, what the state says of a machine not found is kept.
func (r *vmResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(m.vmid()))...)
	of := adopting(ctx, req.Private)
	active, standby, err := r.find(ctx, m)
	if of != nil && active == nil {
		active, err = r.look(ctx, m.vmid(), *of)
	}
	switch {
	case active == nil && err != nil && (of != nil || m.Name.IsNull()):
		// An import: there is nothing yet that could be kept.
		resp.Diagnostics.Append(diagnose.Unable("import", describe(m.ID, m.Name), err))
		return
	case active == nil && err != nil:
		resp.Diagnostics.Append(diagnose.Warn("refresh", describe(m.ID, m.Name), err))
		return
	case active == nil:
		left, diags := r.refreshGone(ctx, m, standby, req.Private, resp.Private)
		resp.Diagnostics.Append(diags...)
		if left == nil {
			resp.State.RemoveResource(ctx)
			return
		}
		resp.Diagnostics.Append(resp.State.Set(ctx, left)...)
		return
	case err != nil:
		resp.Diagnostics.Append(diagnose.Warn("refresh all of", describe(m.ID, m.Name), err))
	}
	if !m.Site.IsNull() && of == nil { // after an import nothing is known yet
		if err := m.ours(*active); err != nil {
			resp.Diagnostics.Append(diagnose.Warn("refresh", describe(m.ID, m.Name), err))
			return
		}
	}
	imported := m.Site.IsNull()
	m.flatten(*active, standby, err == nil)
	if imported {
		resp.Diagnostics.Append(m.importImage(ctx, *active, resp.Private)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(r.remember(ctx, m, resp.Private)...)
	resp.Diagnostics.Append(stands(ctx, req.Private, resp.Private)...)
}

func (m model) lastSeen() string {
	if at := m.ActiveSite.ValueString(); at != "" {
		return "site " + at
	}
	return "site " + m.Site.ValueString()
}

// find looks where the machine is expected first, then everywhere else.
func (r *vmResource) find(ctx context.Context, m model) (active, standby *seen, err error) {
	all, err := r.places.Sites()
	if err != nil {
		return nil, nil, err
	}
	near := m.near(all)
	active, standby, err = locate(ctx, r.places, m.vmid(), near)
	if active != nil {
		return active, standby, err
	}
	far, _, farErr := locate(ctx, r.places, m.vmid(), others(all, near))
	if far != nil {
		return far, standby, err
	}
	if err == nil {
		err = farErr
	}
	return nil, standby, err
}

// Update implements resource.Resource.
func (r *vmResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := m.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	if of := adopting(ctx, req.Private); of != nil {
		if err := r.adopt(ctx, m, *of); err != nil {
			resp.Diagnostics.Append(diagnose.Unable("take over", describe(m.ID, m.Name), err))
			return
		}
		state.ServiceID = m.ServiceID
	}
	active, standby, err := r.find(ctx, state)
	if err == nil && active == nil && isGone(ctx, req.Private) {
		active, diags = r.remake(ctx, req.Config, m, state, req.Private)
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	if err == nil && active == nil {
		err = psn.Errorf(psn.NotFound, "the machine is not at any configured site any more")
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("update", describe(m.ID, m.Name), err))
		return
	}
	if err := r.mayChange(ctx, m, state, *active, standby, req.Private); err != nil {
		resp.Diagnostics.Append(diagnose.Unable("update", describe(m.ID, m.Name), err))
		return
	}
	if err := r.change(ctx, m, state, *active); err != nil {
		resp.Diagnostics.Append(diagnose.Unable("update", describe(m.ID, m.Name), err))
		return
	}
	vm, err := active.at.DescribeVM(ctx, active.vm.Ref)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("read", describe(m.ID, m.Name), err))
		return
	}
	m.observed(*vm)
	resp.Diagnostics.Append(noteAdopted(ctx, resp.Private)...)
	resp.Diagnostics.Append(stands(ctx, req.Private, resp.Private)...)
	if err := r.changeStandby(ctx, m, standby); err != nil {
		// What was changed of the machine itself is kept; the standby stays as it was.
		m.StandbySite, m.StandbyRegion, m.StandbyPlatform, m.StandbyCluster = state.StandbySite, state.StandbyRegion, state.StandbyPlatform, state.StandbyCluster
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("standby_site"), "update", "the standby of "+describe(m.ID, m.Name), err))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(m.vmid()))...)
}

// Delete implements resource.Resource: the machine and its standby.
func (r *vmResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m model
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := m.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	active, standby, err := r.find(ctx, m)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("delete", describe(m.ID, m.Name), err))
		return
	}
	for _, s := range []*seen{standby, active} {
		if s == nil {
			continue
		}
		if err := m.ours(*s); err != nil {
			resp.Diagnostics.Append(diagnose.Unable("delete", describe(m.ID, m.Name), err))
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	for _, s := range []*seen{standby, active} {
		if s == nil {
			continue
		}
		if err := s.at.DeleteVM(ctx, s.vm.Ref); err != nil {
			resp.Diagnostics.Append(diagnose.Unable("delete", describe(m.ID, m.Name), err))
		}
	}
	if active == nil {
		if err := r.sweep(ctx, m, req.Private); err != nil {
			resp.Diagnostics.Append(diagnose.Unable("delete what is left of", describe(m.ID, m.Name), err))
		}
		return
	}
	if left := peoples(active.vm.Disks); len(left) > 0 && !resp.Diagnostics.HasError() {
		resp.Diagnostics.AddWarning("Disks of "+describe(m.ID, m.Name)+" were left",
			fmt.Sprintf("They were put on it by other means and are no part of it: %s, at %s.", strings.Join(left, ", "), active.at.Where()))
	}
}

// ImportState implements resource.ResourceWithImportState: by "<tenant>/<name>",
// or by "<tenant>/<name>@<site>/<platform>/<ref>" for a machine that this
// project did not make and that the first apply marks.
func (r *vmResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	raw := req.ID
	if raw == "" {
		var id identity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		raw = id.TenantID.ValueString() + "/" + id.Name.ValueString()
	}
	id, of, err := parseImportID(raw)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("import", "the virtual machine", err))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), string(id))...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
	resp.Diagnostics.Append(noteImport(ctx, of, resp.Private)...)
}
