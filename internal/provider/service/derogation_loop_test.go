package service_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

const derogation = `derogations = [{
  id = "DER-1", rule = "LOC-002", subject = "p_bs/conservazione", author = "RTD", date = "2026-01-10", reason = "copy kept until the contract ends", expiry = "2026-12-31"
}]
`

// TestDataAbroad: data outside the European Union need a derogation that is
// documented and in force. The name of one is not one.
func TestDataAbroad(t *testing.T) {
	lab := providertest.Start(t)
	abroad := func(more string) string {
		return lab.Config(strings.Replace(service("ordinary", validated+`qualification = "QC2"`+"\n"+more), `data_location  = "IT"`, `data_location = "US"`, 1))
	}
	fails := func(more, text string) resource.TestStep {
		return resource.TestStep{Config: abroad(more), ExpectError: regexp.MustCompile("(?s)" + text)}
	}
	derogated := plancheck.ExpectKnownValue(address, tfjsonpath.New("findings"), knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectPartial(map[string]knownvalue.Check{
		"rule": knownvalue.StringExact("LOC-002"), "outcome": knownvalue.StringExact("derogated"),
		"derogation": knownvalue.ObjectPartial(map[string]knownvalue.Check{"id": knownvalue.StringExact("DER-1"), "expiry": knownvalue.StringExact("2026-12-31")}),
	})}))
	providertest.Test(t, []resource.TestStep{
		fails("", `LOC-002.*"US",\s+outside\s+the\s+European\s+Union`),
		fails(`data_location_derogation = "boh"`, `LOC-002.*derogation\s+"boh",\s+which\s+it\s+names,\s+is\s+not\s+documented`),
		fails(derogation, `as_of\s+is\s+"":\s+without\s+a\s+date`),
		fails(strings.Replace(derogation, `"LOC-002"`, `"KEY-001"`, 1)+`as_of = "2026-11-22"`, `KEY-001.*admits\s+no\s+derogation`),
		fails(derogation+`as_of = "2027-01-01"`, `DER-002.*expired\s+on\s+2026-12-31`),
		fails(strings.Replace(derogation, "p_bs/conservazione", "p_bs/altro", 1)+`as_of = "2026-11-22"`, `LOC-002`),
		{
			Config:           abroad(derogation + `as_of = "2026-11-22"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{derogated}},
		},
		// A later day that changes no verdict is no change; the last day still holds.
		{
			Config:           abroad(derogation + `as_of = "2026-12-31"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan(), derogated}},
		},
		fails(derogation+`as_of = "2027-01-01"`, `DER-002`),
	})
}

// A derogation that is not known yet stops no plan, and nothing is said passed.
func TestDerogationNotKnownYet(t *testing.T) {
	lab := providertest.Start(t)
	later := "resource \"terraform_data\" \"later\" {\n  input = \"copy kept until the contract ends\"\n}\n"
	config := strings.Replace(service("ordinary", validated+strings.Replace(derogation, `"copy kept until the contract ends"`, "terraform_data.later.output", 1)+`as_of = "2026-11-22"`), `data_location  = "IT"`, `data_location = "US"`, 1)
	providertest.Test(t, []resource.TestStep{{
		Config:           lab.Config(later + config),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownValue(address, tfjsonpath.New("findings"))}},
	}})
}

// Levels are declared, never assumed.
func TestQualification(t *testing.T) {
	lab := providertest.Start(t)
	fails := func(more, text string) resource.TestStep {
		return resource.TestStep{Config: lab.Config(service("strategic", validated+more)), ExpectError: regexp.MustCompile("(?s)" + text)}
	}
	providertest.Test(t, []resource.TestStep{
		fails(`qualification = "QC9"`, `qualification.*QC1`),
		fails(`qualification = "QC2"`, `LVL-001.*below\s+the\s+minimum\s+QC3`),
		fails(`qualification = "QC4"`, `KEY-002.*level\s+4`),
		fails(`qualification = "QC3"
key_reference = "provider-kms"`, `KEY-001.*key_management`),
		{
			Config: lab.Config(service("strategic", validated)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(address, tfjsonpath.New("findings").AtSliceIndex(0).AtMapKey("rule"), knownvalue.StringExact("LVL-001")),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("findings").AtSliceIndex(0).AtMapKey("outcome"), knownvalue.StringExact("undecidable")),
			}},
		},
	})
}
