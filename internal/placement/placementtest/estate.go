// Package placementtest makes placement requests for tests and benchmarks, and
// checks results with arithmetic of its own.
//
// It must not use any sum of package placement: what it checks is whether they
// are right.
package placementtest

import (
	"fmt"
	"math/rand/v2"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Tenant of all requests made here.
const Tenant = psn.TenantID("p_bs")

// Size is a machine in vCPUs, GiB of RAM and GiB of storage.
func Size(vcpus, memoryGiB, storageGiB int64) psn.Resources {
	return psn.Resources{VCPUs: vcpus, MemoryMiB: memoryGiB * 1024, StorageMiB: storageGiB * 1024}
}

// Estate returns a request of n machines to be placed anew on twelve clusters
// whose prices differ, most of them standing somewhere today and movable at a
// price; load is how full, in percent, the estate gets. Features says how much
// of the model is used beside classes and prices. The same arguments give the
// same request.
func Estate(seed uint64, n, load int64, features bool) placement.Request {
	r := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // the same for the same seed
	pick := func(vs ...int64) int64 { return vs[r.IntN(len(vs))] }
	w := placement.DefaultWeights(true)
	w.Move, w.MovePerGiB = 2_000, 2
	req := placement.Request{Tenant: Tenant, Rebalance: true, Weights: &w, Current: map[string]placement.Assignment{}}
	var need psn.Resources
	var gpus, fast int64
	for i := int64(0); n > 0; i++ {
		w := placement.Workload{
			Name: fmt.Sprintf("w%04d", i), Service: psn.ServiceID(fmt.Sprintf("p_bs/s%d", i%40)),
			Classification: psn.Classifications()[pick(0, 0, 0, 0, 0, 1, 1, 1, 2, 2)],
			PerInstance:    Size(pick(1, 2, 2, 4, 4, 8, 16), pick(2, 4, 8, 8, 16, 32, 64), pick(20, 50, 100, 200, 500)),
			Instances:      min(n, pick(1, 1, 1, 2, 2, 3)),
		}
		n -= w.Instances
		if r.IntN(4) == 0 {
			w.Near = []psn.Site{psn.Sites()[r.IntN(4)]}
		}
		if r.IntN(10) == 0 {
			w.Platforms = []psn.Platform{psn.Platforms()[r.IntN(2)]}
		}
		if features {
			if r.IntN(12) == 0 && len(w.Platforms) == 0 {
				w.GPUs = pick(1, 2)
				gpus += w.GPUs * w.Instances * 2
			}
			if r.IntN(6) == 0 {
				w.StorageClasses = map[string]int64{"fast": w.PerInstance.StorageMiB / 2}
				fast += w.PerInstance.StorageMiB * w.Instances
			}
			if w.Classification.Protected() && r.IntN(5) == 0 {
				w.StandbyMode = placement.Active
			}
			if w.Instances <= 4 && r.IntN(6) == 0 {
				w.AntiAffinity = true
			}
		}
		use := w.PerInstance.Times(w.Instances)
		if w.Classification.Protected() {
			use = psn.Resources{VCPUs: use.VCPUs * 3 / 2, MemoryMiB: use.MemoryMiB * 3 / 2, StorageMiB: use.StorageMiB * 2}
			if w.StandbyMode == placement.Active {
				use = w.PerInstance.Times(w.Instances * 2)
			}
		}
		need = need.Add(use)
		req.Workloads = append(req.Workloads, w)
	}
	const clusters = 12
	for i := range int64(clusters) {
		s, p := psn.Sites()[i%4], psn.VSphere
		if i >= 8 {
			p = psn.OpenStack
		}
		part := func(v int64) int64 { return v*100/load/clusters*(80+r.Int64N(40))/100 + 1 }
		c := psn.Cluster{Name: fmt.Sprintf("c%d", i/4+1), Capacity: psn.Resources{VCPUs: part(need.VCPUs) + 16, MemoryMiB: part(need.MemoryMiB) + 64*1024, StorageMiB: part(need.StorageMiB) + 500*1024}}
		put(&req, s, p, c)
		f := placement.ClusterFacts{Site: s, Platform: p, Cluster: c.Name, Price: placement.Price{PerVCPU: 100 + r.Int64N(60), PerMemoryGiB: 20 + r.Int64N(12), PerStorageGiB: 1 + r.Int64N(2)}}
		if features {
			f.GPUs = gpus/4 + 4
			f.StorageClasses = map[string]int64{"fast": fast/4 + 500*1024}
		}
		req.Facts = append(req.Facts, f)
	}
	for _, w := range req.Workloads {
		for i := range w.Instances {
			if r.IntN(5) == 0 {
				continue // new
			}
			a := placement.Assignment{VM: fmt.Sprintf("%s-%d", w.Name, i+1), Workload: w.Name, Service: w.Service, Classification: w.Classification, Resources: w.PerInstance}
			f := req.Facts[r.IntN(len(req.Facts))]
			a.Site, a.Region, a.Platform, a.Cluster = f.Site, f.Site.Region(), f.Platform, f.Cluster
			if w.Classification.Protected() {
				g := req.Facts[r.IntN(len(req.Facts))]
				a.StandbySite, a.StandbyRegion, a.StandbyPlatform, a.StandbyCluster = g.Site, g.Site.Region(), g.Platform, g.Cluster
			}
			req.Current[a.VM] = a
		}
	}
	return req
}

func put(req *placement.Request, s psn.Site, p psn.Platform, c psn.Cluster) {
	for i := range req.Sites {
		if req.Sites[i].Site == s && req.Sites[i].Platform == p {
			req.Sites[i].Clusters = append(req.Sites[i].Clusters, c)
			return
		}
	}
	req.Sites = append(req.Sites, psn.SiteInventory{Site: s, Platform: p, Clusters: []psn.Cluster{c}})
}
