package vsphere

import (
	"context"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// stunName names the short snapshot that makes change tracking take effect.
const stunName = "psn-start-change-tracking"

// allocated is the change id that asks for the allocated areas.
const allocated = "*"

// EnableChangeTracking implements driver.ChangeTracker. A running machine
// starts to track at its next stun, so it is given one: a snapshot made and
// removed at once.
func (s *Site) EnableChangeTracking(ctx context.Context, r string) error {
	return s.coded(fmt.Sprintf("enable change tracking of virtual machine %s", r), s.enableTracking(ctx, vmRef(r)))
}

func (s *Site) enableTracking(ctx context.Context, vm ref) error {
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vm, []string{"config.changeTrackingEnabled", "snapshot", "runtime.powerState"}, &m); err != nil {
		return err
	}
	stun := ""
	for _, n := range snapshotTree(m) {
		if n.Name != stunName {
			if enabled(m) {
				return nil
			}
			return psn.Errorf(psn.Conflict, "machine has snapshot %q: change tracking can only be enabled on a machine without snapshots; remove it first", n.Name)
		}
		stun = n.Snapshot.Value // left by a call that died half way
	}
	if enabled(m) && stun == "" {
		return nil
	}
	if !enabled(m) {
		on := true
		if err := s.reconfigure(ctx, vm, types.VirtualMachineConfigSpec{ChangeTrackingEnabled: &on}); err != nil {
			return err
		}
	}
	if stun == "" && m.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
		snap, err := s.createSnapshot(ctx, vm, stunName, nil)
		if err != nil {
			return err
		}
		stun = snap.Ref
	}
	if stun == "" {
		return nil
	}
	return s.removeSnapshot(ctx, stun)
}

func enabled(m mo.VirtualMachine) bool {
	return m.Config != nil && m.Config.ChangeTrackingEnabled != nil && *m.Config.ChangeTrackingEnabled
}

// ChangedAreas implements driver.ChangeTracker. At the first page the UUID part
// of changeID is compared with the disk's own: they differ after the tracking
// was reset, and the server does not always say so.
func (s *Site) ChangedAreas(ctx context.Context, r, snapshot string, diskKey int32, changeID string, offset int64) (*driver.AreaPage, error) {
	doing := fmt.Sprintf("read changed areas of disk %d of virtual machine %s from byte %d", diskKey, r, offset)
	if changeID == "" {
		return nil, psn.Errorf(psn.InvalidInput, "%s: change id is empty: use %q for the allocated areas", doing, allocated)
	}
	if offset == 0 && changeID != allocated {
		if err := s.checkChangeID(ctx, r, snapshot, diskKey, changeID); err != nil {
			return nil, s.coded(doing, err)
		}
	}
	req := &types.QueryChangedDiskAreas{This: vmRef(r), DeviceKey: diskKey, StartOffset: offset, ChangeId: changeID}
	if snapshot != "" {
		snap := snapshotRef(snapshot)
		req.Snapshot = &snap
	}
	res, err := methods.QueryChangedDiskAreas(patience.Bearing(ctx, longSilence), s.conn.vim, req)
	if err != nil {
		return nil, s.coded(doing, staleOr(changeID, err))
	}
	page := &driver.AreaPage{Start: res.Returnval.StartOffset, Length: res.Returnval.Length}
	for _, a := range res.Returnval.ChangedArea {
		page.Areas = append(page.Areas, driver.Area{Start: a.Start, Length: a.Length})
	}
	return page, nil
}

// staleOr turns the faults by which a server refuses a change id into
// psn.Stale, or into psn.Unsupported when the allocated areas were asked for.
func staleOr(changeID string, err error) error {
	if !isFault[types.FileFault](err) && !isFault[types.InvalidArgument](err) {
		return err
	}
	if changeID == allocated {
		return psn.Errorf(psn.Unsupported, "platform cannot tell the allocated areas (%s): take the whole disk", faultName(faultOf(err)))
	}
	return psn.Errorf(psn.Stale, "change id %q is refused (%s): compare the whole disk", changeID, faultName(faultOf(err)))
}

// checkChangeID compares the UUID part of a change id with the disk's.
func (s *Site) checkChangeID(ctx context.Context, r, snapshot string, diskKey int32, changeID string) error {
	var devices []types.BaseVirtualDevice
	if snapshot != "" {
		var snap mo.VirtualMachineSnapshot
		if err := s.readOne(ctx, snapshotRef(snapshot), []string{"config.hardware.device"}, &snap); err != nil {
			return err
		}
		devices = snap.Config.Hardware.Device
	} else {
		var m mo.VirtualMachine
		if err := s.readOne(ctx, vmRef(r), []string{"config.hardware.device"}, &m); err != nil {
			return err
		}
		if m.Config != nil {
			devices = m.Config.Hardware.Device
		}
	}
	for _, d := range devices {
		disk, ok := d.(*types.VirtualDisk)
		if !ok || disk.Key != diskKey {
			continue
		}
		now := backingOf(disk).changeID
		if trackingUUID(now) != trackingUUID(changeID) {
			return psn.Errorf(psn.Stale, "change id %q does not describe the disk any more, which is at %q: compare the whole disk", changeID, now)
		}
		return nil
	}
	return psn.Errorf(psn.NotFound, "machine has no disk with key %d", diskKey)
}

// trackingUUID is the part of a change id before the slash.
func trackingUUID(changeID string) string {
	uuid, _, _ := strings.Cut(changeID, "/")
	return uuid
}
