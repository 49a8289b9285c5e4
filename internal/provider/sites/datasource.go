// Package sites is data.psn_sites: what the catalogue knows of the four sites.
// It makes no request.
package sites

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type dataSource struct{}

type model struct {
	Sites []siteModel `tfsdk:"sites"`
}

type siteModel struct {
	Site        types.String            `tfsdk:"site"`
	Region      types.String            `tfsdk:"region"`
	Name        types.String            `tfsdk:"name"`
	City        types.String            `tfsdk:"city"`
	Address     types.String            `tfsdk:"address"`
	Latitude    types.String            `tfsdk:"latitude"`
	Longitude   types.String            `tfsdk:"longitude"`
	Platforms   []types.String          `tfsdk:"platforms"`
	DistancesKm map[string]types.String `tfsdk:"distances_km"`
}

// New returns the data source.
func New() datasource.DataSource { return dataSource{} }

// Metadata implements datasource.DataSource.
func (dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sites"
}

// Schema implements datasource.DataSource.
func (dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(doc string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The four sites of the Polo Strategico Nazionale, from the catalogue in the provider: no site is contacted. Coordinates are approximate (2 km); distances are straight lines.",
		Attributes: map[string]schema.Attribute{
			"sites": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "Sites in canonical order.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"site":      text("Name used in configurations, for example `santo-stefano-ticino`."),
					"region":    text("`lazio` or `lombardia`."),
					"name":      text("Name as written in Italian."),
					"city":      text("Municipality."),
					"address":   text("Street address."),
					"latitude":  text("Degrees north, as a decimal number."),
					"longitude": text("Degrees east, as a decimal number."),
					"platforms": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Platforms of the site."},
					"distances_km": schema.MapAttribute{
						Computed: true, ElementType: types.StringType, MarkdownDescription: "Distance to each other site in kilometres, with one decimal.",
					},
				}},
			},
		},
	}
}

// Read implements datasource.DataSource.
func (dataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.Diagnostics.Append(resp.State.Set(ctx, &model{Sites: flatten(catalog.Sites())})...)
}

func flatten(sites []catalog.Site) []siteModel {
	out := make([]siteModel, len(sites))
	for i, s := range sites {
		m := siteModel{
			Site: types.StringValue(string(s.Site)), Region: types.StringValue(string(s.Region)),
			Name: types.StringValue(s.Name), City: types.StringValue(s.City), Address: types.StringValue(s.Address),
			Latitude: degrees(s.Latitude), Longitude: degrees(s.Longitude),
			DistancesKm: map[string]types.String{},
		}
		for _, p := range s.Platforms {
			m.Platforms = append(m.Platforms, types.StringValue(string(p)))
		}
		for _, o := range psn.Sites() {
			if d, ok := catalog.DistanceBetween(s.Site, o); ok && o != s.Site {
				m.DistancesKm[string(o)] = types.StringValue(fmt.Sprintf("%d.%d", d/10, d%10))
			}
		}
		out[i] = m
	}
	return out
}

func degrees(milli int64) types.String {
	return types.StringValue(fmt.Sprintf("%d.%03d", milli/1000, milli%1000))
}
