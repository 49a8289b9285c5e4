package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// exception is what a derogation sets aside: a rule, for a subject.
type exception struct{ rule, subject string }

// derogate judges the derogations of the document, and marks the findings that
// one in force sets aside. Such a finding stays, as derogated. A derogation for
// a service covers its machines and replicas too; one for the very subject of
// the finding comes first.
func (e *evaluation) derogate() {
	if len(e.doc.Derogations) == 0 {
		return
	}
	inForce := map[exception]psn.Derogation{}
	ids := map[string]int{}
	for _, d := range e.doc.Derogations {
		ids[d.ID]++
	}
	for _, d := range e.doc.Derogations {
		if e.derogationIsComplete(d, ids[d.ID] > 1) && e.derogationHasNotExpired(d) {
			k := exception{d.Rule, d.Subject}
			if other, twice := inForce[k]; !twice || d.ID < other.ID {
				inForce[k] = d
			}
		}
	}
	used := map[exception]bool{}
	holders := e.servicesBySubject()
	for i, f := range e.found {
		if f.Outcome != psn.Failed {
			continue
		}
		for _, subject := range append([]string{f.Subject}, holders[f.Subject]...) {
			k := exception{f.Rule, subject}
			d, ok := inForce[k]
			if !ok {
				continue
			}
			used[k] = true
			if e.found[i].Outcome == psn.Failed {
				e.found[i].Outcome, e.found[i].Derogation = psn.Derogated, d
			}
		}
	}
	e.rule = ruleOf("DER-003")
	for k, d := range inForce {
		if !used[k] {
			e.fail(subjectOf(d), fmt.Sprintf("derogation %s sets nothing aside: rule %s does not fail on %s", d.ID, d.Rule, d.Subject), "take it out, or correct rule and subject")
		}
	}
}

// servicesBySubject names the services of every machine and replica, sorted.
func (e *evaluation) servicesBySubject() map[string][]string {
	out := map[string][]string{}
	add := func(id psn.VMID, s psn.ServiceID) {
		if s != "" && !slices.Contains(out[string(id)], string(s)) {
			out[string(id)] = append(out[string(id)], string(s))
		}
	}
	for _, m := range e.doc.Machines {
		add(m.ID, m.Service)
	}
	for _, r := range e.doc.Replicas {
		add(r.ID, r.Service)
	}
	for _, services := range out {
		slices.Sort(services)
	}
	return out
}

func subjectOf(d psn.Derogation) string {
	if d.ID != "" {
		return d.ID
	}
	return fmt.Sprintf("derogation from %s for %s", d.Rule, d.Subject)
}

func (e *evaluation) derogationIsComplete(d psn.Derogation, twice bool) bool {
	e.rule = ruleOf("DER-001")
	subject := subjectOf(d)
	fail := func(format string, args ...any) bool {
		e.fail(subject, subject+": "+fmt.Sprintf(format, args...), "complete it, or remedy what it would set aside")
		return false
	}
	for _, f := range []field{{"id", d.ID}, {"rule", d.Rule}, {"subject", d.Subject}, {"author", d.Author}, {"date", d.Date}, {"reason", d.Reason}, {"expiry", d.Expiry}} {
		if strings.TrimSpace(f.value) == "" {
			return fail("%s is missing", f.name)
		}
	}
	rule := ruleOf(d.Rule)
	date, errDate := catalog.ParseDate(d.Date)
	expiry, errExpiry := catalog.ParseDate(d.Expiry)
	switch {
	case twice:
		return fail("another derogation has the same id")
	case rule.ID == "":
		return fail("rule %q does not exist", d.Rule)
	case !rule.Derogable:
		return fail("rule %s admits no derogation", d.Rule)
	case errDate != nil:
		return fail("date %v", errDate)
	case errExpiry != nil:
		return fail("expiry %v", errExpiry)
	case expiry < date:
		return fail("it expires on %s, before its date %s", expiry, date)
	case !e.doc.Now.IsZero() && date > catalog.DateOf(e.doc.Now):
		return fail("its date %s lies in the future", date)
	}
	return true
}

// derogationHasNotExpired expects a complete derogation.
func (e *evaluation) derogationHasNotExpired(d psn.Derogation) bool {
	e.rule = ruleOf("DER-002")
	if e.doc.Now.IsZero() {
		e.noClock(subjectOf(d))
		return false
	}
	if today := catalog.DateOf(e.doc.Now); today > catalog.Date(d.Expiry) {
		e.fail(subjectOf(d), fmt.Sprintf("derogation %s from %s for %s expired on %s, %d days ago", d.ID, d.Rule, d.Subject, d.Expiry, catalog.Date(d.Expiry).DaysTo(today)), "renew it, or remedy what it set aside")
		return false
	}
	return true
}
