package audit

import (
	"cmp"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// rule is a check that only the audit makes: on the file itself and on what
// several resources say together. All are rules of this project.
type rule struct {
	id       string
	severity psn.Severity
	english  string
	italian  string
	remedy   string
}

const projectRule = "regola di progetto, non di legge: coerenza del documento"

var (
	ruleRecorded = rule{"AUD-001", psn.SeverityError,
		"What the provider recorded is what follows from the file.", "Ciò che il provider ha scritto è ciò che segue dal documento.",
		"make the plan again with the provider; do not trust this file until the two agree"}
	ruleViews = rule{"AUD-002", psn.SeverityError,
		"The parts of the file agree with each other.", "Le parti del documento concordano fra loro.",
		"write the JSON again from the saved plan"}
	ruleMachine = rule{"AUD-003", psn.SeverityError,
		"A machine is where and what its placement and its workload say.", "Una macchina è dove e come dicono il suo piazzamento e il suo workload.",
		"make the plan again; a machine takes its place from the assignments of its psn_placement"}
	ruleCluster = rule{"AUD-004", psn.SeverityError,
		"Machines are placed on clusters of the recorded inventory.", "Le macchine stanno su cluster che il documento elenca.",
		"make the plan again with a fresh inventory"}
	ruleComplete = rule{"AUD-005", psn.SeverityWarning,
		"The whole of the plan could be read (error when the plan stopped at one).", "Il piano è stato letto per intero (errore se il piano si è fermato a un errore).",
		"audit a finished plan of the provider italia/psn"}
	ruleDigest = rule{"AUD-006", psn.SeverityWarning,
		"The file was made with the rules of this program.", "Il documento è stato fatto con le regole di questo programma.",
		"make the plan again with this version of the provider"}
	ruleChecks = rule{"AUD-007", psn.SeverityWarning,
		"The checks written in the configuration pass.", "Le verifiche scritte nella configurazione sono superate.",
		"read the check in the configuration and correct what it found"}
	ruleDestroys = rule{"AUD-008", psn.SeverityWarning,
		"Nothing that a service stands on is destroyed or replaced (for an ordinary one: information).", "Nulla di ciò su cui si regge un servizio viene distrutto o sostituito (per un ordinario: informazione).",
		"confirm in writing that the service is dismissed or moved, or keep the resource"}
	ruleDrift = rule{"AUD-009", psn.SeverityWarning,
		"What runs is what was last applied.", "Ciò che è in esercizio è ciò che l'ultimo apply ha lasciato.",
		"find out who changed it; bring it back with an apply, or write the change in the configuration"}
	ruleStale = rule{"AUD-010", psn.SeverityWarning,
		"The state is the one the plan was made on, or the one it leads to.", "Lo stato è quello su cui il piano fu fatto, o quello a cui porta.",
		"make the plan again on the present state"}
	ruleQuota = rule{"AUD-011", psn.SeverityError,
		"The machines of a tenant stay within the quota of the tenant and of the placement.", "Le macchine di un'amministrazione restano entro la quota dell'amministrazione e del piazzamento.",
		"ask for less, or have the quota raised"}
)

func auditRules() []rule {
	return []rule{ruleRecorded, ruleViews, ruleMachine, ruleCluster, ruleComplete, ruleDigest, ruleChecks, ruleDestroys, ruleDrift, ruleStale, ruleQuota}
}

// The rules on the capacity of clusters: after the loss of a site, and always.
const (
	ruleReserve  = "PLC-006"
	ruleOverfull = "PLC-008"
)

// undecidable is a finding that a rule of the rule set could not be decided.
func undecidable(id, subject, message string) psn.Finding {
	r, _ := policy.RuleOf(id)
	return psn.Finding{
		Rule: r.ID, Severity: r.Severity, Outcome: psn.Undecidable, Subject: subject, Message: message,
		Remedy: "plan again when it is known, or audit the state after the apply", Basis: r.Basis, Citation: r.Citation,
	}
}

// Rules returns every rule an audit applies: those of the rule set, then those
// on the file itself.
func Rules() []policy.Rule {
	out := policy.Rules()
	for _, r := range auditRules() {
		out = append(out, policy.Rule{
			ID: r.id, Severity: r.severity, Basis: psn.BasisProject, Citation: projectRule, Italian: r.italian, English: r.english,
		})
	}
	return out
}

func isAuditRule(id string) bool {
	return slices.ContainsFunc(auditRules(), func(r rule) bool { return r.id == id })
}

// finding is a failure of the rule.
func (r rule) finding(subject, message string) psn.Finding {
	return psn.Finding{
		Rule: r.id, Severity: r.severity, Outcome: psn.Failed, Subject: subject, Message: message,
		Remedy: r.remedy, Basis: psn.BasisProject, Citation: projectRule,
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
