package exact_test

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/exact"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
)

// An independent solver, CBC, comes to the same optimum as HiGHS, and to the
// same answer where there is none. In continuous integration it has to be there
// (Debian: coinor-cbc).
func TestIndependentSolverAgrees(t *testing.T) {
	t.Parallel()
	const checks = "that an independent solver comes to the same optimum"
	cbc, err := exec.LookPath("cbc")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("cbc is not installed (Debian: coinor-cbc)")
		}
		t.Logf("NOT CHECKED: %s: cbc is not installed (Debian: coinor-cbc)", checks)
		return
	}
	s := open(t, checks)
	if s == nil {
		return
	}
	var seen tally
	t.Run("requests", func(t *testing.T) {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint("estate ", seed), func(t *testing.T) {
				t.Parallel()
				compare(t, s, cbc, placementtest.Estate(seed+700, 6+int64(seed), 60, true), &seen)
			})
		}
		for seed := range uint64(24) {
			req := placementtest.Random(seed)
			if machines(req) > 10 {
				continue
			}
			t.Run(fmt.Sprint("random ", seed), func(t *testing.T) {
				t.Parallel()
				req.Weights = &placement.Weights{Move: 1000, SameRegion: 1000, OtherPlatform: 300, OffLocality: 300, Balance: 1}
				if req.Quota != nil {
					req.Quota.Total = placement.Limits{} // decided before there is a program
				}
				compare(t, s, cbc, req, &seen)
			})
		}
	})
	if seen.n["optimum"] < 5 || seen.n["infeasible"] < 1 {
		t.Errorf("%v: the requests do not test both sides", seen.n)
	}
}

func compare(t *testing.T, s *exact.Solver, cbc string, req placement.Request, seen *tally) {
	p, err := placement.Formulate(req, placement.Formulation{MoveAll: true})
	if err != nil {
		t.Fatal(err)
	}
	best, feasible, done := runCBC(t, cbc, p)
	if !done {
		t.Log("CBC did not finish")
		seen.add("unfinished")
		return
	}
	res, err := placement.Solve(req)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := s.Prove(t.Context(), req, byNodes)
	if err != nil {
		t.Fatal(err)
	}
	if !feasible {
		seen.add("infeasible")
		if proof.Verdict == placement.Placed {
			t.Error("placed, but CBC proves that nothing is")
		}
		return
	}
	seen.add("optimum")
	if proof.Certificate == nil {
		t.Fatalf("CBC finds a placement of cost %.3f, here it is %s: %q", best, proof.Verdict, proof.Explanation)
	}
	cost, bound := float64(proof.Certificate.Cost)/1e6, float64(proof.Certificate.Bound)/1e6
	if tolerance := 1e-4*math.Abs(best) + 1e-3; cost < best-tolerance || bound > best+tolerance || proof.Certificate.Optimal && math.Abs(cost-best) > 2*tolerance {
		t.Errorf("CBC's optimum %.4f, here cost %.4f and bound %.4f", best, cost, bound)
	}
	if gap := (float64(res.Cost.Total)/1e6 - best) / best; gap > 0.02 {
		t.Errorf("the search is %.2f %% above the optimum", 100*gap)
	}
}

// runCBC solves a program; done is false when it was stopped by its limit of nodes.
func runCBC(t *testing.T, cbc string, p *placement.Program) (best float64, feasible, done bool) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "p.mps"), filepath.Join(dir, "p.sol")
	if err := os.WriteFile(in, []byte(mps(p)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // against hanging alone
	defer cancel()
	log, err := exec.CommandContext(ctx, cbc, in, "maxNodes", "3000", "ratio", "0.00001", "solve", "solution", out, "quit").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	sol, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	first, _, _ := strings.Cut(string(sol), "\n")
	switch {
	case strings.HasPrefix(first, "Optimal"):
		if _, err := fmt.Sscanf(first[strings.LastIndex(first, " ")+1:], "%g", &best); err != nil {
			t.Fatalf("%q: %v", first, err)
		}
		return best + float64(p.Offset)/1e6, true, true
	case strings.Contains(first, "nfeasible"):
		return 0, false, true
	}
	return 0, false, false
}

// mps writes a program in free MPS format.
func mps(p *placement.Program) string {
	var b strings.Builder
	w := bufio.NewWriter(&b)
	fmt.Fprintln(w, "NAME p FREE\nROWS\n N cost")
	for i, r := range p.Rows {
		sense := "L"
		if r.Min == r.Max {
			sense = "E"
		}
		fmt.Fprintf(w, " %s r%d\n", sense, i)
	}
	fmt.Fprintln(w, "COLUMNS\n M1 'MARKER' 'INTORG'")
	for _, integer := range []bool{true, false} {
		for i, c := range p.Columns {
			if c.Integer == integer {
				fmt.Fprintf(w, " x%d cost %.6f\n", i, float64(c.Cost)/1e6)
				for _, e := range c.Entries {
					fmt.Fprintf(w, " x%d r%d %d\n", i, e.Row, e.By)
				}
			}
		}
		if integer {
			fmt.Fprintln(w, " M2 'MARKER' 'INTEND'")
		}
	}
	fmt.Fprintln(w, "RHS")
	for i, r := range p.Rows {
		fmt.Fprintf(w, " rhs r%d %d\n", i, r.Max)
	}
	fmt.Fprintln(w, "BOUNDS")
	for i, c := range p.Columns {
		if c.Max != placement.Unbounded {
			fmt.Fprintf(w, " UP bnd x%d %d\n", i, c.Max)
		} else {
			fmt.Fprintf(w, " PL bnd x%d\n", i)
		}
	}
	fmt.Fprintln(w, "ENDATA")
	_ = w.Flush()
	return b.String()
}
