package audit

import (
	"cmp"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// rule is a check that only the audit makes: on the file itself and on what
// several resources say together. All are rules of this project.
type rule struct {
	id, title, remedy string
	severity          psn.Severity
}

const projectRule = "regola di progetto, non di legge: "

var (
	ruleRecorded = rule{"AUD-001", "what the provider recorded is what is derived from the file", "make the plan again with the provider; do not trust this file until the two agree", psn.SeverityError}
	ruleViews    = rule{"AUD-002", "the parts of the file agree with each other", "write the JSON again from the saved plan", psn.SeverityError}
	ruleMachine  = rule{"AUD-003", "a machine stands where its placement says", "give the machine the assignment of its placement, or change the placement", psn.SeverityError}
	ruleCapacity = rule{"AUD-004", "machines fit the recorded capacity of every cluster", "make workloads smaller or add capacity, then plan again", psn.SeverityError}
	ruleSiteLoss = rule{"AUD-005", "protected machines still fit after the loss of any one site", "make workloads smaller or add capacity at the standby's site, then plan again", psn.SeverityError}
	ruleCluster  = rule{"AUD-006", "machines are placed on clusters of the recorded inventory", "plan again with a fresh inventory", psn.SeverityError}
	ruleComplete = rule{"AUD-007", "the whole of the plan could be read", "audit a plan that was finished by the provider italia/psn", psn.SeverityWarning}
	ruleDigest   = rule{"AUD-008", "the file was made with the same rules", "plan again with this version of the provider", psn.SeverityInfo}
)

func auditRules() []rule {
	return []rule{ruleRecorded, ruleViews, ruleMachine, ruleCapacity, ruleSiteLoss, ruleCluster, ruleComplete, ruleDigest}
}

func isAuditRule(id string) bool {
	return slices.ContainsFunc(auditRules(), func(r rule) bool { return r.id == id })
}

// finding is a failure of the rule.
func (r rule) finding(subject, message string) psn.Finding {
	return psn.Finding{
		Rule: r.id, Severity: r.severity, Outcome: psn.Failed, Subject: subject, Message: message,
		Remedy: r.remedy, Basis: psn.BasisProject, Citation: projectRule + r.title,
	}
}

// undecidable is a finding that the rule could not be decided.
func (r rule) undecidable(subject, message string) psn.Finding {
	f := r.finding(subject, message)
	f.Outcome = psn.Undecidable
	return f
}

// sorted orders findings and drops repetitions.
func sorted(fs []psn.Finding) []psn.Finding {
	slices.SortFunc(fs, func(a, b psn.Finding) int {
		return cmp.Or(psn.CompareFindings(a, b), cmp.Compare(a.Outcome, b.Outcome))
	})
	return slices.Compact(fs)
}
