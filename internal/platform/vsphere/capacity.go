package vsphere

import (
	"slices"

	"github.com/vmware/govmomi/vim25/mo"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// clusters counts what each cluster offers, net of the hosts held back.
func (s *Site) clusters(t *topology, l psn.Commitments) []psn.Cluster {
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
		out = append(out, psn.Cluster{Name: c.name, Capacity: r, Commitments: l.Of(c.name)})
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
