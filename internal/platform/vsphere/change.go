package vsphere

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// UpdateVM implements driver.Site. A running machine takes more vCPUs or memory
// only when its hot-add is enabled; otherwise the error is psn.Conflict.
func (s *Site) UpdateVM(ctx context.Context, r string, c driver.VMChange) error {
	if c.IsZero() {
		return nil
	}
	return s.coded(fmt.Sprintf("update virtual machine %s", r), s.update(ctx, vmRef(r), c))
}

func (s *Site) update(ctx context.Context, vm ref, c driver.VMChange) error {
	spec, err := s.updateSpec(ctx, vm, c)
	if err != nil {
		return err
	}
	if err := s.reconfigure(ctx, vm, spec); err != nil {
		if isFault[types.CpuHotPlugNotSupported](err) || isFault[types.MemoryHotPlugNotSupported](err) {
			err = fmt.Errorf("%w: power the machine off, change its size, power it on", err)
		}
		return err
	}
	if len(newDiskNames(nil, spec.DeviceChange)) > 0 {
		if err := s.nameDisks(ctx, vm); err != nil {
			return fmt.Errorf("disks are added; name them on the machine: %w", err)
		}
	}
	if c.Labels == nil {
		return nil
	}
	tenant, err := s.tenantOfVM(ctx, vm)
	if err == nil && tenant != "" {
		err = s.tags.label(ctx, vm, tenant, *c.Labels, true)
	}
	return err
}

func (s *Site) tenantOfVM(ctx context.Context, vm ref) (psn.TenantID, error) {
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vm, []string{"config.extraConfig"}, &m); err != nil {
		return "", err
	}
	return psn.VMID(marks(m)[keyID]).Tenant(), nil
}

func (s *Site) reconfigure(ctx context.Context, vm ref, spec types.VirtualMachineConfigSpec) error {
	res, err := methods.ReconfigVM_Task(ctx, s.conn.vim, &types.ReconfigVM_Task{This: vm, Spec: spec})
	if err != nil {
		return err
	}
	_, err = s.wait(ctx, res.Returnval)
	return err
}

// Power implements driver.Site.
func (s *Site) Power(ctx context.Context, r string, want psn.PowerState) error {
	return s.coded(fmt.Sprintf("power virtual machine %s %s", r, want), s.power(ctx, vmRef(r), want))
}

func (s *Site) power(ctx context.Context, vm ref, want psn.PowerState) error {
	var task ref
	var err error
	switch want {
	case psn.PoweredOn:
		var res *types.PowerOnVM_TaskResponse
		if res, err = methods.PowerOnVM_Task(ctx, s.conn.vim, &types.PowerOnVM_Task{This: vm}); err == nil {
			task = res.Returnval
		}
	case psn.PoweredOff:
		var res *types.PowerOffVM_TaskResponse
		if res, err = methods.PowerOffVM_Task(ctx, s.conn.vim, &types.PowerOffVM_Task{This: vm}); err == nil {
			task = res.Returnval
		}
	case psn.Suspended:
		var res *types.SuspendVM_TaskResponse
		if res, err = methods.SuspendVM_Task(ctx, s.conn.vim, &types.SuspendVM_Task{This: vm}); err == nil {
			task = res.Returnval
		}
	default:
		return psn.Errorf(psn.InvalidInput, "power state %q is unknown: use %q, %q or %q", want, psn.PoweredOn, psn.PoweredOff, psn.Suspended)
	}
	if err == nil {
		_, err = s.wait(ctx, task)
	}
	if there, ok := existingPower(err); ok && there == want {
		return nil
	}
	return err
}

// existingPower is the state that an InvalidPowerState fault reports.
func existingPower(err error) (psn.PowerState, bool) {
	switch f := faultOf(err).(type) {
	case types.InvalidPowerState:
		return power(f.ExistingState), true
	case *types.InvalidPowerState:
		return power(f.ExistingState), true
	}
	return "", false
}

// DeleteVM implements driver.Site.
func (s *Site) DeleteVM(ctx context.Context, r string) error {
	err := s.deleteVM(ctx, vmRef(r))
	if isFault[types.ManagedObjectNotFound](err) {
		return nil
	}
	return s.coded(fmt.Sprintf("delete virtual machine %s", r), err)
}

func (s *Site) deleteVM(ctx context.Context, vm ref) error {
	if err := s.power(ctx, vm, psn.PoweredOff); err != nil {
		return err
	}
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vm, []string{"name", "snapshot", "config.hardware.device", "config.extraConfig", "config.files.vmPathName"}, &m); err != nil {
		return err
	}
	if values := marks(m); values[keyGroup] != "" {
		if err := s.syncGroup(ctx, psn.VMID(values[keyID]).Tenant(), values[keyGroup], vm); err != nil {
			return fmt.Errorf("leave group %q: %w", values[keyGroup], err)
		}
	}
	ways := straysOf(m) // of a call cut off: with the machine nobody would know of them
	if off := attachedDisks(m); len(off.DeviceChange) > 0 {
		// A disk that is taken off still goes with the snapshots that hold it.
		if len(volumesOf(m)) > 0 || len(foreignDisks(m)) > 0 {
			if err := noSnapshots(m, "it has disks that are not its own, and is not deleted"); err != nil {
				return err
			}
		}
		for ref, d := range volumesOf(m) {
			marks, way := setOff(m, ref, d)
			off.ExtraConfig = append(off.ExtraConfig, marks...)
			if way != nil {
				ways[ref] = *way
			}
		}
		if err := s.reconfigure(ctx, vm, off); err != nil {
			return fmt.Errorf("detach disks of other machines: %w", err)
		}
	}
	if err := s.bringAllHome(ctx, ways); err != nil {
		return err
	}
	return s.destroy(ctx, vm)
}

// attachedDisks takes off every disk that AttachDisk, AttachVolume or somebody by
// hand put on the machine.
func attachedDisks(m mo.VirtualMachine) types.VirtualMachineConfigSpec {
	spec := types.VirtualMachineConfigSpec{}
	values := marks(m)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		id, ours := strings.CutPrefix(key, keyAttached)
		if !ours {
			if id, ours = strings.CutPrefix(key, keyVolume); !ours {
				continue
			}
		}
		if disk := diskByID(m, id); disk != nil {
			spec.DeviceChange = append(spec.DeviceChange, removeDevice(disk))
			spec.ExtraConfig = append(spec.ExtraConfig, options(key, "")...)
		}
	}
	for _, d := range foreignDisks(m) {
		spec.DeviceChange = append(spec.DeviceChange, removeDevice(d))
	}
	return spec
}

// removeDevice takes a device off and leaves its file.
func removeDevice(d types.BaseVirtualDevice) *types.VirtualDeviceConfigSpec {
	return &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationRemove, Device: d}
}

// ShutdownGuest implements driver.Guest.
func (s *Site) ShutdownGuest(ctx context.Context, r string) error {
	_, err := methods.ShutdownGuest(ctx, s.conn.vim, &types.ShutdownGuest{This: vmRef(r)})
	if there, ok := existingPower(err); ok && there == psn.PoweredOff {
		return nil
	}
	return s.coded(fmt.Sprintf("shut down the guest of virtual machine %s", r), err)
}

// SetLinks implements driver.Links in one change of the machine. A machine that
// does not run has its cards set for the next power on.
func (s *Site) SetLinks(ctx context.Context, r string, want bool, except ...string) error {
	doing := fmt.Sprintf("set links of virtual machine %s", r)
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vmRef(r), []string{"config.hardware.device", "runtime.powerState"}, &m); err != nil {
		return s.coded(doing, err)
	}
	on := m.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	spec := types.VirtualMachineConfigSpec{}
	if m.Config != nil {
		for _, d := range m.Config.Hardware.Device {
			card, ok := d.(types.BaseVirtualEthernetCard)
			if !ok {
				continue
			}
			c := card.GetVirtualEthernetCard()
			if slices.ContainsFunc(except, func(mac string) bool { return strings.EqualFold(mac, c.MacAddress) }) {
				continue
			}
			if c.Connectable == nil {
				c.Connectable = &types.VirtualDeviceConnectInfo{AllowGuestControl: true}
			}
			if c.Connectable.StartConnected == want && (!on || c.Connectable.Connected == want) {
				continue
			}
			c.Connectable.StartConnected = want
			if on {
				c.Connectable.Connected = want
			}
			spec.DeviceChange = append(spec.DeviceChange, &types.VirtualDeviceConfigSpec{
				Operation: types.VirtualDeviceConfigSpecOperationEdit, Device: d,
			})
		}
	}
	if len(spec.DeviceChange) == 0 {
		return nil
	}
	return s.coded(doing, s.reconfigure(ctx, vmRef(r), spec))
}
