package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A tenant's network is a distributed port group named psn.<tenant>.<name>, whose
// description ends in networkMark. Port groups live beside their switch, never
// in a folder of the tenant.
const networkMark = "[terraform-provider-psn]"

func portGroupName(tenant psn.TenantID, name string) string {
	return markPrefix + string(tenant) + "." + name
}

// ownNetwork says whose a port group is, and what its name is within the tenant.
func ownNetwork(portGroup, description string) (tenant psn.TenantID, name string, ours bool) {
	rest, ours := strings.CutPrefix(portGroup, markPrefix)
	if !ours || !strings.HasSuffix(description, networkMark) {
		return "", "", false
	}
	t, name, ours := strings.Cut(rest, ".")
	if !ours {
		return "", "", false
	}
	return psn.TenantID(t), name, true
}

func marked(description string) string {
	return strings.TrimSpace(description + " " + networkMark)
}

// network finds the network of a card: one of the tenant by its name there, or
// one that every tenant may use. Without a name it is the one called
// psn-<tenant>, or the only one that the tenant may use in the cluster.
func (t *topology) network(c *cluster, tenant psn.TenantID, name string) (network, error) {
	here := map[string]network{}
	for _, own := range []bool{false, true} { // the tenant's own win over others of the name
		for _, n := range t.networks {
			mine := n.tenant != "" && n.tenant == tenant
			if slices.Contains(c.networks, n.self) && mine == own && (mine || n.tenant == "") {
				here[n.name] = n
			}
		}
	}
	var names []string
	for n := range here {
		names = append(names, n)
	}
	if name == "" {
		if n, ok := here[poolPrefix+string(tenant)]; ok {
			return n, nil
		}
		if len(names) == 1 {
			return here[names[0]], nil
		}
		return network{}, psn.Errorf(psn.InvalidInput, "default network %q is %w and cluster %q has not exactly one network: name one of %s", poolPrefix+string(tenant), errUnknownPlace, c.name, quoted(names))
	}
	if n, ok := here[name]; ok {
		return n, nil
	}
	return network{}, psn.Errorf(psn.InvalidInput, "network %q is %w in cluster %q: there are %s", name, errUnknownPlace, c.name, nearest(name, names))
}

// Networks implements driver.Networks.
func (s *Site) Networks(ctx context.Context) ([]driver.Network, error) {
	n, err := s.readNetworks(ctx)
	if err != nil {
		return nil, s.coded("list networks", err)
	}
	out := []driver.Network{}
	for _, g := range n.groups {
		out = append(out, g.Network)
	}
	return out, nil
}

// portGroup is a network with what a change of it needs.
type portGroup struct {
	driver.Network
	mo mo.DistributedVirtualPortgroup // zero for a standard network
}

// networks is one reading of all networks and switches.
type networks struct {
	groups   []portGroup
	switches []mo.DistributedVirtualSwitch
}

func (s *Site) readNetworks(ctx context.Context) (*networks, error) {
	group := []string{"name", "key", "config"}
	content, err := s.readView(ctx, s.dc.Self, map[string][]string{
		"Network": {"name"}, "OpaqueNetwork": {"name"}, "DistributedVirtualPortgroup": group, "DistributedVirtualSwitch": {"name", "uuid"},
	})
	if err != nil {
		return nil, err
	}
	out := &networks{}
	for _, kind := range []string{"DistributedVirtualSwitch", "VmwareDistributedVirtualSwitch"} {
		some, err := load[mo.DistributedVirtualSwitch](content, kind)
		if err != nil {
			return nil, err
		}
		out.switches = append(out.switches, some...)
	}
	groups, err := load[mo.DistributedVirtualPortgroup](content, "DistributedVirtualPortgroup")
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if !on(g.Config.Uplink) && !uplinks(g) {
			out.groups = append(out.groups, observeGroup(g))
		}
	}
	for _, kind := range []string{"Network", "OpaqueNetwork"} {
		plain, err := load[mo.Network](content, kind)
		if err != nil {
			return nil, err
		}
		for _, p := range plain {
			out.groups = append(out.groups, portGroup{Network: driver.Network{
				NetworkSpec: driver.NetworkSpec{Name: p.Name}, Ref: p.Self.Value, Shared: true,
			}})
		}
	}
	slices.SortFunc(out.groups, func(a, b portGroup) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
	})
	return out, nil
}

func observeGroup(g mo.DistributedVirtualPortgroup) portGroup {
	n := driver.Network{NetworkSpec: driver.NetworkSpec{Name: g.Name, VLAN: vlanOf(g)}, Ref: g.Self.Value, Shared: true}
	n.Description = g.Config.Description
	if tenant, name, ours := ownNetwork(g.Name, g.Config.Description); ours {
		n.Tenant, n.Name, n.Shared = tenant, name, false
		n.Description = strings.TrimSpace(strings.TrimSuffix(g.Config.Description, networkMark))
	}
	return portGroup{n, g}
}

// vlanOf is the one VLAN of a port group, 0 for none or several.
func vlanOf(g mo.DistributedVirtualPortgroup) int64 {
	if p, ok := g.Config.DefaultPortConfig.(*types.VMwareDVSPortSetting); ok {
		if v, ok := p.Vlan.(*types.VmwareDistributedVirtualSwitchVlanIdSpec); ok {
			return int64(v.VlanId)
		}
	}
	return 0
}

// uplinks recognises a switch's uplink group on servers that do not say so: it
// is a trunk of all VLANs.
func uplinks(g mo.DistributedVirtualPortgroup) bool {
	p, ok := g.Config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
	if !ok || g.Config.Uplink != nil {
		return false
	}
	v, ok := p.Vlan.(*types.VmwareDistributedVirtualSwitchTrunkVlanSpec)
	return ok && len(v.VlanId) == 1 && v.VlanId[0].Start == 0 && v.VlanId[0].End == maxVLAN
}

// maxVLAN is the highest VLAN there is.
const maxVLAN = 4094

func checkNetwork(spec driver.NetworkSpec) error {
	if err := psn.CheckName("network name", spec.Name); err != nil {
		return err
	}
	if spec.Tenant == "" {
		return psn.Errorf(psn.InvalidInput, "network %q has no tenant: name one", spec.Name)
	}
	if spec.CIDR != "" || spec.Gateway != "" || spec.DHCP || len(spec.DNS) > 0 || spec.First != "" || spec.Last != "" || spec.Uplink != "" {
		return driver.NotionSubnet.On(psn.VSphere)
	}
	if spec.VLAN < 1 || spec.VLAN > maxVLAN {
		return psn.Errorf(psn.InvalidInput, "vlan is %d: a network on a vCenter is made by its VLAN, use 1 to %d", spec.VLAN, maxVLAN)
	}
	return nil
}

// CreateNetwork implements driver.Networks: a port group on the datacenter's
// distributed switch. A VLAN that another network of the switch has is refused:
// the two would be one.
func (s *Site) CreateNetwork(ctx context.Context, spec driver.NetworkSpec) (*driver.Network, error) {
	n, err := s.createNetwork(ctx, spec)
	return n, s.coded(fmt.Sprintf("create network %s of tenant %s", spec.Name, spec.Tenant), err)
}

func (s *Site) createNetwork(ctx context.Context, spec driver.NetworkSpec) (*driver.Network, error) {
	if err := checkNetwork(spec); err != nil {
		return nil, err
	}
	if ok, err := s.TenantExists(ctx, spec.Tenant); err != nil || !ok {
		return nil, cmp.Or(err, psn.Errorf(psn.NotFound, "tenant %s is not at this site: make it first", spec.Tenant))
	}
	defer s.nets.Unlock()
	s.nets.Lock()
	all, err := s.readNetworks(ctx)
	if err != nil {
		return nil, err
	}
	if n, err := all.existing(spec); n != nil || err != nil {
		return n, err
	}
	dvs, err := all.chooseSwitch(s.cfg.Switch, s.dc.Name)
	if err != nil {
		return nil, err
	}
	if err := all.freeVLAN(spec, dvs); err != nil {
		return nil, err
	}
	yes := true
	res, err := methods.AddDVPortgroup_Task(ctx, s.conn.vim, &types.AddDVPortgroup_Task{This: dvs.Self, Spec: []types.DVPortgroupConfigSpec{{
		Name:        portGroupName(spec.Tenant, spec.Name),
		Description: marked(spec.Description),
		Type:        string(types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding),
		NumPorts:    firstPorts,
		AutoExpand:  &yes,
		DefaultPortConfig: &types.VMwareDVSPortSetting{
			Vlan: &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: int32(spec.VLAN)},
		},
	}}})
	if err == nil {
		_, err = s.wait(ctx, res.Returnval)
	}
	s.keep(nil)
	if _, dup := duplicate(err); err != nil && !dup {
		return nil, err
	}
	if all, err = s.readNetworks(ctx); err != nil { // made now, or by another process meanwhile
		return nil, err
	}
	n, err := all.existing(spec)
	if n == nil && err == nil {
		err = psn.Errorf(psn.Unavailable, "network was removed while it was being made")
	}
	return n, err
}

// firstPorts is how many ports a port group begins with; it grows by itself.
const firstPorts = 8

// existing is the network of spec's tenant and name, when there is one.
func (n *networks) existing(spec driver.NetworkSpec) (*driver.Network, error) {
	name := portGroupName(spec.Tenant, spec.Name)
	for _, g := range n.groups {
		if g.mo.Name != name && (g.Tenant != "" || g.Name != name) {
			continue
		}
		if g.Tenant == "" {
			return nil, psn.Errorf(psn.AlreadyExists, "network %q stands here already and this project did not make it (its description does not end in %q): rename or remove it, or choose another name", name, networkMark)
		}
		if g.VLAN != spec.VLAN {
			return nil, psn.Errorf(psn.AlreadyExists, "network %s of tenant %s stands here already with VLAN %d, not %d: a network keeps its VLAN", spec.Name, spec.Tenant, g.VLAN, spec.VLAN)
		}
		return &g.Network, nil
	}
	return nil, nil
}

func (n *networks) chooseSwitch(wanted, datacenter string) (*mo.DistributedVirtualSwitch, error) {
	var names []string
	for _, dvs := range n.switches {
		if dvs.Name == wanted || wanted == "" && len(n.switches) == 1 {
			return &dvs, nil
		}
		names = append(names, dvs.Name)
	}
	if len(names) == 0 {
		return nil, psn.Errorf(psn.Unsupported, "datacenter %q has no distributed switch: networks of tenants are port groups of one", datacenter)
	}
	return nil, psn.Errorf(psn.InvalidInput, "distributed switch %q is not in datacenter %q: set switch to one of %s", wanted, datacenter, quoted(names))
}

// freeVLAN refuses a VLAN that another port group of the switch has.
func (n *networks) freeVLAN(spec driver.NetworkSpec, dvs *mo.DistributedVirtualSwitch) error {
	for _, g := range n.groups {
		if g.VLAN == spec.VLAN && g.mo.Config.DistributedVirtualSwitch != nil && *g.mo.Config.DistributedVirtualSwitch == dvs.Self {
			return psn.Errorf(psn.Conflict, "vlan %d is that of network %q on switch %q already: machines of the two would see each other; use another VLAN", spec.VLAN, g.mo.Name, dvs.Name)
		}
	}
	return nil
}

// UpdateNetwork implements driver.Networks: the description changes.
func (s *Site) UpdateNetwork(ctx context.Context, r string, spec driver.NetworkSpec) (*driver.Network, error) {
	n, err := s.updateNetwork(ctx, r, spec)
	return n, s.coded(fmt.Sprintf("update network %s", r), err)
}

func (s *Site) updateNetwork(ctx context.Context, r string, spec driver.NetworkSpec) (*driver.Network, error) {
	if err := checkNetwork(spec); err != nil {
		return nil, err
	}
	g, err := s.ownGroup(ctx, r)
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, psn.Errorf(psn.NotFound, "network %s does not exist", r)
	}
	switch {
	case g.Tenant != spec.Tenant || g.Name != spec.Name:
		return nil, psn.Errorf(psn.InvalidInput, "network is %s of tenant %s and cannot become %s of %s: make another", g.Name, g.Tenant, spec.Name, spec.Tenant)
	case g.VLAN != spec.VLAN:
		return nil, psn.Errorf(psn.InvalidInput, "vlan is %d and cannot become %d: make another network", g.VLAN, spec.VLAN)
	case g.Description == strings.TrimSpace(spec.Description):
		return &g.Network, nil
	}
	c := g.mo.Config
	res, err := methods.ReconfigureDVPortgroup_Task(ctx, s.conn.vim, &types.ReconfigureDVPortgroup_Task{
		This: g.mo.Self, Spec: types.DVPortgroupConfigSpec{
			ConfigVersion: c.ConfigVersion, Name: c.Name, NumPorts: c.NumPorts, DefaultPortConfig: c.DefaultPortConfig,
			Description: marked(spec.Description), Type: c.Type, AutoExpand: c.AutoExpand, Policy: c.Policy,
		},
	})
	if err == nil {
		_, err = s.wait(ctx, res.Returnval)
	}
	if err != nil {
		return nil, err
	}
	g.Description = strings.TrimSpace(spec.Description)
	return &g.Network, nil
}

// ownGroup reads the network of that ref; nil when it is gone.
func (s *Site) ownGroup(ctx context.Context, r string) (*portGroup, error) {
	all, err := s.readNetworks(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range all.groups {
		if g.Ref != r {
			continue
		}
		if g.Tenant == "" {
			return nil, psn.Errorf(psn.Conflict, "network %q is not one that this project made: it is left as it is", g.Name)
		}
		return &g, nil
	}
	return nil, nil
}

// DeleteNetwork implements driver.Networks.
func (s *Site) DeleteNetwork(ctx context.Context, r string) error {
	return s.coded(fmt.Sprintf("delete network %s", r), s.deleteNetwork(ctx, r))
}

func (s *Site) deleteNetwork(ctx context.Context, r string) error {
	g, err := s.ownGroup(ctx, r)
	if err != nil || g == nil {
		return err
	}
	users, err := s.usersOf(ctx, g.mo.Self)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return psn.Errorf(psn.Conflict, "cards of %s are on it: delete them or move them first", quoted(users))
	}
	err = s.destroy(ctx, g.mo.Self)
	s.keep(nil)
	if isFault[types.ResourceInUse](err) {
		return psn.Errorf(psn.Conflict, "a card was put on it meanwhile (ResourceInUse): delete the machine or move it first")
	}
	return err
}

// usersOf names the machines with a card on the network.
func (s *Site) usersOf(ctx context.Context, network ref) ([]string, error) {
	content, err := s.readView(ctx, s.dc.Self, map[string][]string{"VirtualMachine": {"name", "network"}})
	if err != nil {
		return nil, err
	}
	all, err := load[mo.VirtualMachine](content, "VirtualMachine")
	var names []string
	for _, m := range all {
		if slices.Contains(m.Network, network) {
			names = append(names, m.Name)
		}
	}
	return names, err
}
