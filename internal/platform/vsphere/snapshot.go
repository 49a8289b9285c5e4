package vsphere

import (
	"context"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// CreateSnapshot implements driver.Snapshotter: all disks, without memory and
// without quiescing, which is the same on a second try as on the first.
func (s *Site) CreateSnapshot(ctx context.Context, r, name string, started func(task string)) (*driver.Snapshot, error) {
	snap, err := s.createSnapshot(ctx, vmRef(r), name, started)
	return snap, s.coded(fmt.Sprintf("create snapshot %q of virtual machine %s", name, r), err)
}

func (s *Site) createSnapshot(ctx context.Context, vm ref, name string, started func(task string)) (*driver.Snapshot, error) {
	if err := s.settle(ctx, vm); err != nil {
		return nil, err
	}
	if snap, err := s.snapshotNamed(ctx, vm, name); err != nil || snap != nil {
		return snap, err
	}
	res, err := methods.CreateSnapshot_Task(ctx, s.conn.vim, &types.CreateSnapshot_Task{
		This: vm, Name: name, Description: "Made by terraform-provider-psn", Memory: false, Quiesce: false,
	})
	if err != nil {
		return nil, err
	}
	if started != nil {
		started(res.Returnval.Value)
	}
	if _, err := s.wait(ctx, res.Returnval); err != nil {
		return nil, err
	}
	snap, err := s.snapshotNamed(ctx, vm, name)
	if err == nil && snap == nil {
		err = psn.Errorf(psn.NotFound, "snapshot was removed while it was being made")
	}
	return snap, err
}

// settle waits for a snapshot that is being made on the machine, by a call
// whose caller died, so that the same name is not made twice.
func (s *Site) settle(ctx context.Context, vm ref) error {
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vm, []string{"recentTask"}, &m); err != nil {
		return err
	}
	content, err := s.readObjects(ctx, "Task", []string{"info"}, m.RecentTask)
	if err != nil {
		return err
	}
	tasks, err := load[mo.Task](content, "Task")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		running := t.Info.State == types.TaskInfoStateRunning || t.Info.State == types.TaskInfoStateQueued
		if running && strings.HasPrefix(strings.ToLower(t.Info.DescriptionId), "virtualmachine.createsnapshot") {
			// Its own failure does not matter here; a dead context shows below.
			if _, err := s.wait(ctx, t.Self); err != nil && ctx.Err() != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Site) snapshotNamed(ctx context.Context, vm ref, name string) (*driver.Snapshot, error) {
	all, err := s.snapshots(ctx, vm, name)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// Snapshots implements driver.Snapshotter.
func (s *Site) Snapshots(ctx context.Context, r string) ([]driver.Snapshot, error) {
	all, err := s.snapshots(ctx, vmRef(r), "")
	return all, s.coded(fmt.Sprintf("list snapshots of virtual machine %s", r), err)
}

// snapshots lists the machine's snapshots with their disks, in two requests;
// with a name only those of that name.
func (s *Site) snapshots(ctx context.Context, vm ref, name string) ([]driver.Snapshot, error) {
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vm, []string{"snapshot"}, &m); err != nil {
		return nil, err
	}
	var out []driver.Snapshot
	var refs []ref
	for _, n := range snapshotTree(m) {
		if name == "" || n.Name == name {
			out = append(out, driver.Snapshot{Ref: n.Snapshot.Value, Name: n.Name})
			refs = append(refs, n.Snapshot)
		}
	}
	content, err := s.readObjects(ctx, "VirtualMachineSnapshot", []string{"config.hardware.device"}, refs)
	if err != nil {
		return nil, err
	}
	read, err := load[mo.VirtualMachineSnapshot](content, "VirtualMachineSnapshot")
	if err != nil {
		return nil, err
	}
	disks := map[string][]driver.SnapshotDisk{}
	for _, snap := range read {
		disks[snap.Self.Value] = frozenDisks(snap.Config.Hardware.Device)
	}
	for i := range out {
		out[i].Disks = disks[out[i].Ref]
	}
	return out, nil
}

func frozenDisks(devices []types.BaseVirtualDevice) []driver.SnapshotDisk {
	var out []driver.SnapshotDisk
	for _, d := range devices {
		if disk, ok := d.(*types.VirtualDisk); ok {
			b := backingOf(disk)
			out = append(out, driver.SnapshotDisk{
				Key: disk.Key, UUID: b.uuid, CapacityBytes: capacityOf(disk), Path: b.path, ChangeID: b.changeID,
			})
		}
	}
	return out
}

// RemoveSnapshot implements driver.Snapshotter.
func (s *Site) RemoveSnapshot(ctx context.Context, r, snapshot string) error {
	err := s.removeSnapshot(ctx, snapshot)
	return s.coded(fmt.Sprintf("remove snapshot %s of virtual machine %s", snapshot, r), err)
}

func (s *Site) removeSnapshot(ctx context.Context, snapshot string) error {
	consolidate := true
	res, err := methods.RemoveSnapshot_Task(ctx, s.conn.vim, &types.RemoveSnapshot_Task{
		This: snapshotRef(snapshot), RemoveChildren: false, Consolidate: &consolidate,
	})
	if err == nil {
		_, err = s.wait(ctx, res.Returnval)
	}
	if isFault[types.ManagedObjectNotFound](err) {
		return nil
	}
	return err
}

func snapshotRef(snapshot string) ref {
	return ref{Type: "VirtualMachineSnapshot", Value: snapshot}
}
