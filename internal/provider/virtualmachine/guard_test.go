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

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const web = psn.VMID("p_bs/web-1")

// byHand is an ordinary machine with a place chosen by hand.
func byHand(site psn.Site, more string) string {
	return providertest.Tenant + fmt.Sprintf(`
resource "psn_virtual_machine" "web" {
  name           = "web-1"
  service_id     = psn_service.web.id
  classification = psn_service.web.classification
  site           = %q
  cluster        = "%s-cl01"
  vcpus          = 2
  memory_gib     = 4
  disks          = [{ size_gib = 10 }]
  %s
}
`, site, site, more)
}

// stand makes a machine without the provider.
func stand(t *testing.T, lab *providertest.Lab, at psn.Site, edit func(*driver.VMSpec)) {
	t.Helper()
	spec := driver.VMSpec{
		ID: web, Cluster: string(at) + "-cl01", VCPUs: 2, MemoryMiB: 4096,
		Labels: driver.Labels{Service: "p_bs/sito-web", Classification: psn.Ordinary, Role: psn.RoleActive, PrimarySite: at},
		Disks:  []driver.DiskSpec{{CapacityBytes: 10 << 30}},
	}
	edit(&spec)
	if _, err := lab.Site(at).CreateVM(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
}

func standsAt(lab *providertest.Lab, id psn.VMID, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := lab.Sites(id); got != want {
			return fmt.Errorf("%s stands at %q, want %q", id, got, want)
		}
		return nil
	}
}

// refuses expects an error; a space in text may be a line break, too.
func refuses(config, text string) resource.TestStep {
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?s)" + strings.ReplaceAll(text, " ", `\s+`))}
}

// TestNeverAdopts finds a machine of somebody else under the id: it is neither
// taken over nor deleted, at this site or at another, whatever differs.
func TestNeverAdopts(t *testing.T) {
	lab := providertest.Start(t)
	bare := lab.Config(providertest.Tenant)
	steps := []resource.TestStep{{Config: bare}}
	for _, tc := range []struct {
		at   psn.Site
		edit func(*driver.VMSpec)
	}{
		{psn.Rozzano, func(*driver.VMSpec) {}},
		{psn.Acilia, func(s *driver.VMSpec) { s.VCPUs = 8 }},
		{psn.Acilia, func(s *driver.VMSpec) { s.Labels.Service = "p_bs/protocollo" }},
		{psn.Acilia, func(s *driver.VMSpec) { s.Disks[0].CapacityBytes = 20 << 30 }},
	} {
		refused := refuses(lab.Config(byHand(psn.Acilia, "")), `Unable to create virtual machine "p_bs/web-1".*already\s+exists\s+at\s+`+string(tc.at)+`.*import`)
		refused.PreConfig = func() { stand(t, lab, tc.at, tc.edit) }
		steps = append(steps, refused,
			resource.TestStep{
				Config: bare, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()), // nothing tainted is left to delete
				Check: standsAt(lab, web, string(tc.at)+":active"),
			},
			resource.TestStep{PreConfig: func() {
				if err := lab.Site(tc.at).DeleteVM(t.Context(), lab.VM(tc.at, web).Ref); err != nil {
					t.Fatal(err)
				}
			}, Config: bare},
		)
	}
	providertest.Test(t, steps)
}

// TestInterruptedCreate goes on from what an apply left that was killed between
// the create call and the state.
func TestInterruptedCreate(t *testing.T) {
	lab := providertest.Start(t)
	ref := ""
	providertest.Test(t, []resource.TestStep{
		{Config: lab.Config(providertest.Tenant)},
		{
			PreConfig: func() {
				stand(t, lab, psn.Acilia, func(*driver.VMSpec) {})
				ref = lab.VM(psn.Acilia, web).Ref
			},
			Config: lab.Config(byHand(psn.Acilia, "")),
			Check: func(*terraform.State) error {
				if vm := lab.VM(psn.Acilia, web); vm == nil || vm.Ref != ref || vm.Power != psn.PoweredOn {
					return fmt.Errorf("the machine %s was not taken over: %+v", ref, vm)
				}
				return nil
			},
		},
		{Config: lab.Config(byHand(psn.Acilia, "")), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
	})
	if at := lab.Sites(web); at != "" {
		t.Errorf("destroyed, still at %s", at)
	}
}

// TestFailedCreateLeavesNothing asks for what cannot be made: the state must not
// name a machine that does not exist.
func TestFailedCreateLeavesNothing(t *testing.T) {
	lab := providertest.Start(t)
	providertest.Test(t, []resource.TestStep{
		refuses(lab.Config(byHand(psn.Acilia, `nics = [{ network = "nowhere" }]`)), `Unable to create virtual machine "p_bs/web-1".*nowhere`),
		refuses(lab.Config(byHand(psn.Acilia, "")+big), `cluster "acilia-cl01" at acilia\s+holds`),
		{
			Config:           lab.Config(byHand(psn.Acilia, "")),
			ConfigPlanChecks: before(providertest.OnlyThese()), // web was made by the step before
		},
	})
}

const big = `
resource "psn_virtual_machine" "big" {
  name           = "web-2"
  service_id     = psn_service.web.id
  classification = "ordinary"
  site           = "acilia"
  cluster        = "acilia-cl01"
  vcpus          = 2
  memory_gib     = 1000000
  disks          = [{ size_gib = 10 }]
}
`

// TestDeleteChecksLabels leaves a machine alone that has become another service's.
func TestDeleteChecksLabels(t *testing.T) {
	lab := providertest.Start(t)
	label := func(service psn.ServiceID) func() {
		return func() {
			l := driver.Labels{Service: service, Classification: psn.Ordinary, Role: psn.RoleActive, PrimarySite: psn.Acilia}
			if err := lab.Site(psn.Acilia).UpdateVM(t.Context(), lab.VM(psn.Acilia, web).Ref, driver.VMChange{Labels: &l}); err != nil {
				t.Fatal(err)
			}
		}
	}
	gone := refuses(lab.Config(providertest.Tenant), `Unable to delete virtual machine "p_bs/web-1".*left\s+alone`)
	gone.PreConfig = label("p_bs/altro")
	providertest.Test(t, []resource.TestStep{
		{Config: lab.Config(byHand(psn.Acilia, ""))},
		gone,
		{PreConfig: label("p_bs/sito-web"), Config: lab.Config(byHand(psn.Acilia, "")), Check: standsAt(lab, web, "acilia:active")},
	})
}

// TestClassCannotBeLowered tries every way to treat a strategic service as less.
func TestClassCannotBeLowered(t *testing.T) {
	lab := providertest.Start(t)
	placed := func(service, class string) string {
		return fmt.Sprintf(`
resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  workloads = {
    archivio = { service_id = %s, classification = %s, instances = 1, vcpus = 2, memory_gib = 8, storage_gib = 20, sites = ["acilia"] }
  }
}

resource "psn_virtual_machine" "archivio" {
  placement = psn_placement.brescia.assignments["archivio-1"]
}
`, service, class)
	}
	const reference, class = "psn_service.conservazione.id", "psn_service.conservazione.classification"
	honest := providertest.Tenant + placed(reference, class)
	lowered := regexp.MustCompile(`"strategic"\n`).ReplaceAllString(honest, "\"critical\"\n  reclassification = \"prot. 1/2026\"\n")
	ordinary := regexp.MustCompile(`"strategic"\n`).ReplaceAllString(honest, "\"ordinary\"\n  reclassification = \"prot. 2/2026\"\n")
	withoutService := `
data "psn_inventory" "now" {}
resource "psn_tenant" "brescia" {
  name        = "Provincia di Brescia"
  ipa_code    = "p_bs"
  fiscal_code = "80008750178"
}
`
	both := func(*terraform.State) error {
		if at := lab.Sites(id); !regexp.MustCompile("acilia:active .*:standby").MatchString(at) {
			return fmt.Errorf("machines stand at %q", at)
		}
		return nil
	}
	providertest.Test(t, []resource.TestStep{
		refuses(lab.Config(providertest.Tenant+placed(reference, `"ordinary"`)), `CLS-003`),
		refuses(lab.Config(providertest.Tenant+placed(`"p_bs/conservazione"`, `"ordinary"`)), `CLS-003`), // in whatever order they are planned
		{Config: lab.Config(honest), Check: both},
		refuses(lab.Config(providertest.Tenant+placed(reference, `"ordinary"`)), `CLS-003`),
		refuses(lab.Config(withoutService+placed(`"p_bs/conservazione"`, `"ordinary"`)), `CLS-003`),
		{Config: lab.Config(lowered), Check: both},
		{Config: lab.Config(ordinary), Check: standsAt(lab, id, "acilia:active")},
		// The service is recorded elsewhere; nothing is lowered.
		{Config: lab.Config(withoutService + placed(`"p_bs/conservazione"`, `"ordinary"`)), Check: standsAt(lab, id, "acilia:active")},
	})
}

// TestImportKeepsThePlaceObserved imports a machine whose configuration names
// another place: nothing moves, so nothing may say that it did.
func TestImportKeepsThePlaceObserved(t *testing.T) {
	lab := providertest.Start(t)
	const vm = "psn_virtual_machine.web"
	imported := "import {\n  to = psn_virtual_machine.web\n  id = \"p_bs/web-1\"\n}\n"
	wrong := refuses(lab.Config(byHand(psn.Rozzano, "")+imported), `Unable to move virtual machine "p_bs/web-1".*stands at acilia`)
	wrong.PreConfig = func() { stand(t, lab, psn.Acilia, func(s *driver.VMSpec) { s.Disks[0].CapacityBytes = 256 << 20 }) }
	right := lab.Config(regexp.MustCompile("size_gib = 10").ReplaceAllString(byHand(psn.Acilia, "")+imported, "size_gib = 1"))
	providertest.Test(t, []resource.TestStep{
		{Config: lab.Config(providertest.Tenant)},
		wrong,
		{
			Config: right,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(vm, tfjsonpath.New("cluster"), knownvalue.StringExact("acilia-cl01")),
				statecheck.ExpectKnownValue(vm, tfjsonpath.New("disks").AtSliceIndex(0).AtMapKey("size_gib"), knownvalue.Int64Exact(1)),
			},
		},
		refuses(lab.Config(byHand(psn.Rozzano, "")), `Unable to move`),
		{Config: right, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()), Check: standsAt(lab, web, "acilia:active")},
	})
}
