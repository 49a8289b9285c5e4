package placement

import "slices"

// How often a small request is searched anew, counted in steps, never in time.
const (
	startsUpTo      = 300 // machines that may move; more are searched once
	starts          = 24  // searches beside the first, at most
	startsFruitless = 12  // and no more after so many in a row that found nothing cheaper
	startRuins      = 100 // ruins of each, at most
	startStepsEach  = 125 // late-acceptance steps of each for each machine that may move
	startMemory     = 20  // late acceptance remembers this part of its steps
	startSlackShare = 64  // and at first allows this part of the cost beside it
)

// startAnew searches again from other orders of the machines, each with the dice
// where the last left them: where few machines fill few clusters, what one search
// finds hangs on the order in which it met them, and so on their names. Only a
// strictly cheaper placement replaces the one before it.
func (s *search) startAnew() {
	s.save()
	ruins, steps := min(len(s.free)*ruinsEach, startRuins), len(s.free)*startStepsEach
	for n, found := 0, 0; n < starts && n-found < startsFruitless; n++ {
		low := s.low
		if !s.afresh() {
			s.load() // too tight for a blind order: go on from the best
		}
		s.rebuild(ruins)
		s.lateAccept(steps, max(steps/startMemory, 1), s.cost/startSlackShare)
		s.descend()
		if s.cost < s.low {
			s.save()
		}
		if s.low < low {
			found = n + 1
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
