package network

import (
	"net/netip"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
)

type model struct {
	located.Base
	Description  types.String `tfsdk:"description"`
	VLAN         types.Int64  `tfsdk:"vlan"`
	CIDR         types.String `tfsdk:"cidr"`
	Gateway      types.String `tfsdk:"gateway"`
	DHCP         types.Bool   `tfsdk:"dhcp"`
	DNS          types.List   `tfsdk:"dns"`
	FirstAddress types.String `tfsdk:"first_address"`
	LastAddress  types.String `tfsdk:"last_address"`
	Uplink       types.String `tfsdk:"uplink"`
}

type observed = driver.Network

// noGateway is the word for a subnet without a gateway, here and in the contract.
const noGateway = "none"

func (m *model) expand() driver.NetworkSpec {
	spec := driver.NetworkSpec{
		Tenant: m.Tenant(), Name: m.Name.ValueString(), Description: m.Description.ValueString(),
		VLAN: m.VLAN.ValueInt64(), CIDR: m.CIDR.ValueString(), Gateway: m.Gateway.ValueString(), DHCP: m.DHCP.ValueBool(),
		First: m.FirstAddress.ValueString(), Last: m.LastAddress.ValueString(), Uplink: m.Uplink.ValueString(),
	}
	for _, e := range m.DNS.Elements() {
		if s, ok := e.(types.String); ok {
			spec.DNS = append(spec.DNS, s.ValueString())
		}
	}
	return spec
}

// flatten takes over what is observed. An address that is only spelled in
// another way stays as it was written.
func (m *model) flatten(n observed) {
	imported := m.Ref.IsNull()
	m.Ref = types.StringValue(n.Ref)
	m.Description = located.Optional(n.Description)
	m.VLAN = types.Int64Null()
	if n.VLAN != 0 {
		m.VLAN = types.Int64Value(n.VLAN)
	}
	m.DHCP = types.BoolNull()
	m.CIDR = address(m.CIDR, n.CIDR)
	gateway := ""
	if n.CIDR != "" {
		m.DHCP = types.BoolValue(n.DHCP)
		if gateway = n.Gateway; gateway == "" {
			gateway = noGateway
		}
	}
	m.Gateway = address(m.Gateway, gateway)
	if imported || !m.FirstAddress.IsNull() { // else the platform's choice
		m.FirstAddress, m.LastAddress = address(m.FirstAddress, n.First), address(m.LastAddress, n.Last)
	}
	m.DNS = servers(m.DNS, n.DNS)
	m.Uplink = located.Optional(n.Uplink)
}

func servers(was types.List, is []string) types.List {
	if len(is) == 0 {
		return types.ListNull(types.StringType)
	}
	old := was.Elements()
	elems := make([]attr.Value, len(is))
	for i, s := range is {
		before := types.StringNull()
		if i < len(old) {
			before, _ = old[i].(types.String)
		}
		elems[i] = address(before, s)
	}
	return types.ListValueMust(types.StringType, elems)
}

// address is the observed address or prefix, in the spelling of before when
// both are the same one.
func address(before types.String, is string) types.String {
	if same(before.ValueString(), is) {
		return before
	}
	return located.Optional(is)
}

func same(a, b string) bool {
	if strings.Contains(a, "/") {
		p, err := netip.ParsePrefix(a)
		q, err2 := netip.ParsePrefix(b)
		return err == nil && err2 == nil && p == q
	}
	p, err := netip.ParseAddr(a)
	q, err2 := netip.ParseAddr(b)
	return err == nil && err2 == nil && p == q
}
