package placement_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

// audited judges the plan again, from its JSON alone, at noon of a day. want is
// "rule subject outcome" of every finding.
func audited(day string, want ...string) plancheck.PlanCheck {
	return planCheck(func(req plancheck.CheckPlanRequest) error {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return err
		}
		plan := *req.Plan
		plan.Timestamp = at.Add(12 * time.Hour).Format(time.RFC3339)
		b, err := json.Marshal(&plan)
		if err != nil {
			return err
		}
		f, err := audit.Read(bytes.NewReader(b))
		if err != nil {
			return err
		}
		r, err := audit.Evaluate(f, time.Time{})
		if err != nil {
			return err
		}
		var got []string
		for _, f := range r.Findings {
			got = append(got, fmt.Sprintf("%s %s %s", f.Rule, f.Subject, f.Outcome))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			return fmt.Errorf("the audit finds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		return nil
	})
}

const backups = `
  backup_policy     = "BKP-7"
  key_reference     = "hsm-1/root"
  key_management    = "hyok"
  hsm               = "hsm-1"
  metadata_location = "IT"
  log_location      = "IT"
  backup_location   = "IT, FR"
  site_list         = "DOC-12"
  access_procedure  = "PROC-3"
  staff_list        = "DOC-13"
  qualification     = "QC3"
  backups = {
    daily  = { site = "pomezia", retention_days = 90 }
    weekly = { site = "rozzano", retention_days = 365 }
  }
`

// TestAuditAgrees plans, then has the audit judge the plan: what the provider
// accepted and recorded is what follows from the plan, and the day decides the
// same for both.
func TestAuditAgrees(t *testing.T) {
	lab := providertest.Start(t)
	config := func(day string, derogations ...string) string {
		out := inLazio(day, derogations...)
		for _, name := range []string{"web", "protocollo", "conservazione"} {
			out = strings.Replace(out, "resource \"psn_service\" \""+name+"\" {", "resource \"psn_service\" \""+name+"\" {"+backups, 1)
		}
		return lab.Config(out)
	}
	both := []string{derogation("PLC-002", "p_bs/conservazione", "2027-03-31"), derogation("PLC-003", "p_bs/archivio-1", "2027-03-31")}
	aside := []string{"PLC-002 p_bs/archivio-1 derogated", "PLC-003 p_bs/archivio-1 derogated"}
	unbacked := "BKP-002 p_bs/protocollo undecidable" // it has no machine in this plan
	last := append(slices.Clone(aside), unbacked)
	expired := []string{
		"DER-002 DER-PLC-002 failed", "DER-002 DER-PLC-003 failed", "PLC-002 p_bs/archivio-1 failed", "PLC-003 p_bs/archivio-1 failed", unbacked,
	}
	providertest.Test(t, []resource.TestStep{
		{
			Config:           config(`"2026-11-22"`, both...),
			ConfigPlanChecks: before(audited("2026-11-22", last...), audited("2027-03-31", last...), audited("2027-04-01", expired...)),
		},
		lab.Gone(),
	})
}
