package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Evaluate applies every rule to the document and returns the rules that
// failed, could not be decided or are set aside by a derogation, sorted. The same document, in any order of
// its slices, gives the same findings.
func Evaluate(doc Document, opts ...Option) []psn.Finding {
	e := &evaluation{doc: doc, params: inEffect(opts), services: map[psn.ServiceID]Service{}, machinesOf: map[psn.ServiceID][]int{}}
	for _, s := range doc.Services {
		e.services[s.ID] = s
	}
	for i, m := range doc.Machines {
		e.machinesOf[m.Service] = append(e.machinesOf[m.Service], i)
	}
	for _, r := range loadRules() {
		if check := checks[r.ID]; check != nil {
			e.rule = r
			check(e)
		}
	}
	e.derogate()
	slices.SortFunc(e.found, compare)
	return slices.Compact(e.found)
}

// checks holds the code of each rule. PLC-009 has none: the allowed places are
// known to the placement alone, which reports it. The DER rules are judged with
// the derogations, once everything else is known.
var checks = map[string]func(*evaluation){
	"CLS-001": (*evaluation).everyServiceHasAClass,
	"CLS-002": (*evaluation).classIsValidated,
	"CLS-003": (*evaluation).machineClassCoversService,
	"CLS-004": (*evaluation).classIsNotLowered,
	"LVL-001": (*evaluation).qualificationSuffices,
	"LVL-002": (*evaluation).notOnSecurePublicCloud,
	"LVL-003": (*evaluation).certificatesAreValid,
	"LOC-001": (*evaluation).sitesAreOfThePSN,
	"LOC-002": (*evaluation).dataStayInTheEU,
	"LOC-003": (*evaluation).metadataStayInTheEU,
	"PLC-001": (*evaluation).standbyElsewhere,
	"PLC-002": (*evaluation).standbyInOtherRegion,
	"PLC-003": (*evaluation).sameRegionIsNotDR,
	"PLC-004": (*evaluation).farEnough,
	"PLC-005": (*evaluation).keptApart,
	"PLC-006": (*evaluation).reserveSuffices,
	"PLC-007": (*evaluation).placeComesFromPlacement,
	"PLC-008": (*evaluation).clustersAreNotOverfull,
	"REP-001": (*evaluation).synchronousOnlyNear,
	"REP-002": (*evaluation).objectivesDeclaredAndKept,
	"REP-003": (*evaluation).failoverWasTested,
	"BKP-001": (*evaluation).backupPolicyIsDeclared,
	"BKP-002": (*evaluation).backupsAreElsewhere,
	"KEY-001": (*evaluation).keysAreTheAdministrations,
	"KEY-002": (*evaluation).keysStayWithTheAdministration,
	"ACC-001": (*evaluation).accessProcedureIsNamed,
	"ACC-002": (*evaluation).staffListIsNamed,
	"MIG-001": (*evaluation).moveIsAdmitted,
	"MIG-002": (*evaluation).transferChangesNothing,
	"MIG-003": (*evaluation).everythingMoved,
	"MIG-004": (*evaluation).improvementIsDeclared,
	"MIG-005": (*evaluation).cutoverHasItsPapers,
	"FND-001": (*evaluation).candidatureIsAdmissible,
	"FND-002": (*evaluation).startIsRecent,
	"FND-003": (*evaluation).projectEndsInTime,
	"FND-004": (*evaluation).grantFollowsTheFormula,
	"FND-005": (*evaluation).capsAreKept,
	"FND-006": (*evaluation).paidServicesAreKept,
	"FND-007": (*evaluation).noDoubleFunding,
	"EVI-001": (*evaluation).contractIsNamed,
	"EVI-002": (*evaluation).reportCoversTheMigration,
	"EVI-003": (*evaluation).accessIsDeclared,
	"EVI-004": (*evaluation).resourcesAreUnique,
	"EVI-005": (*evaluation).softwareIsListed,
	"EVI-006": (*evaluation).productionIsStated,
	"EVI-007": (*evaluation).criticalDataAreDocumented,
	"EVI-008": (*evaluation).noSignificantHarm,
	"EVI-009": (*evaluation).contractComesFirst,
	"ATT-001": (*evaluation).attestationIsIntact,
	"IDN-001": (*evaluation).ipaCodeIsWellFormed,
	"IDN-002": (*evaluation).fiscalCodeIsRight,
	"IDN-003": (*evaluation).cupIsWellFormed,
	"INV-001": (*evaluation).machinesAreInventoried,
}

// evaluation is one run over a document; rule is the rule being applied.
type evaluation struct {
	doc        Document
	params     parameters
	services   map[psn.ServiceID]Service
	machinesOf map[psn.ServiceID][]int // indices into doc.Machines
	rule       Rule
	found      []psn.Finding
}

func (e *evaluation) add(sev psn.Severity, out psn.Outcome, subject, message, remedy string) {
	e.found = append(e.found, psn.Finding{
		Rule: e.rule.ID, Severity: sev, Outcome: out, Subject: subject, Message: message, Remedy: remedy,
		Basis: e.rule.Basis, Citation: e.rule.Citation,
	})
}

// fail reports the rule broken by subject.
func (e *evaluation) fail(subject, message, remedy string) {
	e.add(e.rule.Severity, psn.Failed, subject, message, remedy)
}

// undecided reports the rule as undecidable on subject because of a field of it
// ("rpo") or of something else ("rpo of service p_bs/protocollo").
func (e *evaluation) undecided(sev psn.Severity, subject, field string) {
	what := field
	if !strings.Contains(field, " of ") {
		what += " of " + subject
	}
	e.add(sev, psn.Undecidable, subject,
		fmt.Sprintf("%s is not known yet, so this cannot be decided: %s", what, e.rule.English),
		fmt.Sprintf("give %s a value that is known at plan time, or check again after apply", field))
}

// unknown reports the rule as undecidable when one of the fields is unknown.
func (e *evaluation) unknown(subject string, u Unknown, fields ...string) bool {
	for _, f := range fields {
		if u.Has(f) {
			e.undecided(e.rule.Severity, subject, f)
			return true
		}
	}
	return false
}

func compare(a, b psn.Finding) int {
	if c := psn.CompareFindings(a, b); c != 0 {
		return c
	}
	return strings.Compare(string(a.Outcome)+a.Remedy, string(b.Outcome)+b.Remedy)
}

// result is what a test of a machine or service came to under one class.
type result struct {
	unknown         string // the field that is missing, or
	message, remedy string // why it fails; all empty when it passes
	severity        psn.Severity
}

func (r result) ok() bool { return r.unknown == "" && r.message == "" }

// byClass applies test under the lowest and the highest class that subject may
// have. It fails when even the lowest does, and is undecidable when only the
// highest does.
func (e *evaluation) byClass(subject string, low, high psn.Classification, test func(psn.Classification) result) {
	sevOf := func(r result) psn.Severity {
		if r.severity != "" {
			return r.severity
		}
		return e.rule.Severity
	}
	strict := test(high)
	if strict.ok() {
		return
	}
	mild := test(low)
	switch {
	case mild.unknown != "":
		e.undecided(sevOf(mild), subject, mild.unknown)
	case mild.message != "":
		e.add(sevOf(mild), psn.Failed, subject, mild.message, mild.remedy)
	}
	switch {
	case strict.unknown != "" && (mild.ok() || sevOf(mild) != sevOf(strict)):
		e.undecided(sevOf(strict), subject, strict.unknown)
	case strict.message != "" && (mild.ok() || sevOf(mild) != sevOf(strict)):
		e.undecided(sevOf(strict), subject, "classification")
	}
}

// classesOf returns the lowest and highest class a machine may turn out to
// have: the stricter of its own and its service's.
func (e *evaluation) classesOf(m Machine) (low, high psn.Classification) {
	low, high = psn.Ordinary, psn.Strategic
	own, ownKnown := known(m.Classification, m.Unknown.Has("classification"))
	s, listed := e.services[m.Service]
	of, ofKnown := known(s.Classification, s.Unknown.Has("classification"))
	if own.Rank() > low.Rank() {
		low = own
	}
	if listed && of.Rank() > low.Rank() {
		low = of
	}
	switch {
	case ofKnown && (ownKnown || m.Classification == "" && !m.Unknown.Has("classification")):
		high = low
	case !listed && ownKnown: // CLS-003 reports the missing service
		high = low
	}
	return low, high
}

// serviceClasses is classesOf for a service.
func serviceClasses(s Service) (low, high psn.Classification) {
	if c, ok := known(s.Classification, s.Unknown.Has("classification")); ok {
		return c, c
	}
	return psn.Ordinary, psn.Strategic
}

// known parses a class as written; it is "" and false when unknown or no class.
func known(text string, unknown bool) (psn.Classification, bool) {
	if unknown {
		return "", false
	}
	c, err := psn.ParseClassification(text)
	return c, err == nil
}
