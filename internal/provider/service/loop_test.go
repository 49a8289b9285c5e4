package service_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

const address = "psn_service.archivio"

func service(class, more string) string {
	return fmt.Sprintf(`
resource "psn_service" "archivio" {
  tenant_id      = "p_bs"
  name           = "conservazione"
  category       = "base"
  classification = %q
  continuity     = { rpo = "5m", rto = "1h" }
  data_location  = "IT"
  %s
}
`, class, more)
}

func TestLifecycle(t *testing.T) {
	lab := providertest.Start(t)
	fails := func(config, text string) resource.TestStep {
		return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?s)" + text)}
	}
	before := func(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: checks}
	}
	providertest.Test(t, []resource.TestStep{
		fails(lab.Config(service("segreto", "")), `segreto`),
		fails(lab.Config(strings.Replace(service("critical", ""), `"1h"`, `"-4h"`, 1)), `continuity\.rto`),
		fails(lab.Config(service("strategic", `data_location_derogation = ""`)+`
resource "psn_service" "other" {
  tenant_id      = "p_bs"
  name           = "conservazione"
  category       = "base"
  classification = "ordinary"
}`), `Two resources\s+declare service`),
		{
			Config: lab.Config(service("strategic", "")),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("p_bs/conservazione")),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("findings").AtSliceIndex(0).AtMapKey("rule"), knownvalue.StringExact("CLS-002")),
			),
		},
		{Config: lab.Config(service("strategic", "")), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		fails(lab.Config(service("critical", "")), `Unable to accept service "p_bs/conservazione".*CLS-004.*reclassification`),
		{Config: lab.Config(service("critical", `reclassification = "prot. 1234/2026"`))},
		// An act covers one step down only.
		fails(lab.Config(service("ordinary", `reclassification = "prot. 1234/2026"`)), `CLS-004`),
		{
			// The act may leave the configuration, not the record; it serves once.
			Config: lab.Config(service("critical", "")),
			ConfigPlanChecks: before(plancheck.ExpectKnownValue(address, tfjsonpath.New("reclassifications"), knownvalue.ListExact([]knownvalue.Check{
				knownvalue.ObjectExact(map[string]knownvalue.Check{
					"from": knownvalue.StringExact("strategic"), "to": knownvalue.StringExact("critical"), "reference": knownvalue.StringExact("prot. 1234/2026"),
				}),
			}))),
		},
		fails(lab.Config(service("ordinary", `reclassification = "prot. 1234/2026"`)), `CLS-004`),
		{
			ResourceName: address, ImportState: true, ImportStateId: "p_bs/conservazione",
			ImportStateVerify:       true,
			ImportStateVerifyIgnore: []string{"category", "classification", "continuity", "data_location", "findings", "reclassification", "reclassifications"},
		},
	})
}
