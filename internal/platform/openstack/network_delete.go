package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// DeleteNetwork implements driver.Networks. It looks at what is on the network
// before it takes anything away.
func (s *Site) DeleteNetwork(ctx context.Context, ref string) error {
	return s.fault(s.deleteNetwork(ctx, ref), fmt.Sprintf("delete network %s", ref))
}

func (s *Site) deleteNetwork(ctx context.Context, ref string) error {
	c, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	var got struct{ Network neutronNetwork }
	if err := get(ctx, c, "networks/"+url.PathEscape(ref), &got); err != nil {
		if gone(err) {
			return nil
		}
		return err
	}
	tenant, err := s.tenantOf(ctx, got.Network.ProjectID)
	if err != nil {
		return err
	}
	p, unlock, err := s.netOf(ctx, tenant, got.Network.Name)
	if err != nil {
		return err
	}
	defer unlock()
	p.net = &got.Network
	if err := s.readParts(ctx, p, ""); err != nil {
		return err
	}
	ports, err := list(ctx, c, "ports", url.Values{"network_id": {ref}}, "ports", neutronPort.id)
	if err != nil {
		return err
	}
	router := ""
	if p.router != nil {
		router = p.router.ID
	}
	on := portsOn(ports, router)
	if err := s.occupied(ctx, p.project, fmt.Sprintf("network %q", p.net.Name), on); err != nil {
		return err
	}
	return s.takeDown(ctx, p, on)
}

// takeDown removes the parts, those that hold others first. What is gone
// already is success.
func (s *Site) takeDown(ctx context.Context, p *netParts, on attached) error {
	if p.router != nil {
		if p.sub != nil {
			if err := s.removeInterface(ctx, p.c, p.router.ID, p.sub.ID); err != nil {
				return err
			}
		}
		if err := s.remove(ctx, p.c, "routers/"+p.router.ID); err != nil {
			return err
		}
	}
	for _, id := range on.free {
		if err := s.remove(ctx, p.c, "ports/"+id); err != nil {
			return err
		}
	}
	return s.remove(ctx, p.c, "networks/"+p.net.ID) // its subnets go with it
}

// remove deletes one object and waits while a change of it is still under way;
// a missing one is success.
func (s *Site) remove(ctx context.Context, c *gophercloud.ServiceClient, path string) error {
	err := s.free(ctx, func() error { return send(ctx, c, http.MethodDelete, path, nil, nil) })
	if gone(err) {
		return nil
	}
	return err
}

// attached is what is on a network or uses a security group.
type attached struct {
	servers []string // ids
	others  []string // for people
	free    []string // ids of ports that nothing uses and that are ours
}

// portsOn tells who has the ports. Those of the router, and Neutron's own,
// leave with the network.
func portsOn(ports []neutronPort, router string) attached {
	var a attached
	for _, p := range ports {
		switch {
		case p.DeviceOwner == "network:dhcp", p.DeviceOwner == "network:distributed":
		case router != "" && p.DeviceID == router:
		case strings.HasPrefix(p.DeviceOwner, "compute:"):
			a.servers = append(a.servers, p.DeviceID)
		case p.DeviceOwner == "" && p.DeviceID == "" && ourPort(p):
			a.free = append(a.free, p.ID)
		case p.DeviceOwner == "":
			a.others = append(a.others, fmt.Sprintf("port %q (%s)", p.Name, p.ID))
		default:
			a.others = append(a.others, fmt.Sprintf("%s %s", p.DeviceOwner, p.DeviceID))
		}
	}
	slices.Sort(a.servers)
	a.servers = slices.Compact(a.servers)
	slices.Sort(a.others)
	slices.Sort(a.free)
	return a
}

// occupied returns psn.Conflict that names who is in the way, nil when nobody is.
func (s *Site) occupied(ctx context.Context, project, what string, a attached) error {
	if len(a.servers)+len(a.others) == 0 {
		return nil
	}
	names := append(s.serverNames(ctx, project, a.servers), a.others...)
	return psn.Errorf(psn.Conflict, "%s is in use by %s: delete them, or take them off it, first", what, strings.Join(names, ", "))
}

// serverNames translates ids for people. Ids stay where names cannot be had:
// that machines are in the way is known without them.
func (s *Site) serverNames(ctx context.Context, project string, ids []string) []string {
	type server struct{ ID, Name string }
	names := map[string]string{}
	if c, err := s.compute(ctx, project); err == nil && len(ids) > 0 {
		servers, err := list(ctx, c, "servers", nil, "servers", func(v server) string { return v.ID })
		if err == nil {
			for _, v := range servers {
				names[v.ID] = v.Name
			}
		}
	}
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if name := names[id]; name != "" {
			id = fmt.Sprintf("machine %q", name)
		}
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}
