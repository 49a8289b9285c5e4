package tenant

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

func resourceSchema(ctx context.Context) schema.Schema {
	quota := func(doc string) schema.Attribute {
		return schema.Int64Attribute{
			Optional: true, MarkdownDescription: doc + " Null or -1 means unlimited.",
			Validators: []validator.Int64{int64validator.AtLeast(-1)},
		}
	}
	used := func(doc string) schema.Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: doc}
	}
	return schema.Schema{
		MarkdownDescription: "A tenant: one public administration. Its containers are made at every site named: on vSphere a folder, a resource pool per cluster and tags, on OpenStack a project.\n\n" +
			"Destroying it removes these containers, what was granted on them and the limits. It removes nothing that stands in them: while machines, or on OpenStack anything else, is left, it is refused and names what is; " +
			"what a platform lets outlive the tenant (on vSphere its networks and volumes) is named in a warning when the tenant has gone.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The IPA code in lower case, for example `p_bs`; known in the plan.",
			},
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "Name of the administration, for example `Provincia di Brescia`.",
				Validators: []validator.String{stringvalidator.LengthBetween(1, 200)},
			},
			"ipa_code": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Code of the administration in the Indice dei domicili digitali (IPA), for example `p_bs` (rule IDN-001). Another code is another tenant: changing it replaces the tenant.",
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplaceIf(otherTenant, "another administration is another tenant", "another administration is another tenant")},
			},
			"fiscal_code": schema.StringAttribute{
				Required: true, MarkdownDescription: "Fiscal code of the administration, 11 digits with check digit (rule IDN-002).",
			},
			"cup": schema.StringAttribute{
				Optional: true, MarkdownDescription: "Codice Unico di Progetto of the funded migration, 15 characters (rule IDN-003).",
			},
			"quota": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "What the tenant may use in all, as contracted. Give it to `psn_placement.quota` to have it held at plan time.",
				Attributes: map[string]schema.Attribute{
					"vcpus":       quota("Virtual CPUs."),
					"memory_gib":  quota("Memory in GiB."),
					"storage_gib": quota("Storage in GiB."),
				},
			},
			"sites": schema.SetAttribute{
				ElementType: types.StringType, Optional: true, Computed: true,
				MarkdownDescription: "Sites at which the tenant has its containers. Default: every site of the provider's configuration.",
				Validators: []validator.Set{
					setvalidator.SizeAtLeast(1),
					setvalidator.ValueStringsAre(stringvalidator.OneOf(siteNames()...)),
				},
			},
			"site_quotas": schema.MapNestedAttribute{
				Optional: true,
				MarkdownDescription: "Limits that the platform itself keeps, by site. A site that is not in the map keeps what is set there; one taken out of the map gets no limits. " +
					"Where a site has two platforms each keeps the limits on its own. On vSphere only `vcpus` and `memory_gib` are kept, for each cluster the whole of it, and machines beyond them are refused by this provider before vCenter would slow them down; the other limits mean nothing there. Limits that were changed by hand at a site of the map are seen at refresh, and the next apply puts them back. What is used is told by `data.psn_tenant_usage`.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"instances":       quota("Machines."),
					"vcpus":           quota("Virtual CPUs."),
					"memory_gib":      quota("Memory in GiB."),
					"storage_gib":     quota("Storage in GiB."),
					"volumes":         quota("Volumes, the disks of machines among them where the platform keeps those as volumes."),
					"networks":        quota("Networks."),
					"security_groups": quota("Security groups."),
					"floating_ips":    quota("Floating addresses."),
				}},
			},
			"principals": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Group of the site's directory, by site, whose members may work in the tenant: on OpenStack a group that becomes member of the project, " +
					"on vSphere `DOMAIN\\\\group` that gets console, power and read. A site that is not in the map is left as it is, and nothing granted is taken away; what a group of the map lost by other means is seen and put back.",
				Validators: []validator.Map{mapvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
			},
			"usage": schema.MapNestedAttribute{
				Computed: true,
				MarkdownDescription: "What the tenant's machines made by this provider use, by site, running or not, standbys among them; what they may use stands apart, in `site_quotas`. " +
					"Counted at each refresh, from the inventory that all resources of a site share: what an apply makes is counted by the refresh after it, and an output of it shows as changed then. A site that does not answer keeps what was counted last. " +
					"Limits that nobody declared, and what is used of volumes, networks and addresses, are told by `data.psn_tenant_usage`.",
				PlanModifiers: []planmodifier.Map{mapplanmodifier.UseStateForUnknown()},
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"instances":   used("Machines."),
					"vcpus":       used("Virtual CPUs."),
					"memory_gib":  used("Memory in GiB, rounded up."),
					"storage_gib": used("Disks in GiB, rounded up."),
				}},
			},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.BlockAll(ctx)},
	}
}

func siteNames() []string {
	var out []string
	for _, s := range psn.Sites() {
		out = append(out, string(s))
	}
	return out
}

func identitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"ipa_code": identityschema.StringAttribute{RequiredForImport: true, Description: "IPA code of the administration."},
	}}
}
