package exact_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/exact"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// open returns the solver. Where it is not installed the test is skipped, except
// in continuous integration, where it has to be.
func open(t testing.TB) *exact.Solver {
	t.Helper()
	ctx := context.Background()
	s, err := exact.Open(ctx, "", os.Getenv)
	if psn.Is(err, psn.NotFound) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(ctx) })
	return s
}

// Small requests are solved to the proven optimum: the search finds it, or
// nearly, and the bound in integers is below.
func TestCertify(t *testing.T) {
	s := open(t)
	proven := 0
	for seed := range uint64(6) {
		req := placementtest.Estate(seed+500, 10+int64(seed)*2, 60, true)
		res, err := placement.Solve(req)
		if err != nil || res.Verdict != placement.Placed {
			t.Fatal(err, res.Explanation)
		}
		low, err := placement.Bound(req, res)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := s.Certify(t.Context(), req, res, exact.Limits{Time: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if bad := placementtest.Validate(req, proof.Result); len(bad) > 0 {
			t.Errorf("seed %d: %v", seed, bad)
		}
		c := proof.Certificate
		if c.Bound > c.Cost || c.Cost > res.Cost.Total || low > c.Cost || c.Bound < low {
			t.Errorf("seed %d: bound %d, in integers %d, cost %d, of the search %d", seed, c.Bound, low, c.Cost, res.Cost.Total)
		}
		if c.Optimal {
			proven++
			if gap := (res.Cost.Total - c.Bound) * 1000 / c.Bound; gap > 20 {
				t.Errorf("seed %d: the search is %d per mille above the optimum", seed, gap)
			}
		}
	}
	if proven < 3 {
		t.Errorf("%d of 6 proven", proven)
	}
}

// What the search leaves open is settled: a placement that is valid, or a
// conflict checked in exact sums.
func TestSettle(t *testing.T) {
	s := open(t)
	settled, refuted, open := 0, 0, 0
	for seed := uint64(0); settled+refuted+open < 12; seed++ {
		req := placementtest.Random(seed)
		res, err := placement.Solve(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.Verdict != placement.NotFound {
			continue
		}
		proof, err := s.Settle(t.Context(), req, res, exact.Limits{Time: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		switch proof.Verdict {
		case placement.Placed:
			settled++
			if bad := placementtest.Validate(req, proof.Result); len(bad) > 0 || !proof.Settled {
				t.Errorf("seed %d: %v", seed, bad)
			}
		case placement.Infeasible:
			refuted++
			if len(proof.Findings) == 0 || len(proof.Explanation) != len(proof.Findings)+1 {
				t.Errorf("seed %d: %q", seed, proof.Explanation)
			}
		default:
			open++
		}
		t.Logf("seed %d: %s settled %v exact %v minimal %v: %s", seed, proof.Verdict, proof.Settled, proof.Exact, proof.Minimal, strings.Join(proof.Explanation[:min(len(proof.Explanation), 6)], "\n   "))
	}
	if open > 1 || refuted == 0 {
		t.Errorf("%d placed, %d refuted, %d left open", settled, refuted, open)
	}
}
