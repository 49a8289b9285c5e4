package exact_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/exact"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
)

// BenchmarkOptimum tells how far placements are above the optimum where it can
// be proven within 40 seconds, and above the bound where it cannot.
func BenchmarkOptimum(b *testing.B) {
	s := open(b, "how far placements are above the optimum")
	if s == nil {
		return
	}
	for _, n := range []int64{20, 50, 100, 200} {
		for _, set := range []string{"fixed", "fresh"} {
			first := uint64(9_000)
			if set == "fresh" {
				first = rand.Uint64N(1 << 40)
			}
			b.Run(fmt.Sprintf("%s/%d", set, n), func(b *testing.B) {
				var above, bound float64
				proven := 0
				const seeds = 3
				for b.Loop() {
					above, bound, proven = 0, 0, 0
					for seed := range uint64(seeds) {
						req := placementtest.Estate(first+seed, n, 60, seed%2 == 1)
						res, err := placement.Solve(req)
						if err != nil {
							b.Fatal(err)
						}
						proof, err := s.Certify(b.Context(), req, res, exact.Limits{Time: 40 * time.Second})
						if err != nil {
							b.Fatal(err)
						}
						c := proof.Certificate
						above = max(above, 100*float64(res.Cost.Total-c.Cost)/float64(c.Cost))
						bound = max(bound, 100*float64(res.Cost.Total-c.Bound)/float64(c.Bound))
						if c.Optimal {
							proven++
						}
					}
				}
				b.ReportMetric(above, "worst-%-above-best")
				b.ReportMetric(bound, "worst-%-above-bound")
				b.ReportMetric(float64(proven), "proven-of-3")
			})
		}
	}
}
