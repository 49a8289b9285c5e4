package network

import (
	"net/netip"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const object = "the network"

// Validate implements located.Object.
func (network) Validate(c model) diag.Diagnostics {
	var diags diag.Diagnostics
	c.notions(&diags)
	if !diags.HasError() {
		c.addresses(&diags)
	}
	return diags
}

// notions refuses what the platform does not have, and asks for what it needs.
func (m model) notions(diags *diag.Diagnostics) {
	if m.Platform.IsUnknown() || m.Platform.IsNull() {
		return
	}
	for _, a := range []struct {
		name   string
		value  attr.Value
		notion driver.Notion
	}{
		{"vlan", m.VLAN, driver.NotionVLAN},
		{"cidr", m.CIDR, driver.NotionSubnet}, {"gateway", m.Gateway, driver.NotionSubnet}, {"dhcp", m.DHCP, driver.NotionSubnet},
		{"dns", m.DNS, driver.NotionSubnet}, {"first_address", m.FirstAddress, driver.NotionSubnet},
		{"last_address", m.LastAddress, driver.NotionSubnet}, {"uplink", m.Uplink, driver.NotionSubnet},
	} {
		if a.value.IsNull() {
			continue
		}
		if err := a.notion.On(m.On()); err != nil {
			diags.Append(diagnose.UnableAt(path.Root(a.name), "plan", object, psn.Errorf(psn.InvalidInput, "%s: %w", a.name, err)))
		}
	}
	if m.VLAN.IsNull() && driver.NotionVLAN.On(m.On()) == nil {
		diags.Append(diagnose.UnableAt(path.Root("vlan"), "plan", object,
			psn.Errorf(psn.InvalidInput, "on platform %q a network is made by the number of its VLAN: give vlan, 1 to 4094", m.On())))
	}
}

// addresses judges the subnet.
func (m model) addresses(diags *diag.Diagnostics) {
	bad := func(name, format string, args ...any) {
		diags.Append(diagnose.UnableAt(path.Root(name), "plan", object, psn.Errorf(psn.InvalidInput, format, args...)))
	}
	if m.FirstAddress.IsNull() != m.LastAddress.IsNull() {
		bad("first_address", "first_address and last_address are given together or not at all")
	}
	for i, e := range m.DNS.Elements() {
		s, _ := e.(types.String)
		if _, err := netip.ParseAddr(s.ValueString()); !s.IsUnknown() && err != nil {
			bad("dns", "dns[%d] %q is not an IP address", i, s.ValueString())
		}
	}
	if m.CIDR.IsNull() {
		for name, v := range map[string]attr.Value{
			"gateway": m.Gateway, "dhcp": m.DHCP, "dns": m.DNS, "first_address": m.FirstAddress, "uplink": m.Uplink,
		} {
			if !v.IsNull() {
				bad(name, "%s needs an address range: give cidr as well", name)
			}
		}
		return
	}
	if m.CIDR.IsUnknown() {
		return
	}
	cidr, err := netip.ParsePrefix(m.CIDR.ValueString())
	if err != nil {
		bad("cidr", "cidr %q is not an address range such as 10.20.0.0/24: %w", m.CIDR.ValueString(), err)
		return
	}
	if cidr != cidr.Masked() {
		bad("cidr", "cidr %q names a host: the range is %q", cidr, cidr.Masked())
	}
	if cidr.Bits() > cidr.Addr().BitLen()-2 {
		bad("cidr", "cidr %q has room for no machine: use /%d or larger", cidr, cidr.Addr().BitLen()-2)
	}
	within := func(name string, v types.String) netip.Addr {
		if v.IsNull() || v.IsUnknown() {
			return netip.Addr{}
		}
		a, err := netip.ParseAddr(v.ValueString())
		switch {
		case err != nil:
			bad(name, "%s %q is not an IP address", name, v.ValueString())
		case !cidr.Contains(a):
			bad(name, "%s %q is outside of %s", name, v.ValueString(), cidr)
		}
		return a
	}
	if m.Gateway.ValueString() != noGateway {
		within("gateway", m.Gateway)
	} else if !m.Uplink.IsNull() {
		bad("gateway", "gateway \"none\" contradicts uplink: what is routed needs a gateway")
	}
	first, last := within("first_address", m.FirstAddress), within("last_address", m.LastAddress)
	if first.IsValid() && last.IsValid() && last.Less(first) {
		bad("last_address", "last_address %s is before first_address %s", last, first)
	}
}

// Plan implements located.Object.
func (network) Plan(c model, plan *model, prior *model) ([]path.Path, diag.Diagnostics) {
	plan.defaults(c)
	plan.FirstAddress, plan.LastAddress = c.FirstAddress, c.LastAddress
	if prior == nil {
		return nil, nil
	}
	var replace []path.Path
	for _, a := range []struct {
		name string
		was  types.String
		is   *types.String
	}{{"first_address", prior.FirstAddress, &plan.FirstAddress}, {"last_address", prior.LastAddress, &plan.LastAddress}} {
		switch {
		case a.is.IsNull() && prior.CIDR.Equal(plan.CIDR):
			*a.is = a.was // one that is not asked for, or not any more, is left as it is
		case !a.is.IsNull() && !a.is.Equal(a.was):
			replace = append(replace, path.Root(a.name))
		}
	}
	return replace, nil
}

// defaults completes what follows from the range.
func (m *model) defaults(c model) {
	if m.CIDR.IsNull() {
		m.Gateway, m.DHCP = types.StringNull(), types.BoolNull()
		return
	}
	if c.DHCP.IsNull() {
		m.DHCP = types.BoolValue(true)
	}
	if !c.Gateway.IsNull() {
		return
	}
	m.Gateway = types.StringUnknown()
	if cidr, err := netip.ParsePrefix(m.CIDR.ValueString()); err == nil {
		m.Gateway = types.StringValue(cidr.Masked().Addr().Next().String())
	}
}
