package placement_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A site that does not answer and that is excluded whole keeps nobody waiting.
func TestExcludedSilenceFailsNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		x    []placement.Exclusion
		want placement.Verdict
	}{
		"none":           {nil, placement.NotFound},
		"site":           {[]placement.Exclusion{{Site: psn.Acilia, Reason: "works"}}, placement.Placed},
		"platform":       {[]placement.Exclusion{{Site: psn.Acilia, Platform: psn.VSphere, Reason: "works"}}, placement.Placed},
		"other platform": {[]placement.Exclusion{{Site: psn.Acilia, Platform: psn.OpenStack, Reason: "works"}}, placement.NotFound},
		"other site":     {[]placement.Exclusion{{Site: psn.Pomezia, Reason: "works"}}, placement.NotFound},
		"a cluster":      {[]placement.Exclusion{{Site: psn.Acilia, Platform: psn.VSphere, Cluster: "c1", Reason: "works"}}, placement.NotFound},
	} {
		req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Excluded: tc.x, Workloads: []placement.Workload{
			{Name: "db", Service: "p_bs/s", Classification: psn.Strategic, Instances: 2, PerInstance: size(2, 16, 100)}}}
		req.Sites[0] = psn.SiteInventory{Site: psn.Acilia, Platform: psn.VSphere, Error: "connection refused"}
		if res := solve(t, req); res.Verdict != tc.want {
			t.Errorf("%s: %s, want %s: %v", name, res.Verdict, tc.want, res.Explanation)
		}
	}
}

// What Solve decides beside a silent site can be formulated and bounded too, and
// what has a part there stays out of the program: nobody can move it.
func TestSilenceFreezesWhatStandsThere(t *testing.T) {
	t.Parallel()
	req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Workloads: []placement.Workload{
		{Name: "db", Service: "p_bs/s", Classification: psn.Strategic, Instances: 2, PerInstance: size(2, 16, 100)},
		{Name: "mail", Service: "p_bs/s", Classification: psn.Critical, Instances: 2, PerInstance: size(2, 16, 100)}}}
	req.Sites[0] = psn.SiteInventory{Site: psn.Acilia, Platform: psn.VSphere, Error: "connection refused"}
	standsAt := func(standby psn.Site) placement.Assignment {
		return placement.Assignment{Site: psn.Acilia, Platform: psn.VSphere, Cluster: "c1", StandbySite: standby, StandbyPlatform: psn.VSphere, StandbyCluster: "c1"}
	}
	req.Current = map[string]placement.Assignment{"db-1": standsAt(psn.Rozzano), "db-2": standsAt(psn.Rozzano), "mail-1": standsAt(psn.Pomezia), "mail-2": standsAt(psn.Rozzano)}
	req.Sites[1].Clusters[0].Capacity = size(0, 0, 0) // mail-1 has to find another standby
	res := solve(t, req)
	if res.Verdict != placement.Placed || res.Assignments["mail-1"].Site != psn.Acilia || res.Assignments["mail-1"].StandbySite == psn.Pomezia {
		t.Fatalf("%s: %+v", res.Verdict, res.Assignments)
	}
	p, err := placement.Formulate(req, placement.Formulation{})
	if err != nil || p.Undecided() != 0 {
		t.Errorf("%v, %d machines to decide", err, p.Undecided())
	}
	if low, err := placement.Bound(req, res); err != nil || low > res.Cost.Total {
		t.Errorf("bound %d, %v", low, err)
	}
	req.Workloads[0].Instances = 3
	if _, err := placement.Formulate(req, placement.Formulation{}); !psn.Is(err, psn.Unsupported) {
		t.Errorf("one more strategic machine: %v", err)
	}
}
