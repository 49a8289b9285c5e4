package migration

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// ProvisionInput is the request to make the target.
type ProvisionInput struct {
	Spec    Spec    `json:"spec"`
	Machine Machine `json:"machine"`
}

// Provision makes the target: powered off, labelled as a replica, with the
// source's size, disconnected cards and empty disks; and its standby. Done before, it finds what it made.
func (a *activities) Provision(ctx context.Context, in ProvisionInput) (Target, error) {
	ctx, b := startBeat(ctx)
	defer b.end()
	t, err := a.provision(ctx, in.Spec, in.Machine)
	if err != nil {
		return t, wire(ctx, psn.At(whereTarget(in.Spec), err))
	}
	t.Standby, err = a.makeStandby(ctx, in.Spec, in.Machine, b)
	return t, wire(ctx, psn.At(whereStandby(in.Spec), err))
}

func (a *activities) provision(ctx context.Context, s Spec, m Machine) (Target, error) {
	dst, err := a.target(ctx, s)
	if err != nil {
		return Target{}, err
	}
	spec := driver.VMSpec{
		ID: s.ID, Labels: labels(s, psn.RoleReplica), Cluster: s.Target.Cluster,
		VCPUs: m.VCPUs, MemoryMiB: m.MemoryMiB, GuestOS: m.GuestOS, Firmware: m.Firmware,
		Notes: "Replica of " + m.Name + " of source " + s.Source.Name,
	}
	for _, d := range m.Disks {
		spec.Disks = append(spec.Disks, driver.DiskSpec{CapacityBytes: d.CapacityBytes})
	}
	for _, mac := range m.MACs {
		spec.NICs = append(spec.NICs, driver.NICSpec{Network: s.Target.Network, MAC: mac})
	}
	links, err := capability[driver.Links](dst, whereTarget(s), "connect and disconnect network cards")
	if err != nil {
		return Target{}, err
	}
	ref, err := dst.CreateVM(ctx, spec)
	if err != nil {
		return Target{}, err
	}
	vm, err := dst.DescribeVM(ctx, ref)
	if err != nil {
		return Target{}, err
	}
	t, err := pair(vm, s, m)
	if err != nil {
		return Target{}, err
	}
	// It has the source's addresses: powered on by mistake, it must be mute.
	return t, links.SetLinks(ctx, ref, false)
}

// pair matches the target's disks with the source's. Disks are made in order,
// so both sides agree by key.
func pair(vm *psn.VM, s Spec, m Machine) (Target, error) {
	t := Target{Ref: vm.Ref}
	switch {
	case vm.Power != psn.PoweredOff:
		return t, psn.Errorf(psn.Conflict, "replica %q is powered %s: power it off, its disks are about to be written", s.ID, vm.Power)
	case vm.Role != psn.RoleReplica:
		return t, psn.Errorf(psn.Conflict, "machine %q has role %q, not %q: its disks will not be written", s.ID, vm.Role, psn.RoleReplica)
	case len(vm.Disks) != len(m.Disks):
		return t, psn.Errorf(psn.Conflict, "replica %q has %d disks, its source %q has %d: delete the replica to have it made again", s.ID, len(vm.Disks), m.Name, len(m.Disks))
	}
	disks := slices.SortedFunc(slices.Values(vm.Disks), func(a, b psn.Disk) int { return cmp.Compare(a.Key, b.Key) })
	for i, d := range disks {
		want := m.Disks[i]
		if d.CapacityBytes != want.CapacityBytes {
			return t, psn.Errorf(psn.Conflict, "disk %d of replica %q has %d bytes, disk %d of source %q has %d: delete the replica to have it made again", d.Key, s.ID, d.CapacityBytes, want.Key, m.Name, want.CapacityBytes)
		}
		t.Disks = append(t.Disks, TargetDisk{SourceKey: want.Key, Key: d.Key, DeviceID: deviceID(d), Path: d.Path})
	}
	return t, nil
}

// deviceID is the identity that driver.DiskAttacher promises for a disk.
func deviceID(d psn.Disk) string {
	return strings.ToLower(strings.ReplaceAll(d.UUID, "-", ""))
}

func labels(s Spec, role psn.Role) driver.Labels {
	return driver.Labels{Service: s.Service, Classification: s.Classification, Role: role, PrimarySite: s.Target.Site}
}

// Track turns change tracking on at the source. A platform without it is no
// failure: every cycle then compares whole disks.
func (a *activities) Track(ctx context.Context, in ProvisionInput) error {
	ctx, b := startBeat(ctx)
	defer b.end()
	src, err := a.source(ctx, in.Spec)
	if err != nil {
		return wire(ctx, err)
	}
	tracker, ok := src.(driver.ChangeTracker)
	if !ok {
		return nil
	}
	return wire(ctx, psn.At(whereSource(in.Spec), tracker.EnableChangeTracking(ctx, in.Machine.Ref)))
}
