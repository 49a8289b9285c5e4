package openstack

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// neutronNetwork, neutronSubnet, neutronRouter and neutronPort are what we read
// of Neutron's objects.
type neutronNetwork struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	ProjectID   string   `json:"project_id"`
	Shared      bool     `json:"shared"`
	External    bool     `json:"router:external"`
	Tags        []string `json:"tags"`
	Created     string   `json:"created_at"`
	Updated     string   `json:"updated_at"`
}

type neutronSubnet struct {
	ID        string        `json:"id"`
	NetworkID string        `json:"network_id"`
	IPVersion int           `json:"ip_version"`
	CIDR      string        `json:"cidr"`
	Gateway   string        `json:"gateway_ip"`
	Pools     []addressPool `json:"allocation_pools"`
	DHCP      bool          `json:"enable_dhcp"`
	DNS       []string      `json:"dns_nameservers"`
}

type neutronRouter struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	ProjectID   string `json:"project_id"`
	Gateway     *struct {
		NetworkID string `json:"network_id"`
	} `json:"external_gateway_info"`
}

type neutronPort struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	NetworkID      string   `json:"network_id"`
	DeviceID       string   `json:"device_id"`
	DeviceOwner    string   `json:"device_owner"`
	ProjectID      string   `json:"project_id"`
	Tags           []string `json:"tags"`
	SecurityGroups []string `json:"security_groups"`
}

func (n neutronNetwork) id() string      { return n.ID }
func (n neutronNetwork) born() string    { return n.Created }
func (n neutronNetwork) changed() string { return n.Updated }
func (n neutronNetwork) making() bool    { return n.Description == beingMade }
func (n neutronSubnet) id() string       { return n.ID }
func (r neutronRouter) id() string       { return r.ID }
func (p neutronPort) id() string         { return p.ID }

// Marks of ours in Neutron. Tags cannot be given in the request that makes an
// object, so that one has, until it is whole, a description that says so: a
// request whose answer was lost leaves an object that is known as ours.
const (
	neutronTag  = "psn"
	beingMade   = "psn: being made"
	routerOfNet = "psn: router of network " // and the network's id
)

// checkDescription keeps people's words apart from ours.
func checkDescription(v string) error {
	if strings.HasPrefix(v, "psn: ") {
		return psn.Errorf(psn.InvalidInput, "description %q begins with \"psn: \", by which objects in the making are known: begin otherwise", v)
	}
	return nil
}

// marked reports whether an object of Neutron's was made here, or is being made.
func marked(tags []string, description string) bool {
	return description == beingMade || slices.Contains(tags, neutronTag)
}

// routerFor returns the router made for the network.
func routerFor(routers []neutronRouter, network string) *neutronRouter {
	for i, r := range routers {
		if r.Description == routerOfNet+network {
			return &routers[i]
		}
	}
	return nil
}

// subnetsByNetwork has, of each network, the subnet of IPv4 before others, and
// the first by id.
func subnetsByNetwork(subnets []neutronSubnet) map[string]*neutronSubnet {
	out := map[string]*neutronSubnet{}
	for i, s := range subnets {
		if b := out[s.NetworkID]; b == nil || cmp.Or(cmp.Compare(s.IPVersion, b.IPVersion), cmp.Compare(s.ID, b.ID)) < 0 {
			out[s.NetworkID] = &subnets[i]
		}
	}
	return out
}

// observeNetwork joins what belongs together.
func observeNetwork(n neutronNetwork, sub *neutronSubnet, uplink string, tenant psn.TenantID) driver.Network {
	out := driver.Network{Ref: n.ID, Shared: n.Shared}
	out.Tenant, out.Name, out.Uplink = tenant, n.Name, uplink
	if n.Description != beingMade {
		out.Description = n.Description
	}
	if sub == nil {
		return out
	}
	out.CIDR, out.Gateway, out.DHCP, out.DNS = sub.CIDR, sub.Gateway, sub.DHCP, sub.DNS
	if out.Gateway == "" {
		out.Gateway = noGateway
	}
	if len(sub.Pools) == 1 {
		out.First, out.Last = sub.Pools[0].Start, sub.Pools[0].End
	}
	return out
}

// observeNetworks joins three lists. Networks that no tenant may use are left
// out: others' own, and external ones, which routers use and cards do not.
func observeNetworks(nets []neutronNetwork, subnets []neutronSubnet, routers []neutronRouter, tenants map[string]psn.TenantID) []driver.Network {
	names := map[string]string{}
	for _, n := range nets {
		names[n.ID] = n.Name
	}
	first := subnetsByNetwork(subnets)
	uplinks := map[string]string{}
	for _, r := range routers {
		if id, ours := strings.CutPrefix(r.Description, routerOfNet); ours {
			uplinks[id] = r.uplink(names)
		}
	}
	out := []driver.Network{}
	for _, n := range nets {
		tenant := tenants[n.ProjectID]
		if tenant == "" && !n.Shared {
			continue
		}
		out = append(out, observeNetwork(n, first[n.ID], uplinks[n.ID], tenant))
	}
	slices.SortFunc(out, func(a, b driver.Network) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
	})
	return out
}

// uplink is the name of the network that the router leads to, or its id.
func (r *neutronRouter) uplink(names map[string]string) string {
	if r == nil || r.Gateway == nil {
		return ""
	}
	if name := names[r.Gateway.NetworkID]; name != "" {
		return name
	}
	return r.Gateway.NetworkID
}

// subnetChange is what brings a subnet to the plan, nil for nothing, and
// whether the gateway is part of it, which a router's interface holds.
func subnetChange(is neutronSubnet, want subnetPlan) (change map[string]any, gateway bool) {
	change = map[string]any{}
	if is.DHCP != want.dhcp {
		change["enable_dhcp"] = want.dhcp
	}
	if !slices.Equal(is.DNS, want.dns) {
		change["dns_nameservers"] = append([]string{}, want.dns...)
	}
	if !sameAddress(is.Gateway, want.gateway) {
		gateway = true
		change["gateway_ip"] = address(want.gateway)
		// Addresses for cards were cut out around the old gateway.
		change["allocation_pools"] = want.pools
	}
	if len(change) == 0 {
		return nil, false
	}
	return change, gateway
}

// address is an address in a request: null is none, and leaving it out would
// let Neutron choose.
func address(v string) any {
	if v == "" {
		return nil
	}
	return v
}

func sameAddress(a, b string) bool {
	x, errA := netip.ParseAddr(a)
	y, errB := netip.ParseAddr(b)
	if errA != nil || errB != nil {
		return a == b
	}
	return x == y
}
