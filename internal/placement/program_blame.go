package placement

import (
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Shortfall says by how much a constraint fails when all others of a conflict
// hold: in units of its resource, or in machines.
func (p *Program) Shortfall(c Constraint, by int64) string {
	if c.Resource >= 0 {
		return "short by " + p.m.amountOf(c.Resource, by)
	}
	if by == 1 {
		return "at least 1 machine cannot comply"
	}
	return fmt.Sprintf("at least %d machines cannot comply", by)
}

// Refuse is the result of a request that has no placement: verdict Infeasible,
// or NotFound when the conflict includes that standing machines stay, with one
// sentence and finding for each constraint of the conflict.
func (p *Program) Refuse(conflict []Constraint, by []int64) Result {
	verdict := Infeasible
	found := make([]psn.Finding, len(conflict))
	sentences := append([]string{"no placement exists, because these demands conflict; at least one must give way, by what it is short of when the others hold:"}, p.m.partReserve()...)
	for i, c := range conflict {
		if c.Stays {
			verdict = NotFound
		}
		text := c.Sentence + ": " + p.Shortfall(c, by[i])
		sentences = append(sentences, text)
		found[i] = blamed(c, text).finding()
	}
	if verdict == NotFound {
		sentences[0] = "no placement exists while what stands stays, because these demands conflict; at least one must give way, by what it is short of when the others hold:"
	}
	slices.SortFunc(found, psn.CompareFindings)
	return Result{Verdict: verdict, Assignments: map[string]Assignment{}, Headroom: p.m.headroom(), Explanation: sentences, Findings: found}
}

func blamed(c Constraint, text string) conflict {
	remedy := "give this demand up or loosen it, ask for less, or add capacity"
	if c.Stays {
		remedy = "set rebalance, so that standing machines may move"
	}
	return conflict{rule: c.Rule, subject: c.Subject, sentence: text, remedy: remedy}
}

func (w *writer) constraint(c Constraint) int {
	key := c.Rule + c.Sentence
	if i, ok := w.blame[key]; ok {
		return i
	}
	w.Constraints = append(w.Constraints, c)
	w.blame[key] = len(w.Constraints) - 1
	return len(w.Constraints) - 1
}

func (w *writer) capacity(c *cluster, r int) int {
	if !w.Relaxed {
		return Structural
	}
	return w.constraint(Constraint{Rule: "PLC-008", Subject: string(w.m.req.Tenant), Resource: r,
		Sentence: fmt.Sprintf("what runs at %s fits the %s there", siteAt(c.site), w.m.nameOf(r))})
}

func (w *writer) reserve(s scenario, r int) int {
	if !w.Relaxed {
		return Structural
	}
	return w.constraint(Constraint{Rule: "PLC-006", Subject: string(w.m.req.Tenant), Resource: r,
		Sentence: fmt.Sprintf("when %s is lost, the other sites have the %s for what they run and for what they take over", s, w.m.nameOf(r))})
}

// breaks lists the constraints that a machine of s at p and d breaks; false when
// there is no such place.
func (w *writer) breaks(s *shape, p, d int) ([]int, bool) {
	m, k := w.m, s.kind
	a := m.clusters[p]
	if !w.Relaxed {
		return nil, k.primary[p] && (d < 0 || k.standby[d] && m.separated(k, a, m.clusters[d]))
	}
	if a.dark || d >= 0 && (m.clusters[d].dark || m.clusters[d].site == a.site || !m.startable(k, m.clusters[d])) {
		return nil, false
	}
	var out []int
	broken := func(rule, format string, args ...any) {
		out = append(out, w.constraint(Constraint{Rule: rule, Subject: m.subject(k), Resource: -1, Sentence: fmt.Sprintf(format, args...)}))
	}
	all := func(ok func(c *cluster) bool) bool { return ok(a) && (d < 0 || ok(m.clusters[d])) }
	for _, x := range m.req.Excluded {
		if !all(func(c *cluster) bool { return !x.covers(c) }) {
			out = append(out, w.constraint(Constraint{Rule: "PLC-009", Subject: string(m.req.Tenant), Resource: -1, Sentence: x.String()}))
		}
	}
	for r := basic; r < m.dims; r++ {
		if w.lacks(r, p, k.dem[r]) || d >= 0 && w.lacks(r, d, k.hold[r]+k.wake[r]) {
			out = append(out, w.constraint(Constraint{Rule: "PLC-009", Subject: m.subject(k), Resource: -1, Sentence: fmt.Sprintf("%s needs %s, which there is only on %s", k, m.nameOf(r), m.owners(r))}))
		}
	}
	if !allowed(k.Sites, siteAt(a.site)) {
		broken("PLC-009", "%s has its machines at %s", k, list(k.Sites))
	}
	if !all(func(c *cluster) bool { return allowed(k.Regions, c.region) }) {
		broken("PLC-009", "%s stays in regions %s", k, list(k.Regions))
	}
	if !all(func(c *cluster) bool { return allowed(k.Platforms, c.platform) }) {
		broken("PLC-009", "%s stays on platforms %s", k, list(k.Platforms))
	}
	if k.standby != nil {
		switch {
		case d < 0 && k.Classification == psn.Strategic:
			out = append(out, w.constraint(Constraint{Rule: "PLC-002", Subject: string(m.req.Tenant), Resource: -1, Sentence: "every strategic machine has a standby in another region"}))
		case d < 0:
			out = append(out, w.constraint(Constraint{Rule: "PLC-001", Subject: string(m.req.Tenant), Resource: -1, Sentence: "every critical machine has a standby at another site"}))
		case a.region == m.clusters[d].region && k.Classification == psn.Strategic:
			return nil, false // none at all is as good
		case a.region == m.clusters[d].region && m.req.SurviveRegion:
			out = append(out, w.constraint(Constraint{Rule: "PLC-006", Subject: string(m.req.Tenant), Resource: -1, Sentence: "the loss of a region is survived, so every critical machine has a standby in another region"}))
		}
	}
	if s.curP >= 0 && !m.req.Rebalance && (s.curP != p || d >= 0 && s.curD != d) && m.mayKeep(k, s.curP, s.curD) {
		out = append(out, w.constraint(Constraint{Rule: "PLC-009", Subject: string(m.req.Tenant), Resource: -1, Stays: true, Sentence: "what stands stays where it is, because rebalance is not set"}))
	}
	return out, true
}

// lacks reports whether cluster i has nothing at all of resource r, of which a
// machine would need n there. For an explanation that is a demand of the machine,
// not a question of how much there is.
func (w *writer) lacks(r, i int, n int64) bool {
	return w.Relaxed && n > 0 && r >= basic && w.m.clusters[i].cap[r] == 0
}

// owners lists the clusters that have some of resource r.
func (m *model) owners(r int) string {
	var names []string
	for _, c := range m.clusters {
		if !c.dark && c.cap[r] > 0 {
			names = append(names, c.String())
		}
	}
	return list(names)
}

func (x Exclusion) covers(c *cluster) bool {
	return siteAt(c.site) == x.Site && (x.Platform == "" || x.Platform == c.platform) && (x.Cluster == "" || x.Cluster == c.name)
}

// place names what is excluded.
func (x Exclusion) place() string {
	s := string(x.Site)
	if x.Platform != "" {
		s = placeName(x.Site, x.Platform)
	}
	if x.Cluster != "" {
		s += " cluster " + x.Cluster
	}
	return s
}

// String says what is excluded and why.
func (x Exclusion) String() string {
	s := x.place() + " takes no machine"
	if x.Reason != "" {
		s += " (" + x.Reason + ")"
	}
	return s
}

func (w *writer) quota(c *Column, site, r int, n int64) {
	m := w.m
	if limit := m.limit[site][r]; n > 0 && r < basic && limit < boundless[r] {
		blame := w.constraint(Constraint{Rule: "PLC-008", Subject: string(m.req.Tenant), Resource: r,
			Sentence: fmt.Sprintf("the tenant may use %s of %s at %s", amount(r, limit), m.nameOf(r), siteAt(site))})
		c.Entries = append(c.Entries, Entry{w.row(rowKey{rowQuota, site, r, 0}, Unbounded0, max(limit-m.atSite[site][r], 0), blame), n})
	}
}

func (w *writer) apart(key rowKey, room int64, k *kind) int {
	blame := w.constraint(Constraint{Rule: "PLC-005", Subject: w.m.subject(k), Resource: -1,
		Sentence: fmt.Sprintf("the %d instances of workload %s are kept apart", k.Instances, k.Name)})
	return w.row(key, Unbounded0, max(room, 0), blame)
}

// uses returns the row by which machines of k may stand at a place of group g
// only once the place is theirs.
func (w *writer) uses(g int, k *kind, place int) int {
	key := rowKey{rowUses, g, place, w.kindIndex(k)}
	if row, ok := w.rows[key]; ok {
		return row
	}
	m := w.m
	name := m.groups[g].Name
	blame := w.constraint(Constraint{Rule: "PLC-005", Subject: string(m.req.Tenant) + "/" + name, Resource: -1,
		Sentence: fmt.Sprintf("the workloads of group %s (%s) are kept apart", name, list(m.groups[g].Workloads))})
	row := w.row(key, Unbounded0, 0, blame)
	others := m.apart[g][place]
	if m.groups[g].Kind == ApartSite {
		others -= k.atSite[place]
	} else {
		others -= k.atCluster[place]
	}
	theirs := Column{Max: 1, Integer: true, Entries: []Entry{{row, -k.Instances}}}
	if others > 0 {
		theirs.Max = 0
	}
	theirs.Entries = append(theirs.Entries, Entry{w.row(rowKey{rowOne, g, place, 0}, Unbounded0, 1, blame), 1})
	w.late = append(w.late, theirs)
	return row
}
