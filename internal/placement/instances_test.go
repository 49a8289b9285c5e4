package placement_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const tenant = psn.TenantID("p_bs")

// estate returns the four sites on vSphere, with the given clusters each.
func estate(clusters int, each psn.Resources) []psn.SiteInventory {
	var inv []psn.SiteInventory
	for _, s := range psn.Sites() {
		si := psn.SiteInventory{Site: s, Platform: psn.VSphere}
		for c := range clusters {
			si.Clusters = append(si.Clusters, psn.Cluster{Name: fmt.Sprintf("c%d", c+1), Capacity: each})
		}
		inv = append(inv, si)
	}
	return inv
}

// size is a machine in vCPUs, GiB of RAM and GiB of storage.
func size(vcpus, memoryGiB, storageGiB int64) psn.Resources {
	return psn.Resources{VCPUs: vcpus, MemoryMiB: memoryGiB * 1024, StorageMiB: storageGiB * 1024}
}

// random returns an instance of about n machines that fills a share of the
// estate, in percent. The same seed gives the same instance.
func random(seed uint64, n int64, fill int64) placement.Request {
	r := rand.New(rand.NewPCG(seed, 2026))
	req := placement.Request{Tenant: tenant}
	pick := func(vs ...int64) int64 { return vs[r.IntN(len(vs))] }
	var need psn.Resources
	for i := 0; n > 0; i++ {
		w := placement.Workload{
			Name: fmt.Sprintf("w%d", i), Service: psn.ServiceID(fmt.Sprintf("p_bs/s%d", i%7)),
			Instances:      min(n, 1+r.Int64N(max(1, min(n, 12)))),
			PerInstance:    size(pick(1, 2, 4, 8, 16), pick(2, 4, 8, 16, 32, 64), pick(20, 50, 100, 200, 500)),
			Classification: psn.Classifications()[r.IntN(3)],
		}
		switch r.IntN(8) {
		case 0:
			w.Platforms = []psn.Platform{psn.Platforms()[r.IntN(2)]}
		case 1:
			if w.Classification != psn.Strategic {
				w.Regions = []psn.Region{psn.Regions()[r.IntN(2)]}
			}
		case 2:
			w.Sites = []psn.Site{psn.Sites()[r.IntN(4)], psn.Sites()[r.IntN(4)]}
		}
		w.AntiAffinity = w.Instances <= 4 && r.IntN(3) == 0
		n -= w.Instances
		req.Workloads = append(req.Workloads, w)
		use := w.PerInstance.Times(w.Instances)
		if w.Classification != psn.Ordinary { // a standby's disk always, its compute about half of the time
			use = psn.Resources{VCPUs: use.VCPUs * 4 / 3, MemoryMiB: use.MemoryMiB * 4 / 3, StorageMiB: use.StorageMiB * 2}
		}
		need = need.Add(use)
	}
	clusters := int64(8 + r.IntN(9))
	for i := range clusters {
		s, p := psn.Sites()[i%4], psn.Platforms()[i/4%2]
		part := func(v int64) int64 { return v*100/fill/clusters*(70+r.Int64N(60))/100 + 1 }
		c := psn.Cluster{Name: fmt.Sprintf("c%d", i/8+1), Capacity: psn.Resources{VCPUs: part(need.VCPUs) + 16, MemoryMiB: part(need.MemoryMiB) + 64*1024, StorageMiB: part(need.StorageMiB) + 500*1024}}
		if r.IntN(2) == 0 {
			other := psn.Resources{VCPUs: c.Capacity.VCPUs / 10, MemoryMiB: c.Capacity.MemoryMiB / 10, StorageMiB: c.Capacity.StorageMiB / 10}
			c.Capacity = c.Capacity.Add(other).Add(other)
			c.Commitments = []psn.Commitment{
				{Resources: other},
				{Tenant: "c_h501", Service: "c_h501/anagrafe", ForSite: psn.Sites()[r.IntN(4)], Resources: other},
				{Tenant: tenant, Service: "p_bs/s0", Resources: other}, // ours: left out
			}
		}
		at := -1
		for j := range req.Sites {
			if req.Sites[j].Site == s && req.Sites[j].Platform == p {
				at = j
			}
		}
		if at < 0 {
			at = len(req.Sites)
			req.Sites = append(req.Sites, psn.SiteInventory{Site: s, Platform: p})
		}
		req.Sites[at].Clusters = append(req.Sites[at].Clusters, c)
	}
	return req
}

// shuffle returns req with the same content in another order.
func shuffle(req placement.Request, seed uint64) placement.Request {
	r := rand.New(rand.NewPCG(seed, 7))
	out := req
	out.Workloads = append([]placement.Workload(nil), req.Workloads...)
	r.Shuffle(len(out.Workloads), func(i, j int) { out.Workloads[i], out.Workloads[j] = out.Workloads[j], out.Workloads[i] })
	out.Sites = append([]psn.SiteInventory(nil), req.Sites...)
	r.Shuffle(len(out.Sites), func(i, j int) { out.Sites[i], out.Sites[j] = out.Sites[j], out.Sites[i] })
	for i := range out.Sites {
		cs := append([]psn.Cluster(nil), out.Sites[i].Clusters...)
		r.Shuffle(len(cs), func(a, b int) { cs[a], cs[b] = cs[b], cs[a] })
		out.Sites[i].Clusters = cs
	}
	return out
}
