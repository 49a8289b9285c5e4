package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/audit/tfaddr"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// reading is what one data.psn_inventory found at one platform of a site.
type reading struct {
	address string
	site    map[string]any
}

// readings are those of a plan by site and platform.
func readings(f *File) map[[2]string][]reading {
	out := map[[2]string][]reading{}
	for _, r := range f.Readings {
		sites, _ := r.After["sites"].([]any)
		for _, e := range sites {
			if s, ok := e.(map[string]any); ok {
				out[spotOf(s)] = append(out[spotOf(s)], reading{r.Address, s})
			}
		}
	}
	return out
}

func spotOf(site map[string]any) [2]string {
	s, _ := site["site"].(string)
	p, _ := site["platform"].(string)
	return [2]string{s, p}
}

// inventoried are the changes of a plan that record an inventory which is known.
func inventoried(f *File) []Resource {
	return slices.DeleteFunc(slices.Clone(f.Changes), func(c Resource) bool {
		sites, _ := c.After["inventory"].([]any)
		return c.Type != "psn_placement" || len(sites) == 0 || !allKnown(c.Unknown["inventory"])
	})
}

// allKnown reports whether nothing is marked as not known.
func allKnown(unknown any) bool {
	switch u := unknown.(type) {
	case bool:
		return !u
	case map[string]any:
		for _, e := range u {
			if !allKnown(e) {
				return false
			}
		}
	case []any:
		return !slices.ContainsFunc(u, func(e any) bool { return !allKnown(e) })
	}
	return true
}

// againstReadings compares the inventory that a psn_placement decided on with
// what data.psn_inventory had read when the plan was made, which is in
// prior_state. Only a decision kept from before may rest on an older reading:
// the one that stands in prior_state with it. More room than was read is an
// error, other differences, as a configuration may make them, are warnings.
func againstReadings(f *File) []psn.Finding {
	if f.Kind != KindPlan {
		return nil
	}
	read := readings(f)
	var out []psn.Finding
	for _, c := range inventoried(f) {
		if from := f.InventoryFrom[tfaddr.Bare(c.Address)]; len(from) > 0 && len(read) == 0 && !f.Errored {
			out = append(out, ruleViews.finding(c.Address, fmt.Sprintf("the configuration takes the inventory from %s, of which prior_state holds no reading: it was taken out of the file", from[0])))
			continue
		}
		if len(read) == 0 || kept(f, c) {
			continue
		}
		if f, differs := compareInventory(c, read); differs {
			out = append(out, f)
		}
	}
	return out
}

// kept reports whether the decision is that of prior_state, on its inventory.
func kept(f *File, c Resource) bool {
	if at, _, _ := firstDifference(c.After["assignments"], c.Before["assignments"], ""); at != "" {
		return false
	}
	return slices.ContainsFunc(f.Prior, func(p Resource) bool {
		if p.Address != c.Address && p.Address != c.Previous {
			return false
		}
		at, _, _ := firstDifference(c.After["inventory"], p.After["inventory"], "")
		return at == "" && p.After["inventory"] != nil
	})
}

// compareInventory returns the worst difference of an inventory from what was read.
func compareInventory(c Resource, read map[[2]string][]reading) (worst psn.Finding, differs bool) {
	sites, _ := c.After["inventory"].([]any)
	seen := map[[2]string]bool{}
	for _, e := range sites {
		site, _ := e.(map[string]any)
		at := spotOf(site)
		where := fmt.Sprintf("%s (%s)", at[0], at[1])
		var d difference
		switch {
		case seen[at]:
			d = difference{fmt.Sprintf("%s stands in it twice", where), true}
		case len(read[at]) == 0:
			d = difference{fmt.Sprintf("%s is in no reading of data.psn_inventory", where), true}
		default:
			d = nearest(site, read[at], where)
		}
		seen[at] = true
		if d.what == "" || differs && (worst.Severity == psn.SeverityError || !d.more) {
			continue
		}
		worst, differs = ruleViews.finding(c.Address, "the inventory is not what was read: "+d.what), true
		if !d.more {
			worst.Severity = psn.SeverityWarning
		}
	}
	return worst, differs
}

// difference is in words; more says that it makes room.
type difference struct {
	what string
	more bool
}

// nearest compares with the reading that differs least.
func nearest(site map[string]any, read []reading, where string) difference {
	var best difference
	for i, r := range read {
		d := compareSite(site, r, where)
		if d.what == "" {
			return d
		}
		if i == 0 || best.more && !d.more {
			best = d
		}
	}
	return best
}

func compareSite(site map[string]any, r reading, where string) difference {
	var worst difference
	note := func(more bool, format string, args ...any) {
		if worst.what == "" || more && !worst.more {
			worst = difference{fmt.Sprintf(format, args...), more}
		}
	}
	now, _ := site["reachable"].(bool)
	then, _ := r.site["reachable"].(bool)
	if now != then {
		note(now, "%s has reachable %v, %s read %v", where, now, r.address, then)
	}
	clusters := byName(r.site["clusters"])
	seen := map[string]bool{}
	list, _ := site["clusters"].([]any)
	for _, e := range list {
		cluster, _ := e.(map[string]any)
		name, _ := cluster["name"].(string)
		in := fmt.Sprintf("cluster %s at %s", name, where)
		was, known := clusters[name]
		switch {
		case seen[name]:
			note(true, "%s stands in it twice", in)
		case !known:
			note(true, "%s is in no reading of data.psn_inventory", in)
		default:
			if d := compareCluster(cluster, was, in, r.address); d.what != "" {
				note(d.more, "%s", d.what)
			}
		}
		seen[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(clusters)) {
		if !seen[name] {
			note(false, "cluster %s at %s is missing, %s read it", name, where, r.address)
		}
	}
	return worst
}

func byName(v any) map[string]map[string]any {
	out := map[string]map[string]any{}
	list, _ := v.([]any)
	for _, e := range list {
		if c, ok := e.(map[string]any); ok {
			name, _ := c["name"].(string)
			out[name] = c
		}
	}
	return out
}

func compareCluster(now, then map[string]any, in, address string) difference {
	var worst difference
	note := func(d difference) {
		if d.what != "" && (worst.what == "" || d.more && !worst.more) {
			worst = d
		}
	}
	names := slices.Collect(maps.Keys(now))
	for name := range then {
		if _, ok := now[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		switch name {
		case "name":
		case "gpus", "storage_classes":
			if then[name] == nil {
				continue // no platform tells them; limitsOf says so
			}
			differ(note, name, now, then, in, address)
		case "commitments":
			note(compareCommitments(now[name], then[name], in, address))
		default:
			differ(note, name, now, then, in, address)
		}
	}
	return worst
}

// differ notes that an attribute of a cluster is not what was read.
func differ(note func(difference), name string, now, then map[string]any, in, address string) {
	if at, _, _ := firstDifference(now[name], then[name], name); at != "" {
		note(difference{fmt.Sprintf("%s has %s %s, %s read %s", in, at, figure(now, at), address, figure(then, at)), !lower(figure(now, at), figure(then, at))})
	}
}

// supplied reports whether a placement rests on GPUs or kinds of storage, which
// the configuration adds to what was read.
func supplied(f *File) bool {
	for _, c := range inventoried(f) {
		sites, _ := c.After["inventory"].([]any)
		for _, e := range sites {
			site, _ := e.(map[string]any)
			for _, k := range byName(site["clusters"]) {
				if k["gpus"] != nil || k["storage_classes"] != nil {
					return true
				}
			}
		}
	}
	return false
}

// compareCommitments holds that what others were found to use stands in the
// inventory. Fewer commitments make room, more do not.
func compareCommitments(now, then any, in, address string) difference {
	left := map[string]int{}
	list, _ := now.([]any)
	for _, c := range list {
		b, _ := json.Marshal(c) //nolint:errchkjson // it was read from JSON
		left[string(b)]++
	}
	was, _ := then.([]any)
	for _, c := range was {
		b, _ := json.Marshal(c) //nolint:errchkjson // it was read from JSON
		if left[string(b)] == 0 {
			m, _ := c.(map[string]any)
			return difference{fmt.Sprintf("%s is without a commitment of %s vcpus and %s memory_mib that %s read", in, figure(m, "vcpus"), figure(m, "memory_mib"), address), true}
		}
		left[string(b)]--
	}
	for _, n := range left {
		if n > 0 {
			return difference{fmt.Sprintf("%s has a commitment that %s did not read", in, address), false}
		}
	}
	return difference{}
}

// figure is the number at a dotted path, or the numbers by name that are there;
// "no value" when there are none.
func figure(of map[string]any, path string) string {
	name, rest, deeper := strings.Cut(path, ".")
	if deeper {
		inner, _ := of[name].(map[string]any)
		return figure(inner, rest)
	}
	switch x := of[name].(type) {
	case json.Number:
		return x.String()
	case map[string]any:
		var all []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			all = append(all, k+" "+figure(x, k))
		}
		return strings.Join(all, ", ")
	}
	return "no value"
}

// lower reports whether both are whole numbers and the first is the lower one.
func lower(a, b string) bool {
	x, errX := json.Number(a).Int64()
	y, errY := json.Number(b).Int64()
	return errX == nil && errY == nil && x < y
}
