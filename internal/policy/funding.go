package policy

import (
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// candidatures applies test to every candidature whose call is known.
func (e *evaluation) candidatures(test func(Candidature, catalog.Call)) {
	for _, c := range e.doc.Candidatures {
		if call, ok := e.callFor(c.ID, c.Call, c.Unknown); ok {
			test(c, call)
		}
	}
}

func (e *evaluation) candidatureIsAdmissible() {
	for _, c := range e.doc.Candidatures {
		if e.unknown(c.ID, c.Unknown, "call") {
			continue
		}
		call, err := catalog.CallOf(c.Call)
		if err != nil {
			e.fail(c.ID, fmt.Sprintf("candidature %s: %v", c.ID, err), "name a call of the catalogue")
			continue
		}
		if e.unknown(c.ID, c.Unknown, "services", "transfers", "upgrades") {
			continue
		}
		all := c.all()
		if err := call.CheckServices(int64(len(all))); err != nil {
			e.fail(c.ID, fmt.Sprintf("candidature %s: %v", c.ID, err), "the choice of services is binding: name those that will be migrated")
		}
		slices.Sort(all)
		if len(slices.Compact(slices.Clone(all))) != len(all) {
			e.fail(c.ID, fmt.Sprintf("candidature %s names a service twice", c.ID), "name every service once, in one mode")
		}
		for _, id := range slices.Compact(all) {
			e.serviceIsClassified(c, id)
		}
	}
}

func (e *evaluation) serviceIsClassified(c Candidature, id psn.ServiceID) {
	s, ok := e.services[id]
	if !ok {
		e.add(e.rule.Severity, psn.Undecidable, c.ID, fmt.Sprintf("service %q of candidature %s is not part of what was evaluated, so its class is not known", id, c.ID), "evaluate the services together with the candidature")
		return
	}
	if s.Unknown.Has("classification") {
		e.undecided(e.rule.Severity, c.ID, "classification of service "+string(id))
		return
	}
	if _, err := psn.ParseClassification(s.Classification); err != nil {
		e.fail(c.ID, fmt.Sprintf("service %s of candidature %s is not classified", id, c.ID), "classify it first")
	}
}

func (e *evaluation) startIsRecent() {
	for _, m := range e.doc.Migrations {
		if m.Call == "" && !m.Unknown.Has("call") {
			continue
		}
		call, ok := e.callFor(m.ID, m.Call, m.Unknown)
		if !ok || e.unknown(m.ID, m.Unknown, "start_date") {
			continue
		}
		if m.StartDate == "" {
			if m.Completed || m.Unknown.Has("completed") {
				e.undecided(e.rule.Severity, m.ID, "start_date")
			}
			continue // not started
		}
		if d, ok := e.day(m.ID, "start_date", m.StartDate); ok && d < catalog.Date(call.EarliestStart) {
			e.fail(m.ID, fmt.Sprintf("migration %s started on %s; call %s pays activities from %s", m.ID, d, call.ID, call.EarliestStart), "take it out of the candidature")
		}
	}
}

func (e *evaluation) projectEndsInTime() {
	e.candidatures(func(c Candidature, call catalog.Call) {
		if e.unknown(c.ID, c.Unknown, "decree_date") || c.DecreeDate == "" {
			return // not funded yet
		}
		decree, ok := e.day(c.ID, "decree_date", c.DecreeDate)
		if !ok {
			return
		}
		grant := c.GrantEuro
		if c.Unknown.Has("grant_euro") {
			grant = 0
		}
		d, err := call.Deadline(decree, grant)
		if err != nil {
			e.add(e.rule.Severity, psn.Undecidable, c.ID, fmt.Sprintf("candidature %s: %v", c.ID, err), "declare what the deadline depends on, or check it by hand")
			return
		}
		if err := call.CheckDecree(decree, d); err != nil {
			e.fail(c.ID, fmt.Sprintf("candidature %s: %v", c.ID, err), "correct decree_date")
			return
		}
		e.endIsBefore(c, call, d.End)
	})
}

func (e *evaluation) endIsBefore(c Candidature, call catalog.Call, end catalog.Date) {
	if e.unknown(c.ID, c.Unknown, "completion_date") {
		return
	}
	late := func(what string, d catalog.Date) {
		if d > end {
			e.fail(c.ID, fmt.Sprintf("candidature %s %s %s, %d days after the deadline of %s (call %s, decree of %s)", c.ID, what, d, end.DaysTo(d), end, call.ID, c.DecreeDate), "end the project in time, or ask the administration of the call")
		}
	}
	if c.CompletionDate != "" {
		if d, ok := e.day(c.ID, "completion_date", c.CompletionDate); ok {
			late("was completed on", d)
		}
		return
	}
	if !e.doc.Now.IsZero() {
		late("is not completed on", catalog.DateOf(e.doc.Now))
	}
	switch {
	case e.unknown(c.ID, c.Unknown, "end_date"):
	case c.EndDate != "":
		if d, ok := e.day(c.ID, "end_date", c.EndDate); ok {
			late("is planned to end on", d)
		}
	case e.doc.Now.IsZero():
		e.noClock(c.ID)
	}
}

func (e *evaluation) grantFollowsTheFormula() {
	e.candidatures(func(c Candidature, call catalog.Call) {
		if call.Grant == nil || e.unknown(c.ID, c.Unknown, "grant_euro") || c.GrantEuro == 0 || e.unknown(c.ID, c.Unknown, "transfers", "upgrades") {
			return
		}
		want, err := call.GrantEuro(int64(len(c.Transfers)), int64(len(c.Upgrades)))
		if err == nil && want != c.GrantEuro { // FND-001 reports wrong numbers
			e.fail(c.ID, fmt.Sprintf("candidature %s declares a grant of %d euro; %d services in mode A and %d in mode B come to %d", c.ID, c.GrantEuro, len(c.Transfers), len(c.Upgrades), want), "compare with the decree")
		}
	})
}

func (e *evaluation) capsAreKept() {
	e.candidatures(func(c Candidature, call catalog.Call) {
		if call.Caps == nil {
			return
		}
		for _, limit := range []struct {
			field, what string
			have, most  int64
		}{{"servers", "physical servers", c.Servers, call.Caps.Servers}, {"virtual_machines", "virtual machines", c.VirtualMachines, call.Caps.VirtualMachines}} {
			if e.unknown(c.ID, c.Unknown, limit.field) {
				continue
			}
			if limit.have < 0 || limit.have > limit.most {
				e.fail(c.ID, fmt.Sprintf("candidature %s has %d %s; call %s admits 0 to %d", c.ID, limit.have, limit.what, call.ID, limit.most), "leave the rest to other funds")
			}
		}
	})
}

func (e *evaluation) paidServicesAreKept() {
	if e.params["strict"] > 0 {
		e.rule.Severity = psn.SeverityError
	}
	e.candidatures(func(c Candidature, call catalog.Call) {
		for _, id := range c.all() {
			if s, ok := e.services[id]; ok && s.changing() {
				e.serviceIsKept(s, call, c.PaidDate, c.Unknown)
			}
		}
	})
	for _, m := range e.doc.Migrations {
		s, ok := e.services[m.Service]
		if !ok || !s.changing() || !m.paid() {
			continue
		}
		if call, ok := e.callFor(m.ID, m.Call, m.Unknown); ok {
			e.serviceIsKept(s, call, m.PaidDate, m.Unknown)
		}
	}
}

// changing reports whether the service is destroyed or reduced, or may be.
func (s Service) changing() bool {
	return s.Change == "destroy" || s.Change == "downsize" || s.Unknown.Has("change")
}

// paid reports whether a call paid the migration, or may have.
func (m Migration) paid() bool {
	return (m.Call != "" || m.Unknown.Has("call")) && (m.PaidDate != "" || m.Unknown.Has("paid_date"))
}

// serviceIsKept judges the change of a service that a call may have paid; u holds
// what is unknown of the payment.
func (e *evaluation) serviceIsKept(s Service, call catalog.Call, paidDate string, u Unknown) {
	subject := string(s.ID)
	if e.unknown(subject, u, "paid_date") || paidDate == "" || e.unknown(subject, s.Unknown, "change") {
		return // not paid yet
	}
	paid, ok := e.day(subject, "paid_date", paidDate)
	if !ok {
		return
	}
	until := call.KeepUntil(paid)
	const remedy = "keep it, or ask the administration of the call first"
	switch {
	case e.doc.Now.IsZero():
		e.add(e.rule.Severity, psn.Undecidable, subject, fmt.Sprintf("service %s was paid on %s under call %s and must be kept until %s; no date was given to compare with", s.ID, paid, call.ID, until), remedy)
	case catalog.DateOf(e.doc.Now) <= until:
		e.fail(subject, fmt.Sprintf("service %s was paid on %s under call %s and must be kept until %s (%s planned)", s.ID, paid, call.ID, until, s.Change), remedy)
	}
}

func (e *evaluation) noDoubleFunding() {
	for _, c := range e.doc.Candidatures {
		if e.unknown(c.ID, c.Unknown, "double_funding_declaration") {
			continue
		}
		if c.DoubleFundingDeclaration == "" {
			e.fail(c.ID, fmt.Sprintf("candidature %s names no declaration that rules out double funding", c.ID), "set double_funding_declaration to its reference")
		}
	}
}
