package audit

import (
	"fmt"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// services compares class and objectives.
func (d *Diff) services(before, after []Service) {
	was := map[string]Service{}
	for _, s := range before {
		was[s.ID] = s
	}
	for _, s := range after {
		old, ok := was[s.ID]
		delete(was, s.ID)
		if !ok {
			d.add(EffectNeutral, s.ID, "service", "", s.Classification)
			continue
		}
		if old.Classification != s.Classification {
			e := EffectBetter
			if psn.Classification(s.Classification).Rank() < psn.Classification(old.Classification).Rank() {
				e = EffectWorse
			}
			d.add(e, s.ID, "classification", old.Classification, s.Classification)
		}
		d.objective(s.ID, "rpo", old.RPO, s.RPO)
		d.objective(s.ID, "rto", old.RTO, s.RTO)
	}
	for _, s := range before {
		if _, gone := was[s.ID]; gone {
			e := EffectWorse
			if s.Classification == string(psn.Ordinary) {
				e = EffectNeutral
			}
			d.add(e, s.ID, "service", s.Classification, "")
		}
	}
}

// objective compares a time within which something must be back: shorter is
// better, none is worst.
func (d *Diff) objective(subject, what, before, after string) {
	if before == after {
		return
	}
	was, errWas := time.ParseDuration(before)
	is, errIs := time.ParseDuration(after)
	e := EffectBetter
	if errIs != nil || errWas == nil && is > was {
		e = EffectWorse
	}
	d.add(e, subject, what, before, after)
}

// machines compares places.
func (d *Diff) machines(before, after []Machine) {
	was := map[string]Machine{}
	for _, m := range before {
		was[m.ID] = m
	}
	for _, m := range after {
		old, ok := was[m.ID]
		delete(was, m.ID)
		if !ok {
			d.add(EffectNeutral, m.ID, "machine", "", m.Site)
			continue
		}
		if old.Site != m.Site {
			d.add(EffectNeutral, m.ID, "site", old.Site, m.Site)
		}
		if old.StandbySite != m.StandbySite {
			e := EffectNeutral
			if m.StandbySite == "" {
				e = EffectWorse
			} else if old.StandbySite == "" {
				e = EffectBetter
			}
			d.add(e, m.ID, "standby_site", old.StandbySite, m.StandbySite)
		}
		if old.Role != m.Role {
			e := EffectBetter
			if protection(m.Role) < protection(old.Role) {
				e = EffectWorse
			}
			d.add(e, m.ID, "role", old.Role, m.Role)
		}
		if old.DistanceKm != m.DistanceKm && old.Role == m.Role {
			d.add(EffectNeutral, m.ID, "distance_km", fmt.Sprintf("%.1f", old.DistanceKm), fmt.Sprintf("%.1f", m.DistanceKm))
		}
	}
	for _, m := range before {
		if _, gone := was[m.ID]; gone {
			e := EffectWorse
			if m.Classification == string(psn.Ordinary) {
				e = EffectNeutral
			}
			d.add(e, m.ID, "machine", m.Site, "")
		}
	}
}

func protection(role string) int {
	return map[string]int{"none": 0, "not known": 1, "ha": 2, "dr": 3}[role]
}

// headroom compares the vCPUs left on the tightest cluster of each site after
// the loss that asks most of it, where both files tell them.
func (d *Diff) headroom(before, after []Room) {
	tightest := func(rooms []Room) map[psn.Site]int64 {
		out := map[psn.Site]int64{}
		for _, r := range rooms {
			if v, ok := out[r.Site]; !ok || r.Free.VCPUs < v {
				out[r.Site] = r.Free.VCPUs
			}
		}
		return out
	}
	was, is := tightest(before), tightest(after)
	for _, site := range psn.Sites() {
		old, ok := was[site]
		now, also := is[site]
		if !ok || !also || old == now {
			continue
		}
		e := EffectNeutral
		if now < 0 && now < old {
			e = EffectWorse
		} else if old < 0 && now > old {
			e = EffectBetter
		}
		d.add(e, string(site), "headroom", fmt.Sprintf("%d vCPU", old), fmt.Sprintf("%d vCPU", now))
	}
}
