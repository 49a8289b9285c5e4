package placement

import (
	"cmp"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// keep puts every machine that stands somewhere today, and may still stand
// there, back where it is. Machines that must leave are returned: those whose
// place is no longer admissible, and the fewest found that make an overfull
// cluster fit again.
func (m *model) keep() []*machine {
	var leaving []*machine
	for _, mc := range m.machines {
		if !m.today(mc) {
			continue
		}
		p, d := mc.curP, mc.curD
		if p >= 0 && m.clusters[p].dark && !m.mayKeep(mc.kind, p, d) && m.mayStand(mc.kind, p) {
			d = m.standbyFor(mc, p) // the unread site keeps its machine
		}
		if !m.mayKeep(mc.kind, p, d) {
			leaving = append(leaving, mc)
			continue
		}
		m.put(mc, p, d)
		mc.locked = !m.req.Rebalance || m.clusters[p].dark || d >= 0 && m.clusters[d].dark
	}
	for c := range m.clusters {
		leaving = append(leaving, m.evict(c)...)
	}
	slices.SortFunc(leaving, byNeed)
	return leaving
}

// today notes where mc stands and what moving it costs; false when it stands
// nowhere. A group whose machines stand in several places is taken to stand
// where most of them do.
func (m *model) today(mc *machine) bool {
	votes := map[[2]int]int{}
	most := 0
	var at [2]int
	for i, name := range mc.names {
		cur, ok := m.req.Current[name]
		if !ok {
			continue
		}
		toll := m.weights.Move * millionths
		gib := mc.kind.members[min(i, len(mc.kind.members)-1)].PerInstance.StorageMiB * m.weights.MovePerGiB * millionths / 1024
		mc.moveP += toll + gib
		mc.moveD += toll/2 + gib
		place := [2]int{m.find(cur.Site, cur.Platform, cur.Cluster), -1}
		if mc.kind.standby != nil {
			place[1] = m.find(cur.StandbySite, cur.StandbyPlatform, cur.StandbyCluster)
		}
		if votes[place]++; votes[place] > most {
			most, at = votes[place], place
		}
	}
	if most > 0 {
		mc.curP, mc.curD = at[0], at[1]
	}
	mc.stands = most > 0
	return mc.stands
}

// find returns the index of a cluster, or -1.
func (m *model) find(s psn.Site, p psn.Platform, name string) int {
	return slices.IndexFunc(m.clusters, func(c *cluster) bool {
		return c.name == name && siteAt(c.site) == s && c.platform == p
	})
}

// mayStand reports whether a primary of k may stand on cluster p, room apart.
func (m *model) mayStand(k *kind, p int) bool {
	c := m.clusters[p]
	return c.excluded == "" && allowed(k.Sites, siteAt(c.site)) && allowed(k.Regions, c.region) && allowed(k.Platforms, c.platform) &&
		(!k.AntiAffinity || k.atCluster[p] == 0 && (!m.req.Rebalance || k.atSite[c.site] < k.perSite)) && m.apartFrom(k, p)
}

// mayKeep reports whether p and d are an admissible place for a machine of k,
// room apart. Instances that share a site although there are others by now are
// left where they are: spreading them again is a rebalance.
func (m *model) mayKeep(k *kind, p, d int) bool {
	if p < 0 || !m.mayStand(k, p) {
		return false
	}
	if k.standby == nil {
		return true
	}
	if d < 0 {
		return false
	}
	return m.mayWait(k, d) && m.separated(k, m.clusters[p], m.clusters[d])
}

// mayWait reports whether a standby of k may stand on cluster d, room and its
// primary apart.
func (m *model) mayWait(k *kind, d int) bool {
	c := m.clusters[d]
	return k.standby != nil && c.excluded == "" && m.startable(k, c) && allowed(k.Regions, c.region) && allowed(k.Platforms, c.platform)
}

// standbyFor returns the best cluster for a standby of mc with its primary at p, or -1.
func (m *model) standbyFor(mc *machine, p int) int {
	if mc.kind.standby == nil {
		return -1
	}
	d, _ := m.bestStandby(mc, p, m.standbyFills(mc.kind, m.clusters[p].site), taste{})
	return d
}

// evict lifts machines off cluster c until none of them takes part in
// overfilling it: rather standbys than primaries, rather the less demanding
// classes, rather one than several. What others overfill alone stays their own.
func (m *model) evict(c int) []*machine {
	others := m.excess(c, m.clusters[c].taken, &m.clusters[c].held)
	if m.excess(c, m.used[c], &m.resv[c]) == others {
		return nil
	}
	var there, gone []*machine
	for _, mc := range m.machines {
		if mc.placed() && (mc.p == c || mc.d == c) {
			there = append(there, mc)
		}
	}
	slices.SortFunc(there, func(a, b *machine) int {
		return cmp.Or(cmp.Compare(a.serves(c), b.serves(c)), cmp.Compare(a.kind.rank, b.kind.rank), cmp.Compare(a.size, b.size), -byNeed(a, b))
	})
	for {
		i := m.mostRelief(c, there, others)
		if i < 0 {
			return gone
		}
		m.lift(there[i])
		there[i].locked = false
		gone = append(gone, there[i])
		there = slices.Delete(there, i, i+1)
	}
}

// besideSilent puts machines that lost their standby, or their primary, and have
// the other part at a site that could not be read back with that part where it
// is: nobody can move what does not answer. It returns those that may move whole,
// and those for whose other part there is no room.
func (m *model) besideSilent(leaving []*machine) (free, bound []*machine) {
	dark := func(c int) bool { return c >= 0 && m.clusters[c].dark && m.clusters[c].excluded == "" }
	for _, mc := range leaving {
		p, d := mc.curP, mc.curD
		switch {
		case dark(p) && m.mayStand(mc.kind, p):
			if d = m.standbyFor(mc, p); d < 0 && mc.kind.standby != nil {
				bound = append(bound, mc)
				continue
			}
		case !dark(p) && dark(d) && m.mayWait(mc.kind, d):
			if p = m.primaryFor(mc, d); p < 0 {
				bound = append(bound, mc)
				continue
			}
		default:
			free = append(free, mc)
			continue
		}
		m.put(mc, p, d)
		mc.locked = true
	}
	return free, bound
}

// primaryFor returns the best cluster for a primary of mc with its standby at d, or -1.
func (m *model) primaryFor(mc *machine, d int) int {
	best, at := -1, never
	for _, i := range mc.kind.pList {
		if !m.separated(mc.kind, m.clusters[i], m.clusters[d]) || !m.fitsPrimary(mc.kind, i) {
			continue
		}
		if cost := m.balanceWith(i, &mc.kind.dem) - m.fill[i] + mc.kind.pCost[i] + m.pairCost(mc, i, d); cost < at {
			best, at = i, cost
		}
	}
	return best
}

// serves is 1 when m runs on cluster c and 0 when its standby waits there.
func (m *machine) serves(c int) int {
	if m.p == c {
		return 1
	}
	return 0
}

// mostRelief returns the index of the first machine whose leaving brings the
// excess of c down to what others cause, else of the one whose leaving helps
// most, else -1.
func (m *model) mostRelief(c int, there []*machine, others int64) int {
	best, least := -1, m.excess(c, m.used[c], &m.resv[c])
	if least == others {
		return -1
	}
	for i, mc := range there {
		p, d := mc.p, mc.d
		m.lift(mc)
		left := m.excess(c, m.used[c], &m.resv[c])
		m.put(mc, p, d)
		if left == others {
			return i
		}
		if left < least {
			best, least = i, left
		}
	}
	return best
}

// excess weighs by how much a use overfills the cluster, normally and after
// each loss: one vCPU like 4 GiB of RAM, RAM like sixteen times as much storage,
// as machines tend to have them, and a GPU like 16 vCPUs.
func (m *model) excess(i int, used vec, resv *[sites]vec) int64 {
	c := m.clusters[i]
	if c.dark {
		return 0
	}
	weights := vec{4096 * 16, 16, 1, 4096 * 16 * 16}
	var sum int64
	count := func(use vec) {
		over := use.sub(c.cap)
		for r := range m.dims {
			sum += min(max(over[r], 0), 1<<40) * max(weights[r], 1)
		}
	}
	count(used)
	for s := range sites {
		if s != c.site && resv[s] != (vec{}) {
			count(used.add(resv[s]))
		}
	}
	if other := (c.site ^ 2) &^ 1; m.req.SurviveRegion {
		count(used.add(resv[other]).add(resv[other+1]))
	}
	return sum
}
