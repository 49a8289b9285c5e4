package policy

import (
	"fmt"
	"math/bits"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const fourSites = "use acilia, pomezia, rozzano or santo-stefano-ticino"

func (e *evaluation) sitesAreOfThePSN() {
	judge := func(subject, what, site string, mayLack bool) {
		if psn.Site(site).Valid() || site == "" && mayLack {
			return
		}
		if site == "" {
			e.fail(subject, fmt.Sprintf("%s has no %s", subject, what), fourSites)
			return
		}
		e.fail(subject, fmt.Sprintf("%s of %s is %q, which is not a site of the PSN", what, subject, site), fourSites)
	}
	for _, m := range e.doc.Machines {
		if !e.unknown(string(m.ID), m.Unknown, "site") {
			judge(string(m.ID), "site", m.Site, false)
		}
		if !e.unknown(string(m.ID), m.Unknown, "standby_site") {
			judge(string(m.ID), "standby site", m.StandbySite, true)
		}
	}
	for _, m := range e.doc.Machines {
		if !e.unknown(string(m.ID), m.Unknown, "more_standby_sites") {
			for _, site := range m.MoreStandbySites {
				judge(string(m.ID), "standby site", site, false)
			}
		}
	}
	for _, b := range e.doc.Backups {
		if !e.unknown(b.ID, b.Unknown, "site") {
			judge(b.ID, "site", b.Site, false)
		}
	}
	for _, r := range e.doc.Replicas {
		if !e.unknown(string(r.ID), r.Unknown, "to_site") {
			judge(string(r.ID), "target site", r.ToSite, false)
		}
	}
}

// machines applies test to every machine under the classes it may have.
func (e *evaluation) machines(test func(Machine, psn.Classification) result) {
	for _, m := range e.doc.Machines {
		low, high := e.classesOf(m)
		e.byClass(string(m.ID), low, high, func(c psn.Classification) result { return test(m, c) })
	}
}

func (e *evaluation) standbyElsewhere() {
	e.machines(func(m Machine, c psn.Classification) result {
		switch {
		case !c.Protected():
			return result{}
		case m.Unknown.Has("standby_site"):
			return result{unknown: "standby_site"}
		case m.StandbySite == "":
			return result{message: fmt.Sprintf("machine %s is %s and has no standby at another site", m.ID, c),
				remedy: "let a psn_placement place it with its standby, or lower the class by reclassification"}
		case m.Unknown.Has("site"):
			return result{unknown: "site"}
		case m.StandbySite == m.Site:
			return result{message: fmt.Sprintf("machine %s is %s and its standby is at its own site, %s", m.ID, c, m.Site), remedy: "put the standby at another site"}
		}
		least := e.params["min_replicas"]
		if have := standbySites(m); have < least && m.Unknown.Has("more_standby_sites") {
			return result{unknown: "more_standby_sites"}
		} else if have < least {
			return result{message: fmt.Sprintf("machine %s is %s and has standbys at %d other sites; the chosen minimum is %d", m.ID, c, have, least), remedy: "add standbys at other sites, or lower min_replicas"}
		}
		return result{}
	})
}

// standbySites counts the sites, other than the machine's own, that hold a
// standby of it.
func standbySites(m Machine) int64 {
	at := map[string]bool{m.StandbySite: true}
	if !m.Unknown.Has("more_standby_sites") {
		for _, s := range m.MoreStandbySites {
			at[s] = true
		}
	}
	delete(at, m.Site)
	delete(at, "")
	return int64(len(at))
}

// apart returns the two sites of a machine that has a standby at another site
// of the PSN, or what keeps them from being known. Anything else is judged by
// PLC-001, PLC-005 and LOC-001.
func apart(m Machine) (at, standby psn.Site, unknown string, ok bool) {
	for _, f := range []string{"site", "standby_site"} {
		if m.Unknown.Has(f) {
			return "", "", f, false
		}
	}
	at, standby = psn.Site(m.Site), psn.Site(m.StandbySite)
	return at, standby, "", at.Valid() && standby.Valid() && at != standby
}

func (e *evaluation) standbyInOtherRegion() {
	e.machines(func(m Machine, c psn.Classification) result {
		if !c.Protected() {
			return result{}
		}
		sev := psn.SeverityError
		switch e.params["cross_region_"+string(c)] {
		case 0:
			return result{}
		case 1:
			sev = psn.SeverityWarning
		}
		at, standby, unknown, ok := apart(m)
		if unknown != "" {
			return result{unknown: unknown, severity: sev}
		}
		if !ok || at.Region() != standby.Region() {
			return result{}
		}
		return result{severity: sev, remedy: fmt.Sprintf("put the standby at a site outside %s", at.Region()),
			message: fmt.Sprintf("machine %s is %s and its standby at %s is in the same region as its site %s (%s)", m.ID, c, standby, at, at.Region())}
	})
}

func (e *evaluation) sameRegionIsNotDR() {
	e.machines(func(m Machine, c psn.Classification) result {
		if !c.Protected() {
			return result{}
		}
		at, standby, unknown, ok := apart(m)
		if unknown != "" {
			return result{unknown: unknown}
		}
		if !ok || at.Region() != standby.Region() {
			return result{}
		}
		d, _ := catalog.DistanceBetween(at, standby)
		return result{message: fmt.Sprintf("machine %s: its standby at %s is %s from %s, in the same region: high availability, not disaster recovery", m.ID, standby, d, at),
			remedy: fmt.Sprintf("put the standby at a site outside %s, or state that no disaster recovery is claimed", at.Region())}
	})
}

func (e *evaluation) farEnough() {
	least := e.params["min_dr_km"]
	if least <= 0 {
		return
	}
	e.machines(func(m Machine, c psn.Classification) result {
		if !c.Protected() {
			return result{}
		}
		at, standby, unknown, ok := apart(m)
		if unknown != "" {
			return result{unknown: unknown}
		}
		d, known := catalog.DistanceBetween(at, standby)
		if !ok || !known || int64(d) >= least*10 {
			return result{}
		}
		return result{message: fmt.Sprintf("machine %s: %s and its standby %s are %s apart, %s less than the chosen minimum of %d km", m.ID, at, standby, d, catalog.Distance(least*10)-d, least),
			remedy: "choose sites further apart, or lower min_dr_km"}
	})
}

func (e *evaluation) placeComesFromPlacement() {
	e.machines(func(m Machine, c psn.Classification) result {
		if !m.FromPlacement {
			if !c.Protected() {
				return result{}
			}
			if m.Unknown.Has("from_placement") {
				return result{unknown: "from_placement"}
			}
			return result{message: fmt.Sprintf("machine %s is %s but its place does not come from a placement", m.ID, c),
				remedy: "set placement to an assignment of a psn_placement instead of choosing the site by hand"}
		}
		for _, f := range []string{"placement_site", "site", "placement_standby_site", "standby_site"} {
			if m.Unknown.Has(f) {
				return result{unknown: f}
			}
		}
		if m.Site != m.PlacementSite {
			return result{message: fmt.Sprintf("machine %s is at %q, but its placement says %q", m.ID, m.Site, m.PlacementSite), remedy: "leave site out, or set it to what the placement says"}
		}
		if m.StandbySite != m.PlacementStandbySite {
			return result{message: fmt.Sprintf("the standby of machine %s is at %q, but its placement says %q", m.ID, m.StandbySite, m.PlacementStandbySite), remedy: "leave the standby out, or set it to what the placement says"}
		}
		return result{}
	})
}

func (e *evaluation) reserveSuffices() {
	asked := e.params["dr_reserve"]
	of := ""
	if asked != wholeReserve {
		of = fmt.Sprintf(", of which %d %% is to be kept", asked)
	}
	for _, h := range e.doc.Headroom {
		if short := shortage(h.reserving(asked)); h.Lost != "" && short != "" {
			subject := fmt.Sprintf("%s/%s/%s", h.Site, h.Platform, h.Cluster)
			e.fail(subject, fmt.Sprintf("if %s is lost, cluster %s at %s (%s) is short by %s for the standbys it would start", h.Lost, h.Cluster, h.Site, h.Platform, short)+of,
				"free or add capacity there, or place fewer standbys on it")
		}
	}
}

// wholeReserve is the dr_reserve at which all that standbys take over is kept.
const wholeReserve = 100

// reserving is what would be left if so many percent of the compute of standbys
// were kept, rounded up: Free is what is left with all of it.
func (h Headroom) reserving(percent int64) psn.Resources {
	free := h.Free
	free.VCPUs += h.Reserved.VCPUs - percentOf(h.Reserved.VCPUs, percent)
	free.MemoryMiB += h.Reserved.MemoryMiB - percentOf(h.Reserved.MemoryMiB, percent)
	return free
}

// percentOf rounds up, and ends at 1 << 61: far above any capacity, and low
// enough to be added to one.
func percentOf(n, percent int64) int64 {
	const most = 1 << 61
	hi, lo := bits.Mul64(uint64(max(n, 0)), uint64(max(percent, 0)))
	if lo += 99; lo < 99 {
		hi++
	}
	if hi >= 100 {
		return most
	}
	q, _ := bits.Div64(hi, lo, 100)
	return int64(min(q, most))
}

func (e *evaluation) clustersAreNotOverfull() {
	for _, h := range e.doc.Headroom {
		if short := shortage(h.Free); h.Lost == "" && short != "" {
			subject := fmt.Sprintf("%s/%s/%s", h.Site, h.Platform, h.Cluster)
			e.fail(subject, fmt.Sprintf("cluster %s at %s (%s) is overfull by %s", h.Cluster, h.Site, h.Platform, short), "free or add capacity there, or move machines off it")
		}
	}
}

// shortage words the negative fields of free, "" when there are none.
func shortage(free psn.Resources) string {
	var out string
	add := func(v int64, unit, what string) {
		if v >= 0 {
			return
		}
		if out != "" {
			out += ", "
		}
		v = -v
		if unit == "MiB" && v%1024 == 0 {
			v, unit = v/1024, "GiB"
		}
		out += fmt.Sprintf("%d %s%s", v, unit, what)
	}
	add(free.VCPUs, "vCPU", "")
	add(free.MemoryMiB, "MiB", " of RAM")
	add(free.StorageMiB, "MiB", " of storage")
	return out
}
