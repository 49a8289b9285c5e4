package sandbox

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// CloneVMTask makes a copy of a machine or template with the bytes of its disks,
// on a host of the resource pool's cluster, then applies the changes of devices:
// in the request they speak of the original's.
func (p *vmProxy) CloneVMTask(ctx *simulator.Context, r *types.CloneVM_Task) soap.HasFault {
	body := &methods.CloneVM_TaskBody{}
	vm, ok := ctx.Map.Get(r.This).(*simulator.VirtualMachine)
	if !ok {
		body.Fault_ = notFound(r.This)
		return body
	}
	f, ok := ctx.Map.Get(r.Folder).(*simulator.Folder)
	if !ok {
		body.Fault_ = notFound(r.Folder)
		return body
	}
	locked(ctx, vm, func() {
		var task types.ManagedObjectReference
		if fault := p.c.checkClone(ctx, vm, f, r); fault != nil {
			task = failedTask(ctx, vm, "cloneVm", fault)
		} else {
			task = simulator.CreateTask(vm, "cloneVm", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
				return p.c.clone(ctx, vm, r)
			}).Run(ctx)
		}
		body.Res = &types.CloneVM_TaskResponse{Returnval: task}
	})
	return body
}

// checkClone refuses what cannot be cloned, and names a host of the pool's
// cluster where none is named.
func (c *Center) checkClone(ctx *simulator.Context, vm *simulator.VirtualMachine, f *simulator.Folder, r *types.CloneVM_Task) types.BaseMethodFault {
	var fault types.BaseMethodFault
	locked(ctx, f, func() { fault = duplicate(ctx, f, r.Name) })
	if fault != nil {
		return fault
	}
	reach, home := mountedFor(ctx, vm), ""
	if pool := r.Spec.Location.Pool; pool != nil {
		cluster := clusterOf(ctx, *pool)
		if len(cluster.Host) == 0 {
			return &types.ManagedObjectNotFound{Obj: *pool}
		}
		reach = cluster.Datastore
		if r.Spec.Location.Host == nil {
			r.Spec.Location.Host = &cluster.Host[0]
		}
	}
	if ds := r.Spec.Location.Datastore; ds != nil {
		store, known := ctx.Map.Get(*ds).(*simulator.Datastore)
		if !known {
			return &types.ManagedObjectNotFound{Obj: *ds}
		}
		home = store.Name
		if fault := c.unreachable(reach, home); fault != nil {
			return fault
		}
	}
	var adds []types.BaseVirtualDeviceConfigSpec
	if r.Spec.Config != nil {
		for _, ch := range r.Spec.Config.DeviceChange {
			if ch.GetVirtualDeviceConfigSpec().Operation == types.VirtualDeviceConfigSpecOperationAdd {
				adds = append(adds, ch)
			}
		}
	}
	return c.checkDevices(ctx, nil, reach, home, adds)
}

func (c *Center) clone(ctx *simulator.Context, vm *simulator.VirtualMachine, r *types.CloneVM_Task) (types.AnyType, types.BaseMethodFault) {
	req := *r
	change := types.VirtualMachineConfigSpec{}
	if r.Spec.Config != nil {
		cfg := *r.Spec.Config
		change.DeviceChange, change.GuestId, change.Annotation, change.Firmware = cfg.DeviceChange, cfg.GuestId, cfg.Annotation, cfg.Firmware
		cfg.DeviceChange = nil
		req.Spec.Config = &cfg
	}
	on := req.Spec.PowerOn
	req.Spec.PowerOn = false
	made, fault := c.finish(ctx, vm.CloneVMTask(ctx, &req).(*methods.CloneVM_TaskBody).Res.Returnval)
	if fault != nil {
		return nil, fault
	}
	ref := made.(types.ManagedObjectReference)
	clone := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	fault = c.copyDisks(vm.Self, ref)
	if fault == nil {
		fault = c.changeClone(ctx, clone, change)
	}
	if fault == nil && on {
		locked(ctx, clone, func() {
			_, fault = c.finish(ctx, clone.PowerOnVMTask(ctx, &types.PowerOnVM_Task{This: ref}).(*methods.PowerOnVM_TaskBody).Res.Returnval)
		})
	}
	if fault != nil {
		locked(ctx, clone, func() {
			_, _ = c.finish(ctx, clone.DestroyTask(ctx, &types.Destroy_Task{This: ref}).(*methods.Destroy_TaskBody).Res.Returnval)
		})
		return nil, fault
	}
	return ref, nil
}

// changeClone applies changes of devices that name those of the original.
func (c *Center) changeClone(ctx *simulator.Context, clone *simulator.VirtualMachine, s types.VirtualMachineConfigSpec) (fault types.BaseMethodFault) {
	locked(ctx, clone, func() {
		for _, ch := range s.DeviceChange {
			spec := ch.GetVirtualDeviceConfigSpec()
			if spec.Operation != types.VirtualDeviceConfigSpecOperationEdit || spec.Device == nil {
				continue
			}
			i := slices.IndexFunc(clone.Config.Hardware.Device, func(d types.BaseVirtualDevice) bool {
				return d.GetVirtualDevice().Key == spec.Device.GetVirtualDevice().Key
			})
			if i < 0 {
				fault = &types.InvalidDeviceSpec{}
				return
			}
			spec.Device.GetVirtualDevice().Backing = clone.Config.Hardware.Device[i].GetVirtualDevice().Backing
		}
		if fault = c.checkReconfigure(ctx, clone, &s); fault == nil {
			_, fault = c.finish(ctx, clone.ReconfigVMTask(ctx, &types.ReconfigVM_Task{This: clone.Self, Spec: s}).(*methods.ReconfigVM_TaskBody).Res.Returnval)
		}
	})
	return fault
}

// copyDisks gives the disks of one machine the live content of another's, in order.
func (c *Center) copyDisks(from, to types.ManagedObjectReference) types.BaseMethodFault {
	src, dst := c.machine(from), c.machine(to)
	if src == nil || dst == nil {
		return &types.ManagedObjectNotFound{Obj: from}
	}
	sources, targets := src.attached(), dst.attached()
	if len(sources) != len(targets) {
		return &types.SystemError{Reason: "clone has not the disks of its original"}
	}
	for i, d := range sources {
		d.mu.Lock()
		err := d.copyLive(targets[i].path)
		d.mu.Unlock()
		if err != nil {
			return &types.FileFault{File: targets[i].name}
		}
	}
	return nil
}

// finish waits for a task of the simulator and returns its outcome.
func (c *Center) finish(ctx *simulator.Context, ref types.ManagedObjectReference) (types.AnyType, types.BaseMethodFault) {
	t := ctx.Map.Get(ref).(*simulator.Task)
	t.Wait()
	if t.Info.Error != nil {
		return nil, t.Info.Error.Fault
	}
	return t.Info.Result, nil
}
