package openstack

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// noGateway is how a specification asks for a network without a gateway.
const noGateway = "none"

// addressPool is a range that cards get their addresses from.
type addressPool struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// subnetPlan is a checked specification in Neutron's terms.
type subnetPlan struct {
	wanted  bool // the network has a subnet at all
	cidr    netip.Prefix
	gateway string // an address, empty for none
	pools   []addressPool
	chosen  bool // pools were asked for, and are not Neutron's choice
	dhcp    bool
	dns     []string
}

// planNetwork checks a specification as far as that needs no cloud.
func planNetwork(spec driver.NetworkSpec) (subnetPlan, error) {
	if spec.Tenant == "" {
		return subnetPlan{}, psn.Errorf(psn.InvalidInput, "network %q names no tenant", spec.Name)
	}
	if err := psn.CheckName("network name", spec.Name); err != nil {
		return subnetPlan{}, err
	}
	if spec.VLAN != 0 {
		return subnetPlan{}, psn.Errorf(psn.Unsupported, "vlan %d: %w", spec.VLAN, driver.NotionVLAN.On(psn.OpenStack))
	}
	if err := checkDescription(spec.Description); err != nil {
		return subnetPlan{}, err
	}
	if spec.CIDR == "" {
		return subnetPlan{}, checkNoSubnet(spec)
	}
	p := subnetPlan{wanted: true, dhcp: spec.DHCP}
	var err error
	if p.cidr, err = prefix("cidr", spec.CIDR); err != nil {
		return p, err
	}
	if p.cidr.Addr().BitLen()-p.cidr.Bits() < 2 {
		return p, psn.Errorf(psn.InvalidInput, "cidr %q has no room for a gateway and a machine: use a shorter prefix, such as /24", spec.CIDR)
	}
	if err := p.setGateway(spec.Gateway); err != nil {
		return p, err
	}
	if spec.Uplink != "" && p.gateway == "" {
		return p, psn.Errorf(psn.InvalidInput, "uplink %q needs a gateway, and gateway is %q: unset one of them", spec.Uplink, noGateway)
	}
	if err := p.setDNS(spec.DNS); err != nil {
		return p, err
	}
	return p, p.setPools(spec.First, spec.Last)
}

// checkNoSubnet refuses what only a network with addresses can have.
func checkNoSubnet(spec driver.NetworkSpec) error {
	for _, c := range []struct {
		field string
		set   bool
	}{
		{"gateway", spec.Gateway != ""}, {"dhcp", spec.DHCP}, {"dns", len(spec.DNS) > 0},
		{"first", spec.First != ""}, {"last", spec.Last != ""}, {"uplink", spec.Uplink != ""},
	} {
		if c.set {
			return psn.Errorf(psn.InvalidInput, "%s of a network without addresses: set cidr as well", c.field)
		}
	}
	return nil
}

func (p *subnetPlan) setGateway(v string) error {
	switch v {
	case noGateway:
		return nil
	case "":
		p.gateway = p.cidr.Addr().Next().String()
		return nil
	}
	a, err := p.inside("gateway", v)
	if err == nil {
		p.gateway = a.String()
	}
	return err
}

func (p *subnetPlan) setDNS(servers []string) error {
	for i, v := range servers {
		a, err := netip.ParseAddr(v)
		if err != nil || a.Zone() != "" {
			return psn.Errorf(psn.InvalidInput, "dns server %d %q is not an address", i, v)
		}
		if slices.Contains(p.dns, a.String()) {
			return psn.Errorf(psn.InvalidInput, "dns server %d %q stands twice in the list", i, v)
		}
		p.dns = append(p.dns, a.String())
	}
	return nil
}

func (p *subnetPlan) setPools(first, last string) error {
	if first == "" && last == "" {
		p.pools = defaultPools(p.cidr, p.gateway)
		return nil
	}
	if first == "" || last == "" {
		return psn.Errorf(psn.InvalidInput, "first is %q and last is %q: set both or neither", first, last)
	}
	a, err := p.inside("first", first)
	if err != nil {
		return err
	}
	b, err := p.inside("last", last)
	if err != nil {
		return err
	}
	if b.Less(a) {
		return psn.Errorf(psn.InvalidInput, "first %s is above last %s", a, b)
	}
	if g, err := netip.ParseAddr(p.gateway); err == nil && !g.Less(a) && !b.Less(g) {
		return psn.Errorf(psn.InvalidInput, "gateway %s lies between first %s and last %s: a card could be given its address", g, a, b)
	}
	p.pools, p.chosen = []addressPool{{a.String(), b.String()}}, true
	return nil
}

// inside reads an address that a card or gateway can have in the range.
func (p *subnetPlan) inside(field, v string) (netip.Addr, error) {
	a, err := netip.ParseAddr(v)
	switch {
	case err != nil || a.Zone() != "":
		return a, psn.Errorf(psn.InvalidInput, "%s %q is not an address", field, v)
	case !p.cidr.Contains(a):
		return a, psn.Errorf(psn.InvalidInput, "%s %s is not in cidr %s", field, v, p.cidr)
	case a == p.cidr.Addr(), a.Is4() && a == lastAddr(p.cidr):
		return a, psn.Errorf(psn.InvalidInput, "%s %s is the address of the network itself, or of all in it: use one between", field, v)
	}
	return a, nil
}

// defaultPools are the ranges Neutron makes when asked for none: everything but
// the network's address, IPv4's broadcast address and the gateway.
func defaultPools(cidr netip.Prefix, gateway string) []addressPool {
	first, last := cidr.Addr().Next(), lastAddr(cidr)
	if cidr.Addr().Is4() {
		last = last.Prev()
	}
	g, err := netip.ParseAddr(gateway)
	if err != nil || g.Less(first) || last.Less(g) {
		return []addressPool{{first.String(), last.String()}}
	}
	var out []addressPool
	if first.Less(g) {
		out = append(out, addressPool{first.String(), g.Prev().String()})
	}
	if g.Less(last) {
		out = append(out, addressPool{g.Next().String(), last.String()})
	}
	return out
}

// lastAddr is the highest address of the range.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// fixedDifferences names what keeps a network from being the one asked for and
// cannot be changed. A part that is missing altogether is no difference: it can
// be made.
func fixedDifferences(net neutronNetwork, sub *neutronSubnet, uplink string, spec driver.NetworkSpec, p subnetPlan) []string {
	var out []string
	differ := func(field, is, want string) {
		out = append(out, fmt.Sprintf("%s is %q, not %q", field, is, want))
	}
	if net.External {
		out = append(out, "it is an external network")
	}
	if sub != nil {
		if !p.wanted {
			differ("cidr", sub.CIDR, "")
			return out
		}
		if c, err := netip.ParsePrefix(sub.CIDR); err != nil || c != p.cidr {
			differ("cidr", sub.CIDR, p.cidr.String())
		}
		if p.cidr.Addr().Is6() && sub.DHCP != p.dhcp {
			differ("dhcp", fmt.Sprint(sub.DHCP), fmt.Sprint(p.dhcp)) // Neutron fixes how IPv6 addresses are given out
		}
		if p.chosen && !slices.Equal(sub.Pools, p.pools) {
			differ("first and last", fmt.Sprint(sub.Pools), fmt.Sprint(p.pools))
		}
	}
	if uplink != "" && uplink != spec.Uplink {
		differ("uplink", uplink, spec.Uplink)
	}
	return out
}
