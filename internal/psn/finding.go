package psn

import "cmp"

// Severity is how much a finding weighs.
type Severity string

// Severities. Only SeverityError stops a plan.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
)

// Outcome is what a rule came to on a subject.
type Outcome string

// Outcomes. An Undecidable rule could not be decided with what is known (for
// example at plan time) and is never reported as passed. A Derogated rule failed
// and is set aside by a documented derogation: it is printed, and stops nothing.
const (
	Failed      Outcome = "failed"
	Undecidable Outcome = "undecidable"
	Derogated   Outcome = "derogated"
)

// Basis is where a rule comes from.
type Basis string

// Bases, as printed.
const (
	BasisLaw     Basis = "law"     // legge o regolamento
	BasisFunding Basis = "funding" // regola di finanziamento
	BasisProject Basis = "project" // regola di progetto, non di legge
	BasisMeasure Basis = "measure" // derived from published data
)

// Finding is the verdict of one rule on one subject.
type Finding struct {
	Rule     string   `json:"rule"`     // for example "PLC-002"
	Severity Severity `json:"severity"` // of the rule on this subject
	Outcome  Outcome  `json:"outcome"`
	Subject  string   `json:"subject"` // natural id: tenant, service or VM
	Message  string   `json:"message"` // what is wrong, in words, with the values
	Remedy   string   `json:"remedy"`  // what to change
	Basis    Basis    `json:"basis"`
	Citation string   `json:"citation"` // source, or "regola di progetto, non di legge: …"
	// Derogation is what set the rule aside, when Outcome is Derogated.
	Derogation Derogation `json:"derogation,omitzero"`
}

// Derogation is a documented decision to accept that a rule fails on a subject,
// until a date. Dates are "YYYY-MM-DD".
type Derogation struct {
	ID      string `json:"id"`
	Rule    string `json:"rule"`    // for example "PLC-002"
	Subject string `json:"subject"` // natural id, as a finding writes it
	Author  string `json:"author"`
	Date    string `json:"date"`
	Reason  string `json:"reason"`
	Expiry  string `json:"expiry"` // last day on which it holds
}

// CompareFindings orders findings by severity, rule, subject and message.
func CompareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Severity.rank(), b.Severity.rank()),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.Message, b.Message),
	)
}

func (s Severity) rank() int {
	switch s {
	case SeverityError:
		return 0
	case SeverityWarning:
		return 1
	case SeverityInfo:
		return 2
	}
	return 3
}
