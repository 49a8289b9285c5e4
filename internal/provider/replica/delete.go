package replica

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// cancelWait is how long a cancelled workflow may take to clean up.
const cancelWait = 10 * time.Minute

// Delete implements resource.Resource. A replica between cutover and decision is
// not destroyed: which machine serves the tenant would be left open.
func (r *replicaResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m model
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := m.Timeouts.Delete(ctx, cancelWait)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	phase, err := r.stop(ctx, m)
	if err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("phase"), "destroy", m.describe(), engineErr(err)))
		return
	}
	if !m.DeleteTarget.ValueBool() || phase == migration.PhaseFinalized {
		return
	}
	if err := r.deleteTarget(ctx, m); err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("delete_target"), "delete the target of", m.describe(), err))
	}
}

// stop cancels the workflow and waits for its end. It returns the last phase.
func (r *replicaResource) stop(ctx context.Context, m model) (migration.Phase, error) {
	engine, err := r.open(ctx, r.data)
	if err != nil {
		return "", err
	}
	status, err := engine.Status(ctx, m.vmid())
	switch {
	case psn.Is(err, psn.NotFound):
		return migration.Phase(m.StatusPhase.ValueString()), nil
	case err != nil:
		return "", err
	case status.Phase.Final():
		return status.Phase, nil
	case status.Phase == migration.PhaseCutover || status.Phase == migration.PhaseVerified:
		return "", psn.Errorf(psn.Conflict, "the replica is %s: set phase to %q or %q and apply first", status.Phase, intentFinalize, intentRollback)
	}
	if err := engine.Cancel(ctx, m.vmid()); err != nil {
		return "", err
	}
	if !m.DeleteTarget.ValueBool() {
		return status.Phase, nil // it cleans up by itself
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		status, err := engine.Status(ctx, m.vmid())
		if psn.Is(err, psn.NotFound) || err == nil && status.Phase.Final() {
			return status.Phase, nil
		}
		if err != nil {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-tick.C:
		}
	}
}

func (r *replicaResource) deleteTarget(ctx context.Context, m model) error {
	a := placement.Expand(m.Placement)
	at, err := r.data.Site(a.Site, a.Platform)
	if err != nil {
		return err
	}
	at.Refresh()
	vm, err := at.FindVM(ctx, m.vmid())
	if psn.Is(err, psn.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if vm.Role != psn.RoleReplica {
		return psn.Errorf(psn.Conflict, "machine %s is %s, not a replica that was never cut over: it is kept", m.vmid(), vm.Role)
	}
	return at.DeleteVM(ctx, vm.Ref)
}
