package placement

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var asOptions = basetypes.ObjectAsOptions{}

// The most that can be asked for: far above any machine that exists, and low
// enough that sums in MiB and bytes stay within 64 bits.
const (
	MaxVCPUs     = 1 << 16
	MaxGiB       = 1 << 20
	maxInstances = 1 << 16
)

func resourceSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Decides where every machine of a tenant's workloads lives, and its standby, **in the plan**: the first plan already shows sites, regions, standby and every finding. " +
			"The decision is a function of the configuration and of the prior decision: machines that stand somewhere stay there. It makes nothing at any site.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "`<tenant>/<name>`."},
			"tenant_id": schema.StringAttribute{
				Required: true, MarkdownDescription: "Id of the tenant.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"name": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("default"),
				MarkdownDescription: "Name of the decision, for a tenant that has several. All machines of one service belong in one placement. Default: `default`.",
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"inventory": inventory.Input("What to decide on: `data.psn_inventory.….sites`. When a fresh reading leads to the same decision, the reading that the decision was taken on is kept."),
			"workloads": schema.MapNestedAttribute{
				Required: true, MarkdownDescription: "Workloads by name: each is a set of equal machines of one service.",
				NestedObject: schema.NestedAttributeObject{Attributes: workloadAttributes()},
				Validators:   []validator.Map{mapvalidator.SizeAtLeast(1)},
			},
			"quota":   quotaAttribute(),
			"exclude": excludeAttribute(),
			"survive_region": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Asks that the loss of both sites of a region at once, too, leaves room for everything critical and strategic. Standbys of critical machines must then be in the other region, like those of strategic ones. Default: `false`.",
			},
			"dr_reserve": schema.Int64Attribute{
				Optional: true, MarkdownDescription: "How much of the vCPUs and memory that standbys take over after the loss of a site is kept for it, in percent (rule PLC-006). With less than 100 not all of them can start at once: `headroom` then tells by how much clusters fall short, and PLC-006 warns of each in every plan, unless a derogation names the cluster. With more, a margin is kept. Disks, and standbys of mode `active-active`, are always kept whole. Default: `100`.",
				Validators: []validator.Int64{int64validator.Between(1, 400)},
			},
			"prices":  pricesAttribute(),
			"weights": weightsAttribute(),
			"rebalance": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Lets the decision move machines that could stay; `moves` tells in the plan which, and at what cost. Default: `false`, nothing moves unless it has to.",
			},
			"derogations": finding.Derogations("Documented derogations. What one sets aside is placed as well as can be, stays in `findings` with outcome `derogated` and its document, and no longer fails the plan. "+
				"A rule is relaxed for a workload when it is set aside for its service or for each of its machines; `PLC-005` sets aside its `anti_affinity`, not its groups, and `PLC-006` names a cluster, `site/platform/cluster`, whose reserve is short. A derogation that has expired fails the plan, and so does taking one out while its subject still breaks the rule.", Derogable()...),
			"as_of": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Day on which `derogations` and `exclude.until` are judged, `YYYY-MM-DD`; required with them, because a plan reads no clock. " +
					"`formatdate(\"YYYY-MM-DD\", plantimestamp())` is the day of the plan, which a saved plan keeps. A later day alone is no change while the decision stays the same, or while each derogation and exclusion holds on both days or on neither. `psn audit` judges the same derogations on the instant recorded in the plan.",
				Validators: []validator.String{finding.Day{}},
			},
			"allow_unknown_at_plan": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Accepts that places are decided at apply because an input is not known in the plan: of strategic machines, and of any where the inventory is another than that of the decision that stands. Default: `false`, such a plan fails. While it is `true` every fresh inventory is recorded, even where the decision stays the same, so set it for the plan that needs it.",
			},
			"assignments": schema.MapNestedAttribute{
				Computed: true, MarkdownDescription: "The place of every machine, by name (`<workload>-<n>`). Made for `for_each`.",
				NestedObject: schema.NestedAttributeObject{Attributes: computedFields()},
			},
			"moves": movesAttribute(),
			"verdict": schema.StringAttribute{Computed: true, MarkdownDescription: "`placed`; `proven infeasible`, by sums and sizes; or `not found within budget`, when the search ended with neither. " +
				"A plan runs the search only, not the exact solver: `psn placement explain FILE`, on the same request in a file, settles the third, and names a smallest set of demands that conflict (guide *Place machines and prove it*)."},
			"findings": finding.Attribute(),
			"explanation": schema.ListAttribute{
				Computed: true, ElementType: types.StringType, MarkdownDescription: "What was decided and why, in sentences.",
			},
			"headroom": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "What is left on each cluster, normally and after the loss of each other site, on the inventory decided on.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"site":        schema.StringAttribute{Computed: true, MarkdownDescription: "Site of the cluster."},
					"platform":    schema.StringAttribute{Computed: true, MarkdownDescription: "Platform of the cluster."},
					"cluster":     schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the cluster."},
					"lost_site":   schema.StringAttribute{Computed: true, MarkdownDescription: "Site assumed lost; null in normal operation."},
					"lost_region": schema.StringAttribute{Computed: true, MarkdownDescription: "Region assumed lost, with `survive_region`; else null."},
					"vcpus":       schema.Int64Attribute{Computed: true, MarkdownDescription: "Virtual CPUs left."},
					"memory_mib":  schema.Int64Attribute{Computed: true, MarkdownDescription: "Memory left in MiB."},
					"storage_mib": schema.Int64Attribute{Computed: true, MarkdownDescription: "Storage left in MiB."},
				}},
			},
			"policy_digest": schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of the rule set that judged the decision."},
		},
	}
}

func workloadAttributes() map[string]schema.Attribute {
	positive := func(doc string, most int64) schema.Attribute {
		return schema.Int64Attribute{Required: true, MarkdownDescription: doc, Validators: []validator.Int64{int64validator.Between(1, most)}}
	}
	oneOf := func(doc string, allowed []string) schema.Attribute {
		return schema.SetAttribute{
			Optional: true, ElementType: types.StringType, MarkdownDescription: doc,
			Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(stringvalidator.OneOf(allowed...))},
		}
	}
	out := map[string]schema.Attribute{
		"service_id": schema.StringAttribute{Required: true, MarkdownDescription: "Service the machines belong to (`psn_service.….id`)."},
		"classification": schema.StringAttribute{
			Required: true, MarkdownDescription: "Class of the service (`psn_service.….classification`): it decides whether and where a standby is needed.",
			Validators: []validator.String{stringvalidator.OneOf(names(psn.Classifications())...)},
		},
		"instances":     positive("Number of machines.", maxInstances),
		"vcpus":         positive("Virtual CPUs of each machine.", MaxVCPUs),
		"memory_gib":    positive("Memory of each machine in GiB.", MaxGiB),
		"storage_gib":   positive("Storage of each machine in GiB.", MaxGiB),
		"sites":         oneOf("Home sites allowed. Default: any.", names(psn.Sites())),
		"regions":       oneOf("Regions allowed, for home and standby. Default: any.", names(psn.Regions())),
		"platforms":     oneOf("Platforms allowed, for home and standby. Default: any.", names(psn.Platforms())),
		"anti_affinity": schema.BoolAttribute{Optional: true, MarkdownDescription: "Keeps the machines of the workload on different sites as far as there are sites, else on different clusters."},
	}
	maps.Copy(out, wishAttributes())
	return out
}

func computedFields() map[string]schema.Attribute { return computedOf(Fields()) }

func computedOf(fields []Field) map[string]schema.Attribute {
	out := map[string]schema.Attribute{}
	for _, f := range fields {
		if f.Type == types.Int64Type {
			out[f.Name] = schema.Int64Attribute{Computed: true, MarkdownDescription: f.Doc}
		} else {
			out[f.Name] = schema.StringAttribute{Computed: true, MarkdownDescription: f.Doc}
		}
	}
	return out
}

// Input is an assignment as an attribute that a resource takes. Fields that an
// ordinary service leaves empty may be left out.
func Input(doc string, required bool) schema.SingleNestedAttribute {
	attrs := map[string]schema.Attribute{}
	for _, f := range Fields() {
		if f.Type == types.Int64Type {
			attrs[f.Name] = schema.Int64Attribute{Optional: true, MarkdownDescription: f.Doc}
		} else {
			attrs[f.Name] = schema.StringAttribute{Optional: true, MarkdownDescription: f.Doc}
		}
	}
	return schema.SingleNestedAttribute{Required: required, Optional: !required, MarkdownDescription: doc, Attributes: attrs}
}

func names[T ~string](vs []T) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return out
}

func identitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"tenant_id": identityschema.StringAttribute{RequiredForImport: true, Description: "Id of the tenant."},
		"name":      identityschema.StringAttribute{OptionalForImport: true, Description: "Name of the decision; default \"default\"."},
	}}
}
