package placement

import "github.com/italia/terraform-provider-psn/internal/psn"

// put makes mc stand at primary p with standby d (-1 for none). The caller has
// checked that it fits, or means to evict what does not.
func (m *model) put(mc *machine, p, d int) {
	k := mc.kind
	mc.p, mc.d = p, d
	m.used[p] = m.used[p].add(k.dem)
	k.atSite[m.clusters[p].site]++
	k.atCluster[p]++
	if d >= 0 {
		m.used[d] = m.used[d].add(k.dem.disk())
		s := m.clusters[p].site
		m.resv[d][s] = m.resv[d][s].add(k.dem.compute())
		m.worst[d] = worstOf(m.clusters[d], &m.resv[d])
	}
}

// lift undoes put.
func (m *model) lift(mc *machine) {
	k, p, d := mc.kind, mc.p, mc.d
	mc.p, mc.d = -1, -1
	m.used[p] = m.used[p].sub(k.dem)
	k.atSite[m.clusters[p].site]--
	k.atCluster[p]--
	if d >= 0 {
		m.used[d] = m.used[d].sub(k.dem.disk())
		s := m.clusters[p].site
		m.resv[d][s] = m.resv[d][s].sub(k.dem.compute())
		m.worst[d] = worstOf(m.clusters[d], &m.resv[d])
	}
}

// fitsPrimary reports whether one more machine of k can run on cluster p.
func (m *model) fitsPrimary(k *kind, p int) bool {
	if !k.primary[p] {
		return false
	}
	if k.AntiAffinity && (k.atCluster[p] > 0 || k.atSite[m.clusters[p].site] >= k.perSite) {
		return false
	}
	return m.used[p].add(k.dem).add(m.worst[p]).fits(m.clusters[p].cap)
}

// fitsStandby reports whether cluster d can hold the standby of one more
// machine of k whose primary is at site s: its disk every day, its compute if s
// is lost.
func (m *model) fitsStandby(k *kind, d, s int) bool {
	if !k.standby[d] || m.clusters[d].site == s {
		return false
	}
	used := m.used[d].add(k.dem.disk())
	if worst := used.add(m.worst[d]); worst[storage] > m.clusters[d].cap[storage] {
		return false
	}
	return used.add(m.resv[d][s]).add(k.dem.compute()).fits(m.clusters[d].cap)
}

// load is how unwelcome a use of cluster c is: convex, so that use spreads, and
// weighed by the cluster's share of all capacity, so that equal fill is best.
func (m *model) load(c int, use vec) int64 {
	const part = 1_000_000
	var sum int64
	cl := m.clusters[c]
	if cl.dark {
		return 0
	}
	for r := range resources {
		if cl.cap[r] == 0 {
			continue
		}
		fill := min(use[r]*part/cl.cap[r], 4*part)
		share := cl.cap[r] * 1000 / max(m.total[r], 1)
		sum += fill * fill / 1000 * (share + 1)
	}
	return sum
}

func (m *model) loadIfPrimary(k *kind, p int) int64 {
	use := m.used[p].add(m.worst[p])
	return m.load(p, use.add(k.dem)) - m.load(p, use)
}

func (m *model) loadIfStandby(k *kind, d, s int) int64 {
	use := m.used[d].add(m.worst[d])
	with := m.resv[d][s].add(k.dem.compute()).max(m.worst[d])
	return m.load(d, m.used[d].add(k.dem.disk()).add(with)) - m.load(d, use)
}

// price orders the places of a machine: first what is disliked, then load.
type price struct{ dislike, load int64 }

func (a price) less(b price) bool {
	return a.dislike < b.dislike || a.dislike == b.dislike && a.load < b.load
}

// What is disliked, from the most to the least.
const (
	movesPrimary  = 16 // the primary leaves where it stands
	movesStandby  = 8  // the standby leaves where it stands
	sameRegion    = 4  // a critical standby in the region of its primary: HA, not DR
	otherPlatform = 2  // a standby on another platform than its primary
)

// dislike counts against placing mc at p with standby d.
func (m *model) dislike(mc *machine, p, d int) int64 {
	var n int64
	if mc.curP >= 0 && mc.curP != p && !m.req.Rebalance {
		n += movesPrimary
	}
	if d < 0 {
		return n
	}
	if mc.curD >= 0 && mc.curD != d && !m.req.Rebalance {
		n += movesStandby
	}
	if mc.kind.Classification == psn.Critical && m.clusters[p].region == m.clusters[d].region {
		n += sameRegion
	}
	if m.clusters[p].platform != m.clusters[d].platform {
		n += otherPlatform
	}
	return n
}
