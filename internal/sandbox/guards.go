package sandbox

import (
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// The guards refuse what a vCenter refuses and the simulator accepts, or dies of.

type folderProxy struct{ proxy }

func (p *folderProxy) CreateVMTask(ctx *simulator.Context, r *types.CreateVM_Task) soap.HasFault {
	body := &methods.CreateVM_TaskBody{}
	f, ok := ctx.Map.Get(r.This).(*simulator.Folder)
	if !ok {
		body.Fault_ = notFound(r.This)
		return body
	}
	var res soap.HasFault = body
	// The task takes over the lock, so nothing comes between check and act.
	locked(ctx, f, func() {
		if fault := p.c.checkCreate(ctx, f, r); fault != nil {
			body.Res = &types.CreateVM_TaskResponse{Returnval: failedTask(ctx, f, "createVM", fault)}
			return
		}
		res = f.CreateVMTask(ctx, r)
	})
	return res
}

func notFound(ref types.ManagedObjectReference) *soap.Fault {
	return simulator.Fault("managed object not found: "+ref.Value, &types.ManagedObjectNotFound{Obj: ref})
}

func (c *Center) checkCreate(ctx *simulator.Context, f *simulator.Folder, r *types.CreateVM_Task) types.BaseMethodFault {
	if fault := duplicate(ctx, f, r.Config.Name); fault != nil {
		return fault
	}
	if id := r.Config.GuestId; id != "" && !slices.Contains(simulator.GuestID, types.VirtualMachineGuestOsIdentifier(id)) {
		return &types.InvalidArgument{InvalidProperty: "configSpec.guestId"}
	}
	if _, ok := ctx.Map.Get(r.Pool).(mo.Entity); !ok {
		return &types.ManagedObjectNotFound{Obj: r.Pool}
	}
	if r.Config.Files == nil {
		return &types.InvalidVmConfig{Property: "configSpec.files.vmPathName"}
	}
	var p object.DatastorePath
	if !p.FromString(r.Config.Files.VmPathName) || c.stores[p.Datastore] == nil {
		return &types.InvalidDatastorePath{DatastorePath: r.Config.Files.VmPathName}
	}
	reach := clusterOf(ctx, r.Pool).Datastore
	if fault := c.unreachable(reach, p.Datastore); fault != nil {
		return fault
	}
	return c.checkDevices(ctx, nil, reach, p.Datastore, r.Config.DeviceChange)
}

// unreachable is the fault of using a datastore that no host in question mounts.
func (c *Center) unreachable(reach []types.ManagedObjectReference, store string) types.BaseMethodFault {
	if ds := c.stores[store]; ds != nil && !slices.Contains(reach, ds.Self) {
		return &types.InvalidDatastore{Datastore: &ds.Self, Name: store}
	}
	return nil
}

// mountedFor lists the datastores that the host of the machine mounts.
func mountedFor(ctx *simulator.Context, vm *simulator.VirtualMachine) []types.ManagedObjectReference {
	if vm.Runtime.Host == nil {
		return nil
	}
	host, ok := ctx.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem)
	if !ok {
		return nil
	}
	return host.Datastore
}

func duplicate(ctx *simulator.Context, f *simulator.Folder, name string) types.BaseMethodFault {
	if e := ctx.Map.FindByName(name, f.ChildEntity); e != nil {
		return &types.DuplicateName{Name: name, Object: e.Reference()}
	}
	return nil
}

// clusterOf returns the cluster that owns the resource pool.
func clusterOf(ctx *simulator.Context, pool types.ManagedObjectReference) *simulator.ClusterComputeResource {
	for ref := &pool; ref != nil; {
		switch e := ctx.Map.Get(*ref).(type) {
		case *simulator.ClusterComputeResource:
			return e
		case mo.Entity:
			ref = e.Entity().Parent
		default:
			ref = nil
		}
	}
	return &simulator.ClusterComputeResource{}
}

// checkDevices checks device changes of vm (nil while it is being created) and
// gives every disk the identity of its content. reach lists the datastores that
// its host mounts, home names the one of its own files.
func (c *Center) checkDevices(ctx *simulator.Context, vm *simulator.VirtualMachine, reach []types.ManagedObjectReference, home string, changes []types.BaseVirtualDeviceConfigSpec) types.BaseMethodFault {
	need := map[string]int64{}
	for i, ch := range changes {
		spec := ch.GetVirtualDeviceConfigSpec()
		invalid := &types.InvalidDeviceSpec{DeviceIndex: int32(i)}
		if spec.Device == nil {
			return invalid
		}
		if spec.Operation == types.VirtualDeviceConfigSpecOperationRemove {
			continue
		}
		switch b := spec.Device.GetVirtualDevice().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			if b.DeviceName != c.Network() {
				return invalid
			}
		case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
			if !c.hasPortGroup(ctx, b.Port) {
				return invalid
			}
		case *types.VirtualEthernetCardOpaqueNetworkBackingInfo:
			return invalid // there are no such networks
		}
		disk, ok := spec.Device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		b, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if !ok {
			return invalid
		}
		var p object.DatastorePath
		store := home
		if p.FromString(b.FileName) && p.Datastore != "" {
			store = p.Datastore
		}
		if c.stores[store] == nil {
			return &types.InvalidDatastorePath{DatastorePath: b.FileName}
		}
		if fault := c.unreachable(reach, store); fault != nil {
			return fault // the simulator would die of it
		}
		size := max(disk.CapacityInBytes, disk.CapacityInKB*1024)
		known := c.disk(b.FileName)
		switch {
		case spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationCreate:
			b.Uuid = uuid.NewString()
			need[store] += size
		case known == nil:
			return &types.FileNotFound{FileFault: types.FileFault{File: b.FileName}}
		default:
			spec.FileOperation = "" // the simulator would truncate the disk on "replace"
			b.Uuid = known.uuid
			if spec.Operation == types.VirtualDeviceConfigSpecOperationAdd {
				if c.lockedFor(known, vm) {
					return &types.FileLocked{FileFault: types.FileFault{File: b.FileName}}
				}
				disk.CapacityInBytes, disk.CapacityInKB = known.size, known.size/1024
			} else if size != known.size && known.frozen() {
				return &types.InvalidDeviceOperation{InvalidDeviceSpec: *invalid} // as on vSphere: no resize under a snapshot
			} else {
				need[store] += size - known.size
			}
		}
	}
	for store, n := range need {
		var free int64
		locked(ctx, c.stores[store], func() { free = c.stores[store].Summary.FreeSpace })
		if n > free {
			return &types.NoDiskSpace{FileFault: types.FileFault{File: "[" + store + "]"}, Datastore: store}
		}
	}
	return nil
}

// lockedFor reports whether vm may not use the disk now: it has it already, or
// both it and another machine that has it are running.
func (c *Center) lockedFor(d *disk, vm *simulator.VirtualMachine) bool {
	if vm == nil {
		return false
	}
	on := vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	c.mu.Lock()
	defer c.mu.Unlock()
	for m := range d.users {
		if m.ref == vm.Self || on && m.running() {
			return true
		}
	}
	return false
}

type vmProxy struct{ proxy }

func (p *vmProxy) ReconfigVMTask(ctx *simulator.Context, r *types.ReconfigVM_Task) soap.HasFault {
	body := &methods.ReconfigVM_TaskBody{}
	vm, ok := ctx.Map.Get(r.This).(*simulator.VirtualMachine)
	if !ok {
		body.Fault_ = notFound(r.This)
		return body
	}
	var res soap.HasFault = body
	locked(ctx, vm, func() {
		if fault := p.c.checkReconfigure(ctx, vm, &r.Spec); fault != nil {
			body.Res = &types.ReconfigVM_TaskResponse{Returnval: failedTask(ctx, vm, "reconfigVm", fault)}
			return
		}
		res = vm.ReconfigVMTask(ctx, r)
	})
	return res
}

func (c *Center) checkReconfigure(ctx *simulator.Context, vm *simulator.VirtualMachine, s *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	is := func(b *bool) bool { return b != nil && *b }
	if is(s.ChangeTrackingEnabled) && !is(vm.Config.ChangeTrackingEnabled) && vm.Snapshot != nil {
		return &types.InvalidState{}
	}
	if f, ok := ctx.Map.Get(*vm.Parent).(*simulator.Folder); ok && s.Name != "" && s.Name != vm.Name {
		var fault types.BaseMethodFault
		locked(ctx, f, func() { fault = duplicate(ctx, f, s.Name) })
		if fault != nil {
			return fault
		}
	}
	var p object.DatastorePath
	p.FromString(vm.Config.Files.VmPathName)
	return c.checkDevices(ctx, vm, mountedFor(ctx, vm), p.Datastore, s.DeviceChange)
}

func (p *vmProxy) PowerOnVMTask(ctx *simulator.Context, r *types.PowerOnVM_Task) soap.HasFault {
	body := &methods.PowerOnVM_TaskBody{}
	vm, ok := ctx.Map.Get(r.This).(*simulator.VirtualMachine)
	if !ok {
		body.Fault_ = notFound(r.This)
		return body
	}
	var res soap.HasFault = body
	locked(ctx, vm, func() {
		if file := p.c.heldElsewhere(vm.Self); file != "" {
			fault := &types.FileLocked{FileFault: types.FileFault{File: file}}
			body.Res = &types.PowerOnVM_TaskResponse{Returnval: failedTask(ctx, vm, "powerOn", fault)}
			return
		}
		if fault := p.c.obeyRules(ctx, vm); fault != nil {
			body.Res = &types.PowerOnVM_TaskResponse{Returnval: failedTask(ctx, vm, "powerOn", fault)}
			return
		}
		res = vm.PowerOnVMTask(ctx, r)
	})
	return res
}

// heldElsewhere names a disk of the machine that another running machine has.
func (c *Center) heldElsewhere(ref types.ManagedObjectReference) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	self := c.machines[ref]
	if self == nil {
		return ""
	}
	for _, d := range self.attached() {
		for m := range d.users {
			if m != self && m.running() {
				return d.name
			}
		}
	}
	return ""
}

// flatPath returns the file with the content of the disk whose descriptor is at
// the datastore path, empty when there is no such datastore.
func (c *Center) flatPath(name string) string {
	var p object.DatastorePath
	if !p.FromString(name) || c.stores[p.Datastore] == nil {
		return ""
	}
	clean := strings.TrimPrefix(path.Clean("/"+p.Path), "/")
	return path.Join(c.root, p.Datastore, simulator.VirtualDiskBackingFileName(clean))
}
