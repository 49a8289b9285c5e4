package placement_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

const (
	placementAddress = "psn_placement.brescia"
)

func TestFirstPlanKnowsEveryPlace(t *testing.T) {
	lab := providertest.Start(t)
	config := lab.Config(providertest.Tenant + providertest.Workloads(""))
	providertest.Test(t, []resource.TestStep{
		{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(placementAddress, tfjsonpath.New("verdict"), knownvalue.StringExact("placed")),
				plancheck.ExpectKnownValue(placementAddress, tfjsonpath.New("findings"), knownvalue.ListSizeExact(0)),
				plancheck.ExpectKnownValue(placementAddress, tfjsonpath.New("assignments"), knownvalue.MapSizeExact(4)),
				plancheck.ExpectKnownValue(`psn_virtual_machine.all["archivio-1"]`, tfjsonpath.New("id"), knownvalue.StringExact("p_bs/archivio-1")),
				plancheck.ExpectKnownValue(`psn_virtual_machine.all["archivio-1"]`, tfjsonpath.New("home_site"), knownvalue.NotNull()),
				plancheck.ExpectKnownValue(`psn_virtual_machine.all["archivio-1"]`, tfjsonpath.New("standby_region"), knownvalue.NotNull()),
			}},
		},
		{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectEmptyPlan(),
			}},
		},
		lab.Gone(),
	})
}
