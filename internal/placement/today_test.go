package placement_test

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestRefusalCountsWhatStands cuts a cluster under a machine that may stand
// nowhere else: the headroom of the refusal has it, and the reserve of its standby.
func TestRefusalCountsWhatStands(t *testing.T) {
	t.Parallel()
	req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Workloads: []placement.Workload{
		{Name: "w", Service: "p_bs/s", Classification: psn.Critical, Instances: 3, PerInstance: size(2, 16, 100), Sites: []psn.Site{psn.Acilia}}}}
	req.Current = solve(t, req).Assignments
	req.Sites[0].Clusters[0].Capacity.VCPUs = 4
	res := solve(t, req)
	if res.Verdict == placement.Placed {
		t.Fatal("6 vCPUs were placed on 4")
	}
	reserved := int64(0)
	for _, h := range res.Headroom {
		if h.Site == psn.Acilia && h.Lost == "" && h.Free.VCPUs != -2 {
			t.Errorf("%d of 4 vCPUs free where 6 stand", h.Free.VCPUs)
		}
		if h.Site != psn.Acilia && h.Lost == psn.Acilia {
			reserved += 100 - h.Free.VCPUs
		}
	}
	if reserved != 6 {
		t.Errorf("%d vCPUs are reserved for the loss of acilia, where 6 stand", reserved)
	}
}

// TestStandsBesideSilence keeps a strategic machine that stands while a site
// does not answer, and promises nothing new.
func TestStandsBesideSilence(t *testing.T) {
	t.Parallel()
	req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Workloads: []placement.Workload{
		{Name: "w", Service: "p_bs/s", Classification: psn.Strategic, Instances: 4, PerInstance: size(2, 16, 100)}}}
	req.Current = solve(t, req).Assignments
	req.Sites[0] = psn.SiteInventory{Site: psn.Acilia, Platform: psn.VSphere, Error: "connection refused"}
	if res := solve(t, req); res.Verdict != placement.Placed || len(res.Moves) > 0 || len(res.Findings) != 1 || res.Findings[0].Outcome != psn.Undecidable {
		t.Errorf("%s, moves %v, findings %v", res.Verdict, res.Moves, res.Findings)
	}
	req.Rebalance = true
	if res := solve(t, req); res.Verdict != placement.NotFound {
		t.Errorf("%s: a rebalance moved what cannot be checked", res.Verdict)
	}
	req.Rebalance, req.Workloads[0].Instances = false, 5
	if res := solve(t, req); res.Verdict != placement.NotFound {
		t.Errorf("%s: a strategic machine was promised a place", res.Verdict)
	}
}

// TestApartIsProven tells groups that no sharing of places can keep apart from
// those that one can.
func TestApartIsProven(t *testing.T) {
	t.Parallel()
	a, p, r := psn.Acilia, psn.Pomezia, psn.Rozzano
	for name, tc := range map[string]struct {
		sites [3][]psn.Site
		want  placement.Verdict
	}{
		"one for two":     {[3][]psn.Site{{a}, {a}, {r}}, placement.Infeasible},
		"two for three":   {[3][]psn.Site{{a, p}, {a, p}, {a, p}}, placement.Infeasible},
		"just one way":    {[3][]psn.Site{{a, p, r}, {a, p}, {a}}, placement.Placed},
		"three for three": {[3][]psn.Site{{a, p, r}, {a, p, r}, {a, p, r}}, placement.Placed},
	} {
		for _, kind := range []placement.GroupKind{placement.ApartCluster, placement.ApartSite} {
			req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Groups: []placement.Group{{Name: "g", Kind: kind, Workloads: []string{"x", "y", "z"}}}}
			for i, w := range []string{"x", "y", "z"} {
				req.Workloads = append(req.Workloads, placement.Workload{Name: w, Service: "p_bs/s", Classification: psn.Ordinary, Instances: 1, PerInstance: size(1, 1, 1), Sites: tc.sites[i]})
			}
			res := solve(t, req)
			if res.Verdict != tc.want {
				t.Errorf("%s: %s, want %s: %q", name, res.Verdict, tc.want, res.Explanation)
			}
			if tc.want == placement.Infeasible && (len(res.Findings) != 1 || res.Findings[0].Rule != "PLC-005" || !strings.Contains(res.Explanation[1], "group g (x, y, z) asks for 3 workloads on different")) {
				t.Errorf("%s: %q %v", name, res.Explanation, res.Findings)
			}
		}
	}
}
