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
	Inventory(ctx context.Context) (psn.Inventory, error)
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
			"A site that does not answer is listed with `reachable = false` and a warning.",
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
	inv, err := d.sites.Inventory(ctx)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Unable("read", "the inventory", err))
		return
	}
	for _, s := range inv.Sites {
		if !s.Reachable() {
			resp.Diagnostics.AddAttributeWarning(path.Root("sites"), fmt.Sprintf("Unable to read site %s (%s)", s.Site, s.Platform),
				s.Error+"\n\nNothing will be placed there, and its machines cannot be refreshed, until it answers.")
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model{Sites: Flatten(inv)})...)
}
