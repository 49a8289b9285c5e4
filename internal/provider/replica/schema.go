package replica

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/provider/placement"
)

// Intents: what "phase" may be set to.
const (
	intentReplicate = "replicating"
	intentCutover   = "cutover"
	intentFinalize  = "finalized"
	intentRollback  = "rolled back"
)

func resourceSchema(ctx context.Context) schema.Schema {
	text := func(doc string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	number := func(doc string) schema.Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: doc}
	}
	defaulted := func(value, doc string, v ...validator.String) schema.Attribute {
		return schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(value),
			MarkdownDescription: doc + " Default: `" + value + "`.", Validators: v,
		}
	}
	return schema.Schema{
		MarkdownDescription: "Keeps a machine in step from a source and cuts it over. It registers a durable workflow and returns: copying goes on between applies. " +
			"`phase` is what is wanted, `status_phase` what is observed. What defines a running replica cannot be changed: replace it on purpose (`-replace`). " +
			"Destroying it cancels the workflow and keeps the target machine and its disks, unless `delete_target` is set.",
		Attributes: map[string]schema.Attribute{
			"id":             text("`<tenant>/<name>` of the target machine; known in the plan."),
			"tenant_id":      text("Tenant, taken from the service of the placement."),
			"name":           schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Name of the target machine. Default: the key in `psn_placement.….assignments`."},
			"service_id":     text("Service, taken from the placement."),
			"classification": text("Class of the service, taken from the placement."),
			"source": schema.SingleNestedAttribute{
				Required: true, MarkdownDescription: "Machine to bring.",
				Attributes: map[string]schema.Attribute{
					"name": schema.StringAttribute{Required: true, MarkdownDescription: "Source in the provider's configuration file, for example `brescia`."},
					"vm":   schema.StringAttribute{Required: true, MarkdownDescription: "Name or instance UUID of the machine; a name must be unique in the source."},
				},
			},
			"placement": placement.Input("One value of `psn_placement.….assignments`: where the machine goes.", true),
			"derogations": finding.Derogations("Documented derogations that the machine's place rests on: `psn_placement.….derogations`. Those that set a rule aside for this machine go with the replica: they stand in `findings` and in the report of the cutover, and every plan names them. "+
				"Each is judged on `as_of` in the plan, and on the day itself when the replica is registered and when its cutover is approved; one that has expired is refused. A derogation renewed while the replica runs goes with the approval.", placement.Derogable()...),
			"as_of": schema.StringAttribute{
				Optional: true, Validators: []validator.String{finding.Day{}},
				MarkdownDescription: "Day on which a plan judges `derogations`, `YYYY-MM-DD`; required with them, because a plan reads no clock. `formatdate(\"YYYY-MM-DD\", plantimestamp())` is the day of the plan. A later day alone is no change.",
			},
			"network":          schema.StringAttribute{Optional: true, MarkdownDescription: "Network at the target. Default: the tenant's default network at the site."},
			"rpo":              schema.StringAttribute{Required: true, MarkdownDescription: "Recovery point objective as a duration, for example `15m`: delta cycles start at most this far apart.", Validators: []validator.String{durationString{}}},
			"min_deltas":       schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(1), MarkdownDescription: "Delta cycles before a cutover may be approved. Default: `1`.", Validators: []validator.Int64{int64validator.AtLeast(1)}},
			"bytes_per_second": schema.Int64Attribute{Optional: true, MarkdownDescription: "Limit of the copy. Default: unlimited.", Validators: []validator.Int64{int64validator.AtLeast(1)}},
			"verify": defaulted(string(migration.VerifyReadback), "`readback`: what was written is read back and hashed, everything at cutover; `transit`: hashes in transit only.",
				stringvalidator.OneOf(string(migration.VerifyTransit), string(migration.VerifyReadback))),
			"shutdown_after": defaulted("5m", "How long the guest may take to shut down at cutover.", durationString{}),
			"hard_power_off": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether a guest that does not shut down in time is powered off (`true`) or the cutover fails and the source goes on (`false`). Default: `false`."},
			"phase": defaulted(intentReplicate, "What is wanted: `replicating`, then `cutover`, then `finalized` or `rolled back`.",
				stringvalidator.OneOf(intentReplicate, intentCutover, intentFinalize, intentRollback)),
			"approved_by":   schema.StringAttribute{Optional: true, MarkdownDescription: "Who decides; required for every `phase` but `replicating`. It is written to the evidence.", Validators: []validator.String{stringvalidator.LengthAtLeast(2)}},
			"approval_note": schema.StringAttribute{Optional: true, MarkdownDescription: "Why, for the evidence."},
			"wait_for": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Phase to wait for before the apply returns: `replicating`, `verified`, `finalized` or `rolled back`. Default: wait for nothing.",
				Validators: []validator.String{stringvalidator.OneOf(string(migration.PhaseReplicating), string(migration.PhaseVerified), string(migration.PhaseFinalized), string(migration.PhaseRolledBack))},
			},
			"delete_target": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether destroying the replica deletes a target machine that was never cut over, with its disks. Default: `false`."},
			"workflow_id":   text("Id of the durable workflow."),
			"status_phase":  text("Phase observed."),
			"status_reason": text("Why it failed, waits or was rolled back."),
			"transport":     text("How the bytes travel."),
			"deltas":        number("Delta cycles committed."),
			"lag_seconds":   number("Age of the last committed state when last looked at; null before the first."),
			"last_sync":     text("Instant of the last committed state, RFC 3339."),
			"findings":      finding.Attribute(),
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.BlockAll(ctx)},
	}
}

func identitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"tenant_id": identityschema.StringAttribute{RequiredForImport: true, Description: "Id of the tenant."},
		"name":      identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the target machine."},
	}}
}
