package placement

import (
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
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
// With SurviveRegion the same holds for both sites of a region at once. Then
// come affinity and anti-affinity groups, exclusions and the quota of each site.
//
// Soft, summed with Weights: what must move and how far; a critical standby in
// the region of its primary; a standby on another platform; distance to the
// data; prices; fill. What stands and may stand is not moved without Rebalance.
func Solve(req Request) (Result, error) {
	if err := check(req); err != nil {
		return Result{}, err
	}
	m := build(req)
	leaving, silence := m.standing()
	if silence != nil {
		return m.refuse(NotFound, silence), nil
	}
	if conflicts := m.prove(); len(conflicts) > 0 {
		return m.refuse(m.verdictOf(conflicts), conflicts), nil
	}
	var todo []*machine
	for _, mc := range m.machines {
		if !mc.stands {
			todo = append(todo, mc)
		}
	}
	left := m.place(leaving, taste{})
	left = append(left, m.construct(todo)...)
	left = m.repair(left)
	if len(left) > 0 {
		return m.refuse(NotFound, m.leftOut(left)), nil
	}
	m.improve()
	return m.accept(), nil
}

// standing puts back what stands and may go on standing, and returns the
// machines that must leave; or else why nothing can be decided while a site is
// silent.
func (m *model) standing() (leaving []*machine, silence []conflict) {
	leaving = m.keep()
	if blind := m.failClosed(); blind != nil {
		return nil, blind
	}
	leaving, bound := m.besideSilent(leaving)
	if len(bound) > 0 {
		return nil, m.leftOut(bound)
	}
	return leaving, nil
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
		for i, name := range mc.names {
			to := m.assignment(mc, i)
			res.Assignments[name] = to
			if from, ok := m.req.Current[name]; ok && moved(from, to) {
				res.Moves = append(res.Moves, Move{VM: name, From: from, To: to, CopyMiB: copied(from, to)})
			}
		}
	}
	slices.SortFunc(res.Moves, func(a, b Move) int { return strings.Compare(a.VM, b.VM) })
	res.Explanation = m.explain(res)
	res.Findings = m.unreadFindings()
	res.Cost, res.Quota = m.cost(), m.quotaUse()
	return res
}

// refuse is the result when nothing is decided: what stands goes on standing, so
// it is what the headroom and the use of the quota count.
func (m *model) refuse(v Verdict, conflicts []conflict) Result {
	m.asToday()
	res := Result{Verdict: v, Assignments: map[string]Assignment{}, Headroom: m.headroom(), Quota: m.quotaUse()}
	res.Explanation, res.Findings = m.explainRefusal(v, conflicts)
	return res
}

// assignment is the place of the i-th machine of mc.
func (m *model) assignment(mc *machine, i int) Assignment {
	w, p := mc.kind.members[min(i, len(mc.kind.members)-1)], m.clusters[mc.p]
	a := Assignment{
		VM: mc.names[i], Workload: w.Name, Service: w.Service, Classification: w.Classification, Resources: w.PerInstance,
		Site: siteAt(p.site), Region: p.region, Platform: p.platform, Cluster: p.name,
	}
	if mc.d >= 0 && w.Classification.Protected() {
		d := m.clusters[mc.d]
		a.StandbySite, a.StandbyRegion, a.StandbyPlatform, a.StandbyCluster = siteAt(d.site), d.region, d.platform, d.name
		if w.StandbyMode == Active {
			a.StandbyMode = Active
		}
	}
	return a
}

// moved reports whether a primary, or a standby that exists before and after, changes place.
func moved(from, to Assignment) bool { return primaryMoved(from, to) || standbyMoved(from, to) }

func primaryMoved(from, to Assignment) bool {
	return from.Site != to.Site || from.Platform != to.Platform || from.Cluster != to.Cluster
}

func standbyMoved(from, to Assignment) bool {
	return from.StandbySite != "" && to.StandbySite != "" &&
		(from.StandbySite != to.StandbySite || from.StandbyPlatform != to.StandbyPlatform || from.StandbyCluster != to.StandbyCluster)
}

// copied is the storage that has to be copied for a move.
func copied(from, to Assignment) int64 {
	var mib int64
	if primaryMoved(from, to) {
		mib += to.Resources.StorageMiB
	}
	if standbyMoved(from, to) {
		mib += to.Resources.StorageMiB
	}
	return mib
}

func (m *model) headroom() []Headroom {
	var rows []Headroom
	needs := m.needs()
	for i, c := range m.clusters {
		if c.dark {
			continue
		}
		row := func(lost psn.Site, region psn.Region, need, others vec) {
			free := c.cap.sub(m.used[i]).sub(need)
			h := Headroom{Site: siteAt(c.site), Platform: c.platform, Cluster: c.name, Lost: lost, LostRegion: region, Free: free.resources(), GPUs: free[gpus], Reserved: need.sub(others).resources()}
			for j, class := range m.classNames {
				if h.StorageClasses == nil {
					h.StorageClasses = map[string]int64{}
				}
				h.StorageClasses[class] = free[classes+j] //nolint:gosec // at most maxClasses, see checkExtras
			}
			rows = append(rows, h)
		}
		row("", "", vec{}, vec{})
		for s := range sites {
			if s != c.site {
				row(siteAt(s), "", needs[i][s], c.held[s])
			}
		}
		if m.req.SurviveRegion {
			other := (c.site ^ 2) &^ 1
			row("", siteAt(other).Region(), needs[i][other].add(needs[i][other+1]), c.held[other].add(c.held[other+1]))
		}
	}
	return rows
}
