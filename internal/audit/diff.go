package audit

import (
	"cmp"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Diff is what changed for resilience from one file to another.
type Diff struct {
	Old     Document `json:"old"`
	New     Document `json:"new"`
	Changes []Change `json:"changes"`
	Worse   int      `json:"worse"` // how many of the changes are for the worse
	Better  int      `json:"better"`
}

// Effect says whether a change weakens or strengthens what runs.
type Effect string

// The effects.
const (
	EffectWorse   Effect = "worse"
	EffectBetter  Effect = "better"
	EffectNeutral Effect = "neutral"
)

// Change is one difference.
type Change struct {
	Effect  Effect `json:"effect"`
	Subject string `json:"subject"`
	// What changed: "finding", "machine", "site", "standby_site", "distance_km",
	// "role", "classification", "rpo", "rto", "service", "headroom", "rule set", or
	// what a psn_placement asks for: "standby_mode", "mode", "exclude", "quota",
	// "together", "apart", "apart_by_site", "anti_affinity", "survive_region", "dr_reserve",
	// "sites", "regions", "platforms", "gpus", "storage_class".
	What string `json:"what"`
	Old  string `json:"old"` // "" when it was not there
	New  string `json:"new"` // "" when it is gone
	// Finding is the one that appeared or went, when What is "finding".
	Finding *psn.Finding `json:"finding,omitempty"`
}

// Compare returns what changed, the worse first.
func Compare(before, after *Report) Diff {
	d := Diff{Old: before.Document, New: after.Document, Changes: []Change{}}
	if before.PolicyDigest != after.PolicyDigest {
		d.add(EffectNeutral, "", "rule set", before.PolicyDigest, after.PolicyDigest)
	}
	d.findings(before.Findings, after.Findings)
	d.services(before.Services, after.Services)
	d.machines(before.Machines, after.Machines)
	d.asks(before, after)
	d.headroom(before.Headroom, after.Headroom)
	rank := map[Effect]int{EffectWorse: 0, EffectBetter: 1, EffectNeutral: 2}
	slices.SortStableFunc(d.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank[a.Effect], rank[b.Effect]), cmp.Compare(a.Subject, b.Subject))
	})
	for _, c := range d.Changes {
		switch c.Effect {
		case EffectWorse:
			d.Worse++
		case EffectBetter:
			d.Better++
		case EffectNeutral:
		}
	}
	return d
}

func (d *Diff) add(e Effect, subject, what, before, after string) {
	d.Changes = append(d.Changes, Change{Effect: e, Subject: subject, What: what, Old: before, New: after})
}

// findings compares by rule, subject and severity: what stood between the two
// as undecidable and is now passed is better, what is undecidable now is worse.
func (d *Diff) findings(before, after []psn.Finding) {
	type key struct {
		verdict
		severity psn.Severity
	}
	index := func(fs []psn.Finding) map[key]psn.Finding {
		out := map[key]psn.Finding{}
		for _, f := range fs {
			k := key{verdict{f.Rule, f.Subject}, f.Severity}
			if old, ok := out[k]; !ok || weight(f.Outcome) > weight(old.Outcome) {
				out[k] = f
			}
		}
		return out
	}
	was, is := index(before), index(after)
	note := func(e Effect, f psn.Finding, from, to string) {
		if f.Severity == psn.SeverityInfo {
			e = EffectNeutral
		}
		d.Changes = append(d.Changes, Change{Effect: e, Subject: f.Subject, What: "finding", Old: from, New: to, Finding: &f})
	}
	for k, f := range is {
		old, ok := was[k]
		switch {
		case !ok:
			e := EffectWorse
			if f.Outcome == psn.Derogated {
				e = EffectNeutral
			}
			note(e, f, outcomePassed, string(f.Outcome))
		case weight(old.Outcome) < weight(f.Outcome):
			note(EffectWorse, f, string(old.Outcome), string(f.Outcome))
		case weight(old.Outcome) > weight(f.Outcome):
			note(EffectBetter, f, string(old.Outcome), string(f.Outcome))
		}
	}
	for k, f := range was {
		if _, ok := is[k]; !ok {
			note(EffectBetter, f, string(f.Outcome), outcomePassed)
		}
	}
	slices.SortFunc(d.Changes, func(a, b Change) int {
		if a.Finding == nil || b.Finding == nil {
			return cmp.Compare(a.What, b.What)
		}
		return psn.CompareFindings(*a.Finding, *b.Finding)
	})
}

func weight(o psn.Outcome) int {
	switch o {
	case psn.Failed:
		return 3
	case psn.Undecidable:
		return 2
	case psn.Derogated:
		return 1
	}
	return 0
}
