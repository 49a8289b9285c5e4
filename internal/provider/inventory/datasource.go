// Package inventory is data.psn_inventory: what every site and platform offers,
// in one bulk read per site, for psn_placement to decide on. It must not know
// how a place is chosen.
package inventory

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ datasource.DataSourceWithConfigure = (*dataSource)(nil)

// reader is what the data source needs of the provider.
type reader interface {
	// Survey reads every site; the errors stand beside the sites, nil for those
	// that answered.
	Survey(ctx context.Context) (psn.Inventory, []error, error)
}

type dataSource struct{ sites reader }

type model struct {
	Sites []SiteModel `tfsdk:"sites"`
}

// New returns the data source.
func New() datasource.DataSource { return &dataSource{} }

// Metadata implements datasource.DataSource.
func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_inventory"
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	if data := providerdata.From(req.ProviderData, &resp.Diagnostics); data != nil {
		d.sites = data
	}
}

// Schema implements datasource.DataSource.
func (d *dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Capacity and commitments of every configured site and platform, in one bulk read per site. " +
			"Feed `sites` to `psn_placement`: what was read is frozen in a saved plan, so the apply decides on the very numbers the plan showed. " +
			"A site that does not answer is listed with `reachable = false` and a warning; a mistake in the configuration (password, CA, pin, datacenter, privilege) is an error.",
		Attributes: map[string]schema.Attribute{
			"sites": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "Sites and platforms, in canonical order.",
				NestedObject:        schema.NestedAttributeObject{Attributes: computed()},
			},
		},
	}
}

// Read implements datasource.DataSource.
func (d *dataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	inv, errs, err := d.sites.Survey(ctx)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("read", "the inventory", err))
		return
	}
	for i, s := range inv.Sites {
		object := fmt.Sprintf("site %s (%s)", s.Site, s.Platform)
		switch {
		case errs[i] == nil:
		case mistaken(errs[i]):
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("sites"), "read", object, errs[i]))
		default:
			resp.Diagnostics.AddAttributeWarning(path.Root("sites"), diagnose.Summary("read", object),
				s.Error+"\n\nNothing will be placed there, and its machines cannot be refreshed, until it answers.")
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model{Sites: Flatten(inv)})...)
}

// mistaken tells a mistake on this side or a refusal, which waiting does not
// cure and which must not send machines elsewhere in silence, from a site that
// is down.
func mistaken(err error) bool {
	switch psn.CodeOf(err) {
	case psn.InvalidInput, psn.NotFound, psn.Unauthenticated, psn.Forbidden, psn.Untrusted:
		return true
	case psn.AlreadyExists, psn.Conflict, psn.Unavailable, psn.Exhausted, psn.Stale, psn.Unsupported, psn.Corrupt, psn.Internal:
	}
	return false
}
