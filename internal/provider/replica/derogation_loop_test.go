package replica_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// inLazio is a replica of a strategic machine that a derogation keeps in its region.
func inLazio(lab *providertest.Lab, expiry, asOf, more string) string {
	return lab.Config(providertest.Tenant + fmt.Sprintf(`
resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  as_of     = %[2]q
  derogations = [
    { id = "DER-1", rule = "PLC-002", subject = "p_bs/conservazione", author = "RTD", date = "2026-10-01", reason = "works at Rozzano", expiry = %[1]q },
  ]
  workloads = {
    archivio = {
      service_id = psn_service.conservazione.id, classification = psn_service.conservazione.classification
      instances  = 1, vcpus = 4, memory_gib = 8, storage_gib = 1, regions = ["lazio"]
    }
  }
}

resource "psn_replica" "protocollo" {
  source    = { name = "brescia", vm = "protocollo" }
  placement = psn_placement.brescia.assignments["archivio-1"]
  rpo       = "15m"
  %[3]s
}
`, expiry, asOf, more))
}

// byHandAside is a replica on a place written by hand, with derogations of its own.
func byHandAside(lab *providertest.Lab, subject, expiry, asOf string) string {
	return strings.Replace(byHand(lab, "brescia", "strategic", "pomezia"), "\n  rpo = \"15m\"\n", fmt.Sprintf(`
  rpo = "15m"
  %s
  derogations = [{ id = "DER-1", rule = "PLC-002", subject = %q, author = "RTD", date = "2026-10-01", reason = "works at Rozzano", expiry = %q }]
`, asOf, subject, expiry), 1)
}

func TestDerogationsOfThePlacement(t *testing.T) {
	lab := providertest.Start(t)
	e := newEngine()
	// The engine judges on the day it is, so that is what the dates are made of.
	today, last, later := time.Now().UTC(), time.Now().AddDate(0, 2, 0).UTC(), time.Now().AddDate(0, 4, 0).UTC()
	date := func(d time.Time) string { return d.Format(time.DateOnly) }
	const carry = "derogations = psn_placement.brescia.derogations\n  as_of = psn_placement.brescia.as_of"
	fails := func(config, text string) resource.TestStep {
		return resource.TestStep{Config: config, PlanOnly: true, ExpectError: regexp.MustCompile("(?s)" + text)}
	}
	found := func(name string) tfjsonpath.Path {
		return tfjsonpath.New("findings").AtSliceIndex(0).AtMapKey(name)
	}
	tells := []plancheck.PlanCheck{
		plancheck.ExpectKnownValue(address, found("rule"), knownvalue.StringExact("PLC-002")),
		plancheck.ExpectKnownValue(address, found("outcome"), knownvalue.StringExact("derogated")),
		plancheck.ExpectKnownValue(address, found("derogation").AtMapKey("id"), knownvalue.StringExact("DER-1")),
		plancheck.ExpectKnownValue(address, found("derogation").AtMapKey("author"), knownvalue.StringExact("RTD")),
		plancheck.ExpectKnownValue(address, found("derogation").AtMapKey("expiry"), knownvalue.StringExact(date(last))),
	}
	providertest.Test(t, []resource.TestStep{
		fails(inLazio(lab, date(last), date(today), ""), `PLC-002.*set.derogations.and.as_of.to.those.of.the.psn_placement`),
		fails(inLazio(lab, date(last), date(today), "derogations = psn_placement.brescia.derogations"), `as_of is not set`),
		fails(byHandAside(lab, "p_bs/protocollo-1", "2026-11-30", `as_of = "2026-12-01"`), `DER-002.*expired\son\s2026-11-30.*Judged\son\s2026-12-01`),
		fails(byHandAside(lab, "p_bs/protocollo-2", "2026-11-30", `as_of = "2026-11-30"`), `PLC-002\s`),
		{Config: inLazio(lab, date(last), date(today), carry), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: tells}},
		// A later day alone is no change.
		{Config: inLazio(lab, date(last), date(today.AddDate(0, 0, 3)), carry), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
		// One that has expired fails the plan of a replica that runs.
		fails(inLazio(lab, date(last), date(last.AddDate(0, 0, 1)), carry), `expired\son\s`+date(last)),
		{
			PreConfig: func() { _ = e.set("p_bs/archivio-1", migration.PhaseReplicating, "replicates") },
			Config:    inLazio(lab, date(later), date(today), carry+"\n  phase = \"cutover\"\n  approved_by = \"mario.rossi\""),
		},
		{Config: inLazio(lab, date(later), date(today), carry+"\n  phase = \"finalized\"\n  approved_by = \"mario.rossi\"")},
	}, e.option())
	document := psn.Derogation{ID: "DER-1", Rule: "PLC-002", Subject: "p_bs/conservazione", Author: "RTD", Date: "2026-10-01", Reason: "works at Rozzano", Expiry: date(last)}
	if diff := cmp.Diff([]psn.Derogation{document}, e.specs["p_bs/archivio-1"].Derogations); diff != "" {
		t.Errorf("registered with (-want +got):\n%s", diff)
	}
	document.Expiry = date(later)
	if diff := cmp.Diff([]psn.Derogation{document}, e.approved.Derogations); diff != "" {
		t.Errorf("approved with (-want +got):\n%s", diff)
	}
}
