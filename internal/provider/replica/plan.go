package replica

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// ModifyPlan implements resource.ResourceWithModifyPlan. It asks no engine.
func (r *replicaResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var m, config model
	var prior *model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !req.State.Raw.IsNull() {
		prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	m.Name = config.Name
	m.identify(&resp.Diagnostics)
	if prior == nil && m.ID.ValueString() != "" {
		if err := r.data.Claim("replica", m.ID.ValueString()); err != nil {
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("name"), "plan", m.describe(), err))
		}
	}
	m.checkIntent(prior, &resp.Diagnostics)
	m.judge(prior, &resp.Diagnostics)
	if prior == nil {
		r.checkSource(m, &resp.Diagnostics)
	}
	if prior != nil && !prior.Source.IsNull() {
		m.checkFixed(*prior, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if prior != nil && m.Phase.Equal(prior.Phase) {
		m.StatusPhase, m.StatusReason, m.Transport = prior.StatusPhase, prior.StatusReason, prior.Transport
		m.Deltas, m.LagSeconds, m.LastSync = prior.Deltas, prior.LagSeconds, prior.LastSync
	}
	if prior != nil {
		m.AsOf = finding.DayOfRecord(m.AsOf, prior.AsOf, m.Derogations, prior.Derogations)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// identify derives what follows from the placement.
func (m *model) identify(diags *diag.Diagnostics) {
	unknown := types.StringUnknown()
	if m.Placement.IsUnknown() {
		m.ServiceID, m.Classification, m.TenantID, m.ID, m.WorkflowID = unknown, unknown, unknown, unknown, unknown
		if m.Name.IsNull() {
			m.Name = unknown
		}
		return
	}
	m.ServiceID, m.Classification = field(m.Placement, "service_id"), field(m.Placement, "classification")
	if m.Name.IsNull() {
		m.Name = field(m.Placement, "vm")
	}
	m.TenantID, m.ID, m.WorkflowID = unknown, unknown, unknown
	if m.ServiceID.IsUnknown() || m.Name.IsUnknown() {
		return
	}
	service, err := psn.ParseServiceID(m.ServiceID.ValueString())
	if err != nil {
		diags.Append(diagnose.UnableAt(path.Root("placement").AtName("service_id"), "plan", "the replica", err))
		return
	}
	id, err := psn.NewVMID(service.Tenant(), m.Name.ValueString())
	if err != nil {
		diags.Append(diagnose.UnableAt(path.Root("name"), "plan", "the replica", err))
		return
	}
	if site := field(m.Placement, "site"); !site.IsUnknown() {
		if _, err := psn.ParseSite(site.ValueString()); err != nil {
			diags.Append(diagnose.UnableAt(path.Root("placement").AtName("site"), "plan", fmt.Sprintf("replica %q", id), err))
		}
	}
	m.TenantID, m.ID = types.StringValue(string(id.Tenant())), types.StringValue(string(id))
	m.WorkflowID = types.StringValue(migration.WorkflowID(id))
}

// checkIntent refuses a decision without a name, and one that skips a step.
func (m model) checkIntent(prior *model, diags *diag.Diagnostics) {
	if m.Phase.IsUnknown() {
		return
	}
	want, was, seen := m.Phase.ValueString(), intentReplicate, ""
	if prior != nil {
		if v := prior.Phase.ValueString(); v != "" {
			was = v
		}
		seen = prior.StatusPhase.ValueString()
	}
	if want != intentReplicate && m.ApprovedBy.IsNull() {
		diags.AddAttributeError(path.Root("approved_by"), "Unable to plan "+m.describe(),
			fmt.Sprintf("phase is %q and nobody is named as deciding.\n\nWhat to do: set approved_by to the person who decides.", want))
	}
	allowed := map[string]bool{
		intentReplicate: was == intentReplicate,
		intentCutover:   prior != nil && (was == intentReplicate || was == intentCutover),
		intentFinalize:  was == intentCutover || was == intentFinalize || seen == string(migration.PhaseVerified) || seen == string(migration.PhaseFinalized),
		intentRollback:  was == intentCutover || was == intentRollback || slices.Contains([]string{string(migration.PhaseCutover), string(migration.PhaseVerified), string(migration.PhaseRolledBack)}, seen),
	}
	if !allowed[want] {
		diags.AddAttributeError(path.Root("phase"), "Unable to plan "+m.describe(),
			fmt.Sprintf("It cannot go from %q to %q: a replica starts as \"replicating\", is then cut over, and then finalized or rolled back.\n\n"+
				"What to do: apply the step before first; to begin again, replace the resource.", was, want))
	}
}

// checkFixed refuses changes of what defines a running replica. Replacing it
// would throw away what was copied, so that is never done by itself.
func (m model) checkFixed(prior model, diags *diag.Diagnostics) {
	for _, f := range []struct {
		p       path.Path
		was, is attr.Value
	}{
		{path.Root("name"), prior.ID, m.ID},
		{path.Root("source"), prior.Source, m.Source},
		{path.Root("placement").AtName("site"), field(prior.Placement, "site"), field(m.Placement, "site")},
		{path.Root("placement").AtName("platform"), field(prior.Placement, "platform"), field(m.Placement, "platform")},
		{path.Root("placement").AtName("cluster"), field(prior.Placement, "cluster"), field(m.Placement, "cluster")},
		{path.Root("network"), prior.Network, m.Network},
		{path.Root("rpo"), prior.RPO, m.RPO},
		{path.Root("min_deltas"), prior.MinDeltas, m.MinDeltas},
		{path.Root("bytes_per_second"), prior.BytesPerSecond, m.BytesPerSecond},
		{path.Root("verify"), prior.Verify, m.Verify},
		{path.Root("shutdown_after"), prior.ShutdownAfter, m.ShutdownAfter},
		{path.Root("hard_power_off"), prior.HardPowerOff, m.HardPowerOff},
	} {
		if f.is.IsUnknown() || f.is.Equal(f.was) {
			continue
		}
		diags.AddAttributeError(f.p, "Unable to change "+m.describe(),
			fmt.Sprintf("%s is %s in the running replica and %s in the configuration; it cannot change while the replica runs.\n\n"+
				"What to do: keep the value, or begin again on purpose with -replace.", f.p, f.was, f.is))
	}
}

func (m model) describe() string {
	if m.ID.ValueString() == "" {
		return "the replica"
	}
	return fmt.Sprintf("replica %q", m.ID.ValueString())
}
