package replica

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/provider/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type model struct {
	ID             types.String   `tfsdk:"id"`
	TenantID       types.String   `tfsdk:"tenant_id"`
	Name           types.String   `tfsdk:"name"`
	ServiceID      types.String   `tfsdk:"service_id"`
	Classification types.String   `tfsdk:"classification"`
	Source         types.Object   `tfsdk:"source"`
	Placement      types.Object   `tfsdk:"placement"`
	Derogations    types.List     `tfsdk:"derogations"`
	AsOf           types.String   `tfsdk:"as_of"`
	Network        types.String   `tfsdk:"network"`
	RPO            types.String   `tfsdk:"rpo"`
	MinDeltas      types.Int64    `tfsdk:"min_deltas"`
	BytesPerSecond types.Int64    `tfsdk:"bytes_per_second"`
	Verify         types.String   `tfsdk:"verify"`
	ShutdownAfter  types.String   `tfsdk:"shutdown_after"`
	HardPowerOff   types.Bool     `tfsdk:"hard_power_off"`
	Phase          types.String   `tfsdk:"phase"`
	ApprovedBy     types.String   `tfsdk:"approved_by"`
	ApprovalNote   types.String   `tfsdk:"approval_note"`
	WaitFor        types.String   `tfsdk:"wait_for"`
	DeleteTarget   types.Bool     `tfsdk:"delete_target"`
	WorkflowID     types.String   `tfsdk:"workflow_id"`
	StatusPhase    types.String   `tfsdk:"status_phase"`
	StatusReason   types.String   `tfsdk:"status_reason"`
	Transport      types.String   `tfsdk:"transport"`
	Deltas         types.Int64    `tfsdk:"deltas"`
	LagSeconds     types.Int64    `tfsdk:"lag_seconds"`
	LastSync       types.String   `tfsdk:"last_sync"`
	Findings       types.List     `tfsdk:"findings"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

type identity struct {
	TenantID types.String `tfsdk:"tenant_id"`
	Name     types.String `tfsdk:"name"`
}

func identityOf(id psn.VMID) identity {
	return identity{types.StringValue(string(id.Tenant())), types.StringValue(id.Name())}
}

func (m model) vmid() psn.VMID { return psn.VMID(m.ID.ValueString()) }

func (m model) approval() migration.Approval {
	return migration.Approval{By: m.ApprovedBy.ValueString(), Note: m.ApprovalNote.ValueString(), Derogations: m.setAside()}
}

// expand is the durable request; everything is known when it is made.
func (m model) expand() migration.Spec {
	s := m.request()
	s.Derogations = m.setAside()
	return s
}

// request is expand without derogations.
func (m model) request() migration.Spec {
	a := placement.Expand(m.Placement)
	return migration.Spec{
		ID: m.vmid(), Service: a.Service, Classification: a.Classification,
		Source: migration.SourceRef{Name: field(m.Source, "name").ValueString(), VM: field(m.Source, "vm").ValueString()},
		Target: migration.TargetRef{
			Site: a.Site, Platform: a.Platform, Cluster: a.Cluster, Network: m.Network.ValueString(),
			StandbySite: a.StandbySite, StandbyPlatform: a.StandbyPlatform, StandbyCluster: a.StandbyCluster,
		},
		Resources: a.Resources,
		RPO:       duration(m.RPO), MinDeltas: int(m.MinDeltas.ValueInt64()), BytesPerSecond: m.BytesPerSecond.ValueInt64(),
		Verify: migration.VerifyPolicy(m.Verify.ValueString()), ShutdownAfter: duration(m.ShutdownAfter), HardPowerOff: m.HardPowerOff.ValueBool(),
	}
}

// observe takes over what the engine says; now is when it said so.
func (m *model) observe(s migration.Status, now time.Time) {
	m.StatusPhase = types.StringValue(string(s.Phase))
	m.StatusReason = optional(s.Reason)
	m.Transport = optional(s.Transport)
	m.Deltas = types.Int64Value(int64(s.Deltas))
	m.LagSeconds, m.LastSync = types.Int64Null(), types.StringNull()
	if !s.LastSyncAt.IsZero() {
		m.LagSeconds = types.Int64Value(int64(now.Sub(s.LastSyncAt).Seconds()))
		m.LastSync = types.StringValue(s.LastSyncAt.UTC().Format(time.RFC3339))
	}
}

// unobserved says that nothing was heard of the replica yet.
func (m *model) unobserved() {
	m.observe(migration.Status{Phase: migration.PhasePreflight}, time.Time{})
}

func field(o types.Object, name string) types.String {
	s, _ := o.Attributes()[name].(types.String)
	return s
}

func duration(v types.String) time.Duration {
	d, _ := time.ParseDuration(v.ValueString()) // the schema's validator has read it
	return d
}

func optional(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

type durationString struct{}

func (durationString) Description(context.Context) string               { return "a positive duration such as 15m" }
func (v durationString) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }
func (durationString) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || d <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Unable to accept the duration",
			fmt.Sprintf("%q is not a positive duration: use a number and a unit, for example \"15m\" or \"4h\".", req.ConfigValue.ValueString()))
	}
}
