package audit

import (
	"time"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Report is what an audit came to. Its JSON form is stable.
type Report struct {
	Document     Document      `json:"document"`
	PolicyDigest string        `json:"policy_digest"`
	EvaluatedAt  time.Time     `json:"evaluated_at"`
	Subjects     Subjects      `json:"subjects"`
	Rules        []RuleOutcome `json:"rules"`
	Findings     []psn.Finding `json:"findings"`
	Counts       Counts        `json:"counts"`
}

// Document identifies the input.
type Document struct {
	Kind          Kind   `json:"kind"`
	FormatVersion string `json:"format_version"`
	ToolVersion   string `json:"tool_version"`
	Digest        string `json:"digest"` // "sha256:<hex>" of the file
	Bytes         int64  `json:"bytes"`
}

// Subjects counts what was judged.
type Subjects struct {
	Tenants  int `json:"tenants"`
	Services int `json:"services"`
	Machines int `json:"machines"`
	Replicas int `json:"replicas"`
}

// RuleOutcome is what one rule came to over all subjects: "passed", "failed",
// "undecidable", or "not applied" when the file has nothing it speaks of.
type RuleOutcome struct {
	ID      string `json:"id"`
	Outcome string `json:"outcome"`
}

// Counts sums the report up. A finding that could not be decided is counted as
// undecidable only, whatever its severity.
type Counts struct {
	RulesPassed      int `json:"rules_passed"`
	RulesFailed      int `json:"rules_failed"`
	RulesUndecidable int `json:"rules_undecidable"`
	RulesNotApplied  int `json:"rules_not_applied"`
	Errors           int `json:"errors"`
	Warnings         int `json:"warnings"`
	Infos            int `json:"infos"`
	Undecidable      int `json:"undecidable"`
}

// Rule outcomes besides those of a finding.
const (
	outcomePassed     = "passed"
	outcomeNotApplied = "not applied"
)

// Failed reports whether a rule of severity error was failed.
func (r *Report) Failed() bool { return r.Counts.Errors > 0 }

// Evaluate derives every finding of f. now stands for the instant of a file
// that carries none. It fails with psn.InvalidInput when attributes are not of
// the provider's types.
func Evaluate(f *File, now time.Time) (*Report, error) {
	at := f.Timestamp
	if at.IsZero() {
		at = now
	}
	changes, values, differences := viewsOf(f)
	s, err := read(changes, at)
	if err != nil {
		return nil, err
	}
	findings := append(differences, derive(s)...)
	if len(differences) > 0 {
		// Where the two parts disagree, a rule broken in either counts.
		other, err := read(values, at)
		if err != nil {
			return nil, err
		}
		findings = append(findings, derive(other)...)
	}
	findings = append(findings, recorded(changes, findings)...)
	findings = sorted(append(findings, completeness(f)...))
	r := &Report{
		Document:     Document{f.Kind, f.FormatVersion, f.ToolVersion, f.Digest, f.Bytes},
		PolicyDigest: policy.Digest(),
		EvaluatedAt:  at.UTC(),
		Subjects:     Subjects{len(s.doc.Tenants), len(s.doc.Services), len(s.doc.Machines), len(s.doc.Replicas)},
		Findings:     findings,
	}
	if r.Findings == nil {
		r.Findings = []psn.Finding{}
	}
	r.count(s.doc)
	return r, nil
}

// derive applies every rule to one view.
func derive(s *subjects) []psn.Finding {
	var out []psn.Finding
	for _, inv := range s.inventories {
		s.doc.Headroom = append(s.doc.Headroom, headroom(inv, s.seats)...)
		out = append(out, unplaced(inv, s.seats)...)
	}
	return append(append(out, policy.Evaluate(s.doc)...), s.findings...)
}

// completeness reports what of the file could not be judged.
func completeness(f *File) []psn.Finding {
	var out []psn.Finding
	if f.Errored {
		out = append(out, ruleComplete.undecidable("plan", "the plan stopped at an error: what comes after it is not in the file"))
	}
	if f.Incomplete && !f.Errored {
		out = append(out, ruleComplete.undecidable("plan", "the plan leaves changes to a later plan: they are not in the file"))
	}
	for _, address := range f.Lookalikes {
		out = append(out, ruleComplete.undecidable(address, "the resource is of a psn type but another provider serves it: it was not read"))
	}
	return out
}
