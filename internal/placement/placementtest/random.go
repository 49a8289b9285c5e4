package placementtest

import (
	"fmt"
	"math/rand/v2"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Random returns a small request, of up to some twenty machines, that may use
// any part of the model: classes, pins, GPUs, storage classes, groups,
// maintenance, quota, standby modes, loss of a region, others on the clusters.
func Random(seed uint64) placement.Request {
	r := rand.New(rand.NewPCG(seed, 4711)) //nolint:gosec // the same for the same seed
	one := func(n int) bool { return r.IntN(n) == 0 }
	pick := func(vs ...int64) int64 { return vs[r.IntN(len(vs))] }
	req := placement.Request{Tenant: Tenant, SurviveRegion: one(5)}
	var need psn.Resources
	for i := range 2 + r.IntN(7) {
		w := placement.Workload{
			Name: fmt.Sprintf("w%d", i), Service: psn.ServiceID(fmt.Sprintf("p_bs/s%d", i%3)), Classification: psn.Classifications()[r.IntN(3)],
			Instances: 1 + r.Int64N(4), PerInstance: Size(pick(1, 2, 4, 8), pick(2, 4, 8, 16, 32), pick(20, 50, 100, 200)),
		}
		if one(5) {
			w.Sites = []psn.Site{psn.Sites()[r.IntN(4)], psn.Sites()[r.IntN(4)]}
		}
		if one(7) && w.Classification != psn.Strategic && !req.SurviveRegion {
			w.Regions = []psn.Region{psn.Regions()[r.IntN(2)]}
		}
		if one(6) {
			w.Platforms = []psn.Platform{psn.Platforms()[r.IntN(2)]}
		}
		if one(4) {
			w.Near = []psn.Site{psn.Sites()[r.IntN(4)]}
		}
		if one(5) {
			w.GPUs = 1
		}
		if one(4) {
			w.StorageClasses = map[string]int64{[]string{"fast", "archive"}[r.IntN(2)]: w.PerInstance.StorageMiB / 2}
		}
		if one(3) && w.Classification.Protected() {
			w.StandbyMode = placement.Active
		}
		w.AntiAffinity = one(4)
		need = need.Add(w.PerInstance.Times(w.Instances * 2))
		req.Workloads = append(req.Workloads, w)
	}
	slack := pick(90, 150, 250, 400, 800)
	for _, s := range psn.Sites() {
		for _, p := range psn.Platforms() {
			if one(6) {
				continue
			}
			si := psn.SiteInventory{Site: s, Platform: p}
			for c := range 1 + r.IntN(2) {
				part := func(v, least int64) int64 { return v*slack/100/12*(60+r.Int64N(80))/100 + least }
				cl := psn.Cluster{Name: fmt.Sprintf("c%d", c), Capacity: psn.Resources{VCPUs: part(need.VCPUs, 8), MemoryMiB: part(need.MemoryMiB, 32*1024), StorageMiB: part(need.StorageMiB, 200*1024)}}
				if one(3) {
					cl.Commitments = []psn.Commitment{{Tenant: "c_h501", Resources: Size(2, 4, 20)}, {Tenant: "c_h501", ForSite: psn.Sites()[r.IntN(4)], Resources: Size(2, 8, 20)}, {Tenant: Tenant, Service: "p_bs/s0", Resources: Size(1, 1, 1)}}
				}
				si.Clusters = append(si.Clusters, cl)
				f := placement.ClusterFacts{Site: s, Platform: p, Cluster: cl.Name, GPUs: 2 + r.Int64N(6), StorageClasses: map[string]int64{"fast": part(need.StorageMiB, 50*1024)}}
				if one(2) {
					f.StorageClasses["archive"] = part(need.StorageMiB, 50*1024)
					f.Price = placement.Price{PerVCPU: pick(50, 100, 150), PerMemoryGiB: pick(10, 20, 30), PerGPU: 500}
				}
				req.Facts = append(req.Facts, f)
			}
			req.Sites = append(req.Sites, si)
		}
	}
	decorate(r, &req)
	return req
}

func decorate(r *rand.Rand, req *placement.Request) {
	one := func(n int) bool { return r.IntN(n) == 0 }
	kinds := []placement.GroupKind{placement.Together, placement.ApartCluster, placement.ApartSite}
	if a, b := r.IntN(len(req.Workloads)), r.IntN(len(req.Workloads)); a != b && one(2) {
		g := placement.Group{Name: "g", Kind: kinds[r.IntN(3)], Workloads: []string{req.Workloads[a].Name, req.Workloads[b].Name}}
		if g.Kind == placement.Together {
			req.Workloads[a].AntiAffinity, req.Workloads[b].AntiAffinity = false, false
		}
		req.Groups = append(req.Groups, g)
	}
	if one(5) {
		req.Excluded = append(req.Excluded, placement.Exclusion{Site: psn.Sites()[r.IntN(4)], Platform: psn.Platforms()[r.IntN(2)], Reason: "works"})
	}
	if one(4) {
		n := func() *int64 {
			v := []int64{-1, 10, 20, 40, 80}[r.IntN(5)]
			return &v
		}
		req.Quota = &placement.Quota{Total: placement.Limits{VCPUs: n()}, Sites: map[psn.Site]placement.Limits{psn.Sites()[r.IntN(4)]: {VCPUs: n()}}}
	}
	req.Rebalance = one(3)
}
