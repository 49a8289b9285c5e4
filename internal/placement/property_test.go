package placement_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
)

// Ten thousand requests over the whole model: what is placed passes a validator
// that shares no code with the solver, over all losses; costs add up and are not
// below the bound; asking again with what was decided moves nothing; and with
// some of it changed, what is placed is valid again.
func TestTenThousandRequests(t *testing.T) {
	t.Parallel()
	const instances = 10_000
	verdicts := map[placement.Verdict]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for seed := uint64(w); seed < instances; seed += uint64(workers) {
				verdict, bad := try(seed)
				mu.Lock()
				verdicts[verdict]++
				mu.Unlock()
				if len(bad) > 0 {
					t.Errorf("seed %d: %v", seed, bad)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Log(verdicts)
	if verdicts[placement.Placed] < instances/2 || verdicts[placement.Infeasible] < instances/20 {
		t.Errorf("%v: the requests do not test both sides", verdicts)
	}
}

func try(seed uint64) (placement.Verdict, []string) {
	req := placementtest.Random(seed)
	res, err := placement.Solve(req)
	if err != nil {
		return "", []string{err.Error()}
	}
	if res.Verdict != placement.Placed {
		if len(res.Findings) == 0 || len(res.Explanation) < 2 || len(res.Assignments) > 0 {
			return res.Verdict, []string{fmt.Sprintf("%s without reasons, or with places: %+v", res.Verdict, res)}
		}
		return res.Verdict, nil
	}
	bad := placementtest.Validate(req, res)
	if c := res.Cost; c.Total != c.Price+c.Moves+c.Wishes+c.Balance || c.Wishes < 0 {
		bad = append(bad, fmt.Sprintf("cost %+v does not add up", c))
	}
	if low, err := placement.Bound(req, res); err != nil || low > res.Cost.Total {
		bad = append(bad, fmt.Sprintf("bound %d of cost %d: %v", low, res.Cost.Total, err))
	}
	if seed%4 == 0 {
		bad = append(bad, again(req, res)...)
	}
	return res.Verdict, bad
}

// again asks once more with res standing, and then with one site in maintenance.
func again(req placement.Request, res placement.Result) []string {
	req.Current, req.Rebalance = res.Assignments, false
	second, err := placement.Solve(req)
	if err != nil || second.Verdict != placement.Placed || len(second.Moves) > 0 {
		return []string{fmt.Sprintf("again: %v %s, %d moves: %q", err, second.Verdict, len(second.Moves), second.Explanation)}
	}
	req.Excluded = append(slices.Clone(req.Excluded), placement.Exclusion{Site: req.Sites[0].Site})
	third, err := placement.Solve(req)
	if err != nil {
		return []string{err.Error()}
	}
	if third.Verdict == placement.Placed {
		return placementtest.Validate(req, third)
	}
	return nil
}
