package placement_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
)

// What a small estate costs hardly depends on how its machines and clusters are
// called: under renamings of everything it stays within 2 % of the cheapest.
func TestNamesHardlyMatter(t *testing.T) {
	t.Parallel()
	placed := 0
	for seed := range uint64(12) {
		req := placementtest.Small(seed)
		var least, most int64
		for n := range uint64(6) {
			res := solve(t, placementtest.Renamed(req, n))
			if res.Verdict != placement.Placed {
				continue
			}
			placed++
			if least == 0 || res.Cost.Total < least {
				least = res.Cost.Total
			}
			most = max(most, res.Cost.Total)
		}
		if (most-least)*50 >= least && least > 0 {
			t.Errorf("seed %d: costs from %d to %d by name alone", seed, least, most)
		}
	}
	if placed < 60 {
		t.Errorf("%d requests placed: the test does not bite", placed)
	}
}
