// Package servicecategories is data.psn_service_categories: the service
// categories of the catalogue and the services that the notice names. It makes
// no request.
package servicecategories

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/catalog"
)

type dataSource struct{}

type model struct {
	Categories []term `tfsdk:"categories"`
	Named      []term `tfsdk:"named_services"`
}

type term struct {
	ID      types.String `tfsdk:"id"`
	Italian types.String `tfsdk:"italian"`
	English types.String `tfsdk:"english"`
}

// New returns the data source.
func New() datasource.DataSource { return dataSource{} }

// Metadata implements datasource.DataSource.
func (dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_service_categories"
}

// Schema implements datasource.DataSource.
func (dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	terms := func(doc string) schema.Attribute {
		text := func(doc string) schema.Attribute {
			return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
		}
		return schema.ListNestedAttribute{Computed: true, MarkdownDescription: doc, NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"id":      text("Identifier in lower case, for example `area-vasta`."),
			"italian": text("Name in Italian, as the notice writes it."),
			"english": text("Name in English."),
		}}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Service categories of PNRR measure 1.2 for provinces and metropolitan cities, from the catalogue in the provider. " +
			"The full lists of 49 and 39 services are not public: the notice names five.",
		Attributes: map[string]schema.Attribute{
			"categories":     terms("The ten categories."),
			"named_services": terms("The five services that the notice names."),
		},
	}
}

// Read implements datasource.DataSource.
func (dataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.Diagnostics.Append(resp.State.Set(ctx, &model{Categories: flatten(catalog.Categories()), Named: flatten(catalog.NamedServices())})...)
}

func flatten(terms []catalog.Term) []term {
	out := make([]term, len(terms))
	for i, t := range terms {
		out[i] = term{types.StringValue(t.ID), types.StringValue(t.Italian), types.StringValue(t.English)}
	}
	return out
}
