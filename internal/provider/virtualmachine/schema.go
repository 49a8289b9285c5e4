package virtualmachine

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func resourceSchema(ctx context.Context) schema.Schema {
	text := func(doc string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	derived := func(doc string, v ...validator.String) schema.Attribute {
		return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: doc, Validators: v}
	}
	size := func(doc string, most int64) schema.Attribute {
		return schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: doc, Validators: []validator.Int64{int64validator.Between(1, most)}}
	}
	s := schema.Schema{
		MarkdownDescription: "A virtual machine of a service, at the place `psn_placement` decided, with its standby: a powered-off machine of the same size, " +
			"with empty disks, that holds the reserve at another site. One schema serves both platforms: what a platform has no notion for is refused in the plan, in words. A failover or a move never replaces the machine: `home_site` is configuration, `active_site` is observed.",
		Attributes: map[string]schema.Attribute{
			"id":           text("`<tenant>/<name>`, for example `p_bs/protocollo-db-1`; known in the plan. It carries no site."),
			"tenant_id":    text("Tenant, taken from the service."),
			"name":         derived("Name of the machine. Default: the key in `psn_placement.….assignments`. Another name is another machine."),
			"display_name": derived("Name people see at the platform. Default: `name` when the machine is made, then the name it has. Changed in place.", stringvalidator.LengthBetween(1, 80)),
			"placement":    placement.Input("One value of `psn_placement.….assignments`. Required for critical and strategic services.", false),
			"service_id":   derived("Service the machine belongs to. Default: that of the placement."),
			"classification": derived("Class of the service. Default: that of the placement.",
				stringvalidator.OneOf(names(psn.Classifications())...)),
			"site":             derived("Home site. Taken from the placement; to be given only without one, and may not contradict it.", stringvalidator.OneOf(names(psn.Sites())...)),
			"platform":         derived("Platform at the home site. Taken from the placement, else `vsphere`.", stringvalidator.OneOf(names(psn.Platforms())...)),
			"cluster":          derived("Cluster, on OpenStack availability zone, at the home site. Taken from the placement; to be given only without one."),
			"standby_site":     derived("Site of the standby. Taken from the placement and may not contradict it.", stringvalidator.OneOf(names(psn.Sites())...)),
			"region":           text("Region of the home site."),
			"standby_region":   text("Region of the standby's site."),
			"standby_platform": text("Platform at the standby's site."),
			"standby_cluster":  text("Cluster at the standby's site."),
			"home_site":        text("Home site, as decided."),
			"active_site":      text("Site where the machine was last seen active. It differs from `home_site` after a failover."),
			"vcpus":            size("Virtual CPUs. Default and upper limit: those of the placement. Changed in place, with a restart. On OpenStack a flavour of exactly this size is taken, or made where the configuration file allows it (`create_flavors`).", placement.MaxVCPUs),
			"memory_gib":       size("Memory in GiB. Default and upper limit: that of the placement. Changed in place, with a restart.", placement.MaxGiB),
			"guest_os":         schema.StringAttribute{Optional: true, MarkdownDescription: "Guest identifier of the platform, for example `debian12_64Guest` on vSphere. Used when the machine is made."},
			"firmware": schema.StringAttribute{
				Optional: true, MarkdownDescription: "`bios` (default) or `efi`. Used when the machine is made.",
				Validators: []validator.String{stringvalidator.OneOf("bios", "efi")},
			},
			"power_state": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(string(psn.PoweredOn)),
				MarkdownDescription: "`on` (default) or `off`. To turn a machine off its guest is asked to shut down; the power is taken away where it cannot be asked, or does not comply within two minutes. `unsettled` is observed of a machine whose change of size was cut off; the next apply ends it.",
				Validators:          []validator.String{stringvalidator.OneOf(string(psn.PoweredOn), string(psn.PoweredOff))},
			},
			"disruption": text("What the last change, or the one planned, does to the machine, in words and known in the plan: `new machine`, `none`, `restart: vCPUs 2 -> 4`, `adds disks[1] of 20 GiB, no restart`. " +
				"A restart for a larger size is spared on vSphere where the machine's hot-add is on."),
			"instance_uuid": text("UUID that stands for the machine on every platform and site; a function of the id, known in the plan. On vSphere the machine bears it as its instance UUID; on OpenStack, which chooses UUIDs itself, the machine is known by the id in its metadata."),
			"mac_addresses": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "MAC addresses observed."},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.BlockAll(ctx)},
	}
	maps.Copy(s.Attributes, deviceAttributes())
	maps.Copy(s.Attributes, guestAttributes())
	return s
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
		"name":      identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the machine."},
	}}
}
