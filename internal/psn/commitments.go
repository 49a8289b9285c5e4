package psn

import (
	"cmp"
	"slices"
)

// Commitments sums what stands on each cluster, by name of the cluster and by
// holder (a Commitment without Resources).
type Commitments map[string]map[Commitment]Resources

// Add counts a machine. A standby's vCPUs and memory are a reserve, needed only
// if its primary site is lost; its disks are written every day and count as
// running.
func (c Commitments) Add(vm VM) {
	whole := Resources{VCPUs: vm.VCPUs, MemoryMiB: vm.MemoryMiB, StorageMiB: vm.StorageMiB}
	if vm.Role != RoleStandby || vm.PrimarySite == "" {
		c.hold(vm.Cluster, holderOf(vm), whole)
		return
	}
	c.AddStorage(vm)
	reserve := holderOf(vm)
	reserve.ForSite = vm.PrimarySite
	c.hold(vm.Cluster, reserve, whole.Sub(Resources{StorageMiB: vm.StorageMiB}))
}

// AddStorage counts the disks only of a machine that never runs, such as a template.
func (c Commitments) AddStorage(vm VM) {
	c.hold(vm.Cluster, holderOf(vm), Resources{StorageMiB: vm.StorageMiB})
}

// AddUnmanaged counts what no machine of this project holds.
func (c Commitments) AddUnmanaged(cluster string, r Resources) { c.hold(cluster, Commitment{}, r) }

func holderOf(vm VM) Commitment { return Commitment{Tenant: vm.ID.Tenant(), Service: vm.Service} }

func (c Commitments) hold(cluster string, by Commitment, r Resources) {
	if r.IsZero() {
		return
	}
	if c[cluster] == nil {
		c[cluster] = map[Commitment]Resources{}
	}
	c[cluster][by] = c[cluster][by].Add(r)
}

// Of returns a cluster's commitments in the order of Cluster.Commitments; never nil.
func (c Commitments) Of(cluster string) []Commitment {
	out := []Commitment{}
	for by, r := range c[cluster] {
		by.Resources = r
		out = append(out, by)
	}
	slices.SortFunc(out, func(a, b Commitment) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Service, b.Service), cmp.Compare(a.ForSite, b.ForSite))
	})
	return out
}
