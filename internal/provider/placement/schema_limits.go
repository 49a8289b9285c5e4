package placement

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// maxPrice is the most that a unit of resource, or a wish, may be worth: far
// above any price in cents, and low enough that sums stay within 64 bits.
const maxPrice = 1_000_000

// quotaAttribute is what may be used, in total and by site.
func quotaAttribute() schema.SingleNestedAttribute {
	limits := func() map[string]schema.Attribute {
		limit := func(doc string) schema.Attribute {
			return schema.Int64Attribute{Optional: true, MarkdownDescription: doc + " Null or -1 means unlimited, 0 nothing.", Validators: []validator.Int64{int64validator.AtLeast(-1)}}
		}
		return map[string]schema.Attribute{
			"vcpus":       limit("Virtual CPUs."),
			"memory_gib":  limit("Memory in GiB."),
			"storage_gib": limit("Storage in GiB, without that of standbys that wait."),
		}
	}
	all := limits()
	all["sites"] = schema.MapNestedAttribute{
		Optional: true, MarkdownDescription: "Limits by site, beside those in total. The decision goes around a site that is full, and fails when no place is left. " +
			"What stands there already is not driven away by a limit that was lowered: that is a warning and a finding.",
		NestedObject: schema.NestedAttributeObject{Attributes: limits()},
		Validators:   []validator.Map{mapvalidator.KeysAre(stringvalidator.OneOf(names(psn.Sites())...))},
	}
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "What the tenant may use, usually `psn_tenant.….quota`. What runs every day counts: machines, standbys in mode `active-active`, " +
			"and what the inventory says the tenant's other services hold. Standbys that wait do not.",
		Attributes: all,
	}
}

func excludeAttribute() schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Optional: true,
		MarkdownDescription: "Places that take nothing, neither machines nor standbys: maintenance. What stands there moves away, and `moves` tells where to and why, without `rebalance`. " +
			"When it cannot, the plan fails and nothing changes. Ending an exclusion moves nothing back.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"site":     schema.StringAttribute{Required: true, MarkdownDescription: "Site.", Validators: []validator.String{stringvalidator.OneOf(names(psn.Sites())...)}},
			"platform": schema.StringAttribute{Optional: true, MarkdownDescription: "Platform. Default: all of the site.", Validators: []validator.String{stringvalidator.OneOf(names(psn.Platforms())...)}},
			"cluster":  schema.StringAttribute{Optional: true, MarkdownDescription: "Cluster of the platform. Default: all.", Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
			"reason":   schema.StringAttribute{Required: true, MarkdownDescription: "Why, for who reads the plan.", Validators: []validator.String{stringvalidator.LengthAtLeast(1)}},
			"until": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Last day of it, `YYYY-MM-DD`, judged on `as_of`, which is then required. Default: until it is taken out.",
				Validators: []validator.String{finding.Day{}},
			},
		}},
	}
}

var priceKey = regexp.MustCompile(`^[a-z-]+(/(vsphere|openstack)(/.+)?)?$`)

func pricesAttribute() schema.MapNestedAttribute {
	unit := func(doc string) schema.Attribute {
		return schema.Int64Attribute{Optional: true, MarkdownDescription: doc + " Default: 0.", Validators: []validator.Int64{int64validator.Between(0, maxPrice)}}
	}
	return schema.MapNestedAttribute{
		Optional: true,
		MarkdownDescription: "What stands on a cluster every day costs, by `site`, `site/platform` or `site/platform/cluster`; the longest key counts. " +
			"In any unit, the same for all and for `weights`, for example euro cents a month. The decision is then as cheap as was found, among those that the rules allow; " +
			"with prices in large units the other wishes weigh little beside them.",
		Validators: []validator.Map{
			mapvalidator.KeysAre(stringvalidator.RegexMatches(priceKey, "use site, site/platform or site/platform/cluster")),
		},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"per_vcpu":        unit("A virtual CPU."),
			"per_memory_gib":  unit("A GiB of memory."),
			"per_storage_gib": unit("A GiB of storage."),
			"per_gpu":         unit("A GPU."),
		}},
	}
}

func weightsAttribute() schema.SingleNestedAttribute {
	weight := func(doc string) schema.Attribute {
		return schema.Int64Attribute{Optional: true, MarkdownDescription: doc, Validators: []validator.Int64{int64validator.Between(0, maxPrice)}}
	}
	return schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "What wishes are worth, in the unit of `prices`. What is left out keeps its default.",
		Attributes: map[string]schema.Attribute{
			"move":           weight("A machine that leaves where it stands; its standby half of it. Default: 20000, with `rebalance` 5."),
			"move_per_gib":   weight("Each GiB of storage that it takes along. Default: 2, with `rebalance` 0."),
			"same_region":    weight("The standby of a critical machine in the machine's own region. Default: 10000."),
			"other_platform": weight("A standby on another platform than its machine. Default: 3000."),
			"off_locality":   weight("A machine that is not near its data (`locality`). Default: 3000."),
			"balance":        weight("A virtual CPU, and as much memory and storage as there is to one, on a cluster that is nearly empty; on a full one up to forty times that. Default: 2."),
		},
	}
}

// wishAttributes are those of a workload that the solver's model has beside
// sizes and allowed places.
func wishAttributes() map[string]schema.Attribute {
	group := validator.String(stringvalidator.LengthBetween(1, 63))
	apart := func(doc string) schema.Attribute {
		return schema.SetAttribute{
			Optional: true, ElementType: types.StringType, MarkdownDescription: doc,
			Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(group)},
		}
	}
	return map[string]schema.Attribute{
		"gpus": schema.Int64Attribute{
			Optional: true, MarkdownDescription: "GPUs of each machine. Clusters have those that `inventory` names (`gpus`), and none where it names none. Default: 0.",
			Validators: []validator.Int64{int64validator.Between(0, MaxVCPUs)},
		},
		"storage_class": schema.StringAttribute{
			Optional: true, MarkdownDescription: "Kind of storage that all of `storage_gib` must be of, at home and for the standby. Clusters have what `inventory` names (`storage_classes`). Default: any.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"mode": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "`standby`, the default: of the standby, storage is kept every day, and virtual CPUs, memory and GPUs for the loss of a site, which standbys of different sites share. " +
				"`active-active`: all of it is kept every day and counts against the quota, so that it can serve at any time. Only this placement keeps it: to placements of other services the standby looks like one that waits, since `psn_virtual_machine` makes it powered off in both modes. For critical and strategic workloads only.",
			Validators: []validator.String{stringvalidator.OneOf(modeStandby, modeActive)},
		},
		"together": schema.StringAttribute{
			Optional: true, MarkdownDescription: "Name of a group: all machines of the workloads that name it stand on one cluster, and all their standbys on one. Not with `anti_affinity` and several instances.",
			Validators: []validator.String{group},
		},
		"apart":         apart("Names of groups: machines of different workloads that name one stand on different clusters. Standbys are free."),
		"apart_by_site": apart("The same with different sites."),
		"locality": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Where the data is that the machines work on. It is a wish, worth `weights.off_locality` for each machine; `explanation` names the machines that are elsewhere. To have it for certain use `together` or `sites`.",
			Attributes: map[string]schema.Attribute{
				"sites": schema.SetAttribute{
					Optional: true, ElementType: types.StringType, MarkdownDescription: "Sites, any of which is as good. This or `workload`.",
					Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(stringvalidator.OneOf(names(psn.Sites())...))},
				},
				"workload": schema.StringAttribute{Optional: true, MarkdownDescription: "Workload of this placement that holds the data: the same site as one of its machines, wherever they are decided to be. It may follow another in turn, but not lead back."},
			},
		},
	}
}
