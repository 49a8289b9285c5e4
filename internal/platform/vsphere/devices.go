package vsphere

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// detail fills disks, NICs and the number of snapshots.
func detail(t *topology, vm *psn.VM, m mo.VirtualMachine) {
	vm.Snapshots = len(snapshotTree(m))
	if m.Config == nil {
		return
	}
	vm.Disks, vm.NICs = nil, nil
	var capacity int64
	values, own := marks(m), ownDisks(m)
	for _, d := range inOrder(m) {
		switch d := d.(type) {
		case *types.VirtualDisk:
			if values[keyVolume+deviceID(d)] != "" {
				continue // a volume has a life of its own
			}
			disk := diskOf(d)
			disk.Foreign = !slices.Contains(own, d) // also one lent by another machine
			capacity += disk.CapacityBytes
			vm.Disks = append(vm.Disks, disk)
		case types.BaseVirtualEthernetCard:
			vm.NICs = append(vm.NICs, nicOf(t, vm.Power, d))
		}
	}
	if capacity > 0 {
		// What the disks may grow to, which is what the machine holds.
		vm.StorageMiB = ceilMiB(capacity)
	}
}

func diskOf(d *types.VirtualDisk) psn.Disk {
	b := backingOf(d)
	_, raw := d.Backing.(*types.VirtualDiskRawDiskMappingVer1BackingInfo)
	return psn.Disk{
		Key: d.Key, UUID: b.uuid, CapacityBytes: capacityOf(d),
		Path: b.path, Mode: b.mode, Sharing: b.sharing, RawMapping: raw, StorageClass: storeOf(b.path),
	}
}

// storeOf is the datastore of a path "[datastore] folder/file".
func storeOf(path string) string {
	var p object.DatastorePath
	p.FromString(path)
	return p.Datastore
}

// inOrder lists the machine's devices by key, which grows in the order in which
// devices of a kind were added; a device that was edited may stand elsewhere.
func inOrder(m mo.VirtualMachine) []types.BaseVirtualDevice {
	return slices.SortedStableFunc(slices.Values(m.Config.Hardware.Device), func(a, b types.BaseVirtualDevice) int {
		return cmp.Compare(a.GetVirtualDevice().Key, b.GetVirtualDevice().Key)
	})
}

// plainDisks are the machine's disks, in order, without volumes, without those
// attached from other machines, and without storage that is there for itself: a
// LUN, a disk that machines share, one that the vCenter manages as an object.
func plainDisks(m mo.VirtualMachine) []*types.VirtualDisk {
	if m.Config == nil {
		return nil
	}
	values := marks(m)
	var out []*types.VirtualDisk
	for _, d := range inOrder(m) {
		disk, ok := d.(*types.VirtualDisk)
		if !ok || forItself(disk) {
			continue
		}
		id := deviceID(disk)
		if values[keyVolume+id] == "" && values[keyAttached+id] == "" && values[keyForeign+id] == "" {
			out = append(out, disk)
		}
	}
	return out
}

// foreignDisks are those that somebody put on the machine and that outlive it.
func foreignDisks(m mo.VirtualMachine) []*types.VirtualDisk {
	if m.Config == nil {
		return nil
	}
	values, own := marks(m), ownDisks(m)
	var out []*types.VirtualDisk
	for _, d := range inOrder(m) {
		disk, ok := d.(*types.VirtualDisk)
		if ok && values[keyVolume+deviceID(disk)] == "" && values[keyAttached+deviceID(disk)] == "" && !slices.Contains(own, disk) {
			out = append(out, disk)
		}
	}
	return out
}

func forItself(d *types.VirtualDisk) bool {
	told := diskOf(d)
	return told.RawMapping || told.Sharing == string(types.VirtualDiskSharingSharingMultiWriter) || d.VDiskId != nil
}

// cardsOf are the machine's network cards, in order.
func cardsOf(m mo.VirtualMachine) []types.BaseVirtualEthernetCard {
	if m.Config == nil {
		return nil
	}
	var out []types.BaseVirtualEthernetCard
	for _, d := range inOrder(m) {
		if c, ok := d.(types.BaseVirtualEthernetCard); ok {
			out = append(out, c)
		}
	}
	return out
}

func capacityOf(d *types.VirtualDisk) int64 {
	if d.CapacityInBytes != 0 {
		return d.CapacityInBytes
	}
	return d.CapacityInKB << 10
}

// backing is what the kinds of disk backings have in common.
type backing struct {
	path, uuid, mode, sharing, changeID string
	datastore                           *types.ManagedObjectReference
	parent                              bool // the content is a difference to another file
}

func backingOf(d *types.VirtualDisk) backing {
	switch b := d.Backing.(type) {
	case *types.VirtualDiskFlatVer2BackingInfo:
		return backing{b.FileName, b.Uuid, b.DiskMode, b.Sharing, b.ChangeId, b.Datastore, b.Parent != nil}
	case *types.VirtualDiskSeSparseBackingInfo:
		return backing{b.FileName, b.Uuid, b.DiskMode, "", b.ChangeId, b.Datastore, b.Parent != nil}
	case *types.VirtualDiskSparseVer2BackingInfo:
		return backing{b.FileName, b.Uuid, b.DiskMode, "", b.ChangeId, b.Datastore, b.Parent != nil}
	case *types.VirtualDiskRawDiskMappingVer1BackingInfo:
		return backing{b.FileName, b.Uuid, b.DiskMode, b.Sharing, b.ChangeId, b.Datastore, b.Parent != nil}
	}
	return backing{}
}

func nicOf(t *topology, p psn.PowerState, card types.BaseVirtualEthernetCard) psn.NIC {
	c := card.GetVirtualEthernetCard()
	n := psn.NIC{Key: c.Key, MAC: strings.ToLower(c.MacAddress)}
	if c.Connectable != nil {
		n.Connected = connected(p, c.Connectable)
	}
	switch b := c.Backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		n.Network = b.DeviceName
	case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
		n.Network = t.netNames[b.Port.PortgroupKey].name
	}
	return n
}

// snapshotTree lists the machine's snapshots, parents first.
func snapshotTree(m mo.VirtualMachine) []types.VirtualMachineSnapshotTree {
	if m.Snapshot == nil {
		return nil
	}
	var out []types.VirtualMachineSnapshotTree
	var walk func([]types.VirtualMachineSnapshotTree)
	walk = func(level []types.VirtualMachineSnapshotTree) {
		for _, s := range level {
			out = append(out, s)
			walk(s.ChildSnapshotList)
		}
	}
	walk(m.Snapshot.RootSnapshotList)
	return out
}

// connected says whether a card has its link: of a machine that does not run,
// whether it will have it at power on.
func connected(p psn.PowerState, c *types.VirtualDeviceConnectInfo) bool {
	if p == psn.PoweredOn {
		return c.Connected
	}
	return c.StartConnected
}
