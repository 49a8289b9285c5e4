package tenantusage

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Schema implements datasource.DataSource.
func (d *dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	only := func(doc string, names []string) schema.Attribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: doc, Validators: []validator.String{stringvalidator.OneOf(names...)}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "What a tenant uses and may use, asked of each site at once: all quantities that the platforms count, with the limits that stand, whoever set them. What its machines use is an attribute of `psn_tenant` as well, which a refresh counts without asking for each tenant.",
		Attributes: map[string]schema.Attribute{
			"tenant_id": schema.StringAttribute{Required: true, MarkdownDescription: "Id of the tenant, for example `psn_tenant.brescia.id`."},
			"site":      only("Ask this site only. Default: every site of the provider's configuration.", located.Names(psn.Sites())),
			"platform":  only("Ask this platform only. Default: every one.", located.Names(psn.Platforms())),
			"usage": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "By site, platform, quantity and cluster. Sites at which the tenant is not are left out, as are quantities a platform knows nothing of.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"site":     located.Text("Site."),
					"platform": located.Text("Platform."),
					"quantity": located.Text("`instances`, `vcpus`, `memory_mib`, `storage_mib`, `volumes`, `networks`, `security_groups` or `floating_ips`."),
					"cluster":  located.Text("Cluster in which both `used` and `limit` are counted: on vSphere a limit of `vcpus` or `memory_mib` holds in each cluster for itself. Null: the whole site."),
					"used":     located.Number("What is used; null when the platform does not tell."),
					"limit":    located.Number("What may be used; null means unlimited."),
				}},
			},
		},
	}
}
