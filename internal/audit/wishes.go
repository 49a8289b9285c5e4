package audit

import (
	"fmt"
	"maps"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// activeActive is the mode of a standby whose capacity is kept every day.
const activeActive = "active-active"

// wishes judges what a psn_placement asks for beside sizes and allowed places.
func (s *subjects) wishes(v view, assigned map[string]place) {
	workloads := v.objects("workloads")
	s.region = s.region || v.flag("survive_region")
	s.grouped(v.text("tenant_id"), workloads, assigned)
	s.excluded(v, assigned)
	s.survives(v, assigned)
	s.demanding = append(s.demanding, demanding{v, workloads, assigned})
}

// modes compares the mode of each standby with what its workload asks for.
func (s *subjects) modes(subject string, w view, got place) {
	if w.unknownAt("mode") || got.modeUnknown || got.unknown["standby_site"] || got.standbySite == "" {
		return
	}
	if wants := w.text("mode") == activeActive; wants != got.active {
		s.findings = append(s.findings, ruleMachine.finding(subject,
			fmt.Sprintf("the workload asks for mode %q, the assignment has standby_mode %q", w.text("mode"), map[bool]string{true: activeActive}[got.active])))
	}
}

// grouped holds the assignments against the groups that workloads name: what is
// to be together shares a cluster, what is to be apart does not.
func (s *subjects) grouped(tenant string, workloads map[string]view, assigned map[string]place) {
	type member struct {
		key string
		place
	}
	of := func(names func(view) []string) map[string][]member {
		out := map[string][]member{}
		for _, key := range slices.Sorted(maps.Keys(assigned)) {
			p := assigned[key]
			if w, ok := workloads[p.workload]; ok {
				for _, name := range names(w) {
					out[name] = append(out[name], member{key, p})
				}
			}
		}
		return out
	}
	differ := func(key, format string, args ...any) {
		s.findings = append(s.findings, ruleMachine.finding(tenant+"/"+key, fmt.Sprintf(format, args...)))
	}
	spotOf := func(m member) spot { return spot{psn.Site(m.site), psn.Platform(m.platform), m.cluster} }
	decided := func(m member) bool {
		return m.site != "" && !m.unknown["site"] && !m.unknown["platform"] && !m.unknown["cluster"]
	}
	for _, g := range sortedGroups(of(func(w view) []string { return nonEmpty(w.text("together")) })) {
		first, standby := -1, -1
		for i, m := range g.members {
			switch {
			case !decided(m):
			case first < 0:
				first = i
			case spotOf(m) != spotOf(g.members[first]):
				differ(m.key, "group %q is to be together: the machine is on %s, %s on %s", g.name, spotOf(m), g.members[first].key, spotOf(g.members[first]))
			}
			at := spot{psn.Site(m.standbySite), psn.Platform(m.standbyPlatform), m.standbyCluster}
			if m.standbySite == "" || len(m.unknown) > 0 {
				continue
			}
			if standby < 0 {
				standby = i
				continue
			}
			other := g.members[standby]
			if with := (spot{psn.Site(other.standbySite), psn.Platform(other.standbyPlatform), other.standbyCluster}); at != with {
				differ(m.key, "group %q is to be together: the standby is on %s, that of %s on %s", g.name, at, other.key, with)
			}
		}
	}
	for attribute, placeOf := range map[string]func(m member) spot{
		"apart":         spotOf,
		"apart_by_site": func(m member) spot { return spot{site: psn.Site(m.site)} },
	} {
		for _, g := range sortedGroups(of(func(w view) []string { return slices.Sorted(maps.Keys(w.texts(attribute))) })) {
			first := map[spot]map[string]string{} // by place and workload
			for _, m := range g.members {
				if !decided(m) {
					continue
				}
				at := placeOf(m)
				if first[at] == nil {
					first[at] = map[string]string{}
				}
				for workload, other := range first[at] {
					if workload != m.workload {
						differ(m.key, "group %q is to be %s: the machine is on %s, where %s is too", g.name, attribute, spotOf(m), other)
					}
				}
				if first[at][m.workload] == "" {
					first[at][m.workload] = m.key
				}
			}
		}
	}
}

type group[T any] struct {
	name    string
	members []T
}

func sortedGroups[T any](m map[string][]T) []group[T] {
	out := make([]group[T], 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, group[T]{name, m[name]})
	}
	return out
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// excluded holds the assignments against the exclusions in force on the day the
// decision was taken for, which the resource records.
func (s *subjects) excluded(v view, assigned map[string]place) {
	day := v.text("as_of")
	for _, x := range v.list("exclude") {
		if until := x.text("until"); until != "" && day > until {
			continue // both are written YYYY-MM-DD
		}
		out := spot{psn.Site(x.text("site")), psn.Platform(x.text("platform")), x.text("cluster")}
		covers := func(at spot) bool {
			return at.site != "" && at.site == out.site && (out.platform == "" || at.platform == out.platform) && (out.cluster == "" || at.cluster == out.cluster)
		}
		for _, key := range slices.Sorted(maps.Keys(assigned)) {
			seat := assigned[key].seat("")
			for _, end := range []struct {
				what string
				at   spot
			}{{"the machine", seat.active}, {"its standby", seat.standby}} {
				if covers(end.at) {
					s.findings = append(s.findings, ruleMachine.finding(v.text("tenant_id")+"/"+key,
						fmt.Sprintf("%s is on %s, which the placement excludes (%s)", end.what, end.at, x.text("reason"))))
				}
			}
		}
	}
}

// survives reports standbys in the region of their machine where the placement
// asks that the loss of a region is survived.
func (s *subjects) survives(v view, assigned map[string]place) {
	if !v.flag("survive_region") {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(assigned)) {
		p := assigned[key]
		at, standby := psn.Site(p.site).Region(), psn.Site(p.standbySite).Region()
		if standby != "" && at == standby {
			s.findings = append(s.findings, ruleMachine.finding(v.text("tenant_id")+"/"+key,
				fmt.Sprintf("the placement asks that the loss of a region is survived, but machine and standby are both in %s", at)))
		}
	}
}

// otherRegion is the region a site is not in, "" when it is in none.
func otherRegion(site psn.Site) psn.Region {
	for _, r := range psn.Regions() {
		if site.Valid() && r != site.Region() {
			return r
		}
	}
	return ""
}

// overrun is a failure of a rule of the rule set on a cluster.
func overrun(id string, at spot, message string) psn.Finding {
	r, _ := policy.RuleOf(id)
	return psn.Finding{
		Rule: r.ID, Severity: r.Severity, Outcome: psn.Failed, Subject: at.id(), Message: message,
		Remedy: "free or add capacity there, or move machines off it", Basis: r.Basis, Citation: r.Citation,
	}
}

// withoutRegion is a finding when a cluster falls short after the loss of a region.
func withoutRegion(r Room) []psn.Finding {
	if r.Free.VCPUs >= 0 && r.Free.MemoryMiB >= 0 && r.Free.StorageMiB >= 0 {
		return nil
	}
	at := spot{r.Site, r.Platform, r.Cluster}
	return []psn.Finding{overrun(ruleReserve, at, fmt.Sprintf("if %s is lost, %s falls short: %s would be left", r.LostRegion, at, inUnits(r.Free)))}
}
