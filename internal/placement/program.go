package placement

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Unbounded stands for no bound of a row or column.
const (
	Unbounded  = math.MaxInt64
	Unbounded0 = math.MinInt64 // downwards
)

// Structural marks rows that are part of the model itself and cannot be blamed.
const Structural = -1

// Program is a request as an integer program: minimise Offset plus the cost of
// the columns, so that every row holds. Coefficients are integers, costs are in
// millionths, as in Cost.
type Program struct {
	Columns     []Column
	Rows        []Row
	Constraints []Constraint // what rows and columns can be blamed on
	Offset      int64

	m      *model
	shapes []*shape
}

// Column is a variable of at least 0.
type Column struct {
	Cost    int64
	Max     int64 // Unbounded for none
	Integer bool
	// Breaks lists the constraints that must be given up for the column to be
	// more than 0. Always empty without Relaxed.
	Breaks  []int
	Entries []Entry
}

// Entry is one coefficient of a column.
type Entry struct {
	Row int
	By  int64
}

// Row bounds a sum.
type Row struct {
	Min, Max   int64
	Constraint int // index in Constraints, or Structural
}

// Constraint is a demand of the request as its users know it.
type Constraint struct {
	Rule     string // PLC-*
	Subject  string
	Sentence string // what it demands
	Resource int    // of its rows; -1 when it is kept or broken by columns, counted in machines
	Stays    bool   // that standing machines stay
}

// Formulation says what to formulate.
type Formulation struct {
	// MoveAll lets machines move that a solve without Rebalance leaves where
	// they stand.
	MoveAll bool
	// Relaxed adds the columns that break a constraint and splits rows by
	// constraint, for explaining. There are no costs then.
	Relaxed bool
}

// shape is a number of interchangeable machines and where they may stand.
type shape struct {
	kind       *kind
	machines   []*machine
	curP, curD int
	from       int // first of its columns
	options    []spot
}

// Formulate returns the integer program of a request. The error is that of a
// malformed request, or psn.Unsupported when a site could not be read and that
// leaves Solve nothing to decide either.
func Formulate(req Request, f Formulation) (*Program, error) {
	if err := check(req); err != nil {
		return nil, err
	}
	m := build(req)
	if _, silence := m.standing(); silence != nil {
		return nil, psn.Errorf(psn.Unsupported, "%s", silence[0].sentence)
	}
	for _, mc := range m.machines {
		if mc.placed() && (!mc.locked || f.MoveAll && !m.onDark(mc)) {
			m.lift(mc)
			mc.locked = false
		}
	}
	w := &writer{Program: &Program{m: m}, Formulation: f, rows: map[rowKey]int{}, blame: map[string]int{}}
	w.write()
	return w.Program, nil
}

// writer builds a program.
type writer struct {
	*Program
	Formulation
	rows  map[rowKey]int
	blame map[string]int
	late  []Column // those of no shape
}

// rowKey tells rows apart.
type rowKey struct {
	what    rowKind
	a, b, c int
}

type rowKind byte

const (
	rowCount   rowKind = iota // machines of a shape
	rowNormal                 // use of a cluster every day
	rowLoss                   // and after a loss
	rowReserve                // its largest reserve
	rowBalance                // its fill
	rowQuota                  // of a site
	rowCluster                // instances apart: of a cluster
	rowSite                   // and of a site
	rowUses                   // a workload uses a place of an anti-affinity group
	rowOne                    // one workload does
)

func (w *writer) write() {
	w.shape()
	for _, s := range w.shapes {
		row := w.row(rowKey{rowCount, len(w.Rows), 0, 0}, int64(len(s.machines)), int64(len(s.machines)), Structural)
		w.options(s, row)
	}
	if !w.Relaxed {
		w.balance()
		w.Offset = w.m.totalCost()
	}
	w.Columns = append(w.Columns, w.late...)
}

// shape gathers machines that are alike.
func (w *writer) shape() {
	type key struct {
		kind       string
		curP, curD int
		moves      int64
	}
	byKey := map[key]*shape{}
	for _, mc := range w.m.machines {
		if mc.placed() {
			continue
		}
		id := mc.kind.Name
		if w.alike(mc.kind) {
			id = w.likeness(mc.kind)
		}
		k := key{id, mc.curP, mc.curD, mc.moveP}
		s := byKey[k]
		if s == nil {
			s = &shape{kind: mc.kind, curP: mc.curP, curD: mc.curD}
			byKey[k] = s
			w.shapes = append(w.shapes, s)
		}
		s.machines = append(s.machines, mc)
	}
	slices.SortStableFunc(w.shapes, func(a, b *shape) int {
		return cmp.Or(strings.Compare(a.kind.Name, b.kind.Name), cmp.Compare(a.curP, b.curP), cmp.Compare(a.curD, b.curD))
	})
}

// alike reports whether machines of k may be counted with those of another kind.
func (w *writer) alike(k *kind) bool {
	return k.group == nil && !k.AntiAffinity && len(k.apart) == 0 && (!w.Relaxed || len(k.Sites)+len(k.Regions)+len(k.Platforms) == 0)
}

func (w *writer) likeness(k *kind) string {
	return fmt.Sprint(k.Classification, k.dem, k.hold, k.wake, k.serve, k.primary, k.standby, k.pCost, k.dCost)
}

// options adds the columns of a shape.
func (w *writer) options(s *shape, count int) {
	m, k := w.m, s.kind
	s.from = len(w.Columns)
	for p := range m.clusters {
		if k.standby == nil || w.Relaxed {
			w.option(s, count, p, -1)
		}
		for d := range m.clusters {
			if k.standby != nil && p != d {
				w.option(s, count, p, d)
			}
		}
	}
}

func (w *writer) option(s *shape, count, p, d int) {
	m, k := w.m, s.kind
	breaks, ok := w.breaks(s, p, d)
	if !ok {
		return
	}
	c := Column{Max: int64(len(s.machines)), Integer: true, Breaks: breaks, Entries: []Entry{{count, 1}}}
	first := s.machines[0]
	c.Cost = k.pCost[p]
	if s.curP >= 0 && s.curP != p {
		c.Cost += first.moveP
	}
	if d >= 0 {
		c.Cost += k.dCost[d] + m.pairCost(first, p, d)
	}
	w.demands(&c, k, p, d)
	if w.Relaxed {
		c.Cost = 0
	}
	s.options = append(s.options, spot{p: p, d: d})
	w.Columns = append(w.Columns, c)
}

// demands adds what a machine of k at p and d takes to the rows.
func (w *writer) demands(c *Column, k *kind, p, d int) {
	m := w.m
	for r := range m.dims {
		if n := k.dem[r]; n > 0 {
			w.takes(c, p, r, n, always)
		}
		w.quota(c, m.clusters[p].site, r, k.dem[r])
		if d < 0 {
			continue
		}
		if n := k.hold[r]; n > 0 {
			w.takes(c, d, r, n, always)
		}
		if n := k.wake[r]; n > 0 {
			w.takes(c, d, r, n, m.clusters[p].site)
		}
		w.quota(c, m.clusters[d].site, r, k.serve[r])
	}
	c.join()
	if k.AntiAffinity {
		c.Entries = append(c.Entries,
			Entry{w.apart(rowKey{rowCluster, w.kindIndex(k), p, 0}, 1-int64(k.atCluster[p]), k), 1},
			Entry{w.apart(rowKey{rowSite, w.kindIndex(k), m.clusters[p].site, 0}, w.siteRoom(k, m.clusters[p].site), k), 1})
	}
	for _, g := range k.apart {
		c.Entries = append(c.Entries, Entry{w.uses(g, k, m.placeOf(g, p)), 1})
	}
}

// siteRoom is how many instances of k may be added at a site. More that stand
// there already, and do not have to move, are no fault.
func (w *writer) siteRoom(k *kind, site int) int64 {
	m := w.m
	room := k.perSite - k.atSite[site]
	if w.MoveAll && !m.req.Rebalance {
		stand := 0
		for _, mc := range m.machines {
			if mc.kind == k && !mc.placed() && mc.curP >= 0 && m.clusters[mc.curP].site == site {
				stand++
			}
		}
		room = max(room, stand)
	}
	return int64(room)
}

func (w *writer) kindIndex(k *kind) int { return slices.Index(w.m.kinds, k) }

// always stands for no loss in takes.
const always = sites

// takes adds n of resource r on cluster i to the rows of every scenario in which
// it is needed: each, or those in which a site is lost.
func (w *writer) takes(c *Column, i, r int, n int64, lost int) {
	m := w.m
	cl := m.clusters[i]
	if cl.dark || w.lacks(r, i, n) {
		return
	}
	room := cl.cap[r] - m.used[i][r]
	if lost == always && (w.Relaxed || !isCompute(r)) { // else those of the losses say more
		c.Entries = append(c.Entries, Entry{w.row(rowKey{rowNormal, i, r, 0}, Unbounded0, max(room, 0), w.capacity(cl, r)), n})
	}
	balanced := !w.Relaxed && r < basic && m.rate[r] > 0
	if balanced && lost == always {
		c.Entries = append(c.Entries, Entry{w.row(rowKey{rowBalance, i, r, 0}, 0, 0, Structural), n})
	}
	if !isCompute(r) {
		return
	}
	for _, s := range m.losses() {
		if s.has(cl.site) || lost != always && !s.has(lost) {
			continue
		}
		var held int64
		for site := range sites {
			if s.has(site) {
				held += m.resv[i][site][r]
			}
		}
		c.Entries = append(c.Entries, Entry{w.row(rowKey{rowLoss, i, r, int(s)}, Unbounded0, max(room-held, 0), w.reserve(s, r)), n})
		if balanced && lost != always {
			c.Entries = append(c.Entries, Entry{w.row(rowKey{rowReserve, i, r, int(s)}, Unbounded0, m.worst[i][r]-held, Structural), n})
		}
	}
}

func (w *writer) row(key rowKey, low, high int64, blame int) int {
	if i, ok := w.rows[key]; ok {
		return i
	}
	w.Rows = append(w.Rows, Row{Min: low, Max: high, Constraint: blame})
	w.rows[key] = len(w.Rows) - 1
	return len(w.Rows) - 1
}

// join adds up entries of the same row.
func (c *Column) join() {
	slices.SortFunc(c.Entries, func(a, b Entry) int { return cmp.Compare(a.Row, b.Row) })
	out := c.Entries[:0]
	for _, e := range c.Entries {
		if n := len(out); n > 0 && out[n-1].Row == e.Row {
			out[n-1].By += e.By
		} else {
			out = append(out, e)
		}
	}
	c.Entries = out
}
