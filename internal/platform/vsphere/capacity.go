package vsphere

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/vim25/mo"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// ledger sums what stands on each cluster.
type ledger map[string]map[holder]psn.Resources

type holder struct {
	tenant  psn.TenantID
	service psn.ServiceID
	forSite psn.Site
}

func newLedger() ledger { return ledger{} }

// add counts a machine. A standby's compute is a reserve for its primary site,
// its disks are written all the time and count as running. A template holds
// storage only.
func (l ledger) add(vm psn.VM, template bool) {
	whole := psn.Resources{VCPUs: vm.VCPUs, MemoryMiB: vm.MemoryMiB, StorageMiB: vm.StorageMiB}
	disk := psn.Resources{StorageMiB: vm.StorageMiB}
	h := holder{tenant: vm.ID.Tenant(), service: vm.Service}
	switch {
	case template:
		l.sum(vm.Cluster, h, disk)
	case vm.Role == psn.RoleStandby && vm.PrimarySite != "":
		l.sum(vm.Cluster, h, disk)
		h.forSite = vm.PrimarySite
		l.sum(vm.Cluster, h, whole.Sub(disk))
	default:
		l.sum(vm.Cluster, h, whole)
	}
}

func (l ledger) sum(cluster string, h holder, r psn.Resources) {
	if r.IsZero() {
		return
	}
	if l[cluster] == nil {
		l[cluster] = map[holder]psn.Resources{}
	}
	l[cluster][h] = l[cluster][h].Add(r)
}

// of returns a cluster's commitments in the contract's order.
func (l ledger) of(cluster string) []psn.Commitment {
	out := []psn.Commitment{}
	for h, r := range l[cluster] {
		out = append(out, psn.Commitment{Tenant: h.tenant, Service: h.service, ForSite: h.forSite, Resources: r})
	}
	slices.SortFunc(out, func(a, b psn.Commitment) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Service, b.Service), cmp.Compare(a.ForSite, b.ForSite))
	})
	return out
}

// clusters counts what each cluster offers, net of the hosts held back.
func (s *Site) clusters(t *topology, l ledger) []psn.Cluster {
	mounts := map[ref]int64{} // clusters that share a datastore, which count an equal part each
	for _, c := range t.clusters {
		for _, d := range c.datastores {
			mounts[d]++
		}
	}
	out := []psn.Cluster{}
	for _, c := range t.clusters {
		r := s.compute(c.usable())
		for _, d := range c.datastores {
			r.StorageMiB += t.datastores[d].Summary.Capacity >> 20 / mounts[d]
		}
		out = append(out, psn.Cluster{Name: c.name, Capacity: r, Commitments: l.of(c.name)})
	}
	return out
}

// compute sums the hosts after taking out, for cores and for memory, the
// largest HostFailures of them.
func (s *Site) compute(hosts []mo.HostSystem) psn.Resources {
	var cores, memory []int64
	for _, h := range hosts {
		if hw := h.Summary.Hardware; hw != nil {
			cores = append(cores, int64(hw.NumCpuCores))
			memory = append(memory, hw.MemorySize>>20)
		}
	}
	return psn.Resources{
		VCPUs:     s.sumButLargest(cores) * s.cfg.VCPUPerCore,
		MemoryMiB: s.sumButLargest(memory),
	}
}

func (s *Site) sumButLargest(v []int64) int64 {
	slices.Sort(v)
	var sum int64
	for i := range max(len(v)-int(s.cfg.HostFailures), 0) {
		sum += v[i]
	}
	return sum
}
