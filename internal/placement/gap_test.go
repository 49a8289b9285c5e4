package placement_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
)

// cpu is what this process has used: the machine's other work does not count.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkGap tells how far placements are above the bound, by size and load,
// on seeds that are always the same and on fresh ones; "worst-%" is the worst of
// the seeds, "cpu-s" one decision without its bound. A gap is at most what is
// shown: the bound itself may be too low.
func BenchmarkGap(b *testing.B) {
	type request struct {
		name  string
		of    func(seed uint64) placement.Request
		seeds uint64
	}
	all := []request{{"small", placementtest.Small, 12}}
	for _, c := range []struct {
		n, load int64
		seeds   uint64
	}{{50, 55, 6}, {100, 60, 6}, {200, 70, 6}, {200, 90, 6}, {1_000, 80, 3}, {10_000, 80, 3}} {
		all = append(all, request{fmt.Sprintf("%d/load=%d", c.n, c.load), func(seed uint64) placement.Request {
			return placementtest.Estate(seed, c.n, c.load, seed%2 == 1)
		}, c.seeds})
	}
	for _, c := range all {
		for _, set := range []string{"fixed", "fresh"} {
			first := uint64(9_000)
			if set == "fresh" {
				first = rand.Uint64N(1 << 40)
			}
			b.Run(set+"/"+c.name, func(b *testing.B) {
				var sum, worst float64
				var used time.Duration
				for b.Loop() {
					sum, worst, used = 0, 0, 0
					for seed := range c.seeds {
						req := c.of(first + seed)
						before := cpu()
						res := solve(b, req)
						used += cpu() - before
						if bad := placementtest.Validate(req, res); res.Verdict != placement.Placed || len(bad) > 0 {
							b.Fatalf("seed %d: %s %v %v", first+seed, res.Verdict, res.Explanation, bad)
						}
						low, err := placement.Bound(req, res)
						if err != nil {
							b.Fatal(err)
						}
						gap := 100 * float64(res.Cost.Total-low) / float64(low)
						sum, worst = sum+gap, max(worst, gap)
					}
				}
				b.ReportMetric(sum/float64(c.seeds), "mean-%")
				b.ReportMetric(worst, "worst-%")
				b.ReportMetric(used.Seconds()/float64(c.seeds), "cpu-s")
			})
		}
	}
}
