package audit

import (
	"fmt"
	"slices"
	"time"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// pending is a derogation of which something is known after apply only: what is
// not known of it is empty.
type pending struct {
	psn.Derogation
	service  string // that invokes it, "" when a placement or a replica does
	onPlaces bool
}

// awaitDerogation notes a derogation that v invokes and that is not wholly known.
func (s *subjects) awaitDerogation(kind string, v view, d psn.Derogation) {
	s.findings = append(s.findings, ruleComplete.undecidable(v.text("id"), fmt.Sprintf("the derogations of %s are not known yet", v.where)))
	p := pending{Derogation: d, onPlaces: kind != "psn_service"}
	if !p.onPlaces {
		p.service = v.text("id")
	}
	s.pending = append(s.pending, p)
}

// mayCover reports whether the derogation, once it is known, may set a finding
// aside. of tells whether something is the subject of the finding or its service.
func (p pending) mayCover(f psn.Finding, of func(string) bool, today string) bool {
	rules := policy.DerogableOnServices()
	if p.onPlaces {
		rules = policy.DerogableOnPlaces()
	}
	switch {
	case f.Outcome != psn.Failed, !slices.Contains(rules, f.Rule), p.Rule != "" && p.Rule != f.Rule:
		return false
	case p.Expiry != "" && today != "" && p.Expiry < today, today != "" && p.Date > today: // all are written YYYY-MM-DD
		return false
	case p.Subject != "":
		return of(p.Subject)
	}
	return p.service == "" || of(p.service)
}

// undecide leaves open what a derogation that is not known yet may set aside: it
// is neither passed nor known to fail.
func (s *subjects) undecide(found []psn.Finding) []psn.Finding {
	if len(s.pending) == 0 {
		return found
	}
	today := ""
	if !s.doc.Now.IsZero() {
		today = s.doc.Now.UTC().Format(time.DateOnly)
	}
	services := map[string][]string{} // of each machine and replica
	for _, m := range s.doc.Machines {
		services[string(m.ID)] = append(services[string(m.ID)], string(m.Service))
	}
	for _, r := range s.doc.Replicas {
		services[string(r.ID)] = append(services[string(r.ID)], string(r.Service))
	}
	for i, f := range found {
		of := func(subject string) bool {
			return f.Subject == subject || slices.Contains(services[f.Subject], subject)
		}
		if slices.ContainsFunc(s.pending, func(p pending) bool { return p.mayCover(f, of, today) }) {
			found[i].Outcome = psn.Undecidable
			found[i].Message += "; a derogation that is not known yet may set this aside"
		}
	}
	return found
}
