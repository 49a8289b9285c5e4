package exact

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/placement"
)

// Explain proves that a request has no placement and finds a minimal set of its
// demands that conflict. It returns res unchanged when it can prove nothing: a
// placement exists, or the limits were reached.
func (s *Solver) Explain(ctx context.Context, req placement.Request, res placement.Result, l Limits) (Proof, error) {
	l = l.orDefault()
	p, err := placement.Formulate(req, placement.Formulation{MoveAll: true, Relaxed: true})
	if err != nil {
		return Proof{}, err
	}
	if p.Blind() {
		return Proof{Result: res}, nil
	}
	// First without holding standing machines in place: a conflict that does not
	// need that makes the request infeasible as such. Each time the relaxation
	// first: it is quick and its proof can be checked.
	stays := slices.ContainsFunc(p.Constraints, func(c placement.Constraint) bool { return c.Stays })
	for _, try := range []struct{ whole, stays bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		if try.whole && p.Undecided() > l.Machines || try.stays && !stays {
			continue
		}
		c, err := s.conflict(ctx, p, try.whole, try.stays, l)
		if err != nil {
			return Proof{}, err
		}
		if c == nil {
			continue
		}
		by, err := c.shortfalls(ctx)
		if err != nil {
			return Proof{}, err
		}
		blamed := make([]placement.Constraint, len(c.set))
		for i, n := range c.set {
			blamed[i] = p.Constraints[n]
		}
		return Proof{Result: p.Refuse(blamed, by), Exact: c.exact, Minimal: c.minimal}, nil
	}
	return Proof{Result: res}, nil
}

// conflict is a set of constraints that cannot all hold.
type conflict struct {
	*query
	set     []int
	exact   bool
	minimal bool
}

// query asks one solver session which sets of constraints can hold together.
type query struct {
	s     *Solver
	p     *placement.Program
	m     *matrix
	ss    *session
	whole bool
	limit Limits
	vague bool // some answer was not reached within the limit
}

// conflict returns a minimal conflict, nil when all constraints can hold, or
// nothing is known. Only with stays is that standing machines stay one of them.
func (s *Solver) conflict(ctx context.Context, p *placement.Program, whole, stays bool, limit Limits) (*conflict, error) {
	q := &query{s: s, p: p, m: matrixOf(p), whole: whole, limit: limit}
	var err error
	if q.ss, err = s.session(ctx, q.m, !whole); err != nil {
		return nil, err
	}
	defer q.ss.close()
	q.ss.limit(limit)
	if !whole {
		q.ss.option("presolve", "off") // bounds change all the time, and rays are wanted
	}
	set := byPlainness(p.Constraints)
	if !stays {
		set = slices.DeleteFunc(set, func(i int) bool { return p.Constraints[i].Stays })
	}
	if can, err := q.possible(set); err != nil || can {
		return nil, err
	}
	c := &conflict{query: q}
	if c.set, err = q.explain(nil, set, false); err != nil {
		return nil, err
	}
	c.minimal = !q.vague
	if !whole {
		if _, err := q.possible(c.set); err != nil {
			return nil, err
		}
		c.exact = q.proven(c.set)
	}
	return c, q.ss.err
}

// byPlainness returns the constraints, those first that a reader understands
// without the others: what one workload asks for, then what there is, then what is
// kept for losses, and last that what stands stays.
func byPlainness(all []placement.Constraint) []int {
	plain := map[string]int{"PLC-009": 0, "PLC-005": 1, "PLC-008": 2, "PLC-001": 3, "PLC-002": 3, "PLC-006": 4}
	rank := func(c placement.Constraint) int {
		if c.Stays {
			return len(plain)
		}
		return plain[c.Rule]
	}
	out := make([]int, len(all))
	for i := range all {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(rank(all[a]), rank(all[b])) })
	return out
}

// possible reports whether constraints can hold together. What is not known
// within the limit counts as possible, so that what is reported impossible is.
func (q *query) possible(set []int) (bool, error) {
	colHigh, rowLow, rowHigh := q.bounds(set)
	q.ss.bounds(colHigh, rowLow, rowHigh)
	o, err := q.ss.run()
	if err != nil {
		return false, err
	}
	if o.status != optimal && o.status != infeasible {
		q.vague = true
	}
	return o.status != infeasible, nil
}

// bounds are those of columns and rows when only the constraints of set hold.
func (q *query) bounds(set []int) (colHigh, rowLow, rowHigh []float64) {
	holds := make([]bool, len(q.p.Constraints))
	for _, i := range set {
		holds[i] = true
	}
	colHigh = slices.Clone(q.m.colHigh)
	for i, c := range q.p.Columns {
		if slices.ContainsFunc(c.Breaks, func(b int) bool { return holds[b] }) {
			colHigh[i] = 0
		}
	}
	rowLow, rowHigh = slices.Clone(q.m.rowLow), slices.Clone(q.m.rowHigh)
	for i, r := range q.p.Rows {
		if r.Constraint != placement.Structural && !holds[r.Constraint] {
			rowLow[i], rowHigh[i] = math.Inf(-1), math.Inf(1)
		}
	}
	return colHigh, rowLow, rowHigh
}

// explain returns a minimal part of set that conflicts with what is given
// (U. Junker, QuickXplain, AAAI 2004). The earlier in the list, the rather blamed.
func (q *query) explain(given, set []int, grown bool) ([]int, error) {
	if grown {
		if can, err := q.possible(given); err != nil || !can {
			return nil, err
		}
	}
	if len(set) <= 1 {
		return set, nil
	}
	half := len(set) / 2
	first, second := set[:half], set[half:]
	b, err := q.explain(slices.Concat(given, first), second, true)
	if err != nil {
		return nil, err
	}
	a, err := q.explain(slices.Concat(given, b), first, len(b) > 0)
	return slices.Concat(a, b), err
}

// shortfalls says, for each constraint of the conflict, by how much it fails
// when the others hold: its rows in their units, its columns in machines.
func (c *conflict) shortfalls(ctx context.Context) ([]int64, error) {
	out := make([]int64, len(c.set))
	for i, one := range c.set {
		others := slices.Delete(slices.Clone(c.set), i, i+1)
		m := *c.m
		m.colHigh, m.rowLow, m.rowHigh = c.bounds(others)
		m.cost = make([]float64, len(c.m.cost))
		m.colLow, m.start, m.index, m.value, m.integer = slices.Clone(m.colLow), slices.Clone(m.start), slices.Clone(m.index), slices.Clone(m.value), slices.Clone(m.integer)
		for j, col := range c.p.Columns {
			if slices.Contains(col.Breaks, one) {
				m.cost[j] = 1
			}
		}
		for j, r := range c.p.Rows {
			if r.Constraint != one {
				continue
			}
			m.rowLow[j], m.rowHigh[j] = c.m.rowLow[j], c.m.rowHigh[j]
			m.cost, m.colLow, m.colHigh, m.integer = append(m.cost, math.Ldexp(1, m.scale[j])), append(m.colLow, 0), append(m.colHigh, math.Inf(1)), append(m.integer, 0)
			m.start, m.index, m.value = append(m.start, int32(len(m.index))), append(m.index, int32(j)), append(m.value, -1)
		}
		o, err := c.s.solveMatrix(ctx, &m, !c.whole, c.limit, nil)
		if err != nil {
			return nil, err
		}
		least := o.value
		if c.whole {
			least = o.bound
		}
		out[i] = max(1, int64(math.Ceil(least-1e-4)))
	}
	return out, nil
}
