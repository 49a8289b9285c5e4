package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Derogation is a documented exception that the file invokes.
type Derogation struct {
	psn.Derogation
	// State is "in force", "expired", or "not known" when the file carries a
	// reference alone or no date to compare with.
	State string `json:"state"`
	// Used says that a rule would fail without it.
	Used bool `json:"used"`
}

// derogate reads the attribute "derogations" of any resource: a list or a map of
// objects with the fields of psn.Derogation.
func (s *subjects) derogate(v view) {
	entries := []view{}
	if _, keyed := v.values["derogations"].(map[string]any); keyed {
		m := v.objects("derogations")
		for _, key := range slices.Sorted(maps.Keys(m)) {
			entry := m[key]
			if !entry.present("id") {
				entry.values = maps.Clone(entry.values)
				entry.values["id"] = key
			}
			entries = append(entries, entry)
		}
	} else {
		entries = v.list("derogations")
	}
	if v.unknownAt("derogations") {
		s.findings = append(s.findings, ruleComplete.undecidable(v.text("id"), fmt.Sprintf("the derogations of %s are not known yet", v.where)))
	}
	for _, e := range entries {
		fields := []string{"id", "rule", "subject", "author", "date", "reason", "expiry"}
		if slices.ContainsFunc(fields, e.unknownAt) {
			s.findings = append(s.findings, ruleComplete.undecidable(v.text("id"), fmt.Sprintf("the derogations of %s are not known yet", v.where)))
			continue
		}
		d := psn.Derogation{
			ID: e.text("id"), Rule: e.text("rule"), Subject: e.text("subject"), Author: e.text("author"),
			Date: e.text("date"), Reason: e.text("reason"), Expiry: e.text("expiry"),
		}
		if !slices.Contains(s.doc.Derogations, d) {
			s.doc.Derogations = append(s.doc.Derogations, d)
		}
	}
}

// derogations lists every exception of the file, used or not.
func (r *Report) derogations(s *subjects) []Derogation {
	out := []Derogation{}
	for _, d := range s.doc.Derogations {
		used := slices.ContainsFunc(r.Findings, func(f psn.Finding) bool { return f.Derogation == d })
		out = append(out, Derogation{d, stateOf(d.Expiry, s.doc.Now), used})
	}
	// Two attributes of a service are references to an exception.
	for _, v := range s.doc.Services {
		for _, ref := range []struct{ rule, id string }{{"LOC-002", v.DataLocationDerogation}, {"CLS-004", v.Reclassification}} {
			if ref.id != "" {
				out = append(out, Derogation{psn.Derogation{ID: ref.id, Rule: ref.rule, Subject: string(v.ID)}, "not known", true})
			}
		}
	}
	slices.SortFunc(out, func(a, b Derogation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func stateOf(expiry string, now time.Time) string {
	last, err := time.Parse(time.DateOnly, expiry)
	switch {
	case err != nil || now.IsZero():
		return "not known"
	case now.Before(last.AddDate(0, 0, 1)):
		return "in force"
	}
	return "expired"
}
