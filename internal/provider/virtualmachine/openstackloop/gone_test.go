package openstackloop_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestOpenStackGone deletes a server by hand and leaves its second disk: an apply
// makes the machine anew on it, a destroy takes it along.
func TestOpenStackGone(t *testing.T) {
	c := open(t, psn.Rozzano)
	lab := providertest.Against(t, c.lab.ConfigFile, psn.OpenStack)
	zone := c.lab.Site(t, psn.Rozzano).Zones[0]
	bare := lab.Config(providertest.Tenant)
	declared := lab.Config(byHand(psn.Rozzano, zone, "vcpus = 2\n disks = [{ size_gib = 1 }, { size_gib = 2 }]\n power_state = \"off\""))
	data, mac := "", ""
	deleteByHand := func() {
		vm := lab.VM(psn.Rozzano, web)
		data, mac = vm.Disks[1].UUID, vm.NICs[0].MAC
		c.run("--os-compute-api-version", "2.85", "server", "volume", "update", "--preserve-on-termination", vm.Ref, data)
		c.run("server", "delete", "--wait", vm.Ref)
		c.await("volume "+data, func() bool {
			return strings.Contains(c.run("volume", "list", "--all-projects", "-f", "value"), data+" web-1-disk-1 available")
		})
	}
	providertest.Test(t, []resource.TestStep{
		{Config: declared},
		{
			PreConfig: deleteByHand, Config: declared, ConfigPlanChecks: says("makes the machine anew with what stands of it; disks that are gone are made empty"),
			Check: func(*terraform.State) error {
				vm := lab.VM(psn.Rozzano, web)
				if vm == nil || len(vm.Disks) != 2 || vm.Disks[1].UUID != data || len(vm.NICs) != 1 || vm.NICs[0].MAC != mac {
					return fmt.Errorf("not made with volume %s and card %s: %+v", data, mac, vm)
				}
				return nil
			},
		},
		{PreConfig: deleteByHand, Config: bare},
	})
	c.nothingLeft()
}
