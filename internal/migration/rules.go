package migration

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Findings are what the rules on places say, on a day, of the machine that the
// request would make, and on the derogations it comes with. The zero day says
// that there is no clock: no derogation holds then. unknown names fields of a policy.Machine whose value is not known
// yet, as at plan time; nil when all are. The request carries the outcome of a
// placement, so PLC-007, which compares a machine with its placement, has
// nothing to find here.
func (s Spec) Findings(on time.Time, unknown policy.Unknown) []psn.Finding {
	found := policy.Evaluate(policy.Document{Now: on, Derogations: s.Derogations, Machines: []policy.Machine{{
		ID: s.ID, Service: s.Service, Classification: string(s.Classification),
		Site: string(s.Target.Site), Platform: string(s.Target.Platform), Cluster: s.Target.Cluster,
		StandbySite:   string(s.Target.StandbySite),
		FromPlacement: true, PlacementSite: string(s.Target.Site), PlacementStandbySite: string(s.Target.StandbySite),
		Unknown: unknown,
	}}})
	return slices.DeleteFunc(found, func(f psn.Finding) bool {
		return !strings.HasPrefix(f.Rule, "PLC-") && !strings.HasPrefix(f.Rule, "LVL-") && !strings.HasPrefix(f.Rule, "DER-") && f.Rule != "LOC-001"
	})
}

// checkRules refuses what breaks a rule that no derogation sets aside on the
// day, and derogations that are incomplete or have expired. The first one is named; findings are
// sorted by weight.
func (s Spec) checkRules(on time.Time) error {
	for _, f := range s.Findings(on, nil) {
		if f.Severity == psn.SeverityError && f.Outcome == psn.Failed {
			return invalid("%s", ruleText(f))
		}
	}
	return nil
}

func ruleText(f psn.Finding) string {
	return fmt.Sprintf("%s: %s: %s (basis: %s: %s)", f.Rule, f.Message, f.Remedy, f.Basis, f.Citation)
}
