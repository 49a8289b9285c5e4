package policy

import (
	"fmt"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// derogate judges the derogations of the document, and marks the findings that
// one in force sets aside. Such a finding stays, as derogated.
func (e *evaluation) derogate() {
	type key struct{ rule, subject string }
	inForce := map[key]psn.Derogation{}
	ids := map[string]int{}
	for _, d := range e.doc.Derogations {
		ids[d.ID]++
	}
	for _, d := range e.doc.Derogations {
		if e.derogationIsComplete(d, ids[d.ID] > 1) && e.derogationHasNotExpired(d) {
			k := key{d.Rule, d.Subject}
			if other, twice := inForce[k]; !twice || d.ID < other.ID {
				inForce[k] = d
			}
		}
	}
	used := map[key]bool{}
	for i, f := range e.found {
		k := key{f.Rule, f.Subject}
		if d, ok := inForce[k]; ok && f.Outcome == psn.Failed {
			e.found[i].Outcome, e.found[i].Derogation = psn.Derogated, d
			used[k] = true
		}
	}
	e.rule = ruleOf("DER-003")
	for k, d := range inForce {
		if !used[k] {
			e.fail(subjectOf(d), fmt.Sprintf("derogation %s sets nothing aside: rule %s does not fail on %s", d.ID, d.Rule, d.Subject), "take it out, or correct rule and subject")
		}
	}
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
