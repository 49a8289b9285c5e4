package placement

import (
	"fmt"
	"slices"
	"strings"
)

// proveApart proves of an anti-affinity group that its workloads cannot each have
// a place of their own, however they share out the clusters, or sites, that have
// room for one machine of theirs.
func (m *model) proveApart() []conflict {
	var found []conflict
	for g, group := range m.groups {
		var wants [][]int // by workload: places it could take
		for _, k := range m.kinds {
			if slices.Contains(k.apart, g) && k.toPlace == k.Instances { // what stands on a silent site has its place
				wants = append(wants, m.placesFor(k, g))
			}
		}
		if most := matched(wants); most < len(wants) {
			found = append(found, m.apartConflict(group, len(wants), most))
		}
	}
	return found
}

// placesFor lists the clusters, or sites, where a machine of k has room with
// nothing else of this request.
func (m *model) placesFor(k *kind, g int) []int {
	var places []int
	for _, p := range k.pList {
		if at := m.placeOf(g, p); m.howMany(k, p) > 0 && !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	return places
}

// matched is how many of wants can be given a place that no other has.
func matched(wants [][]int) int {
	owner := map[int]int{}
	var give func(i int, seen map[int]bool) bool
	give = func(i int, seen map[int]bool) bool {
		for _, place := range wants[i] {
			if seen[place] {
				continue
			}
			seen[place] = true
			if other, taken := owner[place]; !taken || give(other, seen) {
				owner[place] = i
				return true
			}
		}
		return false
	}
	n := 0
	for i := range wants {
		if give(i, map[int]bool{}) {
			n++
		}
	}
	return n
}

func (m *model) apartConflict(g Group, asked, most int) conflict {
	noun := "cluster"
	if g.Kind == ApartSite {
		noun = "site"
	}
	return conflict{
		rule: "PLC-005", subject: string(m.req.Tenant) + "/" + g.Name,
		sentence: fmt.Sprintf("group %s (%s) asks for %d workloads on different %ss, but the %ss with room for them suffice for %d%s", g.Name, list(g.Workloads), asked, noun, noun, most, m.without(^uint8(0))),
		remedy:   fmt.Sprintf("take a workload out of group %s, widen the allowed sites, add %ss%s", g.Name, noun, m.orEndExclusion(^uint8(0))),
	}
}

// excludedIn lists the exclusions that take clusters of some pools out of use.
func (m *model) excludedIn(in uint8) []Exclusion {
	var out []Exclusion
	for _, x := range m.req.Excluded {
		if slices.ContainsFunc(m.clusters, func(c *cluster) bool { return in>>c.pool&1 == 1 && x.covers(c) }) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b Exclusion) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// without says which exclusions of some pools matter, "" when there are none.
func (m *model) without(in uint8) string {
	var parts []string
	for _, x := range m.excludedIn(in) {
		parts = append(parts, x.String())
	}
	if len(parts) == 0 {
		return ""
	}
	return "; excluded: " + list(parts)
}

// orEndExclusion is the remedy that goes with without.
func (m *model) orEndExclusion(in uint8) string {
	var parts []string
	for _, x := range m.excludedIn(in) {
		parts = append(parts, x.place())
	}
	if len(parts) == 0 {
		return ""
	}
	return ", or end the exclusion of " + list(parts)
}

// reach is the pools that a kind may use as far as platforms, regions and, for
// machines without standby, sites go.
func (m *model) reach(k *kind) uint8 {
	var in uint8
	for _, c := range m.clusters {
		if allowed(k.Platforms, c.platform) && allowed(k.Regions, c.region) && (k.standby != nil || allowed(k.Sites, siteAt(c.site))) {
			in |= 1 << c.pool
		}
	}
	return in
}

// beside names the anti-affinity groups of a kind with the others in them.
func (m *model) beside(k *kind) string {
	var parts []string
	for _, g := range k.apart {
		what := "clusters"
		if m.groups[g].Kind == ApartSite {
			what = "sites"
		}
		parts = append(parts, fmt.Sprintf("group %s keeps %s on different %s", m.groups[g].Name, list(m.groups[g].Workloads), what))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + list(parts)
}
