package placement_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// few returns a request small enough to try every placement: up to three
// machines with prices, on five clusters, some standing somewhere already.
func few(seed uint64) placement.Request {
	req := placementtest.Estate(seed, 3, 80, seed%2 == 1)
	drop := func(s psn.Site, p psn.Platform, c string) bool {
		return c == "c2" || p == psn.OpenStack && s != psn.Sites()[seed%4]
	}
	var sites []psn.SiteInventory
	for _, s := range req.Sites {
		var left []psn.Cluster
		for _, c := range s.Clusters {
			if !drop(s.Site, s.Platform, c.Name) {
				c.Capacity.VCPUs = c.Capacity.VCPUs*int64(40+seed%5*10)/100 + 8
				left = append(left, c)
			}
		}
		if s.Clusters = left; len(left) > 0 {
			sites = append(sites, s)
		}
	}
	req.Sites = sites
	var facts []placement.ClusterFacts
	for _, f := range req.Facts {
		if !drop(f.Site, f.Platform, f.Cluster) {
			facts = append(facts, f)
		}
	}
	req.Facts = facts
	for name, a := range req.Current {
		if drop(a.Site, a.Platform, a.Cluster) || a.StandbySite != "" && drop(a.StandbySite, a.StandbyPlatform, a.StandbyCluster) {
			delete(req.Current, name)
		}
	}
	return req
}

// cheapest tries every placement of a request and returns the least cost; the
// cost of each is asked of a decision that must leave it as it stands, and the
// moves to it are counted apart.
func cheapest(t *testing.T, req placement.Request) (least int64, tried int) {
	var clusters []place
	for _, s := range req.Sites {
		for _, c := range s.Clusters {
			clusters = append(clusters, place{s.Site, s.Platform, c.Name})
		}
	}
	var machines []placement.Assignment
	for _, w := range req.Workloads {
		for n := range w.Instances {
			machines = append(machines, placement.Assignment{VM: w.Name + "-" + string(rune('1'+n)), Workload: w.Name, Service: w.Service, Classification: w.Classification, Resources: w.PerInstance})
		}
	}
	still := req
	still.Rebalance = false
	at := map[string]placement.Assignment{}
	var try func(i int)
	try = func(i int) {
		if i == len(machines) {
			still.Current = at
			if res := solve(t, still); res.Verdict == placement.Placed && len(res.Moves) == 0 {
				tried++
				if cost := res.Cost.Total + moves(req, at); least == 0 || cost < least {
					least = cost
				}
			}
			return
		}
		a := machines[i]
		for _, p := range clusters {
			standbys := clusters
			if a.Classification == psn.Ordinary {
				standbys = []place{{}}
			}
			for _, d := range standbys {
				if p.site == d.site || a.Classification == psn.Strategic && p.site.Region() == d.site.Region() {
					continue
				}
				a.Site, a.Region, a.Platform, a.Cluster = p.site, p.site.Region(), p.platform, p.cluster
				a.StandbySite, a.StandbyRegion, a.StandbyPlatform, a.StandbyCluster = d.site, d.site.Region(), d.platform, d.cluster
				at[a.VM] = a
				try(i + 1)
				delete(at, a.VM)
			}
		}
	}
	try(0)
	return least, tried
}

// moves is what going from where machines stand to at costs.
func moves(req placement.Request, at map[string]placement.Assignment) int64 {
	var sum int64
	for name, from := range req.Current {
		to := at[name]
		copied := from.Resources.StorageMiB * req.Weights.MovePerGiB * 1_000_000 / 1024
		if primaryOf(from) != primaryOf(to) {
			sum += req.Weights.Move*1_000_000 + copied
		}
		if from.StandbySite != "" && standbyOf(from) != standbyOf(to) {
			sum += req.Weights.Move*500_000 + copied
		}
	}
	return sum
}

// Where every placement can be tried, none costs less than the bound, and none
// costs much less than the one decided on.
func TestBoundIsBelowEveryPlacement(t *testing.T) {
	t.Parallel()
	tried := 0
	for seed := range uint64(8) {
		req := few(seed)
		res := solve(t, req)
		least, n := cheapest(t, req)
		if n == 0 {
			continue
		}
		tried += n
		low, err := placement.Bound(req, res)
		if err != nil {
			t.Fatal(err)
		}
		if low > least {
			t.Errorf("seed %d: bound %d above the cheapest placement, %d", seed, low, least)
		}
		if res.Cost.Total < least || (res.Cost.Total-least)*50 > least {
			t.Errorf("seed %d: decided %d, cheapest %d", seed, res.Cost.Total, least)
		}
		t.Logf("seed %d: bound %d, cheapest %d of %d, decided %d", seed, low, least, n, res.Cost.Total)
	}
	if tried < 2_000 {
		t.Errorf("%d placements tried: the test does not bite", tried)
	}
}
