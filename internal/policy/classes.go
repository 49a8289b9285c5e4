package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const classes = `"ordinary", "critical" or "strategic"`

func (e *evaluation) everyServiceHasAClass() {
	for _, s := range e.doc.Services {
		if e.unknown(string(s.ID), s.Unknown, "classification") {
			continue
		}
		if s.Classification == "" {
			e.fail(string(s.ID), fmt.Sprintf("service %s has no class", s.ID), "set classification to "+classes+", as sent to ACN")
		} else if _, err := psn.ParseClassification(s.Classification); err != nil {
			e.fail(string(s.ID), fmt.Sprintf("service %s has class %q, which does not exist", s.ID, s.Classification), "set classification to "+classes)
		}
	}
}

func (e *evaluation) classIsValidated() {
	for _, s := range e.doc.Services {
		subject := string(s.ID)
		if e.unknown(subject, s.Unknown, "classification_state", "classification_date") {
			continue
		}
		date, err := catalog.ParseDate(s.ClassificationDate)
		switch {
		case s.ClassificationState == "":
			e.fail(subject, fmt.Sprintf("the state of the ACN classification of service %s is not declared", s.ID), "declare state and date of the classification, for example \"validated\" on \"2024-11-30\"")
		case s.ClassificationState != "validated":
			e.fail(subject, fmt.Sprintf("the ACN classification of service %s is %q, not \"validated\"", s.ID, s.ClassificationState), "complete the ACN classification, then declare it validated with its date")
		case s.ClassificationDate == "":
			e.fail(subject, fmt.Sprintf("the ACN classification of service %s is validated, but without a date", s.ID), "declare the date, for example \"2024-11-30\"")
		case err != nil:
			e.fail(subject, fmt.Sprintf("the classification date %q of service %s is not a date", s.ClassificationDate, s.ID), "write the date as year-month-day, for example \"2024-11-30\"")
		case !e.doc.Now.IsZero() && date > catalog.DateOf(e.doc.Now):
			e.fail(subject, fmt.Sprintf("the classification date %s of service %s lies in the future", s.ClassificationDate, s.ID), "declare the date on which ACN validated it")
		}
	}
}

func (e *evaluation) machineClassCoversService() {
	for _, m := range e.doc.Machines {
		subject := string(m.ID)
		if e.unknown(subject, m.Unknown, "classification", "service") {
			continue
		}
		s, ok := e.services[m.Service]
		if !ok && len(e.doc.Services) == 0 && m.Classification != "" {
			continue // a document about machines alone; each is judged by its own class
		}
		if !ok {
			e.add(e.rule.Severity, psn.Undecidable, subject,
				fmt.Sprintf("service %q of machine %s is not part of what was evaluated, so its class is not known", m.Service, m.ID),
				"evaluate the service together with its machines")
			continue
		}
		if m.Classification == "" {
			continue // the machine takes the class of its service
		}
		own, err := psn.ParseClassification(m.Classification)
		if err != nil {
			e.fail(subject, fmt.Sprintf("machine %s has class %q, which does not exist", m.ID, m.Classification), "set classification to "+classes)
			continue
		}
		of, ok := known(s.Classification, s.Unknown.Has("classification"))
		switch {
		case !ok && own != psn.Strategic:
			e.undecided(e.rule.Severity, subject, "classification of service "+string(s.ID))
		case ok && own.Rank() < of.Rank():
			e.fail(subject, fmt.Sprintf("machine %s is %s but runs service %s, which is %s", m.ID, own, s.ID, of), fmt.Sprintf("make the machine %s, or leave its class out", of))
		}
	}
}

func (e *evaluation) classIsNotLowered() {
	for _, s := range e.doc.Services {
		before, err := psn.ParseClassification(s.PriorClassification)
		if err != nil || before == psn.Ordinary {
			continue // new, or nothing to lower
		}
		if e.unknown(string(s.ID), s.Unknown, "classification") {
			continue
		}
		now, err := psn.ParseClassification(s.Classification)
		if err != nil || now.Rank() >= before.Rank() || s.Reclassification != "" {
			continue // a class that does not exist is CLS-001's
		}
		if e.unknown(string(s.ID), s.Unknown, "reclassification") {
			continue
		}
		e.fail(string(s.ID), fmt.Sprintf("service %s is live as %s and would become %s without a reference to a reclassification", s.ID, before, now),
			"set reclassification to the reference of the act by which ACN validated the lower class, or keep the class")
	}
}

// dataStayInTheEU fails wherever data are outside: only a derogation that is
// documented and in force sets that aside. A name of one is not one.
func (e *evaluation) dataStayInTheEU() {
	for _, s := range e.doc.Services {
		subject := string(s.ID)
		if e.unknown(subject, s.Unknown, "data_location") {
			continue
		}
		if strings.TrimSpace(s.DataLocation) == "" {
			e.add(psn.SeverityWarning, psn.Undecidable, subject, fmt.Sprintf("service %s does not declare where its data are located; the four sites are in Italy, but copies elsewhere are not covered", s.ID),
				"set data_location, for example \"IT\"")
			continue
		}
		outside := outsideEU(s.DataLocation)
		if len(outside) == 0 || e.unknown(subject, s.Unknown, "data_location_derogation") {
			continue
		}
		where := strings.Join(outside, ", ")
		message := fmt.Sprintf("service %s keeps data at %s, outside the European Union", s.ID, where)
		if ref := s.DataLocationDerogation; ref != "" && !e.documents(ref, subject) {
			message = fmt.Sprintf("service %s keeps data at %s, outside the European Union; derogation %q, which it names, is not documented for it", s.ID, where, ref)
		}
		e.fail(subject, message,
			"keep the data in the European Union (ISO country codes or \"EU\"), or document a derogation from LOC-002 for the service, with id, author, date, reason and expiry")
	}
}

// documents reports whether the document holds the derogation from the rule
// being applied with that id, for that subject.
func (e *evaluation) documents(id, subject string) bool {
	return slices.ContainsFunc(e.doc.Derogations, func(d psn.Derogation) bool {
		return d.ID == id && d.Rule == e.rule.ID && d.Subject == subject
	})
}
