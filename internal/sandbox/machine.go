package sandbox

import (
	"log/slog"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// machine is what the sandbox knows of a virtual machine beyond the simulator:
// its disks' content and its guest.
type machine struct {
	c   *Center
	ref types.ManagedObjectReference

	mu        sync.Mutex // held across all that must not be torn: a guest's transaction, a snapshot of all disks
	name      string
	disks     map[int32]*disk // by device key
	order     []int32         // keys in device order
	tracking  bool
	snapshots map[types.ManagedObjectReference]struct{}
	instance  string // instance UUID
	// portGroups are the keys of those that its cards are on.
	portGroups map[string]bool
	host       types.ManagedObjectReference // where it runs or is about to
	starting   bool                         // a power on is under way
	on         bool
	stop       chan struct{} // closed at power off
	guest      guestState
}

func newMachine(c *Center, ref types.ManagedObjectReference) *machine {
	m := &machine{c: c, ref: ref, disks: map[int32]*disk{}, snapshots: map[types.ManagedObjectReference]struct{}{}}
	m.guest.rate = c.opt.WriteRate
	m.guest.writing = c.opt.WriteRate > 0
	return m
}

// called gives name and instance UUID to a machine that has none yet: the
// simulator tells of a new machine before it names it.
func (m *machine) called(vm *mo.VirtualMachine) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.name == "" {
		m.name = vm.Name
	}
	if m.instance == "" && vm.Config != nil {
		m.instance = vm.Config.InstanceUuid
	}
}

func (m *machine) running() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.on
}

// attached returns the machine's disks in device order.
func (m *machine) attached() []*disk {
	m.mu.Lock()
	defer m.mu.Unlock()
	disks := make([]*disk, 0, len(m.order))
	for _, k := range m.order {
		disks = append(disks, m.disks[k])
	}
	return disks
}

// setDisks replaces the disks and port groups and returns the disks that are gone.
func (m *machine) setDisks(name string, disks map[int32]*disk, order []int32, portGroups map[string]bool) []*disk {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := map[*disk]bool{}
	for _, d := range disks {
		kept[d] = true
		if m.tracking {
			d.setTracking(true)
		}
	}
	var gone []*disk
	for _, d := range m.disks {
		if !kept[d] {
			gone = append(gone, d)
		}
	}
	m.name, m.disks, m.order, m.portGroups = name, disks, order, portGroups
	return gone
}

// configure follows a reconfiguration.
func (m *machine) configure(name, instance string, tracking *bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name, m.instance = name, instance
	want := tracking != nil && *tracking
	if want == m.tracking {
		return
	}
	m.tracking = want
	for _, d := range m.disks {
		d.setTracking(want)
	}
}

func (d *disk) setTracking(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !on:
		d.track = nil
	case d.track == nil:
		d.track = newTracker()
	}
}

// freeze opens a snapshot on all disks at one instant and writes into the
// snapshot's device list where each content is and its change id.
func (m *machine) freeze(s *simulator.VirtualMachineSnapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.snapshots[s.Self] = struct{}{}
	for _, dev := range s.Config.Hardware.Device {
		vd, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		d, b := m.disks[vd.Key], flatBacking(vd)
		if d == nil || b == nil {
			continue
		}
		name, id, err := d.freeze(s.Self)
		if err != nil {
			slog.Error("sandbox snapshot is incomplete", "disk", d.name, "error", err)
			continue
		}
		b.FileName, b.ChangeId, b.Uuid = name, id, d.uuid
	}
}

func flatBacking(vd *types.VirtualDisk) *types.VirtualDiskFlatVer2BackingInfo {
	b, _ := vd.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	return b
}

// keepSnapshots closes every snapshot that is no longer in the tree.
func (m *machine) keepSnapshots(info *types.VirtualMachineSnapshotInfo) {
	live := map[types.ManagedObjectReference]bool{}
	var walk func([]types.VirtualMachineSnapshotTree)
	walk = func(tree []types.VirtualMachineSnapshotTree) {
		for _, t := range tree {
			live[t.Snapshot] = true
			walk(t.ChildSnapshotList)
		}
	}
	if info != nil {
		walk(info.RootSnapshotList)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for ref := range m.snapshots {
		if live[ref] {
			continue
		}
		delete(m.snapshots, ref)
		for _, d := range m.disks {
			if err := d.release(ref); err != nil {
				slog.Error("sandbox snapshot not consolidated", "disk", d.name, "error", err)
			}
		}
	}
}

// revert brings all disks back to a snapshot.
func (m *machine) revert(ref types.ManagedObjectReference) types.BaseMethodFault {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.disks {
		if err := d.revert(ref); err != nil {
			return &types.FileFault{File: d.name}
		}
	}
	return nil
}

// ResetChangeTracking makes every change id of the machine stale, as a host
// crash does. It reports whether the machine exists.
func (c *Center) ResetChangeTracking(vm string) bool {
	m := c.find(vm)
	if m == nil {
		return false
	}
	for _, d := range m.attached() {
		d.mu.Lock()
		d.track.reset()
		d.mu.Unlock()
	}
	return true
}

// DiskFile is the path of the flat file of the machine's n-th disk (from 0), for
// independent hashing; empty when there is none. While a snapshot is open the
// file holds what the oldest one froze.
func (c *Center) DiskFile(vm string, n int) string {
	m := c.find(vm)
	if m == nil {
		return ""
	}
	if disks := m.attached(); n >= 0 && n < len(disks) {
		return disks[n].path
	}
	return ""
}

// find returns the machine of that name, or nil.
func (c *Center) find(vm string) *machine {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.machines {
		m.mu.Lock()
		name := m.name
		m.mu.Unlock()
		if name == vm {
			return m
		}
	}
	return nil
}
