package audit

import (
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// addressesOf lists the addresses that speak of each natural id: of a machine,
// its own resource, else the psn_placement that assigns it. What findings speak
// of besides, clusters and derogations, comes from who names it.
func addressesOf(resources []Resource, findings []psn.Finding) map[string][]string {
	own, assigned, named := map[string][]string{}, map[string][]string{}, map[string][]string{}
	add := func(to map[string][]string, id, address string) {
		if id != "" && !slices.Contains(to[id], address) {
			to[id] = append(to[id], address)
		}
	}
	for _, r := range resources {
		text := func(name string) string { s, _ := r.After[name].(string); return s }
		add(own, text("id"), r.Address)
		machines, _ := r.After["assignments"].(map[string]any)
		for name, a := range machines {
			add(assigned, text("tenant_id")+"/"+name, r.Address)
			place, _ := a.(map[string]any)
			for _, at := range [][3]string{{"site", "platform", "cluster"}, {"standby_site", "standby_platform", "standby_cluster"}} {
				site, _ := place[at[0]].(string)
				platform, _ := place[at[1]].(string)
				cluster, _ := place[at[2]].(string)
				add(named, site+"/"+platform+"/"+cluster, r.Address)
			}
		}
		for _, id := range derogationIDs(r.After["derogations"]) {
			add(named, id, r.Address)
		}
	}
	for id, addresses := range assigned {
		if _, there := own[id]; !there {
			own[id] = addresses
		}
	}
	for _, f := range findings {
		if _, there := own[f.Subject]; !there && named[f.Subject] != nil {
			own[f.Subject] = named[f.Subject]
		}
	}
	for _, addresses := range own {
		slices.Sort(addresses)
	}
	return own
}

// derogationIDs are the ids of the attribute "derogations", a list or a map.
func derogationIDs(v any) []string {
	var out []string
	note := func(key string, e any) {
		m, _ := e.(map[string]any)
		if id, _ := m["id"].(string); id != "" {
			key = id
		}
		if key != "" {
			out = append(out, key)
		}
	}
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			note("", e)
		}
	case map[string]any:
		for key, e := range x {
			note(key, e)
		}
	}
	return out
}
