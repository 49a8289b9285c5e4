package placement

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// conflict is one reason why a request cannot be met.
type conflict struct {
	rule     string
	subject  string
	sentence string
	remedy   string
	outcome  psn.Outcome // Failed unless set
	always   bool        // holds whatever an unread site has to offer
}

// prove looks for proofs that no placement exists. It ignores what stands
// today: a proof holds wherever machines stand. Machines on unread sites are
// left out of every sum.
func (m *model) prove() []conflict {
	for _, mc := range m.machines {
		if !m.onDark(mc) {
			mc.kind.toPlace++
		}
	}
	var found []conflict
	for _, k := range m.kinds {
		if c, ok := m.proveKind(k); ok {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		found = m.proveApart()
	}
	if len(found) > 0 {
		return found
	}
	return m.proveSums()
}

// proveKind proves that a workload cannot be placed even alone.
func (m *model) proveKind(k *kind) (conflict, bool) {
	if !m.possible(k) {
		return m.impossible(k), true
	}
	n := k.toPlace
	if n == 0 {
		return conflict{}, false
	}
	if k.pPools == 0 {
		return m.nowhere(k), true
	}
	if !m.fitsAlone(k) {
		return m.tooLarge(k), true
	}
	var clusters, room int64
	for i := range m.clusters {
		if k.primary[i] {
			if fit := m.howMany(k, i); fit > 0 {
				clusters++
				room += fit
			}
		}
	}
	if k.AntiAffinity && clusters < k.Instances && n == k.Instances {
		return conflict{rule: "PLC-005", subject: m.subject(k),
			sentence: fmt.Sprintf("%s asks for %d instances kept apart, but only %d clusters can take one", k, k.Instances, clusters) + m.without(m.reach(k)),
			remedy:   fmt.Sprintf("ask for at most %d instances, add clusters, or give up anti_affinity", clusters) + m.orEndExclusion(m.reach(k))}, true
	}
	if room < n {
		return conflict{rule: "PLC-008", subject: m.subject(k),
			sentence: fmt.Sprintf("%s asks for %d machines of %s each, but the free room of its admissible clusters holds %d", k, n, describe(k.dem), room) + m.without(m.reach(k)),
			remedy:   "ask for fewer or smaller machines, widen the allowed sites, or add capacity" + m.orEndExclusion(m.reach(k))}, true
	}
	return conflict{}, false
}

// possible reports whether the class and the allowed places of k contradict
// each other, whatever the sites offer.
func (m *model) possible(k *kind) bool {
	for _, p := range psn.Sites() {
		if !allowed(k.Sites, p) || !allowed(k.Regions, p.Region()) {
			continue
		}
		if k.standby == nil {
			return true
		}
		for _, d := range psn.Sites() {
			if allowed(k.Regions, d.Region()) && m.separated(k, &cluster{site: siteIndex(p), region: p.Region()}, &cluster{site: siteIndex(d), region: d.Region()}) {
				return true
			}
		}
	}
	return false
}

func (m *model) onDark(mc *machine) bool {
	return mc.placed() && (m.clusters[mc.p].dark || mc.d >= 0 && m.clusters[mc.d].dark)
}

// primaryRoom is what cluster c has for running machines, others counted.
func (m *model) primaryRoom(c *cluster) vec {
	return c.cap.sub(c.taken).sub(m.worstOf(c, &c.held))
}

// standbyRoom is what cluster c has for standbys of machines at site s.
func (c *cluster) standbyRoom(s int) vec { return c.cap.sub(c.taken).sub(c.held[s]) }

// fitsAlone reports whether one machine of k fits with nothing else of this request.
func (m *model) fitsAlone(k *kind) bool {
	needed := k.hold.add(k.wake)
	for i, p := range m.clusters {
		if !k.primary[i] || !k.dem.fits(m.primaryRoom(p)) {
			continue
		}
		if k.standby == nil {
			return true
		}
		for j, d := range m.clusters {
			if k.standby[j] && m.separated(k, p, d) && k.hold.fits(m.primaryRoom(d)) && needed.fits(d.standbyRoom(p.site)) {
				return true
			}
		}
	}
	return false
}

// howMany is how many primaries of k fit on cluster i with nothing else of this request.
func (m *model) howMany(k *kind, i int) int64 {
	room, n := m.primaryRoom(m.clusters[i]), k.Instances
	for r := range m.dims {
		if k.dem[r] > 0 {
			n = min(n, max(room[r], 0)/k.dem[r])
		}
	}
	return n
}

// pairs is a set of (primary pool, standby pool), as bits p*8+d; an ordinary
// machine has d = p.
type pairs uint64

func (m *model) pairs(k *kind) pairs {
	var set pairs
	for p := range pools {
		if k.pPools&(1<<p) == 0 {
			continue
		}
		if k.standby == nil {
			set |= 1 << (p*pools + p)
			continue
		}
		for d := range pools {
			if k.sPools&(1<<d) != 0 && m.separated(k, &cluster{site: p / 2, region: siteAt(p / 2).Region()}, &cluster{site: d / 2, region: siteAt(d / 2).Region()}) {
				set |= 1 << (p*pools + d)
			}
		}
	}
	return set
}

// crowd is the summed demand of machines with the same choice of pools.
type crowd struct {
	pairs                  pairs
	dem, hold, wake, serve vec
}

func (m *model) crowds() []crowd {
	var all []crowd
	for _, k := range m.kinds {
		n := k.toPlace
		if n == 0 {
			continue
		}
		set := m.pairs(k)
		i := slices.IndexFunc(all, func(o crowd) bool { return o.pairs == set })
		if i < 0 {
			i = len(all)
			all = append(all, crowd{pairs: set})
		}
		c := &all[i]
		for r := range m.dims {
			c.dem[r] += n * k.dem[r]
			c.hold[r] += n * k.hold[r]
			c.wake[r] += n * k.wake[r]
			c.serve[r] += n * k.serve[r]
		}
	}
	return all
}

// forced is how much of resource r a crowd must have in the given pools after
// the loss of some sites, whichever pairs it takes.
func (c *crowd) forced(in uint8, r int, lost scenario) int64 {
	least := never
	for p := range pools {
		for d := range pools {
			if c.pairs&(1<<(p*pools+d)) == 0 {
				continue
			}
			var need int64
			atD := int64(in >> d & 1)
			if lost.has(p / 2) {
				need = atD * c.wake[r]
			} else {
				need = int64(in>>p&1) * c.dem[r]
			}
			least = min(least, need+atD*c.hold[r])
		}
	}
	return least
}

// forcedQuota is how much of resource r must count against the quota of the
// sites of the given pools.
func (c *crowd) forcedQuota(in uint8, r int) int64 {
	least := never
	for p := range pools {
		for d := range pools {
			if c.pairs&(1<<(p*pools+d)) != 0 {
				least = min(least, int64(in>>p&1)*c.dem[r]+int64(in>>d&1)*c.serve[r])
			}
		}
	}
	return least
}

// scenario is a set of lost sites, as bits; 0 is normal operation.
type scenario uint8

func (s scenario) has(site int) bool { return s>>site&1 == 1 }

// pools are those of the lost sites.
func (s scenario) pools() uint8 {
	var set uint8
	for i := range sites {
		if s.has(i) {
			set |= 3 << (2 * i)
		}
	}
	return set
}

// losses are the scenarios that must be survived.
func (m *model) losses() []scenario {
	all := []scenario{1, 2, 4, 8}
	if m.req.SurviveRegion {
		all = append(all, 3, 12)
	}
	return all
}

// shortfall is a set of pools in which a resource does not suffice.
type shortfall struct {
	resource   int
	lost       scenario
	in         uint8
	need, free int64
}

// proveSums compares, for every set of sites and platforms and every loss, what
// must stand there with what there is, and with the quota.
func (m *model) proveSums() []conflict {
	crowds := m.crowds()
	if len(crowds) == 0 {
		return nil
	}
	if found := m.proveQuota(crowds); len(found) > 0 {
		return found
	}
	var all uint8
	for _, c := range m.clusters {
		if !c.dark {
			all |= 1 << c.pool
		}
	}
	var short []shortfall
	for r := range m.dims {
		worst := m.shortest(crowds, all, r, 0)
		if worst != nil {
			short = append(short, *worst)
			continue // every loss would say it again
		}
		if !isCompute(r) {
			continue // storage does not depend on what is lost
		}
		for _, s := range m.losses() {
			if worst := m.shortest(crowds, all, r, s); worst != nil {
				short = append(short, *worst)
			}
		}
	}
	found := make([]conflict, len(short))
	for i, s := range short {
		found[i] = m.shortConflict(s, all)
	}
	return found
}

// shortest returns the smallest set of pools that is short of resource r after
// a loss; of equal sets the one that is short of most.
func (m *model) shortest(crowds []crowd, all uint8, r int, lost scenario) *shortfall {
	var worst *shortfall
	for set := 1; set <= int(all); set++ {
		in := uint8(set)
		if in&^all != 0 || in&lost.pools() != 0 {
			continue
		}
		s := shortfall{resource: r, lost: lost, in: in}
		for i := range crowds {
			s.need += crowds[i].forced(in, r, lost)
		}
		if s.need == 0 {
			continue
		}
		s.free = m.freeIn(in, r, lost)
		if s.need <= s.free {
			continue
		}
		if worst == nil || cmp.Or(cmp.Compare(popcount(in), popcount(worst.in)), cmp.Compare(worst.need-worst.free, s.need-s.free)) < 0 {
			worst = &s
		}
	}
	return worst
}

// freeIn is what the clusters of some pools have left beside what others hold.
func (m *model) freeIn(in uint8, r int, lost scenario) int64 {
	var free int64
	for _, c := range m.clusters {
		if c.dark || c.excluded != "" || in&(1<<c.pool) == 0 {
			continue
		}
		room := m.primaryRoom(c)
		if lost != 0 {
			room = c.cap.sub(c.taken)
			for s := range sites {
				if lost.has(s) {
					room = room.sub(c.held[s])
				}
			}
		}
		if isCompute(r) && (room[vcpus] < 0 || room[memory] < 0 || room[storage] < 0) {
			continue // overfull without us: it can run nothing more
		}
		free += max(room[r], 0)
	}
	return free
}

// proveQuota compares what must count against the quota, in total and for every
// set of sites, with what is allowed and with what stands already.
func (m *model) proveQuota(crowds []crowd) []conflict {
	if m.req.Quota == nil {
		return nil
	}
	var found []conflict
	total, today, limit := m.quotaTotal(), m.quotaToday(), m.req.Quota.Total.vec()
	var stands vec
	for s := range sites {
		stands = stands.add(today[s])
	}
	for r := range basic {
		if total[r] > limit[r] && total[r] > stands[r] { // a limit drives nothing away
			found = append(found, m.quotaConflict(r, "in total", total[r], limit[r]))
			continue
		}
		best := conflict{}
		fewest := sites + 1
		for set := 1; set < 1<<sites; set++ {
			var need, stands, limit int64
			for s := range sites {
				if scenario(set).has(s) {
					need += m.others(s)[r]
					stands += today[s][r]
					limit = min(limit+m.limit[s][r], boundless[r])
				}
			}
			for i := range crowds {
				need += crowds[i].forcedQuota(scenario(set).pools(), r)
			}
			if n := popcount(uint8(set)); need > limit && need > stands && n < fewest {
				best, fewest = m.quotaConflict(r, area(scenario(set).pools(), 255), need, limit), n
			}
		}
		if fewest <= sites {
			found = append(found, best)
		}
	}
	return found
}
