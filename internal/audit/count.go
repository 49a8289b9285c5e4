package audit

import (
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// count sums the findings up by rule and by severity.
func (r *Report) count() {
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
	for _, rule := range r.applied() {
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

func (r *Report) applied() []appliedRule {
	var out []appliedRule
	for _, rule := range policy.Rules() {
		out = append(out, appliedRule{rule.ID, true})
	}
	for _, rule := range auditRules() {
		out = append(out, appliedRule{rule.id, true})
	}
	return out
}
