package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ask is a demand of a psn_placement, beside sizes, that a comparison of two files names.
type ask struct{ subject, what, item string }

// askedIn lists what the placements of a file ask for, with its value. whole
// lists the subjects, placements and workloads, that are there.
func askedIn(resources []Resource) (asks map[ask]string, whole map[string]bool) {
	asks, whole = map[ask]string{}, map[string]bool{}
	for _, r := range resources {
		if r.Type != "psn_placement" || r.After == nil {
			continue
		}
		id, tenant := subjectOf(r), fmt.Sprint(r.After["tenant_id"])
		whole[id] = true
		if r.After["survive_region"] == true {
			asks[ask{id, "survive_region", ""}] = "true"
		}
		if n, is := r.After["dr_reserve"].(json.Number); is {
			asks[ask{id, "dr_reserve", ""}] = n.String()
		} else if r.Unknown["dr_reserve"] != true {
			asks[ask{id, "dr_reserve", ""}] = fmt.Sprint(wholeReserve)
		}
		quotaAsks(asks, id, "", r.After["quota"])
		list, _ := r.After["exclude"].([]any)
		for _, e := range list {
			x, _ := e.(map[string]any)
			asks[ask{id, "exclude", endOf(x, "").name()}] = endOf(x, "").name()
		}
		workloads, _ := r.After["workloads"].(map[string]any)
		for name, e := range workloads {
			w, _ := e.(map[string]any)
			whole[tenant+"/"+name] = true
			workloadAsks(asks, tenant+"/"+name, w)
		}
		assigned, _ := r.After["assignments"].(map[string]any)
		for vm, e := range assigned {
			a, _ := e.(map[string]any)
			whole[tenant+"/"+vm] = true
			if mode, _ := a["standby_mode"].(string); mode == activeActive {
				asks[ask{tenant + "/" + vm, "standby_mode", ""}] = mode
			}
		}
	}
	return asks, whole
}

func (s spot) name() string {
	return strings.TrimRight(fmt.Sprintf("%s/%s/%s", s.site, s.platform, s.cluster), "/")
}

func quotaAsks(asks map[ask]string, id, site string, quota any) {
	q, _ := quota.(map[string]any)
	for _, name := range []string{"vcpus", "memory_gib", "storage_gib"} {
		if n, is := q[name].(json.Number); is && !strings.HasPrefix(n.String(), "-") {
			asks[ask{id, "quota", strings.TrimPrefix(site+" "+name, " ")}] = n.String()
		}
	}
	sites, _ := q["sites"].(map[string]any)
	for s, limits := range sites {
		quotaAsks(asks, id, s, limits)
	}
}

func workloadAsks(asks map[ask]string, subject string, w map[string]any) {
	for _, name := range []string{"mode", "together", "storage_class", "gpus"} {
		if v := w[name]; v != nil && fmt.Sprint(v) != "standby" && fmt.Sprint(v) != "0" {
			asks[ask{subject, name, ""}] = fmt.Sprint(v)
		}
	}
	if w["anti_affinity"] == true {
		asks[ask{subject, "anti_affinity", ""}] = "true"
	}
	for _, name := range []string{"apart", "apart_by_site"} {
		groups, _ := w[name].([]any)
		for _, g := range groups {
			asks[ask{subject, name, fmt.Sprint(g)}] = fmt.Sprint(g)
		}
	}
	for _, name := range []string{"sites", "regions", "platforms"} {
		allowed, _ := w[name].([]any)
		var all []string
		for _, v := range allowed {
			all = append(all, fmt.Sprint(v))
		}
		slices.Sort(all)
		if len(all) > 0 {
			asks[ask{subject, name, ""}] = strings.Join(all, ", ")
		}
	}
}

// asks compares what placements ask for. What is asked for no longer is worse,
// what is asked for anew better, of a subject that both files have.
func (d *Diff) asks(before, after *Report) {
	all := maps.Clone(before.asks)
	maps.Copy(all, after.asks)
	order := slices.SortedFunc(maps.Keys(all), func(a, b ask) int {
		return slices.Compare([]string{a.subject, a.what, a.item}, []string{b.subject, b.what, b.item})
	})
	for _, a := range order {
		was, old := before.asks[a]
		now, is := after.asks[a]
		if was == now || !before.whole[a.subject] || !after.whole[a.subject] {
			continue
		}
		if a.what == "dr_reserve" && old != is { // one file does not tell yet how much
			continue
		}
		e := EffectNeutral
		fewer, more := lower(now, was), lower(was, now)
		switch {
		case old && !is, a.what == "quota" && more, a.what == "gpus" && fewer, a.what == "dr_reserve" && fewer:
			e = EffectWorse
		case is && !old, a.what == "quota" && fewer, a.what == "gpus" && more, a.what == "dr_reserve" && more:
			e = EffectBetter
		}
		if a.what == "quota" {
			was, now = limit(a.item, was), limit(a.item, now)
		}
		d.add(e, a.subject, a.what, was, now)
	}
}

func limit(of, n string) string {
	if n == "" {
		return ""
	}
	return of + " " + n
}
