package service_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

// TestDayBesideTheUnknown plans on a later day with an attribute that only the
// apply knows, and that turns out to be what it was: plan and apply record the
// same day.
func TestDayBesideTheUnknown(t *testing.T) {
	lab := providertest.Start(t)
	on := func(day, input, more string) string {
		return lab.Config(fmt.Sprintf("resource \"terraform_data\" \"policy\" {\n  input = %q\n}\n", input) +
			strings.Replace(service("ordinary", validated+derogation+fmt.Sprintf("as_of = %q\nbackup_policy = length(terraform_data.policy.output) > 0 ? \"daily\" : \"none\"\n", day)+more), `data_location  = "IT"`, `data_location = "US"`, 1))
	}
	day, findings := tfjsonpath.New("as_of"), tfjsonpath.New("findings")
	recorded := func(want string) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue(address, day, knownvalue.StringExact(want))}
	}
	before := func(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: checks}
	}
	providertest.Test(t, []resource.TestStep{
		{Config: on("2026-11-01", "a", ""), ConfigStateChecks: recorded("2026-11-01")},
		{
			Config: on("2026-11-22", "b", ""),
			ConfigPlanChecks: before(
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("backup_policy")),
				plancheck.ExpectUnknownValue(address, findings),
				plancheck.ExpectKnownValue(address, day, knownvalue.StringExact("2026-11-01")),
			),
			ConfigStateChecks: recorded("2026-11-01"),
		},
		{Config: on("2026-11-23", "b", ""), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		// With another change beside it, a day that changes nothing is not recorded either.
		{Config: on("2026-11-24", "c", `hsm = "hsm-1"`), ConfigStateChecks: recorded("2026-11-01")},
		// Its first day is as good.
		{Config: on("2026-01-10", "d", ""), ConfigStateChecks: recorded("2026-11-01")},
	})
}
