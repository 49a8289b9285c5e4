package placement_test

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Four critical machines of 4 vCPUs, at two sites of 12 vCPUs: each site runs two
// of them, and of the other two's 8 vCPUs has room for a half.
func TestReserveInPart(t *testing.T) {
	t.Parallel()
	with := func(percent int64) placement.Request {
		req := placement.Request{Tenant: tenant, Sites: estate(1, size(12, 400, 4000))[:2], Workloads: []placement.Workload{
			{Name: "db", Service: "p_bs/s", Classification: psn.Critical, Instances: 4, PerInstance: size(4, 8, 10)}}}
		if percent != 0 {
			req.DRReserve = &percent
		}
		return req
	}
	for percent, want := range map[int64]placement.Verdict{0: placement.Infeasible, 100: placement.Infeasible, 50: placement.Placed, 1: placement.Placed, 51: placement.NotFound} {
		res := solve(t, with(percent))
		if percent == 51 { // 3 vCPUs of each, rounded up
			if res.Verdict == placement.Placed {
				t.Errorf("51 %%: %s", res.Verdict)
			}
			continue
		}
		if res.Verdict != want {
			t.Fatalf("%d %%: %s: %q", percent, res.Verdict, res.Explanation)
		}
		if want != placement.Placed {
			continue
		}
		if bad := placementtest.Validate(with(percent), res); len(bad) > 0 {
			t.Errorf("%d %%: %v", percent, bad)
		}
		said := strings.Join(res.Explanation, "\n")
		for _, words := range []string{"is kept (dr_reserve)", "not all its critical and strategic machines fit: ", "falls short of vCPU by 4 vCPU"} {
			if percent == 50 && !strings.Contains(said, words) {
				t.Errorf("no %q in\n%s", words, said)
			}
		}
		short := 0
		for _, h := range res.Headroom {
			if percent == 50 && h.Lost != "" && h.Free.VCPUs == -4 && h.Reserved.VCPUs == 8 {
				short++
			}
		}
		if percent == 50 && short != 2 {
			t.Errorf("%d clusters are told to fall short: %+v", short, res.Headroom)
		}
	}
	// Twice the reserve needs room for twice as much.
	double := with(200)
	for i := range double.Sites {
		double.Sites[i].Clusters[0].Capacity.VCPUs = 23
	}
	if res := solve(t, double); res.Verdict == placement.Placed {
		t.Error("200 % of 8 vCPUs is placed beside 8 on 23")
	}
	for i := range double.Sites {
		double.Sites[i].Clusters[0].Capacity.VCPUs = 24
	}
	if res := solve(t, double); res.Verdict != placement.Placed || len(placementtest.Validate(double, res)) > 0 {
		t.Errorf("%s: %q", res.Verdict, res.Explanation)
	}
}

// Whatever is kept, a standby can start where it waits.
func TestStandbyCanStart(t *testing.T) {
	t.Parallel()
	percent := int64(25)
	req := placement.Request{Tenant: tenant, DRReserve: &percent, Sites: estate(1, size(12, 400, 4000))[:2], Workloads: []placement.Workload{
		{Name: "db", Service: "p_bs/s", Classification: psn.Critical, Instances: 1, PerInstance: size(10, 8, 10)}}}
	req.Sites[1].Clusters[0].Capacity.VCPUs = 8
	if res := solve(t, req); res.Verdict == placement.Placed {
		t.Errorf("a machine of 10 vCPUs has its standby on a cluster of 8: %+v", res.Assignments)
	}
}

// What is placed keeps what is asked for, and its bound holds, whatever the reserve.
func TestReserveOfAnyRequest(t *testing.T) {
	t.Parallel()
	placed := 0
	for seed := range uint64(150) {
		req := placementtest.Random(seed)
		percent := []int64{30, 70, 130, 220}[seed%4]
		req.DRReserve = &percent
		res := solve(t, req)
		// What has a place with more kept has one with less.
		more := req
		all := int64(100)
		if more.DRReserve = &all; percent > all {
			more.DRReserve, all = &percent, percent
		}
		less := req
		if part := min(percent, 100); solve(t, more).Verdict == placement.Placed {
			less.DRReserve = &part
			if got := solve(t, less); got.Verdict == placement.Infeasible {
				t.Fatalf("seed %d: %d %% is placed and %d %% is %q: %q", seed, all, part, got.Verdict, got.Explanation)
			}
		}
		if res.Verdict != placement.Placed {
			continue
		}
		placed++
		if bad := placementtest.Validate(req, res); len(bad) > 0 {
			t.Fatalf("seed %d, %d %%: %v", seed, percent, bad)
		}
		if low, err := placement.Bound(req, res); err != nil || low > res.Cost.Total {
			t.Fatalf("seed %d, %d %%: bound %d of %d, %v", seed, percent, low, res.Cost.Total, err)
		}
		p, err := placement.Formulate(req, placement.Formulation{})
		if err != nil || p.Undecided() > 0 && p.Hint(res) == nil {
			t.Fatalf("seed %d, %d %%: what was decided is not in the program: %v", seed, percent, err)
		}
	}
	if placed < 40 {
		t.Errorf("only %d of 150 requests were placed", placed)
	}
}
