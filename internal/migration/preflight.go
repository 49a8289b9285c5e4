package migration

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Preflight finds the source and checks everything that can be checked before
// anything is made. It changes nothing but snapshots that an earlier run of the
// same replica left.
func (a *activities) Preflight(ctx context.Context, s Spec) (Machine, error) {
	ctx, b := startBeat(ctx)
	defer b.end()
	release, err := a.claim(ctx, s.ID)
	if err != nil {
		return Machine{}, err
	}
	defer release()
	m, err := a.preflight(ctx, s, b)
	return m, wire(ctx, err)
}

func (a *activities) preflight(ctx context.Context, s Spec, b *beat) (Machine, error) {
	if err := s.Check(); err != nil {
		return Machine{}, err
	}
	src, err := a.source(ctx, s)
	if err != nil {
		return Machine{}, err
	}
	b.update(func(p *progress) { p.Doing = "read source " + s.Source.Name })
	vm, err := findSource(ctx, src, s.Source)
	if err != nil {
		return Machine{}, psn.At(whereSource(s), err)
	}
	held := sourceID(s, vm.InstanceUUID)
	// Asked first, for the other's snapshots would be refused in other words.
	if err := a.holds.look(ctx, held, s.ID); err != nil {
		return Machine{}, psn.At(whereSource(s), err)
	}
	m, err := checkSource(ctx, src, s, vm)
	if err != nil {
		return Machine{}, psn.At(whereSource(s), err)
	}
	if err := checkSize(s, m); err != nil {
		return Machine{}, psn.At(whereSource(s), err)
	}
	b.update(func(p *progress) { p.Doing = "read " + whereTarget(s) })
	dst, err := a.target(ctx, s)
	if err != nil {
		return Machine{}, err
	}
	if _, err := capability[driver.DiskAttacher](dst, whereTarget(s), "attach a disk to a worker"); err != nil {
		return Machine{}, err
	}
	worker, place, err := a.workerRef(ctx, s, dst)
	if err != nil {
		return Machine{}, err
	}
	inv, err := dst.Inventory(ctx)
	if err != nil {
		return Machine{}, psn.At(whereTarget(s), err)
	}
	for _, err := range []error{
		checkTarget(inv, s, m),
		checkTenant(ctx, dst, s),
		checkReach(ctx, dst, s, worker, place),
	} {
		if err != nil {
			return Machine{}, psn.At(whereTarget(s), err)
		}
	}
	if err := a.checkStandby(ctx, s, m); err != nil {
		return Machine{}, err
	}
	// Last, so that what is refused above holds nothing.
	return m, psn.At(whereSource(s), a.holds.take(ctx, held, s))
}

// checkTenant refuses a tenant that was not made at the site: its folders and
// quotas are declared by its administration's configuration, not by a replica.
func checkTenant(ctx context.Context, dst driver.Site, s Spec) error {
	tenant := s.ID.Tenant()
	there, err := dst.TenantExists(ctx, tenant)
	if err != nil || there {
		return err
	}
	return psn.Errorf(psn.NotFound, "tenant %q was not made at this site: declare it with psn_tenant, with site %q among its sites, apply, and start the replica again", tenant, s.Target.Site)
}

// checkReach refuses a worker that no disk of the cluster can be attached to.
func checkReach(ctx context.Context, dst driver.Site, s Spec, worker string, place WorkerPlace) error {
	r, ok := dst.(driver.WorkerReach)
	if !ok {
		return nil // told by the first attachment
	}
	can, err := r.Reaches(ctx, worker, s.Target.Cluster)
	if err != nil || can {
		return err
	}
	return psn.Errorf(psn.Unsupported, "worker %q cannot reach the datastores of cluster %q: its disks could not be attached to it; share a datastore with the worker's host, run the worker in that cluster, or choose a cluster whose datastores it reaches", place.VM, s.Target.Cluster)
}

// findSource finds the machine by instance UUID or by a name that is unique.
func findSource(ctx context.Context, src driver.Site, ref SourceRef) (*psn.VM, error) {
	inv, err := src.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	var found []psn.VM
	for _, vm := range inv.VMs {
		if strings.EqualFold(vm.InstanceUUID, ref.VM) {
			found = []psn.VM{vm}
			break
		}
		if vm.Name == ref.VM {
			found = append(found, vm)
		}
	}
	switch len(found) {
	case 0:
		return nil, psn.Errorf(psn.NotFound, "no machine has the name or instance UUID %q: check the name, and that the account may see the machine", ref.VM)
	case 1:
		return src.DescribeVM(ctx, found[0].Ref)
	}
	var who []string
	for _, vm := range found {
		who = append(who, fmt.Sprintf("%s (folder %q)", vm.InstanceUUID, vm.Folder))
	}
	return nil, psn.Errorf(psn.InvalidInput, "%d machines are named %q: name one by instance UUID: %s", len(found), ref.VM, strings.Join(who, ", "))
}

// checkSource refuses what cannot be replicated and takes note of the rest.
func checkSource(ctx context.Context, src driver.Site, s Spec, vm *psn.VM) (Machine, error) {
	m := Machine{
		Ref: vm.Ref, Name: vm.Name, InstanceUUID: vm.InstanceUUID, Power: vm.Power, GuestOS: vm.GuestOS, Firmware: vm.Firmware,
		VCPUs: vm.VCPUs, MemoryMiB: vm.MemoryMiB,
	}
	if len(vm.Disks) == 0 {
		return m, psn.Errorf(psn.InvalidInput, "machine %q has no disks: there is nothing to replicate", vm.Name)
	}
	for _, d := range vm.Disks {
		if why := unfit(d); why != "" {
			return m, psn.Errorf(psn.Unsupported, "disk %d of machine %q (%s) %s: move its content to an ordinary disk, or leave the machine out", d.Key, vm.Name, d.Path, why)
		}
		m.Disks = append(m.Disks, SourceDisk{Key: d.Key, UUID: d.UUID, CapacityBytes: d.CapacityBytes})
	}
	slices.SortFunc(m.Disks, func(a, b SourceDisk) int { return cmp.Compare(a.Key, b.Key) })
	for _, n := range vm.NICs {
		m.MACs = append(m.MACs, n.MAC)
		if !n.Connected {
			m.Unplugged = append(m.Unplugged, n.MAC)
		}
	}
	where := whereSource(s)
	snapper, err := capability[driver.Snapshotter](src, where, "make snapshots")
	if err != nil {
		return m, err
	}
	reader, err := capability[driver.DiskReader](src, where, "read disks")
	if err != nil {
		return m, err
	}
	for _, need := range []error{
		second(capability[driver.Guest](src, where, "shut a guest down")),
		second(capability[driver.Links](src, where, "disconnect network cards")),
	} {
		if need != nil {
			return m, need
		}
	}
	m.Transport = reader.Transport()
	return m, clearSnapshots(ctx, snapper, s, vm.Ref, "")
}

func second[T any](_ T, err error) error { return err }

// unfit says why a disk is outside snapshots or not the machine's alone.
func unfit(d psn.Disk) string {
	switch {
	case d.RawMapping:
		return "is a raw device mapping"
	case strings.HasPrefix(d.Mode, "independent"):
		return "is independent (" + d.Mode + "), so no snapshot holds it"
	case d.Sharing != "" && d.Sharing != "sharingNone":
		return "is shared with other machines (" + d.Sharing + ")"
	case d.CapacityBytes <= 0:
		return "has no capacity"
	}
	return ""
}

// snapshotPrefix begins the names of all snapshots of a replica. The slash of
// the id is not a good character in a snapshot's name.
func snapshotPrefix(id psn.VMID) string {
	return "psn-" + strings.ReplaceAll(string(id), "/", ".") + "-"
}

// clearSnapshots removes this replica's snapshots except the named one, and
// refuses those of others: a backup product's snapshot means that somebody
// else counts on the chain of disks.
func clearSnapshots(ctx context.Context, snapper driver.Snapshotter, s Spec, ref, keep string) error {
	all, err := snapper.Snapshots(ctx, ref)
	if err != nil {
		return err
	}
	var foreign []string
	for _, snap := range all {
		if !ourSnapshot(s.ID, snap.Name) {
			foreign = append(foreign, fmt.Sprintf("%q", snap.Name))
		}
	}
	if len(foreign) > 0 {
		return psn.Errorf(psn.Conflict, "machine has snapshots that are not ours: %s: remove them, and keep backups away during the migration", strings.Join(foreign, ", "))
	}
	return removeSnapshots(ctx, snapper, s, ref, keep)
}

// ourSnapshot tells this replica's snapshots, and the driver's own passing ones, from
// those of others.
func ourSnapshot(id psn.VMID, name string) bool {
	return cycleSnapshot(id, name) || name == "psn-start-change-tracking"
}

// cycleSnapshot tells the snapshots of this replica's cycles, which end with a
// number, from those of a replica whose name begins like this one's.
func cycleSnapshot(id psn.VMID, name string) bool {
	number, ok := strings.CutPrefix(name, snapshotPrefix(id))
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

func removeSnapshots(ctx context.Context, snapper driver.Snapshotter, s Spec, ref, keep string) error {
	all, err := snapper.Snapshots(ctx, ref)
	if err != nil {
		return err
	}
	for _, snap := range all {
		if cycleSnapshot(s.ID, snap.Name) && snap.Name != keep {
			if err := snapper.RemoveSnapshot(ctx, ref, snap.Ref); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkTarget checks that the machine may be made: the id is free or a replica
// of ours, and the cluster has room.
func checkTarget(inv *psn.SiteInventory, s Spec, m Machine) error {
	for _, vm := range inv.VMs {
		if vm.ID != s.ID && !strings.EqualFold(vm.InstanceUUID, s.ID.InstanceUUID()) {
			continue
		}
		if vm.ID == s.ID && vm.Role == psn.RoleReplica {
			return nil // made by an earlier run: it has its room already
		}
		return psn.Errorf(psn.Conflict, "machine %q exists already and is not a replica (role %q): choose another name, or delete it first", s.ID, vm.Role)
	}
	var names []string
	for _, c := range inv.Clusters {
		if c.Name != s.Target.Cluster {
			names = append(names, fmt.Sprintf("%q", c.Name))
			continue
		}
		need := psn.Resources{VCPUs: m.VCPUs, MemoryMiB: m.MemoryMiB, StorageMiB: m.storageMiB()}
		if free := free(c); !need.Fits(free) {
			return psn.Errorf(psn.Exhausted, "cluster %q has not the room for machine %q: it needs %s, free are %s", c.Name, s.ID, amount(need), amount(free))
		}
		return nil
	}
	return psn.Errorf(psn.NotFound, "no cluster %q: the site has %s", s.Target.Cluster, strings.Join(names, ", "))
}

// free is the capacity net of what runs and of the largest reserve for the loss
// of one site.
func free(c psn.Cluster) psn.Resources {
	left := c.Capacity
	reserve := map[psn.Site]psn.Resources{}
	for _, k := range c.Commitments {
		if k.ForSite == "" {
			left = left.Sub(k.Resources)
			continue
		}
		left.StorageMiB -= k.Resources.StorageMiB // a standby's disk exists every day
		r := k.Resources
		r.StorageMiB = 0
		reserve[k.ForSite] = reserve[k.ForSite].Add(r)
	}
	var most psn.Resources
	for _, r := range reserve {
		most = most.Max(r)
	}
	return left.Sub(most)
}

func amount(r psn.Resources) string {
	return fmt.Sprintf("%d vCPU, %d MiB of memory, %d MiB of storage", r.VCPUs, r.MemoryMiB, r.StorageMiB)
}
