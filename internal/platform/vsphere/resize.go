package vsphere

import (
	"context"
	"strings"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// standing is what is read of a machine whose name, disks or cards change.
var standing = []string{
	"name", "runtime.host", "resourcePool", "snapshot", "config.hardware.device", "config.extraConfig", "config.files.vmPathName",
}

// updateSpec turns a change into one reconfiguration, all of it or nothing.
func (s *Site) updateSpec(ctx context.Context, vm ref, c driver.VMChange) (types.VirtualMachineConfigSpec, error) {
	spec := types.VirtualMachineConfigSpec{}
	if err := checkChange(c); err != nil {
		return spec, err
	}
	if c.VCPUs != nil {
		spec.NumCPUs = int32(*c.VCPUs)
	}
	if c.MemoryMiB != nil {
		spec.MemoryMB = *c.MemoryMiB
	}
	if c.Labels != nil {
		spec.ExtraConfig = append(spec.ExtraConfig, extraConfig(*c.Labels)...)
	}
	if c.Metadata != nil {
		spec.ExtraConfig = append(spec.ExtraConfig, metadataOption(*c.Metadata)...)
	}
	if c.VCPUs != nil || c.MemoryMiB != nil {
		if err := s.checkSize(ctx, vm, c); err != nil {
			return spec, err
		}
	}
	if c.DisplayName == nil && c.Disks == nil && c.NICs == nil {
		return spec, nil
	}
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vm, standing, &m); err != nil {
		return spec, err
	}
	if c.DisplayName != nil {
		id := psn.VMID(marks(m)[keyID])
		if *c.DisplayName == "" && id == "" {
			return spec, psn.Errorf(psn.Conflict, "machine %q is not of this project and has no other name to go back to: give one", m.Name)
		}
		if name := displayName(id, *c.DisplayName); name != m.Name {
			spec.Name = name
		}
	}
	t, k, err := s.clusterFor(ctx, m)
	if err != nil {
		return spec, err
	}
	if c.Disks != nil && m.Config == nil {
		return spec, psn.Errorf(psn.Unavailable, "machine %q shows no configuration: its host or datastore is not reachable", m.Name)
	}
	if c.Disks != nil {
		change, err := s.diskChange(ctx, k, m, c.Disks)
		if err != nil {
			return spec, err
		}
		spec.DeviceChange = append(spec.DeviceChange, change...)
		devices := m.Config.Hardware.Device
		spec.ExtraConfig = append(spec.ExtraConfig, ownList(append(diskNames(devices, ownDisks(m)), newDiskNames(devices, change)...))...)
	}
	if c.NICs != nil {
		change, err := cardChange(t, k, m, c.NICs)
		if err != nil {
			return spec, err
		}
		spec.DeviceChange = append(spec.DeviceChange, change...)
	}
	return spec, nil
}

// checkSize refuses a size that the tenant's limits do not allow.
func (s *Site) checkSize(ctx context.Context, vm ref, c driver.VMChange) error {
	var m mo.VirtualMachine
	props := []string{"name", "runtime.host", "resourcePool", "config.extraConfig", "summary.config.numCpu", "summary.config.memorySizeMB"}
	if err := s.readOne(ctx, vm, props, &m); err != nil {
		return err
	}
	var more psn.Resources
	if c.VCPUs != nil {
		more.VCPUs = *c.VCPUs - int64(m.Summary.Config.NumCpu)
	}
	if c.MemoryMiB != nil {
		more.MemoryMiB = *c.MemoryMiB - int64(m.Summary.Config.MemorySizeMB)
	}
	if m.ResourcePool == nil || more.VCPUs <= 0 && more.MemoryMiB <= 0 {
		return nil
	}
	t, k, err := s.clusterFor(ctx, m)
	if err != nil {
		return err
	}
	now, err := s.readRoom(ctx, k, *m.ResourcePool)
	if err != nil {
		return err
	}
	return s.within(ctx, t, now.limit, psn.VMID(marks(m)[keyID]).Tenant(), more)
}

func checkChange(c driver.VMChange) error {
	if c.SecurityGroups != nil && len(*c.SecurityGroups) > 0 {
		return driver.NotionSecurityGroup.On(psn.VSphere)
	}
	if c.VCPUs != nil && *c.VCPUs < 1 {
		return psn.Errorf(psn.InvalidInput, "vcpus is %d: use at least 1", *c.VCPUs)
	}
	if c.MemoryMiB != nil && (*c.MemoryMiB < 4 || *c.MemoryMiB%4 != 0) {
		return psn.Errorf(psn.InvalidInput, "memory is %d MiB: use a positive multiple of 4", *c.MemoryMiB)
	}
	if c.DisplayName != nil {
		if err := checkDisplayName(*c.DisplayName); err != nil {
			return err
		}
	}
	if c.Metadata != nil {
		if err := checkMetadata(*c.Metadata); err != nil {
			return err
		}
	}
	return checkDisks(0, c.Disks)
}

// clusterFor is the cluster that the machine is in, as of now when what is
// remembered does not know it.
func (s *Site) clusterFor(ctx context.Context, m mo.VirtualMachine) (*topology, *cluster, error) {
	for range 2 {
		t, err := s.topology(ctx)
		if err != nil {
			return nil, nil, err
		}
		if c := clusterOf(t, m); c != nil {
			return t, c, nil
		}
		s.keep(nil)
	}
	return nil, nil, psn.Errorf(psn.Conflict, "machine %q is in no cluster of datacenter %q", m.Name, s.dc.Name)
}

// diskChange grows the disks that stand and adds those that follow.
func (s *Site) diskChange(ctx context.Context, c *cluster, m mo.VirtualMachine, want []driver.DiskSpec) ([]types.BaseVirtualDeviceConfigSpec, error) {
	own := ownDisks(m)
	if len(want) < len(own) {
		return nil, psn.Errorf(psn.InvalidInput, "%d disks are given and the machine has %d: disks are grown and added, never taken away; give all of them", len(want), len(own))
	}
	var change []types.BaseVirtualDeviceConfigSpec
	needed := map[string]int64{} // by datastore, for what grows
	for i, d := range own {
		have, store := capacityOf(d), storeOf(backingOf(d).path)
		switch w := want[i]; {
		case w.CapacityBytes < have:
			return nil, psn.Errorf(psn.InvalidInput, "disk %d has %d MiB and cannot shrink to %d MiB: give at least what it has", i, have>>20, w.CapacityBytes>>20)
		case w.StorageClass != "" && w.StorageClass != store:
			return nil, psn.Errorf(psn.InvalidInput, "disk %d is on datastore %q and is not moved to %q by this: move it in the vCenter or give %q", i, store, w.StorageClass, store)
		case w.CapacityBytes == have:
			continue
		}
		if n := len(snapshotTree(m)); n > 0 {
			return nil, psn.Errorf(psn.Conflict, "disk %d cannot grow while the machine has %d snapshots, the first named %q: remove them first", i, n, snapshotTree(m)[0].Name)
		}
		needed[store] += want[i].CapacityBytes - have
		change = append(change, grown(d, want[i].CapacityBytes))
	}
	added := want[len(own):]
	if len(added) == 0 && len(needed) == 0 {
		return change, nil
	}
	if len(added) > 0 {
		if err := checkKnown(m); err != nil {
			return nil, err
		}
	}
	free, err := s.freeSpace(ctx, c)
	if err != nil {
		return nil, err
	}
	for store, n := range needed {
		if left, known := free[store]; known && left < n {
			return nil, psn.Errorf(psn.Exhausted, "datastore %q of cluster %q has %d MiB free, disks are to grow by %d MiB", store, c.name, left>>20, ceilMiB(n))
		}
	}
	_, stores, err := chooseStores(c, free, len(own), added)
	if err != nil {
		return nil, err
	}
	u := newUnits(m.Config.Hardware.Device)
	disks, err := u.addDisks(len(own), capacities(added), stores)
	if err != nil {
		return nil, err
	}
	return append(append(change, u.added...), disks...), nil
}

// cardChange adds the cards that follow those that stand.
func cardChange(t *topology, c *cluster, m mo.VirtualMachine, want []driver.NICSpec) ([]types.BaseVirtualDeviceConfigSpec, error) {
	own := cardsOf(m)
	if len(want) < len(own) {
		return nil, psn.Errorf(psn.InvalidInput, "%d network cards are given and the machine has %d: cards are added, never taken away; give all of them", len(want), len(own))
	}
	tenant := psn.VMID(marks(m)[keyID]).Tenant()
	on, err := t.cards(c, tenant, 0, want)
	if err != nil {
		return nil, err
	}
	for i, card := range own {
		n := nicOf(t, "", card)
		if n.Network != on[i].name {
			return nil, psn.Errorf(psn.InvalidInput, "network card %d is on network %q and cannot move to %q: give %q", i, n.Network, on[i].name, n.Network)
		}
		if w := want[i].MAC; w != "" && !strings.EqualFold(w, n.MAC) {
			return nil, psn.Errorf(psn.InvalidInput, "network card %d has the MAC address %s and keeps it: give it or none, not %s", i, n.MAC, w)
		}
	}
	return newCards(len(own), want[len(own):], on[len(own):]), nil
}
