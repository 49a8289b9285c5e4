package openstackloop_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// mixed is a lab with vCenters in Lazio and OpenStack in Lombardia.
func mixed(t *testing.T, c cloud) *providertest.Lab {
	t.Helper()
	return providertest.Start(t, func(o *sandbox.Options) { o.Centers = []string{"acilia", "pomezia"}; o.Machines = nil }).
		Beside(c.lab.ConfigFile, psn.OpenStack, psn.Rozzano, psn.SantoStefanoTicino)
}

// TestOpenStackBesideVSphere places strategic machines whose standby is on the
// other platform, one each way: storage and networks that have a name at home
// are not asked of the other.
func TestOpenStackBesideVSphere(t *testing.T) {
	c := open(t, psn.Rozzano)
	lab := mixed(t, c)
	for _, tc := range []struct {
		site        psn.Site
		home, other psn.Platform
		more        string
	}{
		{psn.Acilia, psn.VSphere, psn.OpenStack, ``},
		{psn.Rozzano, psn.OpenStack, psn.VSphere, `disks = [{ size_gib = 1, storage_class = "performance" }]`},
	} {
		config := lab.Config(placed("strategic", fmt.Sprintf(`sites = [%q]`, tc.site), tc.more))
		providertest.Test(t, []resource.TestStep{{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectKnownValue(address, tfjsonpath.New("platform"), knownvalue.StringExact(string(tc.home))),
					plancheck.ExpectKnownValue(address, tfjsonpath.New("standby_platform"), knownvalue.StringExact(string(tc.other))),
				},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			Check: func(s *terraform.State) error {
				standby := psn.Site(s.RootModule().Resources[address].Primary.Attributes["standby_site"])
				home := fmt.Sprintf("%s/%s:active", tc.site, tc.home)
				away := fmt.Sprintf("%s/%s:standby", standby, tc.other)
				if got := lab.Sites(web); got != home+" "+away && got != away+" "+home {
					return fmt.Errorf("machines stand at %q, want %s and %s", got, home, away)
				}
				vm := lab.VMOn(standby, tc.other, web)
				if vm.Power != psn.PoweredOff || vm.VCPUs != 2 || len(vm.Disks) != 1 || vm.Disks[0].CapacityBytes != 1<<30 || len(vm.NICs) != 0 {
					return fmt.Errorf("standby is not as planned: %+v", vm)
				}
				return nil
			},
		}})
		if at := lab.Sites(web); at != "" {
			t.Errorf("destroyed, still at %s", at)
		}
	}
	c.nothingLeft()
}
