package audit

import (
	"slices"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// count sums the findings up by rule and by severity.
func (r *Report) count(s *subjects, f *File, compared bool) {
	type seen struct{ failed, undecidable, derogated bool }
	byRule := map[string]seen{}
	for _, f := range r.Findings {
		s := byRule[f.Rule]
		switch f.Outcome {
		case psn.Undecidable:
			s.undecidable = true
			r.Counts.Undecidable++
		case psn.Derogated:
			s.derogated = true
			r.Counts.Derogated++
		default:
			s.failed = true
			r.Counts.bySeverity(f.Severity)
		}
		byRule[f.Rule] = s
	}
	for _, rule := range applied(s, f, compared) {
		s := byRule[rule.id]
		outcome := outcomePassed
		switch {
		case s.failed:
			outcome = string(psn.Failed)
			r.Counts.RulesFailed++
		case s.undecidable:
			outcome = string(psn.Undecidable)
			r.Counts.RulesUndecidable++
		case s.derogated:
			outcome = string(psn.Derogated)
			r.Counts.RulesDerogated++
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
func applied(s *subjects, f *File, compared bool) []appliedRule {
	var out []appliedRule
	for _, r := range policy.Rules() {
		out = append(out, appliedRule{r.ID, policy.Applies(r.ID, s.doc)})
	}
	for _, r := range auditRules() {
		out = append(out, appliedRule{r.id, auditSpeaks(r.id, s, f, compared)})
	}
	return out
}

// auditSpeaks reports whether the file has what a rule of the audit reads.
func auditSpeaks(id string, s *subjects, f *File, compared bool) bool {
	switch id {
	case ruleViews.id, ruleDestroys.id, ruleDrift.id:
		return f.Kind == KindPlan
	case ruleChecks.id:
		return len(f.Checks) > 0
	case ruleStale.id:
		return compared
	case ruleRecorded.id:
		return recordsAny(f, "findings", "verdict")
	case ruleDigest.id:
		return recordsAny(f, "policy_digest")
	case ruleCluster.id:
		return len(s.inventories) > 0
	case ruleQuota.id:
		return len(s.allowances) > 0
	}
	return true
}

// recordsAny reports whether a resource of the file has one of the attributes.
func recordsAny(f *File, attributes ...string) bool {
	resources := f.Values
	if f.Kind == KindPlan {
		resources = f.Changes
	}
	return slices.ContainsFunc(resources, func(r Resource) bool {
		return slices.ContainsFunc(attributes, func(name string) bool { return r.After[name] != nil || r.Unknown[name] == true })
	})
}
