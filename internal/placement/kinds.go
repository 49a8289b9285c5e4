package placement

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

func (m *model) addKinds() {
	ws := slices.Clone(m.req.Workloads)
	slices.SortFunc(ws, func(a, b Workload) int { return strings.Compare(a.Name, b.Name) })
	groups := slices.Clone(m.req.Groups)
	slices.SortFunc(groups, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	grouped := map[string]bool{}
	for _, g := range groups { // all of them before a kind asks which are its own
		if g.Kind != Together {
			m.groups = append(m.groups, g)
		}
	}
	for i := range groups {
		g := &groups[i]
		if g.Kind != Together {
			continue
		}
		k := &kind{group: g}
		var parts []*Workload
		for j := range ws {
			if slices.Contains(g.Workloads, ws[j].Name) {
				parts = append(parts, &ws[j])
				grouped[ws[j].Name] = true
			}
		}
		k.join(g.Name, parts)
		m.addKind(k)
	}
	for i := range ws {
		if !grouped[ws[i].Name] {
			m.addKind(&kind{Workload: ws[i], members: []*Workload{&ws[i]}})
		}
	}
	slices.SortStableFunc(m.kinds, func(a, b *kind) int { return strings.Compare(a.Name, b.Name) })
	for _, g := range m.groups {
		places := len(m.clusters)
		if g.Kind == ApartSite {
			places = sites
		}
		m.apart = append(m.apart, make([]int, places))
	}
	for _, k := range m.kinds {
		m.addMachines(k)
	}
}

// join makes k one machine out of all the machines of some workloads.
func (k *kind) join(name string, parts []*Workload) {
	k.Workload = *parts[0]
	k.Name, k.Instances, k.AntiAffinity, k.PerInstance = name, 1, false, psn.Resources{}
	for i, w := range parts {
		if w.Classification.Rank() > k.Classification.Rank() {
			k.Classification = w.Classification
		}
		if i > 0 {
			k.Sites = common(k.Sites, w.Sites)
			k.Regions = common(k.Regions, w.Regions)
			k.Platforms = common(k.Platforms, w.Platforms)
		}
		k.PerInstance = k.PerInstance.Add(w.PerInstance.Times(w.Instances))
		for range w.Instances {
			k.members = append(k.members, w)
		}
	}
}

// common is what two lists of allowed places have in common; empty allows all.
func common[T ~string](a, b []T) []T {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	var both []T
	for _, v := range a {
		if slices.Contains(b, v) {
			both = append(both, v)
		}
	}
	if len(both) == 0 {
		return []T{"(none in common)"}
	}
	return both
}

func (m *model) addKind(k *kind) {
	k.rank = k.Classification.Rank()
	k.atSite, k.atCluster = make([]int, sites), make([]int, len(m.clusters))
	for _, w := range k.members {
		dem := m.demand(w)
		k.dem = k.dem.add(dem)
		if !w.Classification.Protected() {
			continue
		}
		if w.StandbyMode == Active {
			k.hold = k.hold.add(dem)
			k.serve = k.serve.add(dem)
		} else {
			k.hold = k.hold.add(dem.disk())
			k.starts = k.starts.add(dem.compute())
			k.wake = k.wake.add(dem.compute().share(m.kept))
		}
		if w.Classification == psn.Critical {
			k.sameRegion += m.weights.SameRegion * millionths
		}
		k.otherPlatf += m.weights.OtherPlatform * millionths
	}
	k.primary = make([]bool, len(m.clusters))
	if k.Classification.Protected() {
		k.standby = make([]bool, len(m.clusters))
	}
	for i, c := range m.clusters {
		if c.dark || c.excluded != "" || !allowed(k.Platforms, c.platform) || !allowed(k.Regions, c.region) {
			continue
		}
		k.primary[i] = allowed(k.Sites, siteAt(c.site))
		if k.standby != nil {
			k.standby[i] = m.startable(k, c)
		}
	}
	m.dropLonely(k)
	k.pCost, k.dCost = make([]int64, len(m.clusters)), make([]int64, len(m.clusters))
	for i, c := range m.clusters {
		if k.primary[i] {
			k.pPools |= 1 << c.pool
			k.pList = append(k.pList, i)
		}
		if k.standby != nil && k.standby[i] {
			k.sPools |= 1 << c.pool
			k.dList = append(k.dList, i)
		}
		for r := range m.dims {
			k.pCost[i] += k.dem[r] * c.price[r]
			k.dCost[i] += k.hold[r] * c.price[r]
		}
		for _, w := range k.members {
			if !allowed(w.Near, siteAt(c.site)) {
				k.pCost[i] += m.weights.OffLocality * millionths
			}
		}
	}
	for i, g := range m.groups {
		if slices.ContainsFunc(k.members, func(w *Workload) bool { return slices.Contains(g.Workloads, w.Name) }) {
			k.apart = append(k.apart, i)
		}
	}
	if k.AntiAffinity {
		k.perSite = m.spread(k)
	}
	m.kinds = append(m.kinds, k)
}

func (m *model) addMachines(k *kind) {
	size := m.sizeOf(k.dem)
	add := func(names ...string) {
		m.machines = append(m.machines, &machine{name: names[0], names: names, kind: k, p: -1, d: -1, curP: -1, curD: -1, size: size})
	}
	if k.group == nil {
		for n := range k.Instances {
			add(machineName(k.Name, n+1))
		}
		return
	}
	var names []string
	var n int64
	for i, w := range k.members {
		if n++; i > 0 && k.members[i-1] != w {
			n = 1
		}
		names = append(names, machineName(w.Name, n))
	}
	add(names...)
}

func machineName(workload string, n int64) string { return fmt.Sprintf("%s-%d", workload, n) }

// dropLonely removes primaries that have no admissible standby and standbys
// that have no admissible primary.
func (m *model) dropLonely(k *kind) {
	if k.standby == nil {
		return
	}
	paired := func(i int, others []bool) bool {
		for j, ok := range others {
			if ok && m.separated(k, m.clusters[i], m.clusters[j]) {
				return true
			}
		}
		return false
	}
	primary, standby := slices.Clone(k.primary), slices.Clone(k.standby)
	for i := range m.clusters {
		k.primary[i] = primary[i] && paired(i, standby)
		k.standby[i] = standby[i] && paired(i, primary)
	}
}

// spread returns the smallest number q such that q instances a site, each on a
// cluster of its own, make room for all instances of k.
func (m *model) spread(k *kind) int {
	var at [sites]int64
	for i, ok := range k.primary {
		if ok {
			at[m.clusters[i].site]++
		}
	}
	for q := int64(1); q <= k.Instances; q++ {
		var room int64
		for _, n := range at {
			room += min(q, n)
		}
		if room >= k.Instances {
			return int(q)
		}
	}
	return int(k.Instances)
}

// sizeOf weighs a demand against all there is, in millionths, by its scarcest
// resource: the order in which machines are placed.
func (m *model) sizeOf(d vec) int64 {
	var size int64
	for r := range m.dims {
		if d[r] > 0 {
			size = max(size, d[r]*1_000_000/max(m.total[r], 1))
		}
	}
	return size
}

func allowed[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// worstOf is the largest reserve a cluster must keep at once: for one site, or
// for the two of the other region when that may be lost whole.
func (m *model) worstOf(c *cluster, resv *[sites]vec) (w vec) {
	for _, r := range [...]int{vcpus, memory, gpus} { // isCompute: only those are reserved
		for s := range sites {
			if s != c.site {
				w[r] = max(w[r], resv[s][r])
			}
		}
		if m.req.SurviveRegion {
			other := (c.site ^ 2) &^ 1
			w[r] = max(w[r], resv[other][r]+resv[other+1][r])
		}
	}
	return w
}

func popcount(mask uint8) int { return bits.OnesCount8(mask) }
