// Package fundingcall is data.psn_funding_call: the dated table of a funding
// call. It makes no request and reads no clock: the day to judge by is an
// argument.
package fundingcall

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/catalog"
)

type dataSource struct{}

// New returns the data source.
func New() datasource.DataSource { return dataSource{} }

// Metadata implements datasource.DataSource.
func (dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_funding_call"
}

// Schema implements datasource.DataSource.
func (dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = callSchema()
}

// Read implements datasource.DataSource.
func (dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	call, err := catalog.CallOf(m.ID.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Unable to read the funding call", err.Error())
		return
	}
	if !m.On.IsNull() {
		if _, err := catalog.ParseDate(m.On.ValueString()); err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("on"), "Unable to read the funding call", "on "+err.Error())
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, flatten(call, m.On))...)
}
