package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A machine names its own disks, those that are grown and deleted with it: by UUID,
// because people take disks off and put others in their place. A disk that a request
// makes has no UUID before; until the next one names it, its unit stands for it, so
// that one that was cut off in between neither loses a disk nor makes it twice.

// noDisks is what a machine says that has no disk of its own; no value would be no
// word at all.
const noDisks = "none"

// ownDisks are the disks that were made or taken over with the machine, in order.
func ownDisks(m mo.VirtualMachine) []*types.VirtualDisk {
	all, values := plainDisks(m), marks(m)
	switch {
	case values[keyOwn] != "":
		named := strings.Fields(values[keyOwn])
		return slices.DeleteFunc(all, func(d *types.VirtualDisk) bool {
			return !slices.Contains(named, deviceID(d)) && !slices.Contains(named, unitName(m.Config.Hardware.Device, d))
		})
	case values[keyID] == "":
		return all // nobody's machine: as it stands it is taken over
	}
	// It was made before disks were named.
	own := slices.DeleteFunc(all, func(d *types.VirtualDisk) bool { return !inHome(m, d) })
	if n, err := strconv.Atoi(values[keyDisks]); err == nil && n >= 0 && n < len(own) {
		return own[:n]
	}
	return own
}

// inHome says whether the disk lies where the machine's own files are.
func inHome(m mo.VirtualMachine, d *types.VirtualDisk) bool {
	var home, file object.DatastorePath
	return home.FromString(m.Config.Files.VmPathName) && file.FromString(backingOf(d).path) &&
		home.Datastore == file.Datastore && path.Dir(home.Path) == path.Dir(file.Path)
}

// checkKnown refuses to add a disk to a machine that names none and has one that may
// be the one asked for.
func checkKnown(m mo.VirtualMachine) error {
	values, own := marks(m), ownDisks(m)
	if values[keyOwn] != "" {
		return nil
	}
	if n, err := strconv.Atoi(values[keyDisks]); err == nil && n <= len(own) {
		return nil
	}
	for _, d := range plainDisks(m) {
		if !slices.Contains(own, d) {
			return psn.Errorf(psn.Conflict, "disk %s of machine %q lies outside the machine's folder, and the machine does not say whether it is its own: move it beside %s in the vCenter when it is, take it off when it is not, and apply again",
				backingOf(d).path, m.Name, m.Config.Files.VmPathName)
		}
	}
	return nil
}

// ownList is what a machine says of its own disks.
func ownList(names []string) []types.BaseOptionValue {
	return options(keyOwn, cmp.Or(strings.Join(names, " "), noDisks))
}

// diskNames name disks that stand, by UUID where they show one.
func diskNames(devices []types.BaseVirtualDevice, disks []*types.VirtualDisk) []string {
	var out []string
	for _, d := range disks {
		out = append(out, cmp.Or(deviceID(d), unitName(devices, d)))
	}
	return out
}

// newDiskNames name the disks that a request makes, by unit.
func newDiskNames(devices []types.BaseVirtualDevice, changes []types.BaseVirtualDeviceConfigSpec) []string {
	devices = slices.Clone(devices)
	var made []*types.VirtualDisk
	for _, c := range changes {
		c := c.GetVirtualDeviceConfigSpec()
		if c.Operation != types.VirtualDeviceConfigSpecOperationAdd {
			continue
		}
		devices = append(devices, c.Device)
		if d, ok := c.Device.(*types.VirtualDisk); ok {
			made = append(made, d)
		}
	}
	return unitNames(devices, made)
}

func unitNames(devices []types.BaseVirtualDevice, disks []*types.VirtualDisk) []string {
	var out []string
	for _, d := range disks {
		out = append(out, unitName(devices, d))
	}
	return out
}

// unitName is where a disk is plugged in, as "scsi0:1".
func unitName(devices []types.BaseVirtualDevice, d *types.VirtualDisk) string {
	if d.UnitNumber == nil {
		return ""
	}
	for _, other := range devices {
		c, ok := other.(types.BaseVirtualController)
		if !ok || c.GetVirtualController().Key != d.ControllerKey {
			continue
		}
		kind := "other"
		switch other.(type) {
		case types.BaseVirtualSCSIController:
			kind = "scsi"
		case types.BaseVirtualSATAController:
			kind = "sata"
		case *types.VirtualIDEController:
			kind = "ide"
		case *types.VirtualNVMEController:
			kind = "nvme"
		}
		return fmt.Sprintf("%s%d:%d", kind, c.GetVirtualController().BusNumber, *d.UnitNumber)
	}
	return ""
}

// nameDisks has a machine name by UUID the disks that it names by unit.
func (s *Site) nameDisks(ctx context.Context, vm ref) error {
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vm, []string{"name", "config.hardware.device", "config.extraConfig"}, &m); err != nil {
		return err
	}
	now := marks(m)[keyOwn]
	if now == "" {
		return nil // made before disks were named, or unreadable now
	}
	list := ownList(diskNames(m.Config.Hardware.Device, ownDisks(m)))
	if list[0].GetOptionValue().Value == now {
		return nil
	}
	return s.reconfigure(ctx, vm, types.VirtualMachineConfigSpec{ExtraConfig: list})
}
