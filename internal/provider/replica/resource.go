// Package replica is psn_replica: a machine kept in step from a source by a
// durable workflow, and the decisions on it. It must not move bytes nor know
// the engine behind the small interface it declares.
package replica

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var (
	_ resource.ResourceWithConfigure   = (*replicaResource)(nil)
	_ resource.ResourceWithIdentity    = (*replicaResource)(nil)
	_ resource.ResourceWithImportState = (*replicaResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*replicaResource)(nil)
)

const (
	defaultTimeout = 24 * time.Hour // of an apply that was told to wait
	pollEvery      = time.Second
)

type replicaResource struct {
	open OpenEngine
	data *providerdata.Data
}

// New returns the resource; open reaches the engine.
func New(open OpenEngine) resource.Resource { return &replicaResource{open: open} }

// Metadata implements resource.Resource.
func (r *replicaResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_replica"
}

// Configure implements resource.ResourceWithConfigure.
func (r *replicaResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = providerdata.From(req.ProviderData, &resp.Diagnostics)
}

// Schema implements resource.Resource.
func (r *replicaResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *replicaResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema()
}

// Create implements resource.Resource: it registers the workflow and returns,
// unless told to wait.
func (r *replicaResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := m.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	engine, err := r.open(ctx, r.data)
	if err == nil {
		err = engine.Start(ctx, m.expand())
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("register", m.describe(), engineErr(err)))
		return
	}
	m.unobserved()
	m.settle()
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(m.vmid()))...)
	if err := r.look(ctx, engine, &m); err != nil {
		resp.Diagnostics.Append(diagnose.Unable("wait for", m.describe(), engineErr(err)))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Read implements resource.Resource. While the engine does not answer, what the
// state says is kept. A replica that came to its end stays in the state even
// when the engine has forgotten it: it must not begin again by itself.
func (r *replicaResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(m.vmid()))...)
	engine, err := r.open(ctx, r.data)
	var status migration.Status
	if err == nil {
		status, err = engine.Status(ctx, m.vmid())
	}
	switch {
	case psn.Is(err, psn.NotFound) && !migration.Phase(m.StatusPhase.ValueString()).Final():
		resp.State.RemoveResource(ctx)
		return
	case psn.Is(err, psn.NotFound):
		return
	case err != nil:
		resp.Diagnostics.Append(diagnose.Warn("refresh", m.describe(), engineErr(err)))
		return
	}
	m.observe(status, time.Now())
	m.TenantID, m.Name = identityOf(m.vmid()).TenantID, identityOf(m.vmid()).Name
	m.WorkflowID = types.StringValue(migration.WorkflowID(m.vmid()))
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update implements resource.Resource: it passes a decision on.
func (r *replicaResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
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
	engine, err := r.open(ctx, r.data)
	if err == nil {
		err = decide(ctx, engine, m)
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("phase"), "bring to "+m.Phase.ValueString(), m.describe(), engineErr(err)))
		return
	}
	m.settle()
	if err := r.look(ctx, engine, &m); err != nil {
		// The decision is taken; only the look at its effect failed.
		m.StatusPhase, m.StatusReason, m.Transport = state.StatusPhase, state.StatusReason, state.Transport
		m.Deltas, m.LagSeconds, m.LastSync = state.Deltas, state.LagSeconds, state.LastSync
		resp.Diagnostics.Append(diagnose.Unable("wait for", m.describe(), engineErr(err)))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(m.vmid()))...)
}

// decide asks the engine for what is wanted, unless it is so already: somebody
// may have decided on the command line.
func decide(ctx context.Context, engine Engine, m model) error {
	status, err := engine.Status(ctx, m.vmid())
	if err != nil {
		return err
	}
	switch m.Phase.ValueString() {
	case intentCutover:
		switch status.Phase {
		case migration.PhaseCutover, migration.PhaseVerified, migration.PhaseFinalized:
			return nil
		}
		return engine.Approve(ctx, m.vmid(), m.approval())
	case intentFinalize:
		if status.Phase == migration.PhaseFinalized {
			return nil
		}
		return engine.Finalize(ctx, m.vmid(), m.approval())
	case intentRollback:
		if status.Phase == migration.PhaseRolledBack {
			return nil
		}
		return engine.Rollback(ctx, m.vmid(), m.approval())
	}
	return nil
}

// look reads the status, once or until the phase to wait for is reached.
func (r *replicaResource) look(ctx context.Context, engine Engine, m *model) error {
	want := migration.Phase(m.WaitFor.ValueString())
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		status, err := engine.Status(ctx, m.vmid())
		if err != nil {
			return err
		}
		m.observe(status, time.Now())
		switch {
		case want == "" || status.Phase == want || want == migration.PhaseReplicating && later(status.Phase):
			return nil
		case status.Phase.Final():
			return psn.Errorf(psn.Conflict, "the replica is %s, so it will not become %s: %s", status.Phase, want, status.Reason)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the replica is %s, not yet %s: %w", status.Phase, want, ctx.Err())
		case <-tick.C:
		}
	}
}

// later reports whether a replica of the phase has been replicating.
func later(p migration.Phase) bool {
	return p == migration.PhaseCutover || p == migration.PhaseVerified || p == migration.PhaseFinalized
}

// ImportState implements resource.ResourceWithImportState: by "<tenant>/<name>".
func (r *replicaResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	raw := req.ID
	if raw == "" {
		var id identity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
		raw = id.TenantID.ValueString() + "/" + id.Name.ValueString()
	}
	id, err := psn.ParseVMID(raw)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("import", "the replica", err))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), string(id))...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
}
