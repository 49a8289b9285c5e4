package vsphere

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// errUnknownPlace marks a name that the topology at hand does not know.
var errUnknownPlace = errors.New("not known here")

// place is where a machine is made. Everything in it exists.
type place struct {
	folder, pool ref
	home         string   // datastore of the machine's own files
	stores       []string // per disk
	nics         []network
	image        *template // nil for an empty machine
	datastores   map[string]ref
}

// store is the datastore of that name.
func (p *place) store(name string) *ref {
	r := p.datastores[name]
	return &r
}

// place resolves all names before anything is made. Errors list what exists.
func (s *Site) place(ctx context.Context, t *topology, spec driver.VMSpec) (*place, error) {
	c := t.cluster(spec.Cluster)
	if c == nil {
		return nil, psn.Errorf(psn.InvalidInput, "cluster %q is %w: there are %s", spec.Cluster, errUnknownPlace, t.clusterNames())
	}
	tenant := spec.ID.Tenant()
	p := &place{datastores: map[string]ref{}}
	for _, d := range c.datastores {
		p.datastores[t.datastores[d].Name] = d
	}
	var ok bool
	if p.folder, ok = s.tenantFolder(t, tenant); !ok {
		return nil, psn.Errorf(psn.NotFound, "folder \"%s/%s\" is %w: make the tenant at this site first", rootFolder, tenant, errUnknownPlace)
	}
	if p.pool, ok = t.pool(c, poolPrefix+string(tenant)); !ok {
		return nil, psn.Errorf(psn.NotFound, "resource pool %q of cluster %q is %w: make the tenant at this site first", poolPrefix+string(tenant), c.name, errUnknownPlace)
	}
	var err error
	if p.nics, err = t.cards(c, tenant, 0, spec.NICs); err != nil {
		return nil, err
	}
	if spec.Image != "" {
		if p.image, err = s.template(ctx, spec); err != nil {
			return nil, err
		}
	}
	if err := s.checkGroup(ctx, t, c, spec); err != nil {
		return nil, err
	}
	now, err := s.readRoom(ctx, c, p.pool)
	if err != nil {
		return nil, err
	}
	if err := s.within(ctx, t, now.limit, tenant, psn.Resources{VCPUs: spec.VCPUs, MemoryMiB: spec.MemoryMiB}); err != nil {
		return nil, err
	}
	p.home, p.stores, err = chooseStores(c, now.free, 0, spec.Disks)
	return p, err
}

// cards finds the networks of cards, the first of which has the index given.
func (t *topology) cards(c *cluster, tenant psn.TenantID, first int, nics []driver.NICSpec) ([]network, error) {
	var out []network
	for i, n := range nics {
		if n.FixedIP != "" {
			return nil, fmt.Errorf("network card %d: %w", first+i, driver.NotionFixedIP.On(psn.VSphere))
		}
		nic, err := t.network(c, tenant, n.Network)
		if err != nil {
			return nil, fmt.Errorf("network card %d: %w", first+i, err)
		}
		out = append(out, nic)
	}
	return out, nil
}

// chooseStores picks a datastore for each disk: the one named, else the one of
// the cluster with most free space, counting what was already given out. home is
// where the machine's own files go. first is the index of the first disk.
func chooseStores(c *cluster, free map[string]int64, first int, disks []driver.DiskSpec) (home string, stores []string, err error) {
	names := slices.Sorted(maps.Keys(free))
	if len(names) == 0 {
		return "", nil, psn.Errorf(psn.NotFound, "datastore mounted by every host of cluster %q is %w", c.name, errUnknownPlace)
	}
	roomiest := func() string {
		return slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(free[a], free[b]) })
	}
	home = roomiest()
	for i, d := range disks {
		store := cmp.Or(d.StorageClass, roomiest())
		left, ok := free[store]
		if !ok {
			return "", nil, psn.Errorf(psn.InvalidInput, "disk %d: datastore %q is %w in cluster %q: there are %s", first+i, store, errUnknownPlace, c.name, quoted(names))
		}
		if left < d.CapacityBytes {
			return "", nil, psn.Errorf(psn.Exhausted, "disk %d: datastore %q of cluster %q has %d MiB free, %d MiB are needed", first+i, store, c.name, left>>20, ceilMiB(d.CapacityBytes))
		}
		free[store] = left - d.CapacityBytes
		stores = append(stores, store)
	}
	if len(stores) > 0 {
		home = stores[0]
	}
	return home, stores, nil
}

// room is what is left in a cluster now.
type room struct {
	free  map[string]int64 // bytes, by datastore
	limit poolLimit        // of the pool asked about
}

// readRoom reads, in one request, the free space of the cluster's datastores and
// the limits of a resource pool.
func (s *Site) readRoom(ctx context.Context, c *cluster, pool ref) (*room, error) {
	spec := types.PropertyFilterSpec{PropSet: []types.PropertySpec{
		{Type: "Datastore", PathSet: []string{"name", "summary.freeSpace"}},
		{Type: "ResourcePool", PathSet: []string{"config"}},
	}}
	gone := true
	spec.ReportMissingObjectsInResults = &gone
	for _, r := range append(slices.Clone(c.datastores), pool) {
		if r.Value != "" {
			spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: r})
		}
	}
	out := &room{free: map[string]int64{}, limit: poolLimit{cluster: c, cpu: unlimited, memory: unlimited}}
	if len(spec.ObjectSet) == 0 {
		return out, nil
	}
	content, err := s.retrieve(ctx, spec)
	if err != nil {
		return nil, err
	}
	stores, err := load[mo.Datastore](content, "Datastore")
	if err != nil {
		return nil, err
	}
	for _, d := range stores {
		out.free[d.Name] = d.Summary.FreeSpace
	}
	pools, err := load[mo.ResourcePool](content, "ResourcePool")
	for _, p := range pools {
		out.limit = limitOf(p, c)
	}
	return out, err
}

// freeSpace reads what is free now, in bytes, on the cluster's datastores.
func (s *Site) freeSpace(ctx context.Context, c *cluster) (map[string]int64, error) {
	now, err := s.readRoom(ctx, c, ref{})
	if err != nil {
		return nil, err
	}
	return now.free, nil
}

// configSpec is a machine made from nothing, with labels, disks and cards.
func configSpec(spec driver.VMSpec, p *place) (types.VirtualMachineConfigSpec, error) {
	cfg, err := commonSpec(spec)
	if err != nil {
		return cfg, err
	}
	cfg.GuestId = cmp.Or(spec.GuestOS, defaultGuest)
	cfg.Firmware = cmp.Or(spec.Firmware, "bios")
	cfg.Files = &types.VirtualMachineFileInfo{VmPathName: "[" + p.home + "]"}
	u := newUnits(nil)
	disks, err := u.addDisks(0, capacities(spec.Disks), p.stores)
	if err != nil {
		return cfg, err
	}
	cfg.DeviceChange = append(append(u.added, disks...), newCards(0, spec.NICs, p.nics)...)
	cfg.ExtraConfig = append(cfg.ExtraConfig, ownList(newDiskNames(nil, cfg.DeviceChange))...)
	return cfg, nil
}

// commonSpec is what a machine is given whether it is made from nothing or from
// an image. Marks that do not apply are emptied: an image may carry another
// machine's.
func commonSpec(spec driver.VMSpec) (types.VirtualMachineConfigSpec, error) {
	guest, err := guestInfo(spec)
	if err != nil {
		return types.VirtualMachineConfigSpec{}, err
	}
	extra := options(
		keyID, string(spec.ID), keyMaker, spec.Maker,
		keyDisks, "",
		// The guest sees its disks under the UUIDs known here.
		"disk.EnableUUID", "TRUE",
		keyGroup, spec.Group,
		keyPolicy, string(spec.GroupPolicy),
	)
	extra = append(extra, extraConfig(spec.Labels)...)
	extra = append(extra, metadataOption(spec.Metadata)...)
	return types.VirtualMachineConfigSpec{
		Name:         displayName(spec.ID, spec.DisplayName),
		InstanceUuid: spec.ID.InstanceUUID(),
		Annotation:   spec.Notes,
		NumCPUs:      int32(spec.VCPUs),
		MemoryMB:     spec.MemoryMiB,
		ExtraConfig:  append(extra, guest...),
	}, nil
}

// displayName is the name people see.
func displayName(id psn.VMID, wanted string) string { return cmp.Or(wanted, id.Name()) }

func capacities(disks []driver.DiskSpec) []int64 {
	var out []int64
	for _, d := range disks {
		out = append(out, d.CapacityBytes)
	}
	return out
}

func addDevice(d types.BaseVirtualDevice) *types.VirtualDeviceConfigSpec {
	return &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: d}
}

func newDisk(i int, capacity int64, store string, controller, unit int32) *types.VirtualDisk {
	thin := true
	d := &types.VirtualDisk{CapacityInBytes: capacity, CapacityInKB: capacity >> 10}
	d.Key, d.ControllerKey, d.UnitNumber = int32(-200-i), controller, &unit
	d.Backing = &types.VirtualDiskFlatVer2BackingInfo{
		VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: "[" + store + "]"},
		DiskMode:                     string(types.VirtualDiskModePersistent),
		ThinProvisioned:              &thin,
	}
	return d
}

// newCards makes cards, the first of which has the index given.
func newCards(first int, nics []driver.NICSpec, on []network) []types.BaseVirtualDeviceConfigSpec {
	var out []types.BaseVirtualDeviceConfigSpec
	for i, n := range nics {
		out = append(out, addDevice(newCard(first+i, on[i], n.MAC)))
	}
	return out
}

func newCard(i int, n network, mac string) *types.VirtualVmxnet3 {
	c := &types.VirtualVmxnet3{}
	c.Key = int32(-300 - i)
	c.AddressType = string(types.VirtualEthernetCardMacTypeGenerated)
	if mac != "" {
		c.AddressType, c.MacAddress = string(types.VirtualEthernetCardMacTypeManual), mac
	}
	c.Connectable = &types.VirtualDeviceConnectInfo{StartConnected: true, AllowGuestControl: true}
	if n.key != "" {
		c.Backing = &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
			Port: types.DistributedVirtualSwitchPortConnection{SwitchUuid: n.dvs, PortgroupKey: n.key},
		}
	} else {
		net := n.self
		c.Backing = &types.VirtualEthernetCardNetworkBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: n.name},
			Network:                        &net,
		}
	}
	return c
}
