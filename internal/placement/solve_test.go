package placement_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
)

func solve(t testing.TB, req placement.Request) placement.Result {
	t.Helper()
	res, err := placement.Solve(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func bytesOf(t testing.TB, res placement.Result) string {
	t.Helper()
	b, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every placed result is valid in every scenario; how many instances of each
// tightness are placed is recorded so that a weaker solver is noticed.
func TestSolveRandom(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fill, min int64 // min: instances out of 400 that must be placed
	}{{40, 390}, {60, 384}, {75, 380}, {90, 360}} {
		t.Run(fmt.Sprint(tc.fill), func(t *testing.T) {
			t.Parallel()
			verdicts := map[placement.Verdict]int64{}
			for seed := range uint64(400) {
				req := random(seed+uint64(tc.fill)*1000, 1+int64(seed%60), tc.fill)
				res := solve(t, req)
				verdicts[res.Verdict]++
				if res.Verdict != placement.Placed {
					if len(res.Findings) == 0 || len(res.Explanation) < 2 || len(res.Assignments) > 0 {
						t.Fatalf("seed %d: %s without reasons, or with assignments: %+v", seed, res.Verdict, res)
					}
					continue
				}
				if bad := validate(req, res); len(bad) > 0 {
					t.Fatalf("seed %d: %v", seed, bad)
				}
			}
			t.Log(verdicts)
			if verdicts[placement.Placed] < tc.min {
				t.Errorf("placed %d of 400, want at least %d", verdicts[placement.Placed], tc.min)
			}
		})
	}
}

// large returns a request of n machines without the narrow pins that make a
// large random instance impossible.
func large(n, fill int64) placement.Request {
	req := random(1, n, fill)
	for i := range req.Workloads {
		req.Workloads[i].AntiAffinity = req.Workloads[i].AntiAffinity && len(req.Workloads[i].Sites)+len(req.Workloads[i].Platforms) == 0
	}
	return req
}

func BenchmarkSolve(b *testing.B) {
	for _, n := range []int64{100, 1_000, 10_000} {
		req := large(n, 60)
		first := solve(b, req)
		if bad := validate(req, first); first.Verdict != placement.Placed || len(bad) > 0 {
			b.Fatal(first.Verdict, first.Explanation, bad)
		}
		b.Run(fmt.Sprintf("fresh/%d", n), func(b *testing.B) {
			for b.Loop() {
				solve(b, req)
			}
		})
		b.Run(fmt.Sprintf("standing/%d", n), func(b *testing.B) {
			req := req
			req.Current = first.Assignments
			for b.Loop() {
				solve(b, req)
			}
		})
	}
	// The search that finds nothing is the longest.
	for _, n := range []int64{100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("tight/%d", n), func(b *testing.B) {
			req := large(n, 101)
			var verdict placement.Verdict
			for b.Loop() {
				verdict = solve(b, req).Verdict
			}
			b.Log(verdict)
		})
	}
}
