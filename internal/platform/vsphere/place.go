package vsphere

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// errUnknownPlace marks a name that the topology at hand does not know.
var errUnknownPlace = errors.New("not known here")

// A virtual SCSI controller takes 15 disks beside itself, a machine takes four.
const (
	maxControllers     = 4
	unitsPerController = 15
	controllerUnit     = 7 // the controller's own unit number
)

// place is where a machine is made. Everything in it exists.
type place struct {
	folder, pool ref
	home         string   // datastore of the machine's own files
	stores       []string // per disk
	nics         []network
}

// place resolves all names before anything is made. Errors list what exists.
func (s *Site) place(ctx context.Context, t *topology, spec driver.VMSpec) (*place, error) {
	c := t.cluster(spec.Cluster)
	if c == nil {
		return nil, psn.Errorf(psn.InvalidInput, "cluster %q is %w: there are %s", spec.Cluster, errUnknownPlace, t.clusterNames())
	}
	tenant := spec.ID.Tenant()
	p := &place{}
	var ok bool
	if p.folder, ok = s.tenantFolder(t, tenant); !ok {
		return nil, psn.Errorf(psn.NotFound, "folder \"%s/%s\" is %w: make the tenant at this site first", rootFolder, tenant, errUnknownPlace)
	}
	if p.pool, ok = t.pool(c, poolPrefix+string(tenant)); !ok {
		return nil, psn.Errorf(psn.NotFound, "resource pool %q of cluster %q is %w: make the tenant at this site first", poolPrefix+string(tenant), c.name, errUnknownPlace)
	}
	for i, n := range spec.NICs {
		nic, err := t.network(c, tenant, n.Network)
		if err != nil {
			return nil, fmt.Errorf("network card %d: %w", i, err)
		}
		p.nics = append(p.nics, nic)
	}
	return p, s.chooseStores(ctx, c, spec.Disks, p)
}

// network finds the network of a card. Without a name it is the one called
// psn-<tenant>, or the cluster's only one.
func (t *topology) network(c *cluster, tenant psn.TenantID, name string) (network, error) {
	var names []string
	here := map[string]network{}
	for _, n := range t.networks {
		if slices.Contains(c.networks, n.self) {
			names = append(names, n.name)
			here[n.name] = n
		}
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
	return network{}, psn.Errorf(psn.InvalidInput, "network %q is %w in cluster %q: there are %s", name, errUnknownPlace, c.name, quoted(names))
}

// chooseStores picks a datastore for each disk: the one named, else the one of
// the cluster with most free space, counting what was already given out.
func (s *Site) chooseStores(ctx context.Context, c *cluster, disks []driver.DiskSpec, p *place) error {
	content, err := s.readObjects(ctx, "Datastore", []string{"name", "summary.freeSpace"}, c.datastores)
	if err != nil {
		return err
	}
	stores, err := load[mo.Datastore](content, "Datastore")
	if err != nil {
		return err
	}
	free := map[string]int64{}
	var names []string
	for _, d := range stores {
		free[d.Name] = d.Summary.FreeSpace
		names = append(names, d.Name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return psn.Errorf(psn.NotFound, "datastore mounted by every host of cluster %q is %w", c.name, errUnknownPlace)
	}
	roomiest := func() string {
		best := names[0]
		for _, n := range names[1:] {
			if free[n] > free[best] {
				best = n
			}
		}
		return best
	}
	p.home = roomiest()
	for i, d := range disks {
		store := d.StorageClass
		if store == "" {
			store = roomiest()
		}
		left, ok := free[store]
		if !ok {
			return psn.Errorf(psn.InvalidInput, "disk %d: datastore %q is %w in cluster %q: there are %s", i, store, errUnknownPlace, c.name, quoted(names))
		}
		if left < d.CapacityBytes {
			return psn.Errorf(psn.Exhausted, "disk %d: datastore %q of cluster %q has %d MiB free, %d MiB are needed", i, store, c.name, left>>20, ceilMiB(d.CapacityBytes))
		}
		free[store] = left - d.CapacityBytes
		p.stores = append(p.stores, store)
		if i == 0 {
			p.home = store
		}
	}
	return nil
}

// configSpec is the machine with labels, disks and cards.
func configSpec(spec driver.VMSpec, p *place) types.VirtualMachineConfigSpec {
	guest := spec.GuestOS
	if guest == "" {
		guest = defaultGuest
	}
	firmware := spec.Firmware
	if firmware == "" {
		firmware = "bios"
	}
	cfg := types.VirtualMachineConfigSpec{
		Name:         spec.ID.Name(),
		InstanceUuid: spec.ID.InstanceUUID(),
		Annotation:   spec.Notes,
		GuestId:      guest,
		Firmware:     firmware,
		NumCPUs:      int32(spec.VCPUs),
		MemoryMB:     spec.MemoryMiB,
		Files:        &types.VirtualMachineFileInfo{VmPathName: "[" + p.home + "]"},
		ExtraConfig: append(options(
			keyID, string(spec.ID),
			// The guest sees its disks under the UUIDs known here.
			"disk.EnableUUID", "TRUE",
		), extraConfig(spec.Labels)...),
	}
	for i := 0; i*unitsPerController < len(spec.Disks); i++ {
		cfg.DeviceChange = append(cfg.DeviceChange, addDevice(newController(controllerKey(i), int32(i))))
	}
	for i, d := range spec.Disks {
		add := addDevice(newDisk(i, d.CapacityBytes, p.stores[i]))
		add.FileOperation = types.VirtualDeviceConfigSpecFileOperationCreate
		cfg.DeviceChange = append(cfg.DeviceChange, add)
	}
	for i, n := range spec.NICs {
		cfg.DeviceChange = append(cfg.DeviceChange, addDevice(newCard(i, p.nics[i], n.MAC)))
	}
	return cfg
}

func addDevice(d types.BaseVirtualDevice) *types.VirtualDeviceConfigSpec {
	return &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: d}
}

// Keys of devices that do not exist yet are negative and only tie them together.
func controllerKey(i int) int32 { return int32(-100 - i) }

func newController(key, bus int32) *types.ParaVirtualSCSIController {
	c := &types.ParaVirtualSCSIController{}
	c.Key, c.BusNumber, c.SharedBus = key, bus, types.VirtualSCSISharingNoSharing
	return c
}

// unitOf is the unit number of the i-th disk of a controller.
func unitOf(i int) int32 {
	if i >= controllerUnit {
		i++
	}
	return int32(i)
}

func newDisk(i int, capacity int64, store string) *types.VirtualDisk {
	thin := true
	d := &types.VirtualDisk{CapacityInBytes: capacity, CapacityInKB: capacity >> 10}
	unit := unitOf(i % unitsPerController)
	d.Key, d.ControllerKey, d.UnitNumber = int32(-200-i), controllerKey(i/unitsPerController), &unit
	d.Backing = &types.VirtualDiskFlatVer2BackingInfo{
		VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: "[" + store + "]"},
		DiskMode:                     string(types.VirtualDiskModePersistent),
		ThinProvisioned:              &thin,
	}
	return d
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
