package placement

import (
	"slices"
	"strings"
)

// Solve decides a place for every machine of the request.
//
// The error is for malformed requests only (psn.InvalidInput, naming field,
// value and remedy); a request that cannot be met is a Result whose verdict,
// explanation and findings say so. Infeasible is said only with a proof from
// sums and sizes; when the search ends without a placement and without a proof
// the verdict is NotFound.
//
// Hard: the capacity of every cluster; a critical standby at another site, a
// strategic one in another region; the allowed sites, regions and platforms;
// instances of an anti-affine workload on different clusters, and on different
// sites as far as the sites go; and for every cluster c and every lost site
// s other than c's own:
//
//	used(c) + compute of machines with primary at s and standby on c <= capacity(c)
//
// The reserves for different sites share the same room, because one site is
// lost at a time. Storage is not shared: a standby's disk is written every day,
// so it counts as used whatever is lost.
//
// Soft, in this order: what stands stays (unless Rebalance); a critical standby
// in the other region; a standby on the platform of its primary; equal load.
func Solve(req Request) (Result, error) {
	if err := check(req); err != nil {
		return Result{}, err
	}
	m := build(req)
	if blind := m.failClosed(); blind != nil {
		return m.refuse(NotFound, blind), nil
	}
	leaving := m.keep()
	if conflicts := m.prove(); len(conflicts) > 0 {
		return m.refuse(m.verdictOf(conflicts), conflicts), nil
	}
	var todo []*machine
	for _, mc := range m.machines {
		if _, stands := m.req.Current[mc.name]; !stands {
			todo = append(todo, mc)
		}
	}
	left := m.fill(leaving, taste{})
	left = append(left, m.construct(todo)...)
	left = m.repair(left)
	if len(left) > 0 {
		return m.refuse(NotFound, m.leftOut(left)), nil
	}
	m.descend()
	return m.accept(), nil
}

// verdictOf is Infeasible only when some conflict holds whatever the sites that
// could not be read have to offer.
func (m *model) verdictOf(conflicts []conflict) Verdict {
	if len(m.unread) == 0 || slices.ContainsFunc(conflicts, func(c conflict) bool { return c.always }) {
		return Infeasible
	}
	return NotFound
}

func (m *model) accept() Result {
	res := Result{Verdict: Placed, Assignments: make(map[string]Assignment, len(m.machines)), Headroom: m.headroom()}
	for _, mc := range m.machines {
		to := m.assignment(mc)
		res.Assignments[mc.name] = to
		if from, ok := m.req.Current[mc.name]; ok && moved(from, to) {
			res.Moves = append(res.Moves, Move{VM: mc.name, From: from, To: to})
		}
	}
	slices.SortFunc(res.Moves, func(a, b Move) int { return strings.Compare(a.VM, b.VM) })
	res.Explanation = m.explain(res)
	res.Findings = m.unreadFindings()
	return res
}

func (m *model) refuse(v Verdict, conflicts []conflict) Result {
	for _, mc := range m.machines {
		if mc.placed() {
			m.lift(mc)
		}
	}
	res := Result{Verdict: v, Assignments: map[string]Assignment{}, Headroom: m.headroom()}
	res.Explanation, res.Findings = m.explainRefusal(v, conflicts)
	return res
}

func (m *model) assignment(mc *machine) Assignment {
	k, p := mc.kind, m.clusters[mc.p]
	a := Assignment{
		VM: mc.name, Workload: k.Name, Service: k.Service, Classification: k.Classification, Resources: k.PerInstance,
		Site: siteAt(p.site), Region: p.region, Platform: p.platform, Cluster: p.name,
	}
	if mc.d >= 0 {
		d := m.clusters[mc.d]
		a.StandbySite, a.StandbyRegion, a.StandbyPlatform, a.StandbyCluster = siteAt(d.site), d.region, d.platform, d.name
	}
	return a
}

// moved reports whether a primary, or a standby that exists before and after, changes place.
func moved(from, to Assignment) bool {
	if from.Site != to.Site || from.Platform != to.Platform || from.Cluster != to.Cluster {
		return true
	}
	return from.StandbySite != "" && to.StandbySite != "" &&
		(from.StandbySite != to.StandbySite || from.StandbyPlatform != to.StandbyPlatform || from.StandbyCluster != to.StandbyCluster)
}

func (m *model) headroom() []Headroom {
	var rows []Headroom
	for i, c := range m.clusters {
		if c.dark {
			continue
		}
		row := Headroom{Site: siteAt(c.site), Platform: c.platform, Cluster: c.name}
		row.Free = c.cap.sub(m.used[i]).resources()
		rows = append(rows, row)
		for s := range sites {
			if s != c.site {
				row.Lost, row.Free = siteAt(s), c.cap.sub(m.used[i]).sub(m.resv[i][s]).resources()
				rows = append(rows, row)
			}
		}
	}
	return rows
}
