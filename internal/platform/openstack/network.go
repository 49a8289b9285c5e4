package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Networks = (*Site)(nil)

// Networks implements driver.Networks in four requests.
func (s *Site) Networks(ctx context.Context) ([]driver.Network, error) {
	out, err := s.networks(ctx)
	return out, s.fault(err, "list networks")
}

func (s *Site) networks(ctx context.Context) ([]driver.Network, error) {
	c, err := s.network(ctx, "")
	if err != nil {
		return nil, err
	}
	nets, err := list(ctx, c, "networks", nil, "networks", neutronNetwork.id)
	if err != nil {
		return nil, err
	}
	subnets, err := list(ctx, c, "subnets", nil, "subnets", neutronSubnet.id)
	if err != nil {
		return nil, err
	}
	routers, err := list(ctx, c, "routers", nil, "routers", neutronRouter.id)
	if err != nil {
		return nil, err
	}
	tenants, err := s.tenantsByProject(ctx)
	if err != nil {
		return nil, err
	}
	return observeNetworks(nets, subnets, routers, tenants), nil
}

// netParts is a network with what belongs to it, as far as it exists.
type netParts struct {
	c       *gophercloud.ServiceClient
	project string
	net     *neutronNetwork
	sub     *neutronSubnet
	router  *neutronRouter
	uplinks map[string]string // names of external networks by id
	made    struct{ net, sub, router bool }
}

func (p *netParts) uplink() string { return p.router.uplink(p.uplinks) }

func (p *netParts) observed(tenant psn.TenantID) *driver.Network {
	n := observeNetwork(*p.net, p.sub, p.uplink(), tenant)
	return &n
}

// CreateNetwork implements driver.Networks: a network, a subnet when it has
// addresses, and a router when it has an uplink, all in the tenant's project.
// What an earlier call did not come to is made by the next.
func (s *Site) CreateNetwork(ctx context.Context, spec driver.NetworkSpec) (*driver.Network, error) {
	n, err := s.createNetwork(ctx, spec)
	return n, s.fault(err, fmt.Sprintf("create network %q of tenant %q", spec.Name, spec.Tenant))
}

func (s *Site) createNetwork(ctx context.Context, spec driver.NetworkSpec) (*driver.Network, error) {
	plan, err := planNetwork(spec)
	if err != nil {
		return nil, err
	}
	p, unlock, err := s.netOf(ctx, spec.Tenant, spec.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := s.standingNetwork(ctx, p, spec.Name); err != nil {
		return nil, err
	}
	if err := s.readParts(ctx, p, spec.Uplink); err != nil {
		return nil, err
	}
	if p.net != nil {
		if d := fixedDifferences(*p.net, p.sub, p.uplink(), spec, plan); len(d) > 0 {
			return nil, psn.Errorf(psn.AlreadyExists, "network %q (%s) exists and is another: %s", spec.Name, p.net.ID, strings.Join(d, ", "))
		}
	} else if err := s.firstNetwork(ctx, p, spec.Name); err != nil {
		return nil, err
	}
	if err := s.bringNetwork(ctx, p, spec, plan); err != nil {
		return nil, s.undoNetwork(ctx, p, err)
	}
	return p.observed(spec.Tenant), nil
}

// netOf opens the tenant's project and holds the name in it.
func (s *Site) netOf(ctx context.Context, t psn.TenantID, name string) (*netParts, func(), error) {
	project, err := s.projectOf(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.network(ctx, project)
	if err != nil {
		return nil, nil, err
	}
	unlock, err := s.objects.lock(ctx, "network/"+project+"/"+name)
	return &netParts{c: c, project: project}, unlock, err
}

// readParts reads what belongs to p.net, and the external networks when one is
// asked for or in use.
func (s *Site) readParts(ctx context.Context, p *netParts, uplink string) error {
	if p.net != nil {
		subnets, err := list(ctx, p.c, "subnets", url.Values{"network_id": {p.net.ID}}, "subnets", neutronSubnet.id)
		if err != nil {
			return err
		}
		p.sub = subnetsByNetwork(subnets)[p.net.ID]
		routers, err := list(ctx, p.c, "routers", url.Values{"project_id": {p.project}, "description": {routerOfNet + p.net.ID}}, "routers", neutronRouter.id)
		if err != nil {
			return err
		}
		p.router = routerFor(routers, p.net.ID)
	}
	if uplink == "" && p.router == nil {
		return nil
	}
	external, err := list(ctx, p.c, "networks", url.Values{"router:external": {"true"}}, "networks", neutronNetwork.id)
	if err != nil {
		return err
	}
	p.uplinks = map[string]string{}
	var names []string
	for _, n := range external {
		p.uplinks[n.ID] = n.Name
		names = append(names, fmt.Sprintf("%q", n.Name))
	}
	if uplink == "" || slices.ContainsFunc(external, func(n neutronNetwork) bool { return n.Name == uplink }) {
		return nil
	}
	slices.Sort(names)
	return psn.Errorf(psn.InvalidInput, "uplink %q is no external network of the site: use one of %s", uplink, strings.Join(names, ", "))
}

// UpdateNetwork implements driver.Networks.
func (s *Site) UpdateNetwork(ctx context.Context, ref string, spec driver.NetworkSpec) (*driver.Network, error) {
	n, err := s.updateNetwork(ctx, ref, spec)
	return n, s.fault(err, fmt.Sprintf("update network %q of tenant %q (%s)", spec.Name, spec.Tenant, ref))
}

func (s *Site) updateNetwork(ctx context.Context, ref string, spec driver.NetworkSpec) (*driver.Network, error) {
	plan, err := planNetwork(spec)
	if err != nil {
		return nil, err
	}
	p, unlock, err := s.netOf(ctx, spec.Tenant, spec.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var got struct{ Network neutronNetwork }
	if err := get(ctx, p.c, "networks/"+url.PathEscape(ref), &got); err != nil {
		return nil, err
	}
	p.net = &got.Network
	if p.net.ProjectID != p.project {
		return nil, psn.Errorf(psn.InvalidInput, "network %s is not the tenant's", ref)
	}
	if err := s.readParts(ctx, p, spec.Uplink); err != nil {
		return nil, err
	}
	d := fixedDifferences(*p.net, p.sub, p.uplink(), spec, plan)
	if p.net.Name != spec.Name {
		d = append(d, fmt.Sprintf("name is %q, not %q", p.net.Name, spec.Name))
	}
	if len(d) > 0 {
		return nil, psn.Errorf(psn.InvalidInput, "what cannot be changed in place differs: %s: replace the network", strings.Join(d, ", "))
	}
	if err := s.bringNetwork(ctx, p, spec, plan); err != nil {
		return nil, err
	}
	return p.observed(spec.Tenant), nil
}

// bringNetwork makes what is missing and changes what differs. Each step finds
// out by itself that it was done before.
func (s *Site) bringNetwork(ctx context.Context, p *netParts, spec driver.NetworkSpec, plan subnetPlan) error {
	if !slices.Contains(p.net.Tags, neutronTag) {
		if err := s.tag(ctx, p.c, "networks", p.net.ID); err != nil {
			return err
		}
	}
	if plan.wanted {
		if err := s.bringSubnet(ctx, p, spec.Name, plan); err != nil {
			return err
		}
	}
	if spec.Uplink != "" {
		if err := s.bringRouter(ctx, p, spec); err != nil {
			return err
		}
	}
	if p.net.Description == spec.Description {
		return nil
	}
	var changed struct{ Network neutronNetwork }
	err := send(ctx, p.c, http.MethodPut, "networks/"+p.net.ID, map[string]any{"network": map[string]any{"description": spec.Description}}, &changed)
	if err == nil {
		p.net = &changed.Network
	}
	return err
}

// tag marks an object of Neutron's as ours.
func (s *Site) tag(ctx context.Context, c *gophercloud.ServiceClient, collection, id string) error {
	return send(ctx, c, http.MethodPut, collection+"/"+id+"/tags/"+neutronTag, nil, nil)
}

func (s *Site) bringSubnet(ctx context.Context, p *netParts, name string, plan subnetPlan) error {
	var got struct{ Subnet neutronSubnet }
	if p.sub == nil {
		subnet := map[string]any{
			"network_id": p.net.ID, "project_id": p.project, "name": name, "ip_version": 4, "cidr": plan.cidr.String(),
			"gateway_ip": address(plan.gateway), "allocation_pools": plan.pools, "enable_dhcp": plan.dhcp,
			"dns_nameservers": append([]string{}, plan.dns...),
		}
		if plan.cidr.Addr().Is6() {
			subnet["ip_version"] = 6
			if plan.dhcp {
				subnet["ipv6_address_mode"], subnet["ipv6_ra_mode"] = "dhcpv6-stateful", "dhcpv6-stateful"
			}
		}
		err := post(ctx, p.c, "subnets", map[string]any{"subnet": subnet}, &got)
		if err == nil {
			p.sub, p.made.sub = &got.Subnet, true
		}
		return err
	}
	change, gateway := subnetChange(*p.sub, plan)
	if change == nil {
		return nil
	}
	if gateway && p.router != nil {
		// The router has the old gateway's address; bringRouter gives it the new.
		if err := s.removeInterface(ctx, p.c, p.router.ID, p.sub.ID); err != nil {
			return err
		}
	}
	err := send(ctx, p.c, http.MethodPut, "subnets/"+p.sub.ID, map[string]any{"subnet": change}, &got)
	if err == nil {
		p.sub = &got.Subnet
	}
	return err
}

// bringRouter makes the network's router and joins them.
func (s *Site) bringRouter(ctx context.Context, p *netParts, spec driver.NetworkSpec) error {
	if p.router == nil {
		if err := s.makeRouter(ctx, p, spec); err != nil {
			return err
		}
	} else if joined, err := routerJoined(ctx, p); joined || err != nil {
		return err
	}
	err := send(ctx, p.c, http.MethodPut, "routers/"+p.router.ID+"/add_router_interface", map[string]any{"subnet_id": p.sub.ID}, nil)
	if hasStatus(err, http.StatusBadRequest, http.StatusConflict) {
		// It was sent again after a lost answer, and had been served before.
		if joined, lookErr := routerJoined(ctx, p); joined && lookErr == nil {
			return nil
		}
	}
	return err
}

func (s *Site) makeRouter(ctx context.Context, p *netParts, spec driver.NetworkSpec) error {
	var external string
	for id, name := range p.uplinks {
		if name == spec.Uplink && (external == "" || id < external) {
			external = id
		}
	}
	var made struct{ Router neutronRouter }
	err := post(ctx, p.c, "routers", map[string]any{"router": map[string]any{
		"name": spec.Name, "project_id": p.project, "description": routerOfNet + p.net.ID,
		"external_gateway_info": map[string]any{"network_id": external},
	}}, &made)
	if err == nil {
		p.router, p.made.router = &made.Router, true
	}
	return err
}

// routerJoined reports whether the router has an interface on the network.
func routerJoined(ctx context.Context, p *netParts) (bool, error) {
	ports, err := list(ctx, p.c, "ports", url.Values{"device_id": {p.router.ID}, "network_id": {p.net.ID}}, "ports", neutronPort.id)
	return len(ports) > 0, err
}

// removeInterface takes a subnet off a router; not joined is success.
func (s *Site) removeInterface(ctx context.Context, c *gophercloud.ServiceClient, router, subnet string) error {
	err := send(ctx, c, http.MethodPut, "routers/"+router+"/remove_router_interface", map[string]any{"subnet_id": subnet}, nil)
	if gone(err) {
		return nil
	}
	return err
}
