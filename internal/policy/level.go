package policy

import (
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The qualification of a cloud service is declared, never assumed: that the
// PSN's own services have the highest in the catalogue of ACN would pass LVL-001
// and bind KEY-002 and ACC-002, and nothing in a document says that a service
// runs on one of them. Where it is not declared, all three are undecided.

func (e *evaluation) qualificationSuffices() {
	for _, s := range e.doc.Services {
		subject := string(s.ID)
		switch {
		case e.unknown(subject, s.Unknown, "qualification"):
		case s.Qualification != "":
			low, high := serviceClasses(s)
			e.levelSuffices(subject, "service "+subject, s.Qualification, low, high)
		case !e.machinesDeclareLevel(s.ID):
			e.levelNotDeclared(s)
		}
	}
	for _, m := range e.doc.Machines {
		if e.unknown(string(m.ID), m.Unknown, "qualification") || m.Qualification == "" {
			continue // that of its service
		}
		low, high := e.classesOf(m)
		e.levelSuffices(string(m.ID), "machine "+string(m.ID), m.Qualification, low, high)
	}
}

func (e *evaluation) levelSuffices(subject, what, qualification string, low, high psn.Classification) {
	level := catalog.Level(qualification)
	if level.Rank() == 0 {
		e.fail(subject, fmt.Sprintf("%s has target qualification %q, which does not exist", what, qualification), "use one of QC1, QC2, QC3, QC4")
		return
	}
	e.byClass(subject, low, high, func(c psn.Classification) result {
		least := catalog.MinimumLevel(c)
		if level.Rank() >= least.Rank() {
			return result{}
		}
		return result{message: fmt.Sprintf("%s is %s and goes to a cloud service qualified %s, below the minimum %s", what, c, level, least),
			remedy: fmt.Sprintf("choose a target qualified %s or higher", least)}
	})
}

// levelNotDeclared reports the rule as undecidable on s for want of a level.
func (e *evaluation) levelNotDeclared(s Service) {
	e.add(psn.SeverityWarning, psn.Undecidable, string(s.ID),
		fmt.Sprintf("service %s does not declare the qualification of the cloud service it goes to; those of the PSN are %s in the catalogue of ACN, but nothing says that it is one of them", s.ID, catalog.DefaultLevel()),
		fmt.Sprintf("set qualification to the level in the catalogue of ACN, for example %q", catalog.DefaultLevel()))
}

// machinesDeclareLevel reports whether the service has machines and each says
// its own level, or will.
func (e *evaluation) machinesDeclareLevel(id psn.ServiceID) bool {
	for _, i := range e.machinesOf[id] {
		if m := e.doc.Machines[i]; m.Qualification == "" && !m.Unknown.Has("qualification") {
			return false
		}
	}
	return len(e.machinesOf[id]) > 0
}

// levels says whether a service goes to a cloud service of the highest
// qualification: surely, perhaps once what is unknown is known, or perhaps
// because nothing declares it.
type levels struct{ top, unknown, undeclared bool }

// levelsOf returns the levels of the machines of s, each its own or that of s;
// that of s when it lists none.
func (e *evaluation) levelsOf(s Service) levels {
	var out levels
	add := func(qualification string, unknown bool) {
		switch {
		case unknown:
			out.unknown = true
		case qualification == "":
			out.undeclared = true
		case catalog.Level(qualification).Rank() == len(catalog.Levels()):
			out.top = true
		}
	}
	of := func() { add(s.Qualification, s.Unknown.Has("qualification")) }
	for _, i := range e.machinesOf[s.ID] {
		if m := e.doc.Machines[i]; m.Qualification != "" || m.Unknown.Has("qualification") {
			add(m.Qualification, m.Unknown.Has("qualification"))
		} else {
			of()
		}
	}
	if len(e.machinesOf[s.ID]) == 0 {
		of()
	}
	return out
}

// onLevelFour applies test to the services on level 4, when the document speaks
// of the rule's topic.
func (e *evaluation) onLevelFour(test func(Service) result) {
	if !e.doc.Speaks(topicOf[e.rule.ID]) {
		return
	}
	for _, s := range e.doc.Services {
		at, r := e.levelsOf(s), test(s)
		switch {
		case r.ok():
		case at.top && r.message != "":
			e.fail(string(s.ID), r.message, r.remedy)
		case at.top:
			e.undecided(e.rule.Severity, string(s.ID), r.unknown)
		case at.unknown:
			e.undecided(e.rule.Severity, string(s.ID), "qualification of the machines of "+string(s.ID))
		case at.undeclared:
			e.levelNotDeclared(s)
		}
	}
}
