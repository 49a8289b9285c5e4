package tenantcredential

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Schema implements ephemeral.EphemeralResource.
func (c *credential) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	text := func(doc string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A credential that acts within one tenant, for other providers and tools: on OpenStack an application credential of the tenant's project. " +
			"It changes nothing outside of that project; but it is the operator's user, limited to the roles given: it can read the names of the other projects in which that user has a role. Keystone knows no regions: where sites share one Keystone it acts in the tenant's project at each of them. " +
			"It is made when Terraform or OpenTofu needs it, in a plan as in an apply, and ended when the run does not need it any more; should that fail, it ends by itself. Its secret is in no state, plan or log.",
		Attributes: map[string]schema.Attribute{
			"tenant_id": schema.StringAttribute{Required: true, MarkdownDescription: "Tenant it acts in, for example `p_bs`. The tenant has to stand already when the plan is made."},
			"site": schema.StringAttribute{
				Required: true, MarkdownDescription: "Site: `acilia`, `pomezia`, `rozzano` or `santo-stefano-ticino`.",
				Validators: []validator.String{stringvalidator.OneOf(located.Names(psn.Sites())...)},
			},
			"platform": schema.StringAttribute{
				Optional: true, Computed: true, MarkdownDescription: "Platform at the site. Default: `openstack`, the only one that has such credentials.",
				Validators: []validator.String{stringvalidator.OneOf(located.Names(psn.Platforms())...)},
			},
			"roles": schema.ListAttribute{
				ElementType: types.StringType, Required: true, MarkdownDescription: "Roles it acts as, for example `[\"member\"]` or `[\"reader\"]`: roles that the operator's user has in the tenant's project, or that those imply.",
				Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
			},
			"lifetime": schema.StringAttribute{Optional: true, MarkdownDescription: "How long it lasts at most, from `1m` to `24h`. Default: `1h`. Give more to an apply that takes longer."},
			"id":       text("The platform's own id of it."),
			"name":     text("Its name, another one each time."),
			"secret":   schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The secret."},
			"expires":  text("Instant at which it ends by itself, in RFC 3339."),
			"auth_url": text("Where to authenticate."),
			"region":   text("Region of the site, where the platform has regions."),
			"project":  text("The platform's own id of the tenant's project."),
		},
	}
}
