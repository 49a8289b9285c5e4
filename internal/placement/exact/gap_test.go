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

// BenchmarkGapToOptimum tells how far the search is above the optimum where the
// solver can prove it within 40 seconds, and where it cannot, above the best
// placement and the highest bound that either found.
func BenchmarkGapToOptimum(b *testing.B) {
	s := open(b, "how far placements are above the optimum")
	if s == nil {
		return
	}
	type request struct {
		name string
		of   func(seed uint64) placement.Request
	}
	all := []request{{"small", placementtest.Small}}
	for _, c := range []struct{ n, load int64 }{{50, 60}, {100, 60}, {200, 70}, {200, 90}} {
		all = append(all, request{fmt.Sprintf("%d/load=%d", c.n, c.load), func(seed uint64) placement.Request {
			return placementtest.Estate(seed, c.n, c.load, seed%2 == 1)
		}})
	}
	for _, c := range all {
		for _, set := range []string{"fixed", "fresh"} {
			first := uint64(9_000)
			if set == "fresh" {
				first = rand.Uint64N(1 << 40)
			}
			b.Run(set+"/"+c.name, func(b *testing.B) {
				var above, bound float64
				proven := 0
				const seeds = 3
				for b.Loop() {
					above, bound, proven = 0, 0, 0
					for seed := range uint64(seeds) {
						req := c.of(first + seed)
						res, err := placement.Solve(req)
						if err != nil {
							b.Fatal(err)
						}
						proof, err := s.Certify(b.Context(), req, res, exact.Limits{Time: 40 * time.Second})
						if err != nil {
							b.Fatal(err)
						}
						cert := proof.Certificate
						above = max(above, 100*float64(res.Cost.Total-cert.Cost)/float64(cert.Cost))
						bound = max(bound, 100*float64(res.Cost.Total-cert.Bound)/float64(cert.Bound))
						if cert.Optimal {
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
