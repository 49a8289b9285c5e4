package virtualmachine_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const (
	id      = psn.VMID("p_bs/archivio-1")
	address = "psn_virtual_machine.archivio"
)

// machine is one strategic machine with the place decided for it: home at
// Acilia, standby in Lombardia.
func machine(vcpus int, more string) string {
	return providertest.Tenant + fmt.Sprintf(`
resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  workloads = {
    archivio = {
      service_id = psn_service.conservazione.id, classification = psn_service.conservazione.classification
      instances  = 1, vcpus = %d, memory_gib = 8, storage_gib = 100, sites = ["acilia"]
    }
  }
}

resource "psn_virtual_machine" "archivio" {
  placement = psn_placement.brescia.assignments["archivio-1"]
  %s
}
`, vcpus, more)
}

func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func TestLifecycle(t *testing.T) {
	lab := providertest.Start(t)
	secret := lab.Center("acilia").Password("psn-operator")
	standby := psn.Site("")
	providertest.Test(t, []resource.TestStep{
		{
			Config: lab.Config(machine(2, "")),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(address, tfjsonpath.New("site"), knownvalue.StringExact("acilia")),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("standby_region"), knownvalue.StringExact("lombardia")),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("instance_uuid"), knownvalue.StringExact(id.InstanceUUID())),
				providertest.PlanHides(secret),
			),
			ConfigStateChecks: []statecheck.StateCheck{providertest.StateHides(secret)},
			Check: func(s *terraform.State) error {
				standby = psn.Site(s.RootModule().Resources[address].Primary.Attributes["standby_site"])
				got, want := lab.Sites(id), fmt.Sprintf("acilia:active %s:standby", standby)
				if got != want {
					return fmt.Errorf("machines stand at %q, want %q", got, want)
				}
				home, spare := lab.VM(psn.Acilia, id), lab.VM(standby, id)
				if home.Power != psn.PoweredOn || len(home.Disks) != 1 || home.Disks[0].CapacityBytes != 100<<30 {
					return fmt.Errorf("home machine is not as planned: %+v", home)
				}
				if spare.Power != psn.PoweredOff || len(spare.Disks) != 1 || spare.Disks[0].CapacityBytes != 100<<30 || spare.VCPUs != 2 || spare.PrimarySite != psn.Acilia {
					return fmt.Errorf("standby is not as planned: %+v", spare)
				}
				return nil
			},
		},
		{
			// Resized in place, both machines; never replaced.
			Config:           lab.Config(machine(4, "")),
			ConfigPlanChecks: before(providertest.OnlyThese("update psn_placement.brescia", "update "+address)),
			Check: func(*terraform.State) error {
				for _, s := range []psn.Site{psn.Acilia, standby} {
					if vm := lab.VM(s, id); vm == nil || vm.VCPUs != 4 {
						return fmt.Errorf("machine at %s was not resized: %+v", s, vm)
					}
				}
				if vm := lab.VM(psn.Acilia, id); vm.Power != psn.PoweredOn {
					return fmt.Errorf("machine is %s after the resize", vm.Power)
				}
				return nil
			},
		},
		{
			PreConfig:        func() { remove(t, lab, standby) },
			Config:           lab.Config(machine(4, "")),
			ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check:            stands(lab, "standby", &standby),
		},
		{
			// Its standby stands: the state goes on naming both, so that a destroy finds it.
			PreConfig: func() { remove(t, lab, psn.Acilia) },
			Config:    lab.Config(machine(4, "")),
			ConfigPlanChecks: before(
				providertest.OnlyThese("update "+address),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("disruption"), knownvalue.StringExact("makes the machine anew with what stands of it; disks that are gone are made empty")),
			),
			Check: stands(lab, "machine and standby", &standby),
		},
		{ResourceName: address, ImportState: true, ImportStateId: string(id), ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"placement", "timeouts", "disruption"}},
		{
			// A session that ends between two calls is renewed.
			PreConfig:        func() { lab.Center("acilia").ExpireSessions() },
			Config:           lab.Config(machine(4, "")),
			ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
		},
		{
			PreConfig:        func() { lab.Center("acilia").FailNextOn("/sdk", 2, 503, 0) },
			Config:           lab.Config(machine(4, "")),
			ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
		},
		{
			Config:           lab.Config(machine(4, `power_state = "off"`)),
			ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check: func(*terraform.State) error {
				if vm := lab.VM(psn.Acilia, id); vm.Power != psn.PoweredOff {
					return fmt.Errorf("machine is %s", vm.Power)
				}
				return nil
			},
		},
		{
			PreConfig: func() { remove(t, lab, psn.Acilia) }, // and is destroyed so
			Config:    lab.Config("locals {\n  gone = true\n}\n"),
		},
	})
	if at := lab.Sites(id); at != "" {
		t.Errorf("destroyed, still at %s", at)
	}
}

func remove(t *testing.T, lab *providertest.Lab, s psn.Site) {
	t.Helper()
	if err := lab.Site(s).DeleteVM(t.Context(), lab.VM(s, id).Ref); err != nil {
		t.Fatal(err)
	}
}

func stands(lab *providertest.Lab, what string, standby *psn.Site) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got, want := lab.Sites(id), fmt.Sprintf("acilia:active %s:standby", *standby); got != want {
			return fmt.Errorf("%s not made again: %q, want %q", what, got, want)
		}
		return nil
	}
}

// TestStandbyComesFirst: what fails half-way is replaced by the next apply, so that
// no machine runs before its standby stands. What could not be made leaves nothing.
func TestStandbyComesFirst(t *testing.T) {
	lab := providertest.Start(t)
	config := lab.Config(machine(2, ""))
	nothing := func() {
		if got := lab.Sites(id); got != "" {
			t.Errorf("after the failure machines stand at %q", got)
		}
	}
	providertest.Test(t, []resource.TestStep{
		{
			Config: strings.Replace(config, `psn_placement.brescia.assignments["archivio-1"]`,
				`merge(psn_placement.brescia.assignments["archivio-1"], { standby_cluster = "nowhere" })`, 1),
			ExpectError: regexp.MustCompile(`(?s)Unable to create the standby of virtual machine "p_bs/archivio-1".*nowhere`),
		},
		{
			PreConfig:   nothing,
			Config:      lab.Config(machine(2, `nics = [{ network = "nowhere" }]`)),
			ExpectError: regexp.MustCompile(`(?s)Unable to create virtual machine "p_bs/archivio-1".*nowhere`),
		},
		{
			PreConfig:        nothing,
			Config:           config,
			ConfigPlanChecks: before(providertest.OnlyThese("create " + address)),
			Check: func(*terraform.State) error {
				if got := lab.Sites(id); !strings.HasPrefix(got, "acilia:active ") {
					return fmt.Errorf("machines stand at %q", got)
				}
				return nil
			},
		},
	})
	if at := lab.Sites(id); at != "" {
		t.Errorf("destroyed, still at %s", at)
	}
}

func TestRefusals(t *testing.T) {
	lab := providertest.Start(t)
	bare := func(class, attributes string) string {
		return lab.Config(fmt.Sprintf(`
resource "psn_virtual_machine" "archivio" {
  name           = "archivio-1"
  service_id     = "p_bs/conservazione"
  classification = %q
  vcpus          = 2
  memory_gib     = 4
  disks          = [{ size_gib = 10 }]
  %s
}
`, class, attributes))
	}
	fails := func(config, text string) resource.TestStep {
		return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?s)" + text)}
	}
	providertest.Test(t, []resource.TestStep{
		fails(bare("strategic", `site = "acilia"`+"\n  cluster = \"acilia-a\""), `Unable to place virtual machine "p_bs/archivio-1".*PLC-007`),
		fails(bare("critical", `site = "acilia"`+"\n  cluster = \"acilia-a\""), `PLC-007`),
		fails(bare("ordinary", ""), `Neither "(site|cluster)"`),
		fails(bare("ordinary", `site = "torino"`), `torino`),
		fails(bare("ordinary", `site = "acilia"`+"\n  cluster = \"nowhere\""), `Unable to create virtual machine "p_bs/archivio-1".*nowhere`),
		fails(lab.Config(machine(2, `site = "rozzano"`)), `Unable to place virtual machine "p_bs/archivio-1".*PLC-007`),
		fails(lab.Config(machine(2, `standby_site = "acilia"`)), `PLC-00[1257]`),
		fails(lab.Config(machine(2, `vcpus = 8`)), `asks for 8 vCPUs, its place was decided for 2`),
		fails(lab.Config(machine(2, `vcpus = 0`)), `between 1`),
		fails(lab.Config(machine(2, "")+`
resource "psn_virtual_machine" "twin" {
  placement = psn_placement.brescia.assignments["archivio-1"]
}
`), `Two resources\s+declare virtual machine "p_bs/archivio-1"`),
	})
	if at := lab.Sites(id); at != "" {
		t.Errorf("a refused machine stands at %s", at)
	}
}
