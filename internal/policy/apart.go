package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// keptApart judges each machine against its standby, and the machines of each
// anti-affinity group against each other.
func (e *evaluation) keptApart() {
	groups := map[string][]Machine{}
	for _, m := range e.doc.Machines {
		if m.StandbySite != "" && m.Site == m.StandbySite && !m.Unknown.Has("site") && !m.Unknown.Has("standby_site") {
			e.fail(string(m.ID), fmt.Sprintf("machine %s and its standby share site %s", m.ID, m.Site), "put the standby at another site")
		}
		if e.unknown(string(m.ID), m.Unknown, "anti_affinity") || m.AntiAffinity == "" {
			continue
		}
		key := string(m.ID.Tenant()) + "/" + m.AntiAffinity
		groups[key] = append(groups[key], m)
	}
	for _, group := range groups { // findings are sorted at the end
		if len(group) > 1 {
			e.groupKeptApart(group)
		}
	}
}

func (e *evaluation) groupKeptApart(group []Machine) {
	slices.SortFunc(group, func(a, b Machine) int { return strings.Compare(string(a.ID), string(b.ID)) })
	used := map[string]bool{}
	for _, m := range group {
		if !m.Unknown.Has("site") {
			used[m.Site] = true
		}
	}
	free := ""
	for _, s := range psn.Sites() {
		if !used[string(s)] {
			free = string(s)
			break
		}
	}
	for i, a := range group {
		if e.unknown(string(a.ID), a.Unknown, "site") {
			continue
		}
		for _, b := range group[i+1:] {
			if b.Unknown.Has("site") || a.Site != b.Site || a.Site == "" {
				continue
			}
			e.pairKeptApart(a, b, free)
		}
	}
}

// pairKeptApart judges two machines of a group at one site; free is a site that
// no machine of the group uses, "" when there is none.
func (e *evaluation) pairKeptApart(a, b Machine, free string) {
	subject := string(a.ID)
	differ := a.Platform != "" && b.Platform != "" && a.Platform != b.Platform && !a.Unknown.Has("platform") && !b.Unknown.Has("platform")
	switch {
	case differ: // no cluster spans two platforms
	case a.Unknown.Has("cluster") || a.Cluster == "":
		e.undecided(e.rule.Severity, subject, "cluster")
		return
	case b.Unknown.Has("cluster") || b.Cluster == "":
		e.undecided(e.rule.Severity, string(b.ID), "cluster")
		return
	case a.Cluster == b.Cluster:
		e.fail(subject, fmt.Sprintf("machines %s and %s of anti-affinity group %q share cluster %s at %s", a.ID, b.ID, a.AntiAffinity, a.Cluster, a.Site), "put them at different sites, or at least on different clusters")
		return
	}
	if free != "" {
		e.add(psn.SeverityWarning, psn.Failed, subject, fmt.Sprintf("machines %s and %s of anti-affinity group %q share site %s, while no machine of the group is at %s", a.ID, b.ID, a.AntiAffinity, a.Site, free), "put them at different sites, if their allowed sites and the capacity permit")
	}
}
