package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// topology is everything of a datacenter but its machines.
type topology struct {
	clusters   []*cluster // sorted by name
	hostOf     map[ref]*cluster
	poolOf     map[ref]*cluster // every resource pool, root or not
	pools      map[ref]mo.ResourcePool
	folders    map[ref]mo.Folder
	datastores map[ref]mo.Datastore
	networks   map[string]network // by the vCenter's name
	netNames   map[string]network // by portgroup key or moid
}

type ref = types.ManagedObjectReference

// cluster is a ComputeResource with what is needed to count and to place.
type cluster struct {
	self       ref
	name       string
	rootPool   ref
	hosts      []mo.HostSystem
	datastores []ref // mounted by every usable host
	networks   []ref
}

// network is a standard or distributed port group.
type network struct {
	self   ref
	name   string       // the vCenter's, or that within the tenant
	tenant psn.TenantID // whose it is; empty for one that every tenant may use
	key    string       // portgroup key; empty for a standard network
	dvs    string       // UUID of the distributed switch
}

// topologyProps is what is read of each kind.
var topologyProps = map[string][]string{
	"Folder":                      {"name", "parent"},
	"ComputeResource":             {"name", "resourcePool", "datastore", "network"},
	"ClusterComputeResource":      {"name", "resourcePool", "datastore", "network"},
	"HostSystem":                  {"name", "parent", "summary.hardware.numCpuCores", "summary.hardware.memorySize", "summary.hardware.cpuMhz", "runtime.connectionState", "runtime.inMaintenanceMode"},
	"ResourcePool":                {"name", "parent", "owner"},
	"Datastore":                   {"name", "summary.capacity", "summary.freeSpace", "summary.accessible", "summary.maintenanceMode", "host", "browser"},
	"Network":                     {"name"},
	"OpaqueNetwork":               {"name"},
	"DistributedVirtualPortgroup": {"name", "key", "config.distributedVirtualSwitch", "config.uplink", "config.description"},
	"DistributedVirtualSwitch":    {"uuid"},
}

// topology returns the cached topology, reading it when there is none.
func (s *Site) topology(ctx context.Context) (*topology, error) {
	s.topoMu.Lock()
	defer s.topoMu.Unlock()
	if s.topo != nil {
		return s.topo, nil
	}
	content, err := s.readView(ctx, s.dc.Self, topologyProps)
	if err != nil {
		return nil, err
	}
	t, err := newTopology(content)
	if err == nil {
		s.topo = t
	}
	return t, err
}

// keep makes t, just read, the cached topology; nil forgets it.
func (s *Site) keep(t *topology) {
	s.topoMu.Lock()
	s.topo = t
	s.topoMu.Unlock()
}

func newTopology(content []types.ObjectContent) (*topology, error) {
	t := &topology{
		hostOf: map[ref]*cluster{}, poolOf: map[ref]*cluster{}, pools: map[ref]mo.ResourcePool{},
		folders: map[ref]mo.Folder{}, datastores: map[ref]mo.Datastore{},
		networks: map[string]network{}, netNames: map[string]network{},
	}
	for _, step := range []func([]types.ObjectContent) error{t.addClusters, t.addHosts, t.addPools, t.addFolders, t.addDatastores, t.addNetworks} {
		if err := step(content); err != nil {
			return nil, err
		}
	}
	for _, c := range t.clusters {
		c.datastores = slices.DeleteFunc(c.datastores, func(d ref) bool { return !t.shared(c, d) })
	}
	return t, nil
}

func (t *topology) addClusters(content []types.ObjectContent) error {
	plain, err := load[mo.ComputeResource](content, "ComputeResource")
	if err != nil {
		return err
	}
	clustered, err := load[mo.ClusterComputeResource](content, "ClusterComputeResource")
	if err != nil {
		return err
	}
	for _, c := range clustered {
		plain = append(plain, c.ComputeResource)
	}
	for _, c := range plain {
		k := &cluster{self: c.Self, name: c.Name, datastores: c.Datastore, networks: c.Network}
		if c.ResourcePool != nil {
			k.rootPool = *c.ResourcePool
		}
		t.clusters = append(t.clusters, k)
	}
	slices.SortFunc(t.clusters, func(a, b *cluster) int { return cmp.Compare(a.name, b.name) })
	return nil
}

func (t *topology) bySelf(r ref) *cluster {
	for _, c := range t.clusters {
		if c.self == r {
			return c
		}
	}
	return nil
}

func (t *topology) addHosts(content []types.ObjectContent) error {
	hosts, err := load[mo.HostSystem](content, "HostSystem")
	for _, h := range hosts {
		if h.Parent == nil {
			continue
		}
		if c := t.bySelf(*h.Parent); c != nil {
			c.hosts = append(c.hosts, h)
			t.hostOf[h.Self] = c
		}
	}
	return err
}

func (t *topology) addPools(content []types.ObjectContent) error {
	pools, err := load[mo.ResourcePool](content, "ResourcePool")
	for _, p := range pools {
		t.pools[p.Self] = p
		if c := t.bySelf(p.Owner); c != nil {
			t.poolOf[p.Self] = c
		}
	}
	return err
}

func (t *topology) addFolders(content []types.ObjectContent) error {
	folders, err := load[mo.Folder](content, "Folder")
	for _, f := range folders {
		t.folders[f.Self] = f
	}
	return err
}

func (t *topology) addDatastores(content []types.ObjectContent) error {
	stores, err := load[mo.Datastore](content, "Datastore")
	for _, d := range stores {
		t.datastores[d.Self] = d
	}
	return err
}

func (t *topology) addNetworks(content []types.ObjectContent) error {
	switches := map[ref]string{}
	for _, o := range content {
		for _, p := range o.PropSet {
			if uuid, ok := p.Val.(string); ok && p.Name == "uuid" {
				switches[o.Obj] = uuid
			}
		}
	}
	groups, err := load[mo.DistributedVirtualPortgroup](content, "DistributedVirtualPortgroup")
	if err != nil {
		return err
	}
	for _, g := range groups {
		if g.Config.Uplink != nil && *g.Config.Uplink {
			continue
		}
		n := network{self: g.Self, name: g.Name, key: g.Key}
		if tenant, name, ours := ownNetwork(g.Name, g.Config.Description); ours {
			n.tenant, n.name = tenant, name
		}
		if g.Config.DistributedVirtualSwitch != nil {
			n.dvs = switches[*g.Config.DistributedVirtualSwitch]
		}
		t.networks[g.Name] = n
		t.netNames[g.Key], t.netNames[g.Self.Value] = n, n
	}
	plain, err := load[mo.Network](content, "Network")
	for _, n := range plain {
		k := network{self: n.Self, name: n.Name}
		t.networks[n.Name], t.netNames[n.Self.Value] = k, k
	}
	return err
}

// usable lists the hosts that can run machines now.
func (c *cluster) usable() []mo.HostSystem {
	var out []mo.HostSystem
	for _, h := range c.hosts {
		if !h.Runtime.InMaintenanceMode && h.Runtime.ConnectionState == types.HostSystemConnectionStateConnected {
			out = append(out, h)
		}
	}
	return out
}

// shared reports whether every usable host of the cluster mounts a datastore
// that is in service: only then can a machine on it restart elsewhere.
func (t *topology) shared(c *cluster, d ref) bool {
	ds, ok := t.datastores[d]
	if !ok || !ds.Summary.Accessible || (ds.Summary.MaintenanceMode != "" && ds.Summary.MaintenanceMode != string(types.DatastoreSummaryMaintenanceModeStateNormal)) {
		return false
	}
	mounted := map[ref]bool{}
	for _, m := range ds.Host {
		mounted[m.Key] = true
	}
	for _, h := range c.usable() {
		if !mounted[h.Self] {
			return false
		}
	}
	return true
}

// cluster finds a cluster by name.
func (t *topology) cluster(name string) *cluster {
	for _, c := range t.clusters {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (t *topology) clusterNames() string {
	var names []string
	for _, c := range t.clusters {
		names = append(names, c.name)
	}
	return quoted(names)
}

// path is a folder's path below the datacenter's VM folder, "" for that folder.
func (t *topology) path(root, folder ref) string {
	var parts []string
	for folder != root {
		f, ok := t.folders[folder]
		if !ok {
			return ""
		}
		parts = append(parts, f.Name)
		if f.Parent == nil {
			break
		}
		folder = *f.Parent
	}
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}

// child finds a folder by name under parent.
func (t *topology) child(parent ref, name string) (ref, bool) {
	for self, f := range t.folders {
		if f.Parent != nil && *f.Parent == parent && f.Name == name {
			return self, true
		}
	}
	return ref{}, false
}

// pool finds a resource pool by name directly under a cluster's root pool.
func (t *topology) pool(c *cluster, name string) (ref, bool) {
	for self, p := range t.pools {
		if p.Parent != nil && *p.Parent == c.rootPool && p.Name == name {
			return self, true
		}
	}
	return ref{}, false
}

// quoted joins names for an error message, sorted.
func quoted(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	names = slices.Sorted(slices.Values(names))
	for i, n := range names {
		names[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(names, ", ")
}
