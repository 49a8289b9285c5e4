package sandbox

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// observer hears of every change in the simulator's inventory, whichever call
// it came from, and keeps disks, guests and device links in step. It runs
// inside the change: a task is not done before it returns.
type observer struct {
	Self types.ManagedObjectReference
	c    *Center
}

// Reference implements mo.Reference.
func (o *observer) Reference() types.ManagedObjectReference { return o.Self }

// PutObject implements simulator.RegisterObject.
func (o *observer) PutObject(_ *simulator.Context, obj mo.Reference) {
	switch x := obj.(type) {
	case *simulator.Task:
		x.Execute = survive(x.Execute)
	case *simulator.VirtualMachine:
		o.c.addMachine(x.Self)
	case *simulator.VirtualMachineSnapshot:
		if m := o.c.machine(x.Vm); m != nil {
			m.freeze(x)
		}
	}
}

// UpdateObject implements simulator.RegisterObject.
func (o *observer) UpdateObject(ctx *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	vm, ok := obj.(*mo.VirtualMachine)
	if !ok {
		return
	}
	m := o.c.machine(vm.Self)
	if m == nil { // not registered yet, or being destroyed
		o.c.dropMissing()
		o.c.changedSpace(ctx)
		return
	}
	m.called(vm)
	for _, ch := range changes {
		switch ch.Name {
		case "config.hardware.device":
			o.c.syncDisks(m, vm)
			o.c.changedSpace(ctx)
		case "config.changeVersion": // the last step of every reconfiguration
			m.configure(vm.Name, vm.Config.InstanceUuid, vm.Config.ChangeTrackingEnabled)
		case "runtime.powerState":
			if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
				m.powerOn(vm.Runtime.Host)
			} else {
				m.powerOff()
				o.c.showGuest(ctx, vm.Self, nil)
			}
		case "snapshot", "snapshot.rootSnapshotList":
			m.keepSnapshots(vm.Snapshot)
		}
	}
}

// RemoveObject implements simulator.RegisterObject.
func (o *observer) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	if ref.Type == "VirtualMachine" {
		o.c.dropMachine(ref)
	}
}

func (c *Center) machine(ref types.ManagedObjectReference) *machine {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machines[ref]
}

func (c *Center) addMachine(ref types.ManagedObjectReference) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.machines[ref] == nil {
		c.machines[ref] = newMachine(c, ref)
	}
}

func (c *Center) dropMachine(ref types.ManagedObjectReference) {
	c.mu.Lock()
	m := c.machines[ref]
	delete(c.machines, ref)
	if m != nil {
		for _, d := range m.attached() {
			c.detachLocked(d, m)
		}
	}
	c.mu.Unlock()
	if m != nil {
		m.powerOff()
	}
}

// disk returns the disk whose descriptor is at the datastore path, or nil.
func (c *Center) disk(name string) *disk {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.disks[c.flatPath(name)]
}

// syncDisks makes the machine's disks those of its device list.
func (c *Center) syncDisks(m *machine, vm *mo.VirtualMachine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	disks := map[int32]*disk{}
	var order []int32
	for _, dev := range vm.Config.Hardware.Device {
		vd, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		b, ok := vd.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if !ok {
			continue
		}
		d := c.openDisk(b, vd.CapacityInBytes, vm.Name)
		if d == nil {
			continue
		}
		d.users[m] = struct{}{}
		delete(c.loose, d.path)
		disks[vd.Key] = d
		order = append(order, vd.Key)
	}
	slices.Sort(order) // an edited device stands last in the simulator's list
	for _, old := range m.setDisks(vm.Name, disks, order, portGroupsOf(vm.Config.Hardware.Device)) {
		c.detachLocked(old, m)
	}
	if vm.Name == c.worker {
		c.linkDevices(disks)
	}
	c.dropMissingLocked()
}

// openDisk returns the disk of a backing, known or new, at least so large.
func (c *Center) openDisk(b *types.VirtualDiskFlatVer2BackingInfo, size int64, vm string) *disk {
	path := c.flatPath(b.FileName)
	if path == "" || size <= 0 {
		return nil
	}
	d := c.disks[path]
	isNew := d == nil
	if isNew {
		var p object.DatastorePath
		p.FromString(b.FileName)
		d = &disk{name: b.FileName, path: path, store: p.Datastore, uuid: b.Uuid, users: map[*machine]struct{}{}}
		c.disks[path] = d
	}
	if size > d.size {
		d.mu.Lock()
		if !isNew {
			d.track.reset() // growing a disk makes its change ids stale
		}
		c.used[d.store] += size - d.size
		d.size = size
		d.mu.Unlock()
		if fi, err := os.Stat(path); err == nil && fi.Size() < size {
			if err := os.Truncate(path, size); err != nil {
				slog.Error("sandbox disk not extended", "disk", b.FileName, "error", err)
			}
		}
		if !isNew {
			if err := describe(path, size); err != nil {
				slog.Error("sandbox disk has an old descriptor", "disk", b.FileName, "error", err)
			}
		}
		if isNew && c.opt.DirtyDisks && c.worker != "" && vm != c.worker && c.built.Load() {
			c.dirty(d)
		}
	}
	return d
}

// dirty fills a new disk with 0xAA.
func (c *Center) dirty(d *disk) {
	fill := make([]byte, 1<<20)
	for i := range fill {
		fill[i] = 0xAA
	}
	for off := int64(0); off < d.size; off += int64(len(fill)) {
		if err := d.writeFile(fill[:min(int64(len(fill)), d.size-off)], off); err != nil {
			slog.Error("sandbox disk not filled", "disk", d.name, "error", err)
			return
		}
	}
}

func (c *Center) detachLocked(d *disk, m *machine) {
	delete(d.users, m)
	if len(d.users) == 0 {
		c.loose[d.path] = d
	}
}

// dropMissing forgets disks that no machine has and whose file is gone.
func (c *Center) dropMissing() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropMissingLocked()
}

func (c *Center) dropMissingLocked() {
	for path, d := range c.loose {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			delete(c.loose, path)
			delete(c.disks, path)
			c.used[d.store] -= d.size
		}
	}
}

// changedSpace is accountSpace once the center is built; before, build does it
// at the end, for all machines at once.
func (c *Center) changedSpace(ctx *simulator.Context) {
	if c.built.Load() {
		c.accountSpace(ctx)
	}
}

// accountSpace sets the free space of every datastore to what its disks leave.
// It writes only what differs: the simulator reads datastores without a lock.
func (c *Center) accountSpace(ctx *simulator.Context) {
	for name, ds := range c.stores {
		c.mu.Lock()
		used := c.used[name]
		c.mu.Unlock()
		locked(ctx, ds, func() {
			if ds.Summary.Capacity == c.capacity && ds.Summary.FreeSpace == c.capacity-used {
				return
			}
			ds.Summary.Capacity = c.capacity
			ds.Summary.FreeSpace = c.capacity - used
			info := ds.Info.GetDatastoreInfo()
			info.FreeSpace = ds.Summary.FreeSpace
			info.MaxFileSize = c.capacity
		})
	}
}

// linkDevices makes the folder of device links show the disks that the worker
// has from other machines.
func (c *Center) linkDevices(disks map[int32]*disk) {
	want := map[string]string{}
	for _, d := range disks {
		if filepath.Base(filepath.Dir(d.path)) != c.worker {
			want["wwn-0x"+strings.ToLower(strings.ReplaceAll(d.uuid, "-", ""))] = d.path
		}
	}
	entries, err := os.ReadDir(c.devices)
	if err != nil {
		slog.Error("sandbox devices", "error", err)
		return
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; ok {
			delete(want, e.Name())
		} else if err := os.Remove(filepath.Join(c.devices, e.Name())); err != nil {
			slog.Error("sandbox device not removed", "error", err)
		}
	}
	for name, path := range want {
		if err := os.Symlink(path, filepath.Join(c.devices, name)); err != nil {
			slog.Error("sandbox device not made", "error", err)
		}
	}
}
