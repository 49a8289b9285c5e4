package vsphere

import (
	"context"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// deviceID is the name under which a Linux guest knows a disk: the backing's
// UUID, lower-case, without hyphens.
func deviceID(d *types.VirtualDisk) string {
	return strings.ToLower(strings.ReplaceAll(backingOf(d).uuid, "-", ""))
}

// AttachDisk implements driver.DiskAttacher: the disk's file is hot-added to
// the worker as an independent disk, so that a snapshot of the worker leaves it
// alone. The worker remembers in its ExtraConfig that the disk is not its own.
func (s *Site) AttachDisk(ctx context.Context, worker, r string, diskKey int32) (string, error) {
	id, err := s.attachDisk(ctx, worker, r, diskKey)
	return id, s.coded(fmt.Sprintf("attach disk %d of virtual machine %s to worker %s", diskKey, r, worker), err)
}

func (s *Site) attachDisk(ctx context.Context, worker, r string, diskKey int32) (string, error) {
	defer s.workers.lock(worker)()
	var owner mo.VirtualMachine
	if err := s.readOne(ctx, vmRef(r), []string{"name", "config.hardware.device", "runtime.powerState", "snapshot"}, &owner); err != nil {
		return "", err
	}
	disk := diskByKey(owner, diskKey)
	switch {
	case disk == nil:
		return "", psn.Errorf(psn.NotFound, "machine %q has no disk with key %d", owner.Name, diskKey)
	case deviceID(disk) == "":
		return "", psn.Errorf(psn.Unsupported, "disk %d of machine %q shows no UUID: the worker could not tell it from others", diskKey, owner.Name)
	}
	var w mo.VirtualMachine
	if err := s.readOne(ctx, vmRef(worker), []string{"name", "config.hardware.device"}, &w); err != nil {
		return "", err
	}
	if d := diskByID(w, deviceID(disk)); d != nil {
		return deviceID(disk), nil
	}
	if owner.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		return "", psn.Errorf(psn.Conflict, "machine %q is powered on: its disk can be written from outside only while it is off", owner.Name)
	}
	if len(snapshotTree(owner)) > 0 {
		return "", psn.Errorf(psn.Conflict, "machine %q has snapshots: writing its disk from outside would break them; remove them first", owner.Name)
	}
	change, err := hotAdd(w, disk)
	if err != nil {
		return "", err
	}
	err = s.reconfigure(ctx, vmRef(worker), types.VirtualMachineConfigSpec{
		DeviceChange: change,
		ExtraConfig:  options(keyAttached+deviceID(disk), r+"/"+fmt.Sprint(diskKey)),
	})
	if isFault[types.InvalidDatastore](err) {
		return "", psn.Errorf(psn.InvalidInput, "host of worker %q does not mount the datastore of %s (InvalidDatastore): move the worker to a host that does, or make the machine on a datastore that the worker's host mounts", w.Name, backingOf(disk).path)
	}
	return deviceID(disk), err
}

// hotAdd puts the disk's file on a free unit of the worker, with a new
// controller when all are full.
func hotAdd(w mo.VirtualMachine, disk *types.VirtualDisk) ([]types.BaseVirtualDeviceConfigSpec, error) {
	var devices []types.BaseVirtualDevice
	if w.Config != nil {
		devices = w.Config.Hardware.Device
	}
	u := newUnits(devices)
	controller, unit, err := u.next()
	if err != nil {
		return nil, fmt.Errorf("machine %q: %w", w.Name, err)
	}
	b := backingOf(disk)
	d := &types.VirtualDisk{CapacityInBytes: capacityOf(disk), CapacityInKB: capacityOf(disk) >> 10}
	d.Key, d.ControllerKey, d.UnitNumber = -200, controller, &unit
	d.Backing = &types.VirtualDiskFlatVer2BackingInfo{
		VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: b.path, Datastore: b.datastore},
		DiskMode:                     string(types.VirtualDiskModeIndependent_persistent),
		Uuid:                         b.uuid,
	}
	return append(u.added, addDevice(d)), nil
}

// DetachDisk implements driver.DiskAttacher. It takes off only disks that
// AttachDisk put there.
func (s *Site) DetachDisk(ctx context.Context, worker, id string) error {
	return s.coded(fmt.Sprintf("detach disk %s from worker %s", id, worker), s.detachDisk(ctx, worker, id))
}

func (s *Site) detachDisk(ctx context.Context, worker, id string) error {
	defer s.workers.lock(worker)()
	var w mo.VirtualMachine
	if err := s.readOne(ctx, vmRef(worker), []string{"name", "config.hardware.device", "config.extraConfig"}, &w); err != nil {
		return err
	}
	d := diskByID(w, id)
	if d == nil {
		return nil
	}
	if marks(w)[keyAttached+id] == "" {
		return psn.Errorf(psn.Conflict, "disk %s was not attached by this project: it belongs to worker %q itself", id, w.Name)
	}
	return s.reconfigure(ctx, vmRef(worker), types.VirtualMachineConfigSpec{
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{removeDevice(d)},
		ExtraConfig:  options(keyAttached+id, ""),
	})
}

func diskByKey(m mo.VirtualMachine, key int32) *types.VirtualDisk {
	return findDisk(m, func(d *types.VirtualDisk) bool { return d.Key == key })
}

func diskByID(m mo.VirtualMachine, id string) *types.VirtualDisk {
	return findDisk(m, func(d *types.VirtualDisk) bool { return deviceID(d) == id })
}

func findDisk(m mo.VirtualMachine, is func(*types.VirtualDisk) bool) *types.VirtualDisk {
	if m.Config == nil {
		return nil
	}
	for _, d := range m.Config.Hardware.Device {
		if disk, ok := d.(*types.VirtualDisk); ok && is(disk) {
			return disk
		}
	}
	return nil
}
