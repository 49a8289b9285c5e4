package placement

import "github.com/italia/terraform-provider-psn/internal/psn"

// balance adds the columns that price the fill of clusters: for each resource of
// a cluster what its largest reserve grows by, and the use of each tenth beyond
// what is in use already.
func (w *writer) balance() {
	m := w.m
	for i, c := range m.clusters {
		for r := range basic {
			grows := Column{Max: Unbounded}
			for _, s := range m.losses() {
				if row, ok := w.rows[rowKey{rowReserve, i, r, int(s)}]; ok {
					grows.Entries = append(grows.Entries, Entry{row, -1})
				}
			}
			row, ok := w.rows[rowKey{rowBalance, i, r, 0}]
			if !ok && len(grows.Entries) == 0 {
				continue
			}
			if !ok {
				row = w.row(rowKey{rowBalance, i, r, 0}, 0, 0, Structural)
			}
			if len(grows.Entries) > 0 {
				grows.Entries = append(grows.Entries, Entry{row, 1})
				w.late = append(w.late, grows)
			}
			use := min(m.used[i][r]+m.worst[i][r], 4*c.cap[r])
			for t := range int64(tenths) {
				width := int64(Unbounded)
				if t < tenths-1 {
					width = max(0, c.cap[r]*(t+1)/tenths-max(use, c.cap[r]*t/tenths))
				}
				if width > 0 {
					w.late = append(w.late, Column{Cost: m.rate[r] * slope[t], Max: width, Entries: []Entry{{row, -1}}})
				}
			}
		}
	}
}

// Decide makes a Result of a solution: x holds the value of every column,
// rounded. With improve, the search goes on from there. The error is psn.Corrupt
// when it is no solution: what a solver in floating point says is checked here
// in integers. A program decides once.
func (p *Program) Decide(x []int64, improve bool) (Result, error) {
	m := p.m
	if len(x) != len(p.Columns) {
		return Result{}, psn.Errorf(psn.Internal, "a solution of %d values for %d columns", len(x), len(p.Columns))
	}
	for _, s := range p.shapes {
		todo := s.machines
		for i, at := range s.options {
			n := x[s.from+i]
			if n < 0 || n > int64(len(todo)) {
				return Result{}, psn.Errorf(psn.Corrupt, "the solver placed %d of %d machines of %s", n, len(todo), s.kind)
			}
			for _, mc := range todo[:n] {
				if !m.fitsPrimary(s.kind, at.p) || at.d >= 0 && !m.fitsStandby(s.kind, at.d, m.clusters[at.p].site) {
					return Result{}, psn.Errorf(psn.Corrupt, "the solver placed %s where it does not fit", mc.name)
				}
				m.put(mc, at.p, at.d)
			}
			todo = todo[n:]
		}
		if len(todo) > 0 {
			return Result{}, psn.Errorf(psn.Corrupt, "the solver left out %d machines of %s", len(todo), s.kind)
		}
	}
	if improve {
		m.improve()
	}
	return m.accept(), nil
}

// Undecided counts the machines the program decides.
func (p *Program) Undecided() int {
	n := 0
	for _, s := range p.shapes {
		n += len(s.machines)
	}
	return n
}

// Blind reports whether a site could not be read: then nothing can be proven
// about what might be placed there.
func (p *Program) Blind() bool { return len(p.m.unread) > 0 }

// Hint returns the values of the columns that stand for a result, to start a
// solver from; nil when the result is not one of the program's.
func (p *Program) Hint(res Result) []int64 {
	m := p.m
	x := make([]int64, len(p.Columns))
	for _, s := range p.shapes {
		for _, mc := range s.machines {
			p, d, ok := m.placeIn(res, mc)
			if !ok {
				return nil
			}
			found := false
			for i, o := range s.options {
				if o.p == p && o.d == d {
					x[s.from+i]++
					found = true
					break
				}
			}
			if !found {
				return nil
			}
		}
	}
	return x
}
