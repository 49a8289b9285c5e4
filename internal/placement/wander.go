package placement

// wander makes single steps: a machine, its standby or both elsewhere, or two
// machines in each other's place. A step stays when the cost is then no higher
// than before it, or than it was so many steps ago (late acceptance: it
// climbs out of small hollows and needs no temperature).
func (s *search) wander(steps int) {
	s.lateAccept(steps, min(max(memoryAll/len(s.free), memoryLeast), memoryMost), 0)
}

// lateAccept wanders with a memory of so many steps, which at first allows
// costs higher than today's by slack.
func (s *search) lateAccept(steps, memory int, slack int64) {
	past := make([]int64, memory)
	for i := range past {
		past[i] = s.cost + slack
	}
	for i := range steps {
		before, late := s.cost, &past[i%len(past)]
		bar := max(before, *late)
		if s.dice.upTo(5) == 0 {
			s.swap(bar)
		} else {
			s.shift(bar)
		}
		if s.cost < s.low {
			s.save()
		}
		*late = min(*late, s.cost)
	}
}

// shift moves one machine somewhere else when the cost then is at most bar.
func (s *search) shift(bar int64) {
	mc := s.free[s.dice.upTo(len(s.free))]
	k, p, d := mc.kind, mc.p, mc.d
	np, nd := p, d
	which := 0
	if d >= 0 {
		which = s.dice.upTo(4) // 0 both, 1 primary, 2 standby, 3 each in the other's place
	}
	if which == 3 {
		if !k.primary[d] || !k.standby[p] {
			return
		}
		np, nd = d, p
	} else if which != 2 {
		np = k.pList[s.dice.upTo(len(k.pList))]
	}
	if d >= 0 && (which == 0 || which == 2) {
		nd = k.dList[s.dice.upTo(len(k.dList))]
	}
	if np == p && nd == d || nd >= 0 && !s.separated(k, s.clusters[np], s.clusters[nd]) {
		return
	}
	if np != p && np != d && !k.AntiAffinity && !s.fitsPrimary(k, np) {
		return // would not fit once lifted either
	}
	s.take(mc)
	if s.fitsPrimary(k, np) && (nd < 0 || s.fitsStandby(k, nd, s.clusters[np].site)) {
		s.give(mc, np, nd)
		if s.cost <= bar {
			return
		}
		s.take(mc)
	}
	s.give(mc, p, d)
}

// swap puts two machines in each other's place when the cost then is at most bar.
func (s *search) swap(bar int64) {
	a, b := s.free[s.dice.upTo(len(s.free))], s.free[s.dice.upTo(len(s.free))]
	if a.p == b.p && a.d == b.d || a.kind == b.kind && a.curP == b.curP && a.curD == b.curD {
		return
	}
	ap, ad, bp, bd := a.p, a.d, b.p, b.d
	nap, nbp, nad, nbd := bp, ap, bd, ad
	switch which := s.dice.upTo(3); {
	case ad < 0 && bd < 0:
	case which == 0 || ad < 0 || bd < 0: // a machine without a standby has only its primary to give
		nad, nbd = ad, bd
	case which == 1:
		nap, nbp = ap, bp
	}
	if !s.admits(a, nap, nad) || !s.admits(b, nbp, nbd) {
		return
	}
	s.take(a)
	s.take(b)
	if s.goes(a, nap, nad) {
		if s.goes(b, nbp, nbd) {
			if s.cost <= bar {
				return
			}
			s.take(b)
		}
		s.take(a)
	}
	s.give(a, ap, ad)
	s.give(b, bp, bd)
}

// admits reports whether a machine may stand at p and d, room apart.
func (s *search) admits(mc *machine, p, d int) bool {
	k := mc.kind
	return k.primary[p] && (d < 0 || k.standby[d] && s.separated(k, s.clusters[p], s.clusters[d]))
}

// goes puts a machine at p and d if it fits.
func (s *search) goes(mc *machine, p, d int) bool {
	if !s.fitsPrimary(mc.kind, p) || d >= 0 && !s.fitsStandby(mc.kind, d, s.clusters[p].site) {
		return false
	}
	s.give(mc, p, d)
	return true
}
