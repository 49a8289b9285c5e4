package openstack

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"golang.org/x/sync/errgroup"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Inventory implements driver.Site. Every list is read at once, each in as many
// requests as it has pages: of Keystone the projects; of Nova the servers, the
// hypervisors and the aggregates; of Placement the capacities; of Cinder the
// volumes, the pools and the services; of Neutron the ports, the networks and the
// security groups.
// One of them that fails fails the whole, and the error names it: a site half
// seen looks like one with room.
func (s *Site) Inventory(ctx context.Context) (*psn.SiteInventory, error) {
	inv, err := s.inventory(ctx)
	return inv, s.fault(err, "read inventory")
}

// raw is the answers an inventory is made of.
type raw struct {
	tenants     map[string]psn.TenantID
	servers     []server
	volumes     []diskOfVolume
	cards       []card
	networks    []named
	groups      []neutronGroup
	zones       []zone
	hypervisors []hypervisor
	aggregates  []aggregate
	capacities  map[string]capacity
	pools       []pool
	storers     []storer
}

// named is an object of which only the name matters.
type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (n named) id() string { return n.ID }

func (s *Site) inventory(ctx context.Context) (*psn.SiteInventory, error) {
	r, err := s.readAll(ctx)
	if err != nil {
		return nil, err
	}
	return r.inventory(s.cfg), nil
}

// everyone is the query of lists that reach beyond the token's project. A
// source is read with whatever rights its owner gave: its own project.
func (s *Site) everyone() url.Values {
	if s.cfg.Site == "" {
		return url.Values{}
	}
	return url.Values{"all_tenants": {"1"}}
}

func (s *Site) readAll(ctx context.Context) (*raw, error) {
	r := &raw{}
	g, ctx := errgroup.WithContext(ctx)
	read := func(service, what string, client func(context.Context, string) (*gophercloud.ServiceClient, error), f func(context.Context, *gophercloud.ServiceClient) error) {
		g.Go(func() error {
			c, err := client(ctx, "")
			if err == nil {
				err = f(ctx, c)
			}
			if err != nil {
				return fmt.Errorf("%s of service %s: %w", what, service, err)
			}
			return nil
		})
	}
	g.Go(func() (err error) { r.tenants, err = s.tenantsByProject(ctx); return err })
	read(serviceCompute, "servers", s.compute, func(ctx context.Context, c *gophercloud.ServiceClient) (err error) {
		r.servers, err = list(ctx, c, "servers/detail", s.everyone(), "servers", server.id)
		return err
	})
	read(serviceVolume, "volumes", s.volume, func(ctx context.Context, c *gophercloud.ServiceClient) (err error) {
		r.volumes, err = list(ctx, c, "volumes/detail", s.everyone(), "volumes", diskOfVolume.id)
		return err
	})
	read(serviceNetwork, "ports", s.network, func(ctx context.Context, c *gophercloud.ServiceClient) (err error) {
		r.cards, err = list(ctx, c, "ports", url.Values{"fields": cardFields}, "ports", card.id)
		return err
	})
	read(serviceNetwork, "networks", s.network, func(ctx context.Context, c *gophercloud.ServiceClient) (err error) {
		r.networks, err = list(ctx, c, "networks", url.Values{"fields": {"id", "name"}}, "networks", named.id)
		return err
	})
	read(serviceNetwork, "security groups", s.network, func(ctx context.Context, c *gophercloud.ServiceClient) (err error) {
		r.groups, err = list(ctx, c, "security-groups", url.Values{"fields": groupChoiceFields}, "security_groups", neutronGroup.id)
		return err
	})
	read(serviceCompute, "availability zones", s.compute, func(ctx context.Context, c *gophercloud.ServiceClient) (err error) {
		r.zones, err = zones(ctx, c)
		return err
	})
	if s.cfg.Site != "" {
		s.readHosts(read, r)
	}
	return r, g.Wait()
}

// readHosts reads what only an operator may: what the machines stand on.
func (s *Site) readHosts(read func(string, string, func(context.Context, string) (*gophercloud.ServiceClient, error), func(context.Context, *gophercloud.ServiceClient) error), r *raw) {
	read(serviceCompute, "hypervisors", s.compute, func(ctx context.Context, c *gophercloud.ServiceClient) (err error) {
		r.hypervisors, err = list(ctx, c, "os-hypervisors/detail", nil, "hypervisors", hypervisor.id)
		if err == nil {
			r.capacities, err = s.capacities(ctx, r.hypervisors)
		}
		return err
	})
	read(serviceCompute, "aggregates", s.compute, func(ctx context.Context, c *gophercloud.ServiceClient) error {
		var page struct {
			Aggregates []aggregate `json:"aggregates"`
		}
		err := get(ctx, c, "os-aggregates", &page)
		r.aggregates = page.Aggregates
		return err
	})
	read(serviceVolume, "pools", s.volume, func(ctx context.Context, c *gophercloud.ServiceClient) error {
		var page struct {
			Pools []pool `json:"pools"`
		}
		err := get(ctx, c, "scheduler-stats/get_pools?detail=true", &page)
		r.pools = page.Pools
		return err
	})
	read(serviceVolume, "services", s.volume, func(ctx context.Context, c *gophercloud.ServiceClient) error {
		var page struct {
			Services []storer `json:"services"`
		}
		err := get(ctx, c, "os-services?binary=cinder-volume", &page)
		r.storers = page.Services
		return err
	})
}

// inventory joins the answers. It is pure.
func (r *raw) inventory(cfg Config) *psn.SiteInventory {
	p := parts{tenants: r.tenants, volumes: index(r.volumes), cards: map[string][]card{}, networks: map[string]string{}, groups: groupWords(r.groups)}
	for _, c := range r.cards {
		if c.Server != "" {
			p.cards[c.Server] = append(p.cards[c.Server], c)
		}
	}
	for _, n := range r.networks {
		p.networks[n.ID] = n.Name
	}
	inv := &psn.SiteInventory{Site: cfg.Site, Platform: psn.OpenStack, VMs: []psn.VM{}}
	commitments := psn.Commitments{}
	for _, s := range r.servers {
		vm := p.observe(s, false)
		inv.VMs = append(inv.VMs, vm)
		commitments.Add(vm)
	}
	slices.SortFunc(inv.VMs, func(a, b psn.VM) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
	})
	inv.Clusters = r.clusters(cfg, commitments)
	return inv
}

// DescribeVM implements driver.Site.
func (s *Site) DescribeVM(ctx context.Context, ref string) (*psn.VM, error) {
	vm, err := s.describe(ctx, ref)
	return vm, s.fault(err, "describe virtual machine "+ref)
}

func (s *Site) describe(ctx context.Context, ref string) (*psn.VM, error) {
	sv, err := s.server(ctx, ref)
	if err != nil {
		return nil, err
	}
	p := parts{volumes: map[string]diskOfVolume{}, cards: map[string][]card{}, networks: map[string]string{}}
	if p.tenants, err = s.tenantsByProject(ctx); err != nil {
		return nil, err
	}
	if err := s.readVolumes(ctx, *sv, p.volumes); err != nil {
		return nil, err
	}
	if p.own, err = s.ownVolumes(ctx, *sv, p.volumes); err != nil {
		return nil, err
	}
	if p.cards[ref], err = s.cardsOf(ctx, ref); err != nil {
		return nil, err
	}
	if len(p.cards[ref]) > 0 {
		if err := s.networkNames(ctx, p.cards[ref], p.networks); err != nil {
			return nil, err
		}
	}
	if p.groups, err = s.groupWordsFor(ctx, sv.Project, p.cards[ref]); err != nil {
		return nil, err
	}
	vm := p.observe(*sv, true)
	return &vm, nil
}

// server reads one server, whosesoever it is.
func (s *Site) server(ctx context.Context, ref string) (*server, error) {
	c, err := s.compute(ctx, "")
	if err != nil {
		return nil, err
	}
	var page struct {
		Server server `json:"server"`
	}
	err = get(ctx, c, "servers/"+url.PathEscape(ref), &page)
	return &page.Server, err
}

// readVolumes reads the volumes of a server, each by its id: a machine has few.
func (s *Site) readVolumes(ctx context.Context, sv server, into map[string]diskOfVolume) error {
	c, err := s.volume(ctx, "")
	if err != nil {
		return err
	}
	all := sv.Volumes
	if d := sv.away(); d != nil && !sv.has(d.Volume) {
		all = append(slices.Clone(all), attachedVolume{d.Volume})
	}
	for _, v := range all {
		var page struct {
			Volume diskOfVolume `json:"volume"`
		}
		err := get(ctx, c, "volumes/"+v.ID, &page)
		if gone(err) {
			continue // detached since
		}
		if err != nil {
			return err
		}
		into[v.ID] = page.Volume
	}
	return nil
}

// cardsOf lists the ports of a server.
func (s *Site) cardsOf(ctx context.Context, ref string) ([]card, error) {
	c, err := s.network(ctx, "")
	if err != nil {
		return nil, err
	}
	return list(ctx, c, "ports", url.Values{"device_id": {ref}, "fields": cardFields}, "ports", card.id)
}

func (s *Site) networkNames(ctx context.Context, cards []card, into map[string]string) error {
	c, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	q := url.Values{"fields": {"id", "name"}}
	for _, k := range cards {
		q.Add("id", k.Network)
	}
	found, err := list(ctx, c, "networks", q, "networks", named.id)
	for _, n := range found {
		into[n.ID] = n.Name
	}
	return err
}
