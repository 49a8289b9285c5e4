package exact_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/exact"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// byNodes limits the solver by its work, so that a busy machine takes longer but
// comes to the same answer.
var byNodes = exact.Limits{Time: exact.NoTime, Nodes: 2_000}

// open returns the solver. Where it is not installed it says what is not checked
// and returns nil, except in continuous integration, where it has to be there.
func open(t testing.TB, checks string) *exact.Solver {
	t.Helper()
	ctx := context.Background()
	s, err := exact.Open(ctx, "", os.Getenv)
	if psn.Is(err, psn.NotFound) && os.Getenv("CI") == "" {
		t.Logf("NOT CHECKED: %s: %v", checks, err)
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(ctx) })
	return s
}

// machines counts those of a request: proofs about more take minutes.
func machines(req placement.Request) (n int64) {
	for _, w := range req.Workloads {
		n += w.Instances
	}
	return n
}

// tally counts outcomes of subtests that run side by side.
type tally struct {
	sync.Mutex
	n map[string]int
}

func (c *tally) add(what string) {
	c.Lock()
	defer c.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[what]++
}

// Small requests are solved to the proven optimum: the search finds it, or
// nearly, and the bound in integers is below.
func TestCertify(t *testing.T) {
	t.Parallel()
	s := open(t, "that the search comes to the optimum of small requests")
	if s == nil {
		return
	}
	var seen tally
	t.Run("seeds", func(t *testing.T) {
		for seed := range uint64(5) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				certify(t, s, placementtest.Estate(seed+500, 10+int64(seed)*2, 60, true), &seen)
			})
		}
	})
	if seen.n["proven"] < 4 {
		t.Errorf("%v: hardly any optimum was proven", seen.n)
	}
}

func certify(t *testing.T, s *exact.Solver, req placement.Request, seen *tally) {
	res, err := placement.Solve(req)
	if err != nil || res.Verdict != placement.Placed {
		t.Fatal(err, res.Explanation)
	}
	low, err := placement.Bound(req, res)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := s.Certify(t.Context(), req, res, byNodes)
	if err != nil {
		t.Fatal(err)
	}
	if bad := placementtest.Validate(req, proof.Result); len(bad) > 0 {
		t.Error(bad)
	}
	c := proof.Certificate
	if c.Bound > c.Cost || c.Cost > res.Cost.Total || low > c.Cost || c.Bound < low {
		t.Errorf("bound %d, in integers %d, cost %d, of the search %d", c.Bound, low, c.Cost, res.Cost.Total)
	}
	if !c.Optimal {
		seen.add("open")
		return
	}
	seen.add("proven")
	if gap := (res.Cost.Total - c.Bound) * 1000 / c.Bound; gap > 20 {
		t.Errorf("the search is %d per mille above the optimum", gap)
	}
}

// What the search leaves open is settled: a placement that is valid, or a
// conflict checked in exact sums.
func TestSettle(t *testing.T) {
	t.Parallel()
	s := open(t, "that requests the search leaves open are settled")
	if s == nil {
		return
	}
	var seen tally
	t.Run("seeds", func(t *testing.T) {
		left := 10
		for seed := uint64(0); left > 0; seed++ {
			req := placementtest.Random(seed)
			if machines(req) > 12 {
				continue
			}
			res, err := placement.Solve(req)
			if err != nil {
				t.Fatal(err)
			}
			if res.Verdict != placement.NotFound {
				continue
			}
			left--
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				settle(t, s, req, res, &seen)
			})
		}
	})
	if seen.n["refuted"] < 3 || seen.n["placed"] < 1 || seen.n["open"] > 1 {
		t.Errorf("%v: too little was settled", seen.n)
	}
}

func settle(t *testing.T, s *exact.Solver, req placement.Request, res placement.Result, seen *tally) {
	proof, err := s.Settle(t.Context(), req, res, byNodes)
	if err != nil {
		t.Fatal(err)
	}
	switch proof.Verdict {
	case placement.Placed:
		seen.add("placed")
		if bad := placementtest.Validate(req, proof.Result); len(bad) > 0 || !proof.Settled {
			t.Error(bad)
		}
	case placement.Infeasible:
		seen.add("refuted")
		if len(proof.Findings) == 0 || len(proof.Explanation) != len(proof.Findings)+1 {
			t.Errorf("%q", proof.Explanation)
		}
	default:
		seen.add("open")
	}
	t.Logf("%s settled %v exact %v minimal %v: %s", proof.Verdict, proof.Settled, proof.Exact, proof.Minimal, strings.Join(proof.Explanation[:min(len(proof.Explanation), 6)], "\n   "))
}
