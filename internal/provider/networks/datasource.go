// Package networks is data.psn_networks: what networks a site has, in one bulk
// read. It must not know a hypervisor.
package networks

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type element struct {
	Ref         types.String `tfsdk:"ref"`
	TenantID    types.String `tfsdk:"tenant_id"`
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	Shared      types.Bool   `tfsdk:"shared"`
	VLAN        types.Int64  `tfsdk:"vlan"`
	CIDR        types.String `tfsdk:"cidr"`
	Gateway     types.String `tfsdk:"gateway"`
	DHCP        types.Bool   `tfsdk:"dhcp"`
	DNS         []string     `tfsdk:"dns"`
	Uplink      types.String `tfsdk:"uplink"`
}

// New returns the data source.
func New() datasource.DataSource {
	return located.NewListing(located.Listing[driver.Network, element]{
		Name: "networks", Element: "Networks, by tenant and name.",
		Doc: "Networks of a site that tenants may put cards on, in one bulk read.",
		Item: map[string]schema.Attribute{
			"ref":         located.Text("The platform's own id of it."),
			"tenant_id":   located.Text("Tenant it belongs to; null when it is not one of this project's."),
			"name":        located.Text("Name."),
			"description": located.Text("For people."),
			"shared":      located.Yes("Whether every tenant may use it."),
			"vlan":        located.Number("Number of its VLAN; null where the platform has no such notion."),
			"cidr":        located.Text("Address range; null for none."),
			"gateway":     located.Text("Gateway, or `none`."),
			"dhcp":        located.Yes("Whether it gives out addresses; null without a range."),
			"dns":         schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Name servers, in order."},
			"uplink":      located.Text("External network it is routed to; null for none."),
		},
		Read:    func(ctx context.Context, at *platform.Site) ([]driver.Network, error) { return at.Networks(ctx) },
		Tenant:  func(n driver.Network, t psn.TenantID) bool { return n.Tenant == t || n.Shared },
		Flatten: flatten,
	})
}

func flatten(n driver.Network) element {
	e := element{
		Ref: types.StringValue(n.Ref), TenantID: located.Optional(string(n.Tenant)), Name: types.StringValue(n.Name),
		Description: located.Optional(n.Description), Shared: types.BoolValue(n.Shared), VLAN: types.Int64Null(),
		CIDR: located.Optional(n.CIDR), Gateway: located.Optional(n.Gateway), DHCP: types.BoolNull(),
		DNS: append([]string{}, n.DNS...), Uplink: located.Optional(n.Uplink),
	}
	if n.VLAN != 0 {
		e.VLAN = types.Int64Value(n.VLAN)
	}
	if n.CIDR != "" {
		e.DHCP = types.BoolValue(n.DHCP)
	}
	return e
}
