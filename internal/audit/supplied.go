package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// demanding is a psn_placement as far as it asks for GPUs and kinds of storage.
type demanding struct {
	view
	workloads map[string]view
	assigned  map[string]place
}

// supply is what one psn_placement records of a cluster and takes of it.
type supply struct {
	where   string
	gpus    int64
	classes map[string]int64
	need
}

// need is what is asked of a cluster: GPUs by what is lost, "" for nothing, and
// MiB of storage by kind.
type need struct{ gpus, storage map[string]int64 }

func (t need) none() bool { return len(t.gpus)+len(t.storage) == 0 }

// add adds what another placement takes.
func (t need) add(o need) {
	for lost, n := range o.gpus {
		t.gpus[lost] = plus(t.gpus[lost], n)
	}
	for class, n := range o.storage {
		t.storage[class] = plus(t.storage[class], n)
	}
}

// supplied holds GPUs and kinds of storage that the workloads of all placements
// ask for against those of the recorded inventories, in normal operation, after
// the loss of each site and, where a placement asks for it, of each region.
// Inventories of different days may tell of different supplies of a cluster: all
// placements are held against the largest, each alone against its own.
func (s *subjects) supplied() {
	supplies := map[spot][]supply{}
	for _, d := range s.demanding {
		for _, inv := range d.list("inventory") {
			for _, c := range inv.list("clusters") {
				at := spot{psn.Site(inv.text("site")), psn.Platform(inv.text("platform")), c.text("name")}
				own := supply{where: d.where, gpus: c.amount("gpus"), classes: map[string]int64{}, need: d.takes(at, s.region)}
				for class := range own.storage {
					own.classes[class] = c.object("storage_classes").amount(class)
				}
				if !own.none() {
					supplies[at] = append(supplies[at], own)
				}
			}
		}
	}
	order := func(a, b spot) int { return cmp.Compare(a.String(), b.String()) }
	for _, at := range slices.SortedFunc(maps.Keys(supplies), order) {
		all := supply{classes: map[string]int64{}, need: need{map[string]int64{}, map[string]int64{}}}
		var where []string
		for _, own := range supplies[at] {
			where = append(where, own.where)
			all.gpus = max(all.gpus, own.gpus)
			for class, has := range own.classes {
				all.classes[class] = max(all.classes[class], has)
			}
			all.add(own.need)
		}
		all.where = strings.Join(slices.Compact(where), " and ")
		short := all.short(at)
		for _, own := range supplies[at] {
			if len(short) == 0 {
				short = own.short(at)
			}
		}
		s.findings = append(s.findings, short...)
	}
}

// short lists what a cluster has too little of.
func (u supply) short(at spot) (out []psn.Finding) {
	for _, lost := range slices.Sorted(maps.Keys(u.need.gpus)) {
		needs := u.need.gpus[lost]
		if lost != "" && needs == u.need.gpus[""] || needs <= u.gpus {
			continue // nothing waits here for that loss, or it fits
		}
		rule, when := ruleOverfull, ""
		if lost != "" {
			rule, when = ruleReserve, fmt.Sprintf("if %s is lost, ", lost)
		}
		out = append(out, overrun(rule, at, fmt.Sprintf("%s%s needs %d GPUs for the machines of %s and has %d", when, at, needs, u.where, u.gpus)))
	}
	for _, class := range slices.Sorted(maps.Keys(u.storage)) {
		if needs := u.storage[class]; needs > u.classes[class] {
			out = append(out, overrun(ruleOverfull, at, fmt.Sprintf("%s needs %d MiB of storage of kind %q for the machines of %s and has %d", at, needs, class, u.where, u.classes[class])))
		}
	}
	return out
}

// takes adds up what the machines of a placement ask of a cluster.
func (d demanding) takes(at spot, region bool) need {
	out := need{map[string]int64{}, map[string]int64{}}
	for _, p := range d.assigned {
		if w, ok := d.workloads[p.workload]; ok {
			p.demands(w, at, region, out)
		}
	}
	return out
}

// demands adds what a machine of w needs on a cluster.
func (p place) demands(w view, at spot, region bool, into need) {
	n, class := w.amount("gpus"), w.text("storage_class")
	seat := p.seat("")
	if seat.undecided || n == 0 && class == "" {
		return
	}
	lost := []string{""}
	for _, site := range psn.Sites() {
		if site != at.site {
			lost = append(lost, string(site))
		}
	}
	if other := otherRegion(at.site); region {
		lost = append(lost, string(other))
	}
	for _, l := range lost {
		takes := seat.active == at || seat.standby == at && (p.active || l != "" && (string(seat.active.site) == l || string(seat.active.site.Region()) == l))
		if takes && n > 0 {
			into.gpus[l] = plus(into.gpus[l], n)
		}
	}
	if class != "" && (seat.active == at || seat.standby == at) {
		into.storage[class] = plus(into.storage[class], p.resources.StorageMiB)
	}
}
