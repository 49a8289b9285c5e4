// Package tenantusage is data.psn_tenant_usage: what a tenant uses and may use,
// asked of each site. It must not know a hypervisor.
package tenantusage

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/providerdata"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ datasource.DataSourceWithConfigure = (*dataSource)(nil)

// places is what the data source needs of the provider.
type places interface {
	Sites() ([]psn.Site, error)
	At(psn.Site) ([]*platform.Site, error)
}

type dataSource struct{ places places }

type model struct {
	TenantID types.String `tfsdk:"tenant_id"`
	Site     types.String `tfsdk:"site"`
	Platform types.String `tfsdk:"platform"`
	Usage    []usage      `tfsdk:"usage"`
}

type usage struct {
	Site     types.String `tfsdk:"site"`
	Platform types.String `tfsdk:"platform"`
	Quantity types.String `tfsdk:"quantity"`
	Cluster  types.String `tfsdk:"cluster"`
	Used     types.Int64  `tfsdk:"used"`
	Limit    types.Int64  `tfsdk:"limit"`
}

// New returns the data source.
func New() datasource.DataSource { return &dataSource{} }

// Metadata implements datasource.DataSource.
func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_tenant_usage"
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	if data := providerdata.From(req.ProviderData, &resp.Diagnostics); data != nil {
		d.places = data
	}
}

// Read implements datasource.DataSource.
func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	object := fmt.Sprintf("the usage of tenant %q", m.TenantID.ValueString())
	at, err := d.asked(m)
	if err != nil {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("site"), "read", object, err))
		return
	}
	found, errs := ask(ctx, at, psn.TenantID(m.TenantID.ValueString()))
	m.Usage = []usage{}
	somewhere := false
	for i, p := range at {
		switch {
		case psn.Is(errs[i], psn.NotFound): // it is not there
		case errs[i] != nil:
			resp.Diagnostics.Append(diagnose.UnableAt(path.Root("site"), "read", object+" at "+p.Where(), errs[i]))
		default:
			somewhere = true
			m.Usage = append(m.Usage, flatten(p, found[i])...)
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !somewhere {
		resp.Diagnostics.Append(diagnose.UnableAt(path.Root("tenant_id"), "read", object, psn.Errorf(psn.NotFound, "no site that was asked has the tenant")))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// asked are the places to ask.
func (d *dataSource) asked(m model) ([]*platform.Site, error) {
	sites := []psn.Site{psn.Site(m.Site.ValueString())}
	if m.Site.IsNull() {
		var err error
		if sites, err = d.places.Sites(); err != nil {
			return nil, err
		}
	}
	var out []*platform.Site
	for _, s := range sites {
		at, err := d.places.At(s)
		if err != nil {
			return nil, err
		}
		for _, p := range at {
			if m.Platform.IsNull() || m.Platform.ValueString() == string(p.Platform()) {
				out = append(out, p)
			}
		}
	}
	if len(out) == 0 {
		return nil, psn.Errorf(psn.NotFound, "no site that is asked for has platform %q in the provider's configuration file", m.Platform.ValueString())
	}
	return out, nil
}

// ask asks all places at once.
func ask(ctx context.Context, at []*platform.Site, t psn.TenantID) ([][]driver.Usage, []error) {
	found, errs := make([][]driver.Usage, len(at)), make([]error, len(at))
	var wg sync.WaitGroup
	for i, p := range at {
		wg.Go(func() { found[i], errs[i] = p.TenantUsage(ctx, t) })
	}
	wg.Wait()
	return found, errs
}

// flatten keeps what is used and what may be used apart: neither is ever a
// number that stands for something else.
func flatten(p *platform.Site, all []driver.Usage) []usage {
	out := make([]usage, len(all))
	for i, u := range all {
		out[i] = usage{
			Site: types.StringValue(string(p.ID())), Platform: types.StringValue(string(p.Platform())),
			Quantity: types.StringValue(u.Quantity), Cluster: types.StringNull(), Used: types.Int64Null(), Limit: types.Int64PointerValue(u.Limit),
		}
		if u.Cluster != "" {
			out[i].Cluster = types.StringValue(u.Cluster)
		}
		if u.Used >= 0 {
			out[i].Used = types.Int64Value(u.Used)
		}
	}
	return out
}
