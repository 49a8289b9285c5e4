package placement

import (
	"cmp"
	"slices"
	"strings"
)

// How long the search goes on, counted in steps, never in time: the same
// request must give the same answer on every machine.
const (
	repairRounds = 3000 // ruin-and-recreate rounds while machines are left out
)

// taste is how a construction chooses among places.
type taste struct {
	pack  bool // fill clusters up instead of spreading
	blunt bool // look at balance alone
	noise int  // with dice: how much a price is blurred, in parts of 64
	dice  *dice
}

const never = int64(1) << 62

// best returns the cheapest place of mc and what it adds to the cost, or
// ok=false when it fits nowhere.
//
// What a primary and its standby cost is on different sites, so for each pool of
// the primary both are chosen apart: the work is linear in clusters.
func (m *model) best(mc *machine, t taste) (p, d int, at int64, ok bool) {
	k := mc.kind
	p, d, at = -1, -1, never
	var fills [sites][]int64
	for pool := range pools {
		if k.pPools&(1<<pool) == 0 {
			continue
		}
		bp, cost := m.bestPrimary(mc, pool, t)
		if bp < 0 {
			continue
		}
		bd := -1
		if k.standby != nil {
			s := pool / 2
			if fills[s] == nil {
				fills[s] = m.standbyFills(k, s)
			}
			var sc int64
			if bd, sc = m.bestStandby(mc, bp, fills[s], t); bd < 0 {
				continue
			}
			cost += sc
		}
		if !ok || cost < at {
			p, d, at, ok = bp, bd, cost, true
		}
	}
	return p, d, at, ok
}

// taint applies a taste to a price.
func (t taste) taint(fill, rest int64) int64 {
	if t.pack {
		fill = -fill
	}
	cost := fill
	if !t.blunt {
		cost += rest
	}
	if t.dice != nil {
		cost += cost / 64 * int64(t.dice.upTo(t.noise+1))
	}
	return cost
}

func (m *model) bestPrimary(mc *machine, pool int, t taste) (int, int64) {
	best, at := -1, never
	for _, i := range mc.kind.pList {
		if m.clusters[i].pool != pool || !m.fitsPrimary(mc.kind, i) {
			continue
		}
		fill := m.balanceWith(i, &mc.kind.dem) - m.fill[i]
		rest := mc.kind.pCost[i]
		if mc.curP >= 0 && mc.curP != i {
			rest += mc.moveP
		}
		if cost := t.taint(fill, rest); best < 0 || cost < at {
			best, at = i, cost
		}
	}
	return best, at
}

// standbyFills returns, by cluster, what a standby for a primary at site s
// would add, or never.
func (m *model) standbyFills(k *kind, s int) []int64 {
	fills := m.scratch[s]
	for i := range fills {
		fills[i] = never
	}
	for _, i := range k.dList {
		if m.fitsStandby(k, i, s) {
			fills[i] = m.standbyFill(k, i, s)
		}
	}
	return fills
}

func (m *model) bestStandby(mc *machine, p int, fills []int64, t taste) (int, int64) {
	best, at := -1, never
	for _, i := range mc.kind.dList {
		if fills[i] == never || !m.separated(mc.kind, m.clusters[p], m.clusters[i]) {
			continue
		}
		dc := mc.kind.dCost[i]
		if cost := t.taint(fills[i]-dc, dc+m.pairCost(mc, p, i)); best < 0 || cost < at {
			best, at = i, cost
		}
	}
	return best, at
}

// byNeed orders machines for construction: the most demanding class first, then
// the largest, then by name.
func byNeed(a, b *machine) int {
	return cmp.Or(cmp.Compare(b.kind.rank, a.kind.rank), cmp.Compare(b.size, a.size), strings.Compare(a.kind.Name, b.kind.Name), cmp.Compare(len(a.name), len(b.name)), strings.Compare(a.name, b.name))
}

// bySize orders machines by size first: better when room is short.
func bySize(a, b *machine) int {
	return cmp.Or(cmp.Compare(b.size, a.size), byNeed(a, b))
}

// place puts machines in order and returns those left out.
func (m *model) place(todo []*machine, t taste) []*machine {
	var left []*machine
	for _, mc := range todo {
		if p, d, _, ok := m.best(mc, t); ok {
			m.put(mc, p, d)
		} else {
			left = append(left, mc)
		}
	}
	return left
}

// construct places todo in one of several ways and returns those left out by
// the best of them.
func (m *model) construct(todo []*machine) []*machine {
	type way struct {
		order func(a, b *machine) int
		taste taste
	}
	ways := []way{{byNeed, taste{}}, {bySize, taste{blunt: true}}, {bySize, taste{pack: true, blunt: true}}, {byNeed, taste{pack: true}}}
	var best []spot
	bestLeft := -1
	for _, w := range ways {
		slices.SortFunc(todo, w.order)
		left := m.place(todo, w.taste)
		if bestLeft < 0 || len(left) < bestLeft {
			bestLeft, best = len(left), remember(todo)
		}
		if bestLeft == 0 {
			return nil
		}
		m.liftAll(todo)
	}
	return m.restore(best)
}

// spot remembers where a machine stood.
type spot struct {
	mc   *machine
	p, d int
}

func remember(ms []*machine) []spot {
	spots := make([]spot, len(ms))
	for i, mc := range ms {
		spots[i] = spot{mc, mc.p, mc.d}
	}
	return spots
}

// restore puts lifted machines back and returns those that stood nowhere.
func (m *model) restore(spots []spot) []*machine {
	var left []*machine
	for _, s := range spots {
		if s.p < 0 {
			left = append(left, s.mc)
			continue
		}
		m.put(s.mc, s.p, s.d)
	}
	return left
}

func (m *model) liftAll(ms []*machine) {
	for _, mc := range ms {
		if mc.placed() {
			m.lift(mc)
		}
	}
}

// repair makes room for the machines left out: it lifts some machines of one
// cluster, places the left-out ones first and the lifted ones after, and keeps
// the outcome when no more is left out than before.
func (m *model) repair(left []*machine) []*machine {
	var dice dice
	for round := 0; round < repairRounds && len(left) > 0; round++ {
		first := left[dice.upTo(len(left))]
		ruined := m.ruin(first, &dice)
		if len(ruined) == 0 {
			continue
		}
		before := remember(ruined)
		m.liftAll(ruined)
		t := taste{pack: dice.upTo(2) == 0, blunt: dice.upTo(4) > 0}
		todo := slices.Concat(left, ruined)
		slices.SortFunc(todo, bySize)
		if i := slices.Index(todo, first); i > 0 {
			copy(todo[1:i+1], todo[:i])
			todo[0] = first
		}
		now := m.place(todo, t)
		if weight(now) <= weight(left) {
			left = now
			continue
		}
		m.liftAll(todo)
		m.restore(before)
	}
	return left
}

func weight(ms []*machine) int64 {
	var w int64
	for _, mc := range ms {
		w += 1_000 + mc.size
	}
	return w
}

// ruin picks some movable machines that stand on a cluster which mc could use.
func (m *model) ruin(mc *machine, dice *dice) []*machine {
	start := dice.upTo(len(m.clusters))
	target := -1
	for i := range m.clusters {
		c := (start + i) % len(m.clusters)
		if mc.kind.primary[c] || mc.kind.standby != nil && mc.kind.standby[c] {
			target = c
			break
		}
	}
	var there []*machine
	for _, o := range m.machines {
		if !o.locked && o.placed() && (o.p == target || o.d == target) {
			there = append(there, o)
		}
	}
	n := min(len(there), 1+dice.upTo(12))
	for i := range n { // the first n of a shuffle
		j := i + dice.upTo(len(there)-i)
		there[i], there[j] = there[j], there[i]
	}
	return there[:n]
}

// dice is splitmix64 from a fixed seed: variety without chance.
type dice uint64

func (d *dice) upTo(n int) int {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}
