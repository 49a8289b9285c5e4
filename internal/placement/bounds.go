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
	if len(found) > 0 {
		return found
	}
	return m.proveSums()
}

// proveKind proves that a workload cannot be placed even alone.
func (m *model) proveKind(k *kind) (conflict, bool) {
	if !k.possible() {
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
			sentence: fmt.Sprintf("workload %s asks for %d instances kept apart, but only %d clusters can take one", k.Name, k.Instances, clusters),
			remedy:   fmt.Sprintf("ask for at most %d instances, add clusters, or give up anti_affinity", clusters)}, true
	}
	if room < n {
		return conflict{rule: "PLC-008", subject: m.subject(k),
			sentence: fmt.Sprintf("workload %s asks for %d machines of %s each, but the free room of its admissible clusters holds %d", k.Name, n, describe(k.dem), room),
			remedy:   "ask for fewer or smaller machines, widen the allowed sites, or add capacity"}, true
	}
	return conflict{}, false
}

// possible reports whether the class and the allowed places of k contradict
// each other, whatever the sites offer.
func (k *kind) possible() bool {
	for _, p := range psn.Sites() {
		if !allowed(k.Sites, p) || !allowed(k.Regions, p.Region()) {
			continue
		}
		if k.standby == nil {
			return true
		}
		for _, d := range psn.Sites() {
			if allowed(k.Regions, d.Region()) && k.separated(&cluster{site: siteIndex(p), region: p.Region()}, &cluster{site: siteIndex(d), region: d.Region()}) {
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
func (c *cluster) primaryRoom() vec { return c.cap.sub(c.taken).sub(worstOf(c, &c.held)) }

// standbyRoom is what cluster c has for standbys of machines at site s.
func (c *cluster) standbyRoom(s int) vec { return c.cap.sub(c.taken).sub(c.held[s]) }

// fitsAlone reports whether one machine of k fits with nothing else of this request.
func (m *model) fitsAlone(k *kind) bool {
	for i, p := range m.clusters {
		if !k.primary[i] || !k.dem.fits(p.primaryRoom()) {
			continue
		}
		if k.standby == nil {
			return true
		}
		for j, d := range m.clusters {
			if k.standby[j] && k.separated(p, d) && k.dem.fits(d.standbyRoom(p.site)) {
				return true
			}
		}
	}
	return false
}

// howMany is how many primaries of k fit on cluster i with nothing else of this request.
func (m *model) howMany(k *kind, i int) int64 {
	room, n := m.clusters[i].primaryRoom(), k.Instances
	for r := range resources {
		n = min(n, max(room[r], 0)/k.dem[r])
	}
	return n
}

// pairs is a set of (primary pool, standby pool), as bits p*8+d; an ordinary
// machine has d = p.
type pairs uint64

func (k *kind) pairs() pairs {
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
			if k.sPools&(1<<d) != 0 && k.separated(&cluster{site: p / 2, region: siteAt(p / 2).Region()}, &cluster{site: d / 2, region: siteAt(d / 2).Region()}) {
				set |= 1 << (p*pools + d)
			}
		}
	}
	return set
}

// crowd is the summed demand of machines with the same choice of pools.
type crowd struct {
	pairs     pairs
	protected bool
	dem       vec
	count     int64
}

func (m *model) crowds() []crowd {
	var all []crowd
	for _, k := range m.kinds {
		n := k.toPlace
		if n == 0 {
			continue
		}
		c := crowd{pairs: k.pairs(), protected: k.standby != nil}
		i := slices.IndexFunc(all, func(o crowd) bool { return o.pairs == c.pairs && o.protected == c.protected })
		if i < 0 {
			i = len(all)
			all = append(all, c)
		}
		all[i].count += n
		for r := range resources {
			all[i].dem[r] += n * k.dem[r]
		}
	}
	return all
}

// forced says of a crowd's machine how many times its compute and its storage
// must stand in the given pools after the loss of site lost (-1: none),
// whichever pair it takes.
func (c crowd) forced(in uint8, lost int) (compute, disks int64) {
	compute, disks = 2, 2
	for p := range pools {
		for d := range pools {
			if c.pairs&(1<<(p*pools+d)) == 0 {
				continue
			}
			var runs, holds int64
			atP, atD := int64(in>>p&1), int64(in>>d&1)
			switch {
			case p/2 != lost:
				runs = atP
			case c.protected:
				runs = atD
			}
			holds = atP
			if c.protected {
				holds += atD
			}
			compute, disks = min(compute, runs), min(disks, holds)
		}
	}
	return compute, disks
}

// shortfall is a set of pools in which a resource does not suffice.
type shortfall struct {
	resource, lost int
	in             uint8
	need, free     int64
}

// proveSums compares, for every set of sites and platforms and every lost
// site, what must stand there with what there is.
func (m *model) proveSums() []conflict {
	crowds := m.crowds()
	if len(crowds) == 0 {
		return nil
	}
	var all uint8
	for _, c := range m.clusters {
		if !c.dark {
			all |= 1 << c.pool
		}
	}
	var short []shortfall
	for r := range resources {
		worst := m.shortest(crowds, all, r, -1)
		if worst != nil {
			short = append(short, *worst)
			continue // every loss of a site would say it again
		}
		if r == storage {
			continue // storage does not depend on what is lost
		}
		for s := range sites {
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
// the loss of site lost; of equal sets the one that is short of most.
func (m *model) shortest(crowds []crowd, all uint8, r, lost int) *shortfall {
	var worst *shortfall
	for set := 1; set <= int(all); set++ {
		in := uint8(set)
		if in&^all != 0 || lost >= 0 && in&(3<<(lost*2)) != 0 {
			continue
		}
		s := shortfall{resource: r, lost: lost, in: in}
		for _, c := range crowds {
			compute, disks := c.forced(in, lost)
			if r == storage {
				compute = disks
			}
			s.need += compute * c.dem[r]
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
func (m *model) freeIn(in uint8, r, lost int) int64 {
	var free int64
	for _, c := range m.clusters {
		if c.dark || in&(1<<c.pool) == 0 {
			continue
		}
		room := c.primaryRoom()
		if lost >= 0 {
			room = c.standbyRoom(lost)
		}
		if r != storage && (room[vcpus] < 0 || room[memory] < 0 || room[storage] < 0) {
			continue // overfull without us: it can run nothing more
		}
		free += max(room[r], 0)
	}
	return free
}
