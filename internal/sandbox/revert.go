package sandbox

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type snapshotProxy struct{ proxy }

func (p *snapshotProxy) RevertToSnapshotTask(ctx *simulator.Context, r *types.RevertToSnapshot_Task) soap.HasFault {
	body := &methods.RevertToSnapshot_TaskBody{}
	s, ok := ctx.Map.Get(r.This).(*simulator.VirtualMachineSnapshot)
	if !ok {
		body.Fault_ = notFound(r.This)
		return body
	}
	vm, ok := ctx.Map.Get(s.Vm).(*simulator.VirtualMachine)
	if !ok {
		body.Fault_ = notFound(s.Vm)
		return body
	}
	var res soap.HasFault = body
	locked(ctx, vm, func() {
		if fault := p.c.revert(ctx, vm, r.This); fault != nil {
			body.Res = &types.RevertToSnapshot_TaskResponse{Returnval: failedTask(ctx, vm, "revertToSnapshot", fault)}
			return
		}
		res = s.RevertToSnapshotTask(ctx, r)
	})
	return res
}

func (p *vmProxy) RevertToCurrentSnapshotTask(ctx *simulator.Context, r *types.RevertToCurrentSnapshot_Task) soap.HasFault {
	body := &methods.RevertToCurrentSnapshot_TaskBody{}
	vm, ok := ctx.Map.Get(r.This).(*simulator.VirtualMachine)
	if !ok {
		body.Fault_ = notFound(r.This)
		return body
	}
	var res soap.HasFault
	locked(ctx, vm, func() {
		if vm.Snapshot != nil && vm.Snapshot.CurrentSnapshot != nil {
			if fault := p.c.revert(ctx, vm, *vm.Snapshot.CurrentSnapshot); fault != nil {
				body.Res = &types.RevertToCurrentSnapshot_TaskResponse{Returnval: failedTask(ctx, vm, "revertSnapshot", fault)}
				res = body
				return
			}
		}
		res = vm.RevertToCurrentSnapshotTask(ctx, r)
	})
	return res
}

// revert brings the machine's disks back; snapshots hold no memory, so it ends
// powered off. The caller holds the machine's lock in the simulator.
func (c *Center) revert(ctx *simulator.Context, vm *simulator.VirtualMachine, ref types.ManagedObjectReference) types.BaseMethodFault {
	m := c.machine(vm.Self)
	if m == nil {
		return &types.ManagedObjectNotFound{Obj: vm.Self}
	}
	m.powerOff()
	if fault := m.revert(ref); fault != nil {
		return fault
	}
	ctx.Update(vm, []types.PropertyChange{
		{Name: "runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff},
		{Name: "summary.runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff},
	})
	return nil
}
