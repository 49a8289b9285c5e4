package migration

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Standby is the machine that holds a replica's reserve at another site.
type Standby struct {
	Ref  string `json:"ref"`
	Made bool   `json:"made"` // by this run; one found before is not ours to remove
}

func whereStandby(s Spec) string {
	return "standby site " + string(s.Target.StandbySite) + " (" + string(s.Target.standbyPlatform()) + ")"
}

func (t TargetRef) standbyPlatform() psn.Platform {
	if t.StandbyPlatform == "" {
		return t.Platform
	}
	return t.StandbyPlatform
}

func (a *activities) standby(ctx context.Context, s Spec) (driver.Site, error) {
	return a.estate.Site(ctx, s.Target.StandbySite, s.Target.standbyPlatform())
}

// checkStandby refuses, before anything is made, a standby that could not be.
func (a *activities) checkStandby(ctx context.Context, s Spec, m Machine) error {
	if s.Target.StandbySite == "" {
		return nil
	}
	dst, err := a.standby(ctx, s)
	if err != nil {
		return psn.At(whereStandby(s), err)
	}
	there, err := dst.TenantExists(ctx, s.ID.Tenant())
	if err != nil {
		return psn.At(whereStandby(s), err)
	}
	if !there {
		return psn.At(whereStandby(s), psn.Errorf(psn.NotFound, "tenant %q was not made at this site, where the standby has to be: declare it with psn_tenant, with site %q among its sites, apply, and start the replica again", s.ID.Tenant(), s.Target.StandbySite))
	}
	_, _, err = placeStandby(ctx, dst, s, m)
	return psn.At(whereStandby(s), err)
}

// placeStandby returns the standby that is there already, or else the cluster
// to make it in: the one decided, or the one with most memory left.
func placeStandby(ctx context.Context, dst driver.Site, s Spec, m Machine) (found *psn.VM, cluster string, err error) {
	inv, err := dst.Inventory(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, vm := range inv.VMs {
		if vm.ID != s.ID && !strings.EqualFold(vm.InstanceUUID, s.ID.InstanceUUID()) {
			continue
		}
		if vm.Role != psn.RoleStandby {
			return nil, "", psn.Errorf(psn.Conflict, "machine %q exists there and has role %q: its standby cannot be made; delete it, or choose another standby site", s.ID, vm.Role)
		}
		vm, err := dst.DescribeVM(ctx, vm.Ref)
		return vm, "", err
	}
	need := psn.Resources{VCPUs: m.VCPUs, MemoryMiB: m.MemoryMiB, StorageMiB: m.storageMiB()}
	var names []string
	var most int64
	for _, c := range inv.Clusters {
		names = append(names, fmt.Sprintf("%q", c.Name))
		left := free(c)
		switch {
		case s.Target.StandbyCluster == c.Name:
			return nil, c.Name, nil // decided with the reserves in view
		case s.Target.StandbyCluster == "" && need.Fits(left) && (cluster == "" || left.MemoryMiB > most):
			cluster, most = c.Name, left.MemoryMiB
		}
	}
	switch {
	case s.Target.StandbyCluster != "":
		return nil, "", psn.Errorf(psn.NotFound, "no cluster %q for the standby: the site has %s", s.Target.StandbyCluster, strings.Join(names, ", "))
	case cluster == "":
		return nil, "", psn.Errorf(psn.Exhausted, "no cluster has the room for the standby of %q, which needs %s: name a standby cluster that was decided by a psn_placement, or choose another standby site", s.ID, amount(need))
	}
	return nil, cluster, nil
}

// makeStandby makes the machine that holds the reserve: powered off, of the
// source's size, with empty disks and no network. Made before, it is found.
func (a *activities) makeStandby(ctx context.Context, s Spec, m Machine, b *beat) (*Standby, error) {
	if s.Target.StandbySite == "" {
		return nil, nil
	}
	dst, err := a.standby(ctx, s)
	if err != nil {
		return nil, err
	}
	vm, cluster, err := placeStandby(ctx, dst, s, m)
	if err != nil {
		return nil, err
	}
	if vm != nil {
		return &Standby{Ref: vm.Ref, Made: b.read().Standby}, fitStandby(ctx, dst, vm, s, m)
	}
	spec := driver.VMSpec{
		ID: s.ID, Labels: labels(s, psn.RoleStandby), Cluster: cluster,
		VCPUs: m.VCPUs, MemoryMiB: m.MemoryMiB, GuestOS: m.GuestOS, Firmware: m.Firmware,
		Notes: "Standby of " + string(s.ID) + " at " + string(s.Target.Site),
	}
	for _, d := range m.Disks {
		spec.Disks = append(spec.Disks, driver.DiskSpec{CapacityBytes: d.CapacityBytes})
	}
	// Told first, so that another attempt knows whose the standby it finds is.
	b.tell(func(p *progress) { p.Doing = "make the standby"; p.Standby = true })
	ref, err := dst.CreateVM(ctx, spec)
	return &Standby{Ref: ref, Made: true}, err
}

// fitStandby brings a standby that is there already to the replica's size.
func fitStandby(ctx context.Context, dst driver.Site, vm *psn.VM, s Spec, m Machine) error {
	if vm.Power != psn.PoweredOff {
		return psn.Errorf(psn.Conflict, "standby %q is powered %s: power it off, it stands for a machine that is about to run", s.ID, vm.Power)
	}
	var have, want []int64
	for _, d := range vm.Disks {
		have = append(have, d.CapacityBytes)
	}
	for _, d := range m.Disks {
		want = append(want, d.CapacityBytes)
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		return psn.Errorf(psn.Conflict, "standby %q has disks of %v bytes, its machine of %v: delete the standby to have it made again", s.ID, have, want)
	}
	l := labels(s, psn.RoleStandby)
	if vm.VCPUs == m.VCPUs && vm.MemoryMiB == m.MemoryMiB && vm.Service == l.Service && vm.Classification == l.Classification && vm.PrimarySite == l.PrimarySite {
		return nil
	}
	return dst.UpdateVM(ctx, vm.Ref, driver.VMChange{VCPUs: &m.VCPUs, MemoryMiB: &m.MemoryMiB, Labels: &l})
}

// dropStandby removes the standby of a replica that never served, when its run
// made it and nobody has used it for anything else since.
func (a *activities) dropStandby(ctx context.Context, in CutoverInput) error {
	t := in.Target.Standby
	if !in.Unused || t == nil || !t.Made {
		return nil
	}
	dst, err := a.standby(ctx, in.Spec)
	if err != nil {
		return psn.At(whereStandby(in.Spec), err)
	}
	vm, err := dst.DescribeVM(ctx, t.Ref)
	switch {
	case psn.Is(err, psn.NotFound):
		return nil
	case err != nil:
		return psn.At(whereStandby(in.Spec), err)
	case vm.ID != in.Spec.ID || vm.Role != psn.RoleStandby || vm.Power != psn.PoweredOff:
		return nil
	}
	return psn.At(whereStandby(in.Spec), dst.DeleteVM(ctx, t.Ref))
}
