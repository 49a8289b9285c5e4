package exact

import (
	"math"
	"math/big"

	"github.com/italia/terraform-provider-psn/internal/placement"
)

// proven checks in exact arithmetic that the constraints of set cannot all hold:
// with the solver's multipliers y, rounded, the rows add up to
//
//	sum of y*row  >=  low,   but no columns within their bounds reach more than  high < low
//
// Any multipliers make the sum true, so rounding harms the proof never, only the
// chance that it succeeds (Farkas' lemma). It asks the session for the ray of
// its last run.
func (q *query) proven(set []int) bool {
	ray := q.ss.ray()
	return q.refutes(set, ray, 1) || q.refutes(set, ray, -1)
}

func (q *query) refutes(set []int, ray []float64, sign float64) bool {
	top := 0.0
	for _, y := range ray {
		top = max(top, math.Abs(y))
	}
	if top == 0 || math.IsInf(top, 0) || math.IsNaN(top) {
		return false
	}
	holds := make([]bool, len(q.p.Constraints))
	for _, i := range set {
		holds[i] = true
	}
	low, product := new(big.Int), new(big.Int)
	multipliers := make([]*big.Int, len(ray))
	for i, y := range ray {
		r := q.p.Rows[i]
		if r.Constraint != placement.Structural && !holds[r.Constraint] {
			continue
		}
		// The solver's rows are scaled by 2^-scale.
		v, _ := big.NewFloat(math.Ldexp(sign*y/top, 90-q.m.scale[i])).Int(nil)
		end := r.Min
		if v.Sign() < 0 {
			end = r.Max
		}
		if v.Sign() == 0 || end == placement.Unbounded || end == placement.Unbounded0 {
			continue // noise: the row has no such side
		}
		multipliers[i] = v
		low.Add(low, product.Mul(v, big.NewInt(end)))
	}
	high, sum := new(big.Int), new(big.Int)
column:
	for _, c := range q.p.Columns {
		for _, b := range c.Breaks {
			if holds[b] {
				continue column // it is 0
			}
		}
		sum.SetInt64(0)
		for _, e := range c.Entries {
			if y := multipliers[e.Row]; y != nil {
				sum.Add(sum, product.Mul(y, big.NewInt(e.By)))
			}
		}
		if sum.Sign() <= 0 {
			continue
		}
		if c.Max == placement.Unbounded {
			return false
		}
		high.Add(high, product.Mul(sum, big.NewInt(c.Max)))
	}
	return low.Cmp(high) > 0
}
