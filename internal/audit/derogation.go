package audit

import (
	"cmp"
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

// derogate reads the attribute "derogations" of a resource of any kind: a list or
// a map of objects with the fields of psn.Derogation.
func (s *subjects) derogate(kind string, v view) {
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
		s.awaitDerogation(kind, v, psn.Derogation{})
	}
	for _, e := range entries {
		d := psn.Derogation{
			ID: e.text("id"), Rule: e.text("rule"), Subject: e.text("subject"), Author: e.text("author"),
			Date: e.text("date"), Reason: e.text("reason"), Expiry: e.text("expiry"),
		}
		fields := []string{"id", "rule", "subject", "author", "date", "reason", "expiry"}
		if slices.ContainsFunc(fields, e.unknownAt) {
			s.awaitDerogation(kind, v, d)
			continue
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
	// Two attributes of a service refer to an exception. That from LOC-002 counts
	// only when it is documented, and then it is among the above.
	for _, v := range s.doc.Services {
		if id := v.DataLocationDerogation; id != "" && !slices.ContainsFunc(s.doc.Derogations, func(d psn.Derogation) bool { return d.ID == id }) {
			out = append(out, Derogation{psn.Derogation{ID: id, Rule: "LOC-002", Subject: string(v.ID)}, "not known", false})
		}
		if v.Reclassification != "" {
			out = append(out, Derogation{psn.Derogation{ID: v.Reclassification, Rule: "CLS-004", Subject: string(v.ID)}, "not known", true})
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
