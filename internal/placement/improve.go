package placement

import "slices"

// How long improvement goes on, counted in steps, never in time: the same
// request must give the same answer on every machine.
const (
	sweeps      = 4       // of descent, before and after
	rounds      = 2       // of the two below, one after the other
	stepsEach   = 750     // late-acceptance steps for each machine that may move
	stepsLeast  = 4_000   // and at least
	stepsMost   = 350_000 // and at most
	ruinsEach   = 5       // ruins for each machine that may move
	ruinsLeast  = 50
	ruinsMost   = 1_500
	memoryLeast = 1_000 // late acceptance compares with the cost this many steps ago,
	memoryMost  = 20_000
	memoryAll   = 20_000_000 // or this by the number of machines
)

// improve looks for a cheaper placement of the machines that may move: by
// descent, by ruining and rebuilding parts, and by single steps that are
// accepted when they are no worse than what stood some steps before.
func (m *model) improve() {
	var free []*machine
	for _, mc := range m.machines {
		if !mc.locked && mc.placed() {
			free = append(free, mc)
		}
	}
	if len(free) == 0 {
		return
	}
	slices.SortFunc(free, byNeed)
	for i, mc := range free {
		mc.index = i
	}
	s := &search{model: m, free: free, dice: 1, cost: m.totalCost(), best: remember(free)}
	s.descend()
	s.save()
	for range rounds {
		s.rebuild(min(max(len(free)*ruinsEach, ruinsLeast), ruinsMost))
		s.wander(min(max(len(free)*stepsEach, stepsLeast), stepsMost))
		s.load()
	}
	s.descend()
	if len(free) <= startsUpTo {
		s.startAnew()
	}
}

// search is an improvement under way.
type search struct {
	*model
	free    []*machine
	dice    dice
	cost    int64 // of what stands
	best    []spot
	low     int64 // cost of best
	touched []int // of free, moved since best
}

// save makes what stands the best found.
func (s *search) save() {
	for _, i := range s.touched {
		mc := s.free[i]
		s.best[i] = spot{mc, mc.p, mc.d}
		mc.touched = false
	}
	s.touched, s.low = s.touched[:0], s.cost
}

// load returns to the best found.
func (s *search) load() {
	for _, i := range s.touched {
		if s.free[i].placed() {
			s.lift(s.free[i])
		}
	}
	for _, i := range s.touched {
		if b := s.best[i]; !b.mc.placed() {
			s.put(b.mc, b.p, b.d)
		}
		s.free[i].touched = false
	}
	s.touched, s.cost = s.touched[:0], s.low
}

// take lifts mc and keeps the cost right.
func (s *search) take(mc *machine) {
	s.cost -= s.ownCost(mc) + s.fillOf(mc.p, mc.d)
	p, d := mc.p, mc.d
	s.lift(mc)
	s.cost += s.fillOf(p, d)
}

// give puts mc and keeps the cost right.
func (s *search) give(mc *machine, p, d int) {
	s.cost -= s.fillOf(p, d)
	s.put(mc, p, d)
	s.cost += s.ownCost(mc) + s.fillOf(p, d)
	s.touch(mc)
}

// touch notes that mc may stand elsewhere than in the best found.
func (s *search) touch(mc *machine) {
	if !mc.touched {
		mc.touched = true
		s.touched = append(s.touched, mc.index)
	}
}

func (s *search) fillOf(p, d int) int64 {
	if d < 0 {
		return s.fill[p]
	}
	return s.fill[p] + s.fill[d]
}

// descend moves machines to cheaper places until none is found or the sweeps
// are spent.
func (s *search) descend() {
	for range sweeps {
		moved := false
		for _, mc := range s.free {
			p, d, before := mc.p, mc.d, s.cost
			s.take(mc)
			if bp, bd, at, ok := s.model.best(mc, taste{}); ok && s.cost+at < before {
				p, d, moved = bp, bd, true
			}
			s.give(mc, p, d)
		}
		if !moved {
			return
		}
	}
}

// rebuild lifts some machines that stand close together and places them again,
// over and over, with prices blurred a little.
func (s *search) rebuild(ruins int) {
	byCluster := make([][]*machine, len(s.clusters))
	for range ruins {
		target := s.free[s.dice.upTo(len(s.free))]
		at := target.p
		if target.d >= 0 && s.dice.upTo(2) == 0 {
			at = target.d
		}
		there := byCluster[at][:0]
		wide := s.dice.upTo(3) == 0
		n := 2 + s.dice.upTo(18)
		start := s.dice.upTo(len(s.free))
		for i := range s.free { // from a random machine on, so that all take part
			mc := s.free[(start+i)%len(s.free)]
			if wide || mc.p == at || mc.d == at {
				if there = append(there, mc); len(there) == n {
					break
				}
			}
		}
		byCluster[at] = there
		before, was := remember(there), s.cost
		for _, mc := range there {
			s.take(mc)
		}
		s.order(there)
		if !s.recreate(there) || s.cost > was {
			for _, mc := range there {
				if mc.placed() {
					s.take(mc)
				}
			}
			for _, sp := range before {
				s.give(sp.mc, sp.p, sp.d)
			}
			continue
		}
		if s.cost < s.low {
			s.save()
		}
	}
}

// order sorts by size or shuffles.
func (s *search) order(ms []*machine) {
	switch s.dice.upTo(3) {
	case 0:
		slices.SortFunc(ms, bySize)
	case 1:
		slices.SortFunc(ms, byNeed)
	default:
		for i := range ms {
			j := i + s.dice.upTo(len(ms)-i)
			ms[i], ms[j] = ms[j], ms[i]
		}
	}
}

func (s *search) recreate(ms []*machine) bool {
	t := taste{dice: &s.dice, noise: 1 << s.dice.upTo(4)}
	for _, mc := range ms {
		p, d, _, ok := s.model.best(mc, t)
		if !ok {
			return false
		}
		s.give(mc, p, d)
	}
	return true
}
