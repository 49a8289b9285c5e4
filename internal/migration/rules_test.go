package migration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A request is refused for the rules that a plan would be refused for.
func TestRequestsKeepTheRules(t *testing.T) {
	for name, tc := range map[string]struct {
		class   psn.Classification
		standby psn.Site
		rule    string
	}{
		"ordinary alone":             {psn.Ordinary, "", ""},
		"critical alone":             {psn.Critical, "", "PLC-001"},
		"strategic alone":            {psn.Strategic, "", "PLC-001"},
		"critical at home":           {psn.Critical, psn.Acilia, "PLC-001"},
		"ordinary at home":           {psn.Ordinary, psn.Acilia, "PLC-005"},
		"critical, same region":      {psn.Critical, psn.Pomezia, ""},
		"strategic, same region":     {psn.Strategic, psn.Pomezia, "PLC-002"},
		"strategic, other region":    {psn.Strategic, psn.Rozzano, ""},
		"standby outside of the PSN": {psn.Critical, "brescia", "LOC-001"},
	} {
		t.Run(name, func(t *testing.T) {
			s := hourly()
			s.Classification, s.Target.StandbySite = tc.class, tc.standby
			err := s.Check()
			if tc.rule == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !psn.Is(err, psn.InvalidInput) || !strings.HasPrefix(err.Error(), tc.rule+": ") || !strings.Contains(err.Error(), "regola di progetto, non di legge") {
				t.Errorf("error %v, want one of %s with its citation", err, tc.rule)
			}
		})
	}
}

func TestUnknownPlacesAreNotRefused(t *testing.T) {
	s := hourly()
	s.Target.StandbySite = ""
	for _, f := range s.Findings(time.Time{}, policy.Unknown{"standby_site": true}) {
		if f.Outcome == psn.Failed && f.Severity == psn.SeverityError {
			t.Errorf("refused for what is not known yet: %+v", f)
		}
	}
}
