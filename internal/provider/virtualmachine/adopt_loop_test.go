package virtualmachine_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// taken is the machine that somebody made by hand, as it is to be declared.
const taken = `
resource "psn_virtual_machine" "web" {
  name           = "web-1"
  service_id     = psn_service.web.id
  classification = psn_service.web.classification
  site           = "acilia"
  cluster        = %q
  vcpus          = 2
  memory_gib     = 4
  disks          = [{ size_gib = %d }]
  user_data      = "#cloud-config\n"
  power_state    = "off"
}
`

// TestTakesOver imports a machine that somebody made by hand: the first apply
// marks it and changes nothing of it, and then there is nothing to do.
func TestTakesOver(t *testing.T) {
	lab := providertest.Start(t, func(o *sandbox.Options) { o.ExtraMachines = 2 })
	const name = "acilia-extra-00000"
	before := func() *psn.VM {
		vm, err := lab.Site(psn.Acilia).Lookup(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if vm, err = lab.Site(psn.Acilia).DescribeVM(t.Context(), vm.Ref); err != nil {
			t.Fatal(err)
		}
		return vm
	}()
	if before.ID != "" {
		t.Fatalf("%s bears marks already: %+v", name, before)
	}
	declared := func(gib int) string { return lab.Config(providertest.Tenant + fmt.Sprintf(taken, before.Cluster, gib)) }
	block := func(id string) string {
		return fmt.Sprintf("import {\n  to = psn_virtual_machine.web\n  id = %q\n}\n", id)
	}
	const vm = "psn_virtual_machine.web"
	providertest.Test(t, []resource.TestStep{
		{Config: lab.Config(providertest.Tenant)},
		refuses(declared(20)+block("p_bs/web-1@acilia/vsphere/nowhere"), `Unable to import virtual machine "p_bs/web-1".*nowhere`),
		refuses(declared(20)+block("p_bs/web-1@acilia/openstack/"+name), `has\s+no\s+platform\s+"openstack"`),
		refuses(declared(10)+block("p_bs/web-1@acilia/vsphere/"+name), `Disk 1 has 20 GiB, 10 are asked for`),
		{
			Config: declared(20) + block("p_bs/web-1@acilia/vsphere/"+name),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				providertest.OnlyThese("update " + vm),
				plancheck.ExpectKnownValue(vm, tfjsonpath.New("disruption"), knownvalue.StringExact("takes the machine over, the machine is off")),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(vm, tfjsonpath.New("display_name"), knownvalue.StringExact(name)),
			},
			Check: func(*terraform.State) error {
				is := lab.VM(psn.Acilia, web)
				if is == nil || is.Ref != before.Ref || is.Service != "p_bs/sito-web" || is.Role != psn.RoleActive || is.Name != name {
					return fmt.Errorf("not taken over: %+v", is)
				}
				if is.Power != before.Power || is.VCPUs != before.VCPUs || is.MemoryMiB != before.MemoryMiB || is.Cluster != before.Cluster ||
					len(is.Disks) != 1 || is.Disks[0].Path != before.Disks[0].Path || len(is.NICs) != len(before.NICs) {
					return fmt.Errorf("changed:\n%+v\n%+v", before, is)
				}
				return nil
			},
		},
		{Config: declared(20), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
		// It is ours now: another id cannot have it, and what it reads at first boot is as declared.
		refuses(declared(20)+`
resource "psn_virtual_machine" "thief" {
  name           = "web-2"
  service_id     = psn_service.web.id
  classification = psn_service.web.classification
  site           = "acilia"
  cluster        = "acilia-cl01"
  vcpus          = 2
  memory_gib     = 4
  disks          = [{ size_gib = 20 }]
}
import {
  to = psn_virtual_machine.thief
  id = "p_bs/web-2@acilia/vsphere/`+name+`"
}
`, `bears\s+the\s+marks\s+of\s+"p_bs/web-1"`),
	})
	if at := lab.Sites(web); at != "" {
		t.Errorf("destroyed, still at %s", at)
	}
}
