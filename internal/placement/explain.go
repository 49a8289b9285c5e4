package placement

import (
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// citation is what every PLC rule rests on; package policy holds their texts.
const citation = "regola di progetto, non di legge"

func (c conflict) finding() psn.Finding {
	outcome := c.outcome
	if outcome == "" {
		outcome = psn.Failed
	}
	return psn.Finding{Rule: c.rule, Severity: psn.SeverityError, Outcome: outcome, Subject: c.subject, Message: c.sentence, Remedy: c.remedy, Basis: psn.BasisProject, Citation: citation}
}

// failClosed returns a conflict for every site that could not be read and that
// a strategic workload might use: what cannot be checked is not promised. A
// workload whose machines all stay where they stand is promised nothing.
func (m *model) failClosed() []conflict {
	open := map[*kind]bool{}
	for _, mc := range m.machines {
		open[mc.kind] = open[mc.kind] || !mc.placed() || !mc.locked
	}
	var found []conflict
	for _, s := range m.unread {
		if m.outOfUse(s) {
			continue // whatever it has, nothing may use it
		}
		for _, k := range m.kinds {
			if !open[k] || k.Classification != psn.Strategic || !allowed(k.Platforms, s.Platform) || !allowed(k.Regions, s.Site.Region()) {
				continue
			}
			found = append(found, conflict{rule: "PLC-006", subject: m.subject(k), outcome: psn.Undecidable,
				sentence: fmt.Sprintf("workload %s is strategic and %s could not be read (%s): its capacity and the reserve for the loss of a site cannot be checked; read and checked: %s", k.Name, placeName(s.Site, s.Platform), s.Error, m.readSites()),
				remedy:   fmt.Sprintf("make %s reachable and plan again, or exclude it", placeName(s.Site, s.Platform))})
		}
	}
	return found
}

// outOfUse reports whether all of a site and platform is excluded.
func (m *model) outOfUse(s psn.SiteInventory) bool {
	return slices.ContainsFunc(m.req.Excluded, func(x Exclusion) bool {
		return x.Cluster == "" && x.Site == s.Site && (x.Platform == "" || x.Platform == s.Platform)
	})
}

// readSites lists what did answer.
func (m *model) readSites() string {
	var names []string
	for _, c := range m.clusters {
		if name := placeName(siteAt(c.site), c.platform); !c.dark && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no site"
	}
	return list(names)
}

// unreadFindings warns about sites that could not be read when the decision did
// not have to wait for them.
func (m *model) unreadFindings() []psn.Finding {
	var found []psn.Finding
	for _, s := range m.unread {
		var there []string
		for _, mc := range m.machines {
			onPool := func(c int) bool { return c >= 0 && m.clusters[c].pool == poolIndex(s.Site, s.Platform) }
			if onPool(mc.p) || onPool(mc.d) {
				there = append(there, mc.name)
			}
		}
		f := psn.Finding{Rule: "PLC-006", Severity: psn.SeverityWarning, Outcome: psn.Undecidable, Subject: string(m.req.Tenant), Basis: psn.BasisProject, Citation: citation}
		f.Message = fmt.Sprintf("%s could not be read (%s): nothing new was placed there; read and checked: %s", placeName(s.Site, s.Platform), s.Error, m.readSites())
		if len(there) > 0 {
			f.Message += fmt.Sprintf("; kept there unchecked: %s", list(there))
		}
		f.Remedy = fmt.Sprintf("make %s reachable and plan again", placeName(s.Site, s.Platform))
		found = append(found, f)
	}
	slices.SortFunc(found, psn.CompareFindings)
	return found
}

// explain says in sentences what was decided.
func (m *model) explain(res Result) []string {
	var kept, fresh, gained, freed int
	for name, to := range res.Assignments {
		from, ok := m.req.Current[name]
		switch {
		case !ok:
			fresh++
		case !moved(from, to):
			kept++
			if from.StandbySite == "" && to.StandbySite != "" {
				gained++
			}
		}
	}
	for name := range m.req.Current {
		if _, ok := res.Assignments[name]; !ok {
			freed++
		}
	}
	out := []string{fmt.Sprintf("%s placed: %d new, %d kept where they stand, %d moved", count(len(res.Assignments), "machine"), fresh, kept, len(res.Moves))}
	if gained > 0 {
		out = append(out, fmt.Sprintf("%s kept in place and given a standby", count(gained, "machine")))
	}
	if freed > 0 {
		out = append(out, fmt.Sprintf("%s no longer asked for: their place is counted as free", count(freed, "machine")))
	}
	for _, s := range psn.Sites() {
		var here, standby int
		for _, a := range res.Assignments {
			if a.Site == s {
				here++
			}
			if a.StandbySite == s {
				standby++
			}
		}
		if here+standby > 0 {
			out = append(out, fmt.Sprintf("%s: %s, %s", s, count(here, "primary machine"), count(standby, "standby")))
		}
	}
	for _, mv := range res.Moves {
		out = append(out, m.whyMoved(mv))
	}
	out = append(out, m.partReserve()...)
	return append(out, m.tightest()...)
}

func (m *model) whyMoved(mv Move) string {
	left := Exclusion{Site: mv.From.Site, Platform: mv.From.Platform, Cluster: mv.From.Cluster}
	if mv.From.Place() == mv.To.Place() {
		left = Exclusion{Site: mv.From.StandbySite, Platform: mv.From.StandbyPlatform, Cluster: mv.From.StandbyCluster}
	}
	from := fmt.Sprintf("%s cluster %s", placeName(mv.From.Site, mv.From.Platform), mv.From.Cluster)
	to := fmt.Sprintf("%s cluster %s", placeName(mv.To.Site, mv.To.Platform), mv.To.Cluster)
	why := "its place can no longer hold it"
	if m.req.Rebalance {
		why = "a rebalance was asked for"
	}
	for _, x := range m.req.Excluded {
		if x.Site == left.Site && (x.Platform == "" || x.Platform == left.Platform) && (x.Cluster == "" || x.Cluster == left.Cluster) {
			why = x.String()
		}
	}
	if from == to {
		from = fmt.Sprintf("%s cluster %s", placeName(mv.From.StandbySite, mv.From.StandbyPlatform), mv.From.StandbyCluster)
		to = fmt.Sprintf("%s cluster %s", placeName(mv.To.StandbySite, mv.To.StandbyPlatform), mv.To.StandbyCluster)
		return fmt.Sprintf("the standby of %s moves from %s to %s: %s", mv.VM, from, to, why)
	}
	return fmt.Sprintf("%s moves from %s to %s: %s", mv.VM, from, to, why)
}

// tightest says, for each site that carries protected machines, what its loss
// leaves where it is scarcest among the clusters that take them over.
func (m *model) tightest() []string {
	var out []string
	needs := m.needs()
	for s := range sites {
		takesOver := make([]bool, len(m.clusters))
		for _, mc := range m.machines {
			if mc.d >= 0 && m.clusters[mc.p].site == s {
				takesOver[mc.d] = true
			}
		}
		at, scarce, least := -1, 0, int64(-1)
		for i, c := range m.clusters {
			if c.dark || !takesOver[i] {
				continue
			}
			free := c.cap.sub(m.used[i]).sub(needs[i][s])
			for r := range m.dims {
				if c.cap[r] == 0 {
					continue
				}
				if share := free[r] * 1000 / c.cap[r]; at < 0 || share < least {
					at, scarce, least = i, r, share
				}
			}
		}
		if at < 0 {
			continue
		}
		c := m.clusters[at]
		free := c.cap.sub(m.used[at]).sub(needs[at][s])
		if least < 0 {
			out = append(out, fmt.Sprintf("if %s is lost not all its critical and strategic machines fit: %s falls short of %s by %s", siteAt(s), c, m.nameOf(scarce), amount(scarce, -free[scarce])))
			continue
		}
		out = append(out, fmt.Sprintf("if %s is lost its critical and strategic machines fit; scarcest is then %s on %s, with %s of %s left", siteAt(s), m.nameOf(scarce), c, amount(scarce, free[scarce]), amount(scarce, c.cap[scarce])))
	}
	return out
}

// leftOut words what the search could not place.
func (m *model) leftOut(left []*machine) []conflict {
	names := map[*kind][]string{}
	for _, mc := range left {
		names[mc.kind] = append(names[mc.kind], mc.name)
	}
	var found []conflict
	for _, k := range m.kinds {
		if len(names[k]) == 0 {
			continue
		}
		slices.Sort(names[k])
		c := conflict{rule: "PLC-008", subject: m.subject(k)}
		c.sentence = fmt.Sprintf("%s (%s): no place found for %s of %d (%s), each %s", k, k.Classification, count(len(names[k]), "machine"), k.Instances, list(names[k]), describe(k.dem)) + m.beside(k) + m.without(m.reach(k))
		c.remedy = "free or add capacity, ask for less, or widen the allowed sites" + m.orEndExclusion(m.reach(k))
		if len(k.apart) > 0 {
			c.remedy += ", or take the workload out of the group"
		}
		if !m.req.Rebalance && len(m.req.Current) > 0 {
			c.remedy += "; or set rebalance so that machines already standing may move"
		}
		found = append(found, c)
	}
	return found
}

// explainRefusal turns conflicts into sentences and findings, most telling first.
func (m *model) explainRefusal(v Verdict, conflicts []conflict) ([]string, []psn.Finding) {
	first := "no placement exists:"
	if v == NotFound {
		first = "no placement was found, and none was proven impossible:"
		if len(m.unread) > 0 {
			first = "no placement can be decided while a site cannot be read:"
		}
	}
	sentences, findings := append([]string{first}, m.partReserve()...), make([]psn.Finding, 0, len(conflicts))
	for _, c := range conflicts {
		sentences = append(sentences, c.sentence)
		findings = append(findings, c.finding())
	}
	if conflicts[0].outcome != psn.Undecidable {
		findings = append(findings, m.unreadFindings()...)
	}
	slices.SortFunc(findings, psn.CompareFindings)
	return sentences, slices.Compact(findings)
}
