package placement_test

import (
	"math/rand/v2"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// tiny returns an instance small enough to try every placement.
func tiny(seed uint64) placement.Request {
	r := rand.New(rand.NewPCG(seed, 99))
	req := placement.Request{Tenant: tenant}
	for _, s := range psn.Sites() {
		si := psn.SiteInventory{Site: s, Platform: psn.VSphere}
		for c := range 1 + r.IntN(2) {
			cl := psn.Cluster{Name: string(rune('a' + c)), Capacity: psn.Resources{VCPUs: 2 + r.Int64N(9), MemoryMiB: 2 + r.Int64N(9), StorageMiB: 4 + r.Int64N(16)}}
			if r.IntN(3) == 0 {
				cl.Commitments = append(cl.Commitments, psn.Commitment{ForSite: append([]psn.Site{""}, psn.Sites()...)[r.IntN(5)], Resources: psn.Resources{VCPUs: r.Int64N(5), MemoryMiB: r.Int64N(3), StorageMiB: r.Int64N(4)}})
			}
			si.Clusters = append(si.Clusters, cl)
		}
		req.Sites = append(req.Sites, si)
	}
	left := int64(3 + r.IntN(3))
	for i := 0; left > 0; i++ {
		w := placement.Workload{Name: string(rune('a' + i)), Service: "p_bs/s", Classification: psn.Classifications()[r.IntN(3)],
			Instances: 1 + r.Int64N(min(left, 3)), PerInstance: psn.Resources{VCPUs: 1 + r.Int64N(5), MemoryMiB: 1 + r.Int64N(5), StorageMiB: 1 + r.Int64N(7)}}
		if r.IntN(4) == 0 {
			w.Sites = []psn.Site{psn.Sites()[r.IntN(4)]}
		}
		if r.IntN(6) == 0 {
			w.Regions = []psn.Region{psn.Regions()[r.IntN(2)]}
		}
		left -= w.Instances
		req.Workloads = append(req.Workloads, w)
	}
	return req
}

// exists tries every placement of the machines, cluster by cluster, and checks
// each with the validator's own arithmetic. Partial placements are pruned when
// they overfill a cluster, which adding machines cannot undo.
func exists(req placement.Request) bool {
	capacity := map[place]psn.Cluster{}
	var clusters []place
	for _, s := range req.Sites {
		for _, c := range s.Clusters {
			at := place{s.Site, s.Platform, c.Name}
			capacity[at] = c
			clusters = append(clusters, at)
		}
	}
	var machines []placement.Assignment
	limits := map[string]placement.Workload{}
	for _, w := range req.Workloads {
		limits[w.Name] = w
		for n := range w.Instances {
			machines = append(machines, placement.Assignment{VM: w.Name + "-" + string(rune('1'+n)), Workload: w.Name, Service: w.Service, Classification: w.Classification, Resources: w.PerInstance})
		}
	}
	placed := map[string]placement.Assignment{}
	var try func(i int) bool
	try = func(i int) bool {
		if len(validateCapacity(req, placement.Result{Assignments: placed}, capacity)) > 0 {
			return false
		}
		if i == len(machines) {
			return true
		}
		a := machines[i]
		for _, p := range clusters {
			standbys := clusters
			if a.Classification == psn.Ordinary {
				standbys = []place{{}}
			}
			for _, d := range standbys {
				a.Site, a.Region, a.Platform, a.Cluster = p.site, p.site.Region(), p.platform, p.cluster
				a.StandbySite, a.StandbyRegion, a.StandbyPlatform, a.StandbyCluster = d.site, d.site.Region(), d.platform, d.cluster
				if len(validateOne(limits[a.Workload], a.VM, a, nil)) > 0 {
					continue
				}
				placed[a.VM] = a
				if try(i + 1) {
					return true
				}
				delete(placed, a.VM)
			}
		}
		return false
	}
	return try(0)
}

// On instances small enough to try everything, a proof of infeasibility is
// always right; how often the search misses a placement that exists, or a
// proof, is bounded.
func TestVerdictsAgainstExhaustiveSearch(t *testing.T) {
	t.Parallel()
	const instances = 160
	proven, missed, unproven, placed := 0, 0, 0, 0
	for seed := range uint64(instances) {
		req := tiny(seed)
		res := solve(t, req)
		switch res.Verdict {
		case placement.Placed:
			placed++
			if bad := validate(req, res); len(bad) > 0 {
				t.Fatalf("seed %d: %v", seed, bad)
			}
		case placement.Infeasible:
			proven++
			if exists(req) {
				t.Errorf("seed %d: proven infeasible, but a placement exists: %q", seed, res.Explanation)
			}
		case placement.NotFound:
			if exists(req) {
				missed++
			} else {
				unproven++
			}
		}
	}
	t.Logf("placed %d, proven infeasible %d, not found: %d infeasible without proof, %d missed", placed, proven, unproven, missed)
	if placed < 30 || proven < 50 {
		t.Errorf("placed %d and proven %d: the instances do not test both sides", placed, proven)
	}
	if missed > 1 {
		t.Errorf("missed %d placements that exist", missed)
	}
}
