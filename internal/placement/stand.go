package placement

import "github.com/italia/terraform-provider-psn/internal/psn"

// put makes mc stand at primary p with standby d (-1 for none). The caller has
// checked that it fits, or means to evict what does not.
func (m *model) put(mc *machine, p, d int) {
	mc.p, mc.d = p, d
	m.account(mc.kind, p, d, 1)
}

// lift undoes put.
func (m *model) lift(mc *machine) {
	m.account(mc.kind, mc.p, mc.d, -1)
	mc.p, mc.d = -1, -1
}

// account adds (sign 1) or takes away (-1) a machine of k from every sum.
func (m *model) account(k *kind, p, d int, sign int64) {
	s := m.clusters[p].site
	used, here := &m.used[p], &m.atSite[s]
	for r := range m.dims {
		used[r] += sign * k.dem[r]
		here[r] += sign * k.dem[r]
	}
	k.atSite[s] += int(sign)
	k.atCluster[p] += int(sign)
	for _, g := range k.apart {
		m.apart[g][m.placeOf(g, p)] += int(sign)
	}
	if d >= 0 {
		used, resv, there := &m.used[d], &m.resv[d][s], &m.atSite[m.clusters[d].site]
		for r := range m.dims {
			used[r] += sign * k.hold[r]
			resv[r] += sign * k.wake[r]
			there[r] += sign * k.serve[r]
		}
		m.reworst(d, s, sign)
		m.fill[d] = m.balance(d)
	}
	m.fill[p] = m.balance(p)
}

// reworst brings worst[d] up to date after a change of resv[d][s].
func (m *model) reworst(d, s int, sign int64) {
	resv, worst := &m.resv[d], &m.worst[d]
	if sign < 0 || m.req.SurviveRegion {
		*worst = m.worstOf(m.clusters[d], resv)
		return
	}
	for r := range m.dims {
		worst[r] = max(worst[r], resv[s][r])
	}
}

// placeOf is the index of cluster p in the counts of anti-affinity group g.
func (m *model) placeOf(g, p int) int {
	if m.groups[g].Kind == ApartSite {
		return m.clusters[p].site
	}
	return p
}

// apartFrom reports whether no other workload of k's anti-affinity groups
// stands where cluster p is.
func (m *model) apartFrom(k *kind, p int) bool {
	for _, g := range k.apart {
		own := k.atCluster[p]
		if m.groups[g].Kind == ApartSite {
			own = k.atSite[m.clusters[p].site]
		}
		if m.apart[g][m.placeOf(g, p)] > own {
			return false
		}
	}
	return true
}

// fitsPrimary reports whether one more machine of k can run on cluster p.
func (m *model) fitsPrimary(k *kind, p int) bool {
	if !k.primary[p] {
		return false
	}
	c := m.clusters[p]
	if k.AntiAffinity && (k.atCluster[p] > 0 || k.atSite[c.site] >= k.perSite) {
		return false
	}
	used, worst, here, limit := &m.used[p], &m.worst[p], &m.atSite[c.site], &m.limit[c.site]
	for r := range m.dims {
		if n := k.dem[r]; n > 0 && (used[r]+worst[r]+n > c.cap[r] || here[r]+n > limit[r]) {
			return false
		}
	}
	return len(k.apart) == 0 || m.apartFrom(k, p)
}

// fitsStandby reports whether cluster d can hold the standby of one more
// machine of k whose primary is at site s: what it takes every day whatever is
// lost, and what it takes beside once s is lost, alone or with its region.
func (m *model) fitsStandby(k *kind, d, s int) bool {
	c := m.clusters[d]
	if !k.standby[d] || c.site == s {
		return false
	}
	used, worst, resv := &m.used[d], &m.worst[d], &m.resv[d][s]
	there, limit := &m.atSite[c.site], &m.limit[c.site]
	for r := range m.dims {
		hold, wake := k.hold[r], k.wake[r]
		if hold > 0 && (used[r]+worst[r]+hold > c.cap[r] || k.serve[r] > 0 && there[r]+k.serve[r] > limit[r]) {
			return false
		}
		if wake > 0 {
			all := resv[r]
			if m.req.SurviveRegion && s>>1 != c.site>>1 {
				all += m.resv[d][s^1][r]
			}
			if used[r]+hold+all+wake > c.cap[r] {
				return false
			}
		}
	}
	return true
}

// asToday leaves nothing but what stands today, each machine by itself and
// whether it may stand there or not. It is the last thing done with a model: no
// machine is placed afterwards, and what depends on that is not kept up to date.
func (m *model) asToday() {
	m.liftAll(m.machines)
	add := func(at int, v vec) { m.used[at] = m.used[at].add(v) }
	counts := func(at psn.Site, v vec) {
		if s := siteIndex(at); s >= 0 {
			m.atSite[s] = m.atSite[s].add(v)
		}
	}
	for _, mc := range m.machines {
		for i, name := range mc.names {
			cur, ok := m.req.Current[name]
			if !ok {
				continue
			}
			dem := m.demand(mc.kind.members[min(i, len(mc.kind.members)-1)])
			counts(cur.Site, dem)
			if p := m.find(cur.Site, cur.Platform, cur.Cluster); p >= 0 {
				add(p, dem)
			}
			if cur.StandbyMode == Active {
				counts(cur.StandbySite, dem)
			}
			d := m.find(cur.StandbySite, cur.StandbyPlatform, cur.StandbyCluster)
			switch home := siteIndex(cur.Site); {
			case d < 0:
			case cur.StandbyMode == Active:
				add(d, dem)
			default:
				add(d, dem.disk())
				if home >= 0 {
					m.resv[d][home] = m.resv[d][home].add(dem.compute())
				}
			}
		}
	}
}
