package exact

import (
	"context"
	"math"
	"time"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Limits bound the work.
type Limits struct {
	// Time for each run of the solver; what is found by then counts. Default one
	// minute; NoTime for none.
	Time time.Duration
	// Nodes of each search over whole machines; 0 for no limit. Unlike a time, it
	// ends at the same place on every machine.
	Nodes int
	// Machines up to which the solver is asked for whole machines; beyond, only
	// the relaxation is looked at, in which they may be cut in pieces. Default 500.
	Machines int
}

// NoTime is no limit in time.
const NoTime time.Duration = -1

func (l Limits) orDefault() Limits {
	if l.Time == 0 {
		l.Time = time.Minute
	}
	if l.Machines == 0 {
		l.Machines = 500
	}
	return l
}

// Certificate says how good a placement is. Cost and Bound are in millionths of
// a unit of cost.
type Certificate struct {
	Cost int64 `json:"cost"`
	// Bound is what no placement can be cheaper than. It is exact, from integer
	// sums, or with Solver the solver's own, to its precision.
	Bound  int64 `json:"bound"`
	Solver bool  `json:"solver,omitempty"`
	// Optimal is set when cost and bound agree within a ten-thousandth.
	Optimal bool `json:"optimal"`
	// Whole is set when the solver looked for whole machines, false when only the
	// relaxation was bounded, in which machines may be cut in pieces.
	Whole bool `json:"whole"`
}

// Gap is how far the cost is above the bound, in ten-thousandths of the bound.
func (c Certificate) Gap() int64 {
	if c.Bound <= 0 {
		if c.Cost <= 0 {
			return 0
		}
		return math.MaxInt64
	}
	return (c.Cost - c.Bound) / max(c.Bound/10_000, 1)
}

// Proof is a decision with what could be proven about it.
type Proof struct {
	placement.Result
	// Certificate is set when Placed.
	Certificate *Certificate `json:"certificate,omitempty"`
	// Improved is set when the exact solver found a cheaper placement than the
	// search, Settled when it found one where the search had none.
	Improved bool `json:"improved,omitempty"`
	Settled  bool `json:"settled,omitempty"`
	// Exact is set when the infeasibility was checked in exact arithmetic.
	Exact bool `json:"exact,omitempty"`
	// Minimal is set when no demand can be left out of the conflict.
	Minimal bool `json:"minimal,omitempty"`
}

// Prove decides a request and proves what it can: that the placement is close
// to the best, or that none exists. The verdict is NotFound only when the limits
// were reached, a site could not be read, or only moving what stands would help.
// Without a solver (nil) it is the search's own, with a bound when Placed.
func (s *Solver) Prove(ctx context.Context, req placement.Request, l Limits) (Proof, error) {
	res, err := placement.Solve(req)
	if err != nil {
		return Proof{}, err
	}
	if res.Verdict == placement.Placed {
		return s.Certify(ctx, req, res, l)
	}
	if s == nil {
		return Proof{Result: res}, nil
	}
	return s.Settle(ctx, req, res, l)
}

// Certify proves how close to the best a placed result is, and returns a cheaper
// one when it finds one. Without a solver (nil) it gives the bound only.
func (s *Solver) Certify(ctx context.Context, req placement.Request, res placement.Result, l Limits) (Proof, error) {
	l = l.orDefault()
	p, err := placement.Formulate(req, placement.Formulation{})
	if err != nil {
		return Proof{}, err
	}
	cert := Certificate{Cost: res.Cost.Total, Bound: res.Cost.Total, Optimal: true, Whole: true}
	proof := Proof{Result: res, Certificate: &cert}
	if p.Undecided() == 0 {
		return proof, nil // everything stands where it has to
	}
	if cert.Bound, err = placement.Bound(req, res); err != nil {
		return Proof{}, err
	}
	cert.Whole = p.Undecided() <= l.Machines
	if cert.Whole && s != nil {
		o, err := s.solve(ctx, p, false, l, p.Hint(res))
		if err != nil {
			return Proof{}, err
		}
		if o.feasible {
			if better, err := p.Decide(round(o.x), false); err == nil && better.Cost.Total < res.Cost.Total {
				proof.Result, proof.Improved, cert.Cost = better, true, better.Cost.Total
			}
		}
		const precision = 1e-7
		if bound := int64((o.bound - precision*math.Abs(o.bound)) * million); !math.IsInf(o.bound, 0) && !math.IsNaN(o.bound) && bound > cert.Bound {
			cert.Bound = min(cert.Cost, bound)
			cert.Solver = true
		}
	}
	cert.Whole = cert.Whole && s != nil
	cert.Optimal = cert.Gap() <= 1
	return proof, nil
}

// Settle decides what a search could not: it finds a placement, or proves that
// there is none and why.
func (s *Solver) Settle(ctx context.Context, req placement.Request, res placement.Result, l Limits) (Proof, error) {
	l = l.orDefault()
	p, err := placement.Formulate(req, placement.Formulation{})
	if psn.Is(err, psn.Unsupported) {
		return Proof{Result: res}, nil
	}
	if err != nil {
		return Proof{}, err
	}
	if res.Verdict == placement.NotFound {
		m := matrixOf(p)
		clear(m.cost)
		o, err := s.solveMatrix(ctx, m, false, l, nil)
		if err != nil {
			return Proof{}, err
		}
		if o.feasible {
			if found, err := p.Decide(round(o.x), true); err == nil {
				return Proof{Result: found, Settled: true}, nil
			}
		}
	}
	if p.Blind() {
		return Proof{Result: res}, nil
	}
	return s.Explain(ctx, req, res, l)
}

func (s *Solver) solve(ctx context.Context, p *placement.Program, relaxed bool, l Limits, hint []int64) (outcome, error) {
	return s.solveMatrix(ctx, matrixOf(p), relaxed, l, hint)
}

func (s *Solver) solveMatrix(ctx context.Context, m *matrix, relaxed bool, l Limits, hint []int64) (outcome, error) {
	outer := ctx
	if l.Time != NoTime { // the solver does not look at its clock everywhere
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience*l.Time)
		defer cancel()
	}
	ss, err := s.session(ctx, m, relaxed)
	if err != nil {
		return late(outer, ctx, outcome{}, err)
	}
	defer ss.close()
	ss.limit(l)
	if !relaxed && hint != nil {
		var at []int32
		var value []float64
		for i, v := range hint {
			if m.integer[i] == 1 {
				at, value = append(at, int32(i)), append(value, float64(v))
			}
		}
		ss.start(at, value)
	}
	o, err := ss.run()
	return late(outer, ctx, o, err)
}

// patience is how many times its limit a run of the solver may last.
const patience = 2

// late turns the end of a run's own time into an outcome in which nothing was
// found; the end of the whole work stays an error.
func late(outer, inner context.Context, o outcome, err error) (outcome, error) {
	if err != nil && inner.Err() != nil && outer.Err() == nil {
		return outcome{status: timeLimit, bound: math.Inf(-1)}, nil
	}
	return o, err
}

func round(x []float64) []int64 {
	out := make([]int64, len(x))
	for i, v := range x {
		out[i] = int64(math.Round(v))
	}
	return out
}
