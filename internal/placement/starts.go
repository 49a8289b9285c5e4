package placement

import "slices"

// How often a small request is searched anew, counted in steps, never in time.
const (
	startsUpTo      = 300   // machines that may move; more are searched once
	starts          = 24    // searches beside the first
	startRuins      = 100   // ruins of each, at most
	startSteps      = 2_500 // late-acceptance steps of each, at most
	startStepsEach  = 150   // and for each machine that may move
	startMemory     = 20    // late acceptance remembers this part of its steps
	startSlackShare = 64    // and at first allows this part of the cost beside it
)

// startAnew searches again from other orders of the machines, each with the dice
// where the last left them: where few machines fill few clusters, what one search
// finds hangs on the order in which it met them, and so on their names. Only a
// strictly cheaper placement replaces the one before it.
func (s *search) startAnew() {
	s.save()
	n := len(s.free)
	steps := min(n*startStepsEach, startSteps)
	for range starts {
		if !s.afresh() {
			s.load() // too tight for a blind order: go on from the best
		}
		s.rebuild(min(n*ruinsEach, startRuins))
		s.lateAccept(steps, max(steps/startMemory, 1), s.cost/startSlackShare)
		s.descend()
		if s.cost < s.low {
			s.save()
		}
		s.load()
	}
}

// afresh lifts all machines that may move and places them in another order;
// false when one of them then fits nowhere.
func (s *search) afresh() bool {
	for _, mc := range s.free {
		s.take(mc)
		s.touch(mc)
	}
	order := slices.Clone(s.free)
	s.order(order)
	return s.recreate(order)
}
