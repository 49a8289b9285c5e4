package openstackloop_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// byHand is an ordinary machine on OpenStack, with a place chosen by hand.
func byHand(site psn.Site, zone, more string) string {
	return providertest.Tenant + fmt.Sprintf(`
resource "psn_virtual_machine" "web" {
  name           = "web-1"
  service_id     = psn_service.web.id
  classification = psn_service.web.classification
  site           = %q
  platform       = "openstack"
  cluster        = %q
  memory_gib     = 4
  %s
}
`, site, zone, more)
}

func refuses(config, text string) resource.TestStep {
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?s)" + strings.ReplaceAll(text, " ", `\s+`))}
}

func says(words string) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply: []plancheck.PlanCheck{
			providertest.OnlyThese("update " + address),
			plancheck.ExpectKnownValue(address, tfjsonpath.New("disruption"), knownvalue.StringExact(words)),
		},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
}

// TestOpenStackLifecycle makes a machine, changes all that changes in place,
// imports it and takes it away.
func TestOpenStackLifecycle(t *testing.T) {
	c := open(t, psn.Pomezia)
	lab := providertest.Against(t, c.lab.ConfigFile, psn.OpenStack)
	net := c.lab.Site(t, psn.Pomezia).Network
	const secret = "segreto-dell-utente-2468"
	vm := func(more string) string {
		return lab.Config("variable \"secret\" {\n  type = string\n  ephemeral = true\n}\n" + byHand(psn.Pomezia, "pomezia-az1", `
  user_data_wo         = "#cloud-config\npassword: ${var.secret}\n"
  user_data_wo_version = 1
  `+more))
	}
	const named = "\n display_name = \"sito web\"\n metadata = { cost-centre = \"A1\" }\n"
	ref := ""
	same := func(want string) resource.TestCheckFunc {
		return resource.ComposeTestCheckFunc(stands(lab, psn.Pomezia, want), func(*terraform.State) error {
			if now := lab.VM(psn.Pomezia, web); now.Ref != ref {
				return fmt.Errorf("another machine stands: %+v", now)
			}
			return nil
		})
	}
	steps := []resource.TestStep{
		refuses(vm(`vcpus = 2
  disks = [{ size_gib = 1 }]
  vendor_data_wo = "x"
  vendor_data_wo_version = 1`), `vendor_data_wo cannot be given: platform "openstack" has no notion`),
		refuses(vm(`vcpus = 2
  disks = [{ size_gib = 1, storage_class = "tape" }]`), `Unable to create virtual machine "p_bs/web-1".*tape`),
		refuses(vm(`vcpus = 2
  disks = [{ size_gib = 1 }]
  image = "nowhere"`), `Unable to create virtual machine "p_bs/web-1".*nowhere`),
		{
			Config: vm("vcpus = 2\n disks = [{ size_gib = 1 }]"),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply:             []plancheck.PlanCheck{plancheck.ExpectKnownValue(address, tfjsonpath.New("disruption"), knownvalue.StringExact("new machine")), providertest.PlanHides(secret)},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			ConfigStateChecks: []statecheck.StateCheck{
				providertest.StateHides(secret),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("nics").AtSliceIndex(0).AtMapKey("network"), knownvalue.StringExact(net)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("nics").AtSliceIndex(0).AtMapKey("fixed_ip"), knownvalue.NotNull()),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("disks").AtSliceIndex(0).AtMapKey("storage_class"), knownvalue.StringExact("standard")),
			},
			Check: func(s *terraform.State) error {
				ref = lab.VM(psn.Pomezia, web).Ref
				server := map[string]any{}
				c.json(&server, "--os-compute-api-version", "2.79", "server", "show", ref)
				for _, key := range []string{"user_data", "OS-EXT-SRV-ATTR:user_data"} {
					if v, ok := server[key].(string); ok {
						server["data"] = v
					}
				}
				data, err := base64.StdEncoding.DecodeString(fmt.Sprint(server["data"]))
				if err != nil {
					return err
				}
				if string(data) != "#cloud-config\npassword: "+secret+"\n" {
					return fmt.Errorf("the machine's user data is %q: %v", data, server)
				}
				return stands(lab, psn.Pomezia, "web-1 2/4 [1 standard] ["+net+"] on map[]")(s)
			},
		},
		// The lab's storage cannot grow a volume while a machine has it, and says so.
		refuses(vm("vcpus = 2\n disks = [{ size_gib = 2 }]"), `Unable to update virtual machine "p_bs/web-1".*disk 0.*could not be grown to 2 GiB`),
		{Config: vm("vcpus = 2\n disks = [{ size_gib = 1 }, { size_gib = 1, storage_class = \"performance\" }]"), ConfigPlanChecks: says("adds disks[1] of 1 GiB, no restart"), Check: same("web-1 2/4 [1 standard, 1 performance] [" + net + "] on map[]")},
		refuses(vm("vcpus = 2\n disks = [{ size_gib = 1 }]"), `Disk 2 \(1 GiB\) stands and is not declared any more`),
		refuses(vm("vcpus = 2\n disks = [{ size_gib = 1 }, { size_gib = 1, storage_class = \"standard\" }]"), `Disk 2 is on "performance", "standard" is asked for`),
		{Config: vm("vcpus = 2\n disks = [{ size_gib = 1 }, { size_gib = 1 }]\n nics = [{}, { network = \"" + net + "\" }]" + named), ConfigPlanChecks: says("adds nics[1], no restart"),
			Check: same("sito web 2/4 [1 standard, 1 performance] [" + net + ", " + net + "] on map[cost-centre:A1]")},
		{Config: vm("vcpus = 4\n disks = [{ size_gib = 1 }, { size_gib = 1 }]\n nics = [{}, {}]" + named), ConfigPlanChecks: says("restart: vCPUs 2 -> 4"),
			Check: same("sito web 4/4 [1 standard, 1 performance] [" + net + ", " + net + "] on map[cost-centre:A1]")},
		{Config: vm("vcpus = 4\n disks = [{ size_gib = 1 }, { size_gib = 1 }]\n nics = [{}, {}]\n power_state = \"off\""), ConfigPlanChecks: says("stops the machine"),
			Check: same("sito web 4/4 [1 standard, 1 performance] [" + net + ", " + net + "] off map[]")},
		{ResourceName: address, ImportState: true, ImportStateId: string(web), ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"placement", "timeouts", "disruption", "user_data_wo_version"}},
	}
	for i := range steps {
		steps[i].ConfigVariables = config.Variables{"secret": config.StringVariable(secret)}
	}
	providertest.Test(t, steps)
	if at := lab.Sites(web); at != "" {
		t.Errorf("destroyed, still at %s", at)
	}
	c.nothingLeft()
}

// placed is one machine of the class with the place decided for it.
func placed(class, workload string, machine ...string) string {
	service := map[string]string{"critical": "protocollo", "strategic": "conservazione"}[class]
	return providertest.Tenant + fmt.Sprintf(`
resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  workloads = {
    web = {
      service_id = psn_service.%[1]s.id, classification = psn_service.%[1]s.classification
      instances  = 1, vcpus = 2, memory_gib = 4, storage_gib = 1
      %[2]s
    }
  }
}

resource "psn_virtual_machine" "web" {
  placement = psn_placement.brescia.assignments["web-1"]
  %[3]s
}
`, service, workload, strings.Join(machine, "\n"))
}

// TestOpenStackStandby makes a strategic machine: its standby is off, empty and
// as large, in the other region.
func TestOpenStackStandby(t *testing.T) {
	c := open(t, psn.Pomezia)
	lab := providertest.Against(t, c.lab.ConfigFile, psn.OpenStack)
	config := lab.Config(placed("strategic", `platforms = ["openstack"], sites = ["pomezia"]`))
	refused := lab.Config(placed("strategic", `platforms = ["vsphere"], sites = ["pomezia"]`))
	standby := psn.Site("")
	providertest.Test(t, []resource.TestStep{
		refuses(refused, `vsphere`), // there is none here
		{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectKnownValue(address, tfjsonpath.New("platform"), knownvalue.StringExact("openstack")),
					plancheck.ExpectKnownValue(address, tfjsonpath.New("standby_region"), knownvalue.StringExact("lombardia")),
					plancheck.ExpectKnownValue(address, tfjsonpath.New("standby_platform"), knownvalue.StringExact("openstack")),
				},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			Check: func(s *terraform.State) error {
				standby = psn.Site(s.RootModule().Resources[address].Primary.Attributes["standby_site"])
				if got, want := lab.Sites(web), fmt.Sprintf("pomezia:active %s:standby", standby); got != want {
					return fmt.Errorf("machines stand at %q, want %q", got, want)
				}
				vm := lab.VM(standby, web)
				if vm.Power != psn.PoweredOff || vm.VCPUs != 2 || len(vm.Disks) != 1 || vm.Disks[0].CapacityBytes != 1<<30 || len(vm.NICs) != 0 {
					return fmt.Errorf("standby is not as planned: %+v", vm)
				}
				return nil
			},
		},
	})
	if at := lab.Sites(web); at != "" {
		t.Errorf("destroyed, still at %s", at)
	}
}
