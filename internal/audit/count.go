package audit

import (
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// count sums the findings up by rule and by severity.
func (r *Report) count(doc policy.Document) {
	type seen struct{ failed, undecidable bool }
	byRule := map[string]seen{}
	for _, f := range r.Findings {
		s := byRule[f.Rule]
		if f.Outcome == psn.Undecidable {
			s.undecidable = true
			r.Counts.Undecidable++
		} else {
			s.failed = true
			r.Counts.bySeverity(f.Severity)
		}
		byRule[f.Rule] = s
	}
	for _, rule := range applied(doc) {
		s := byRule[rule.id]
		outcome := outcomePassed
		switch {
		case s.failed:
			outcome = string(psn.Failed)
			r.Counts.RulesFailed++
		case s.undecidable:
			outcome = string(psn.Undecidable)
			r.Counts.RulesUndecidable++
		case !rule.applied:
			outcome = outcomeNotApplied
			r.Counts.RulesNotApplied++
		default:
			r.Counts.RulesPassed++
		}
		r.Rules = append(r.Rules, RuleOutcome{ID: rule.id, Outcome: outcome})
	}
}

func (c *Counts) bySeverity(s psn.Severity) {
	switch s {
	case psn.SeverityError:
		c.Errors++
	case psn.SeverityWarning:
		c.Warnings++
	case psn.SeverityInfo:
		c.Infos++
	}
}

type appliedRule struct {
	id      string
	applied bool // the file has a subject of the rule's kind
}

// applied says for every rule whether the document has something it speaks of.
func applied(doc policy.Document) []appliedRule {
	var out []appliedRule
	for _, r := range policy.Rules() {
		out = append(out, appliedRule{r.ID, speaks(r.ID, doc)})
	}
	for _, r := range auditRules() {
		out = append(out, appliedRule{r.id, true})
	}
	return out
}

// speaks reports whether the document has a subject of the rule.
func speaks(id string, doc policy.Document) bool {
	switch id {
	case "IDN-001", "IDN-002", "IDN-003":
		return len(doc.Tenants) > 0
	case "CLS-001", "CLS-002", "CLS-004", "LOC-002":
		return len(doc.Services) > 0
	case "CLS-003", "LVL-001", "PLC-001", "PLC-002", "PLC-003", "PLC-004", "PLC-005", "PLC-007":
		return len(doc.Machines) > 0
	case "LOC-001":
		return len(doc.Machines)+len(doc.Replicas) > 0
	case ruleReserve, ruleOverfull:
		return len(doc.Headroom) > 0
	case "REP-001", "REP-003":
		return len(doc.Replicas) > 0
	case "REP-002":
		return len(doc.Services)+len(doc.Replicas) > 0
	}
	// PLC-009 is decided by the solver and not derived here: see AUD-003, which
	// compares every assignment with the limits of its workload.
	return false
}
