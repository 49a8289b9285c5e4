package placement_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const placed = "psn_placement.brescia"

func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func fails(config, text string) resource.TestStep {
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile(`(?s)` + text)}
}

// TestLifecycle follows a tenant from the first plan to a grown one.
func TestLifecycle(t *testing.T) {
	lab := providertest.Start(t)
	config := lab.Config(providertest.Tenant + providertest.Workloads(""))
	more := lab.Config(providertest.Tenant + providertest.Workloads(`
    pratiche = {
      service_id = psn_service.protocollo.id, classification = psn_service.protocollo.classification
      instances  = 1, vcpus = 2, memory_gib = 8, storage_gib = 30
    }`))
	first, second := map[string]string{}, map[string]string{}
	archive := func(name string, want knownvalue.Check) plancheck.PlanCheck {
		return plancheck.ExpectKnownValue(`psn_virtual_machine.all["archivio-1"]`, tfjsonpath.New(name), want)
	}
	providertest.Test(t, []resource.TestStep{
		{
			Config: config,
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("verdict"), knownvalue.StringExact("placed")),
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("findings"), knownvalue.ListSizeExact(0)),
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("assignments"), knownvalue.MapSizeExact(4)),
				archive("id", knownvalue.StringExact("p_bs/archivio-1")),
				archive("home_site", knownvalue.NotNull()),
				archive("standby_region", knownvalue.NotNull()),
			),
			ConfigStateChecks: []statecheck.StateCheck{providertest.Places(placed, &first)},
		},
		{
			// Others take capacity meanwhile: the decision and its figures stay.
			PreConfig: func() {
				at := lab.Site(psn.Acilia)
				if err := at.EnsureTenant(t.Context(), driver.Tenant{ID: "c_b157", Name: "Comune di Brescia"}); err != nil {
					t.Fatal(err)
				}
				inv, err := at.Inventory(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				_, err = at.CreateVM(t.Context(), driver.VMSpec{
					ID: "c_b157/anagrafe-1", Cluster: inv.Clusters[0].Name, VCPUs: 4, MemoryMiB: 8192,
					Labels: driver.Labels{Service: "c_b157/anagrafe", Classification: psn.Ordinary, Role: psn.RoleActive},
				})
				if err != nil {
					t.Fatal(err)
				}
			},
			Config:           config,
			ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
		},
		{
			Config: more,
			ConfigPlanChecks: before(providertest.OnlyThese(
				"update psn_placement.brescia", `create psn_virtual_machine.all["pratiche-1"]`)),
			ConfigStateChecks: []statecheck.StateCheck{providertest.Places(placed, &second)},
		},
		{Config: more, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{
			// A silent site is a warning for what stands.
			PreConfig:        func() { lab.Center("acilia").Stop() },
			Config:           more,
			ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
		},
		{PreConfig: func() { resume(t, lab, "acilia") }, Config: more, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		lab.Gone(),
	})
	for vm, place := range first {
		if second[vm] != place {
			t.Errorf("%s moved from %s to %s when a workload was added", vm, place, second[vm])
		}
	}
	if len(first) != 4 || len(second) != 5 {
		t.Errorf("%d and %d machines, want 4 and 5", len(first), len(second))
	}
	for vm := range second {
		if at := lab.Sites(psn.VMID("p_bs/" + vm)); at != "" {
			t.Errorf("%s was destroyed and still stands: %s", vm, at)
		}
	}
}

func resume(t *testing.T, lab *providertest.Lab, center string) {
	t.Helper()
	if err := lab.Center(center).Resume(); err != nil {
		t.Fatal(err)
	}
}

func workload(service, attributes string) string {
	return providertest.Tenant + `
resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = data.psn_inventory.now.sites
  workloads = {
    archivio = {
      service_id = psn_service.` + service + `.id, classification = psn_service.` + service + `.classification
      ` + attributes + `
    }
  }
}
`
}

const small = "instances = 1, vcpus = 2, memory_gib = 8, storage_gib = 100"

func TestRefusals(t *testing.T) {
	lab := providertest.Start(t)
	providertest.Test(t, []resource.TestStep{
		fails(lab.Config(workload("conservazione", small+`, regions = ["lazio"]`)), `Unable to place workload "archivio".*PLC-002.*What to do:.*Basis: project`),
		fails(lab.Config(workload("conservazione", small+`, sites = ["milano"]`)), `milano`),
		fails(lab.Config(workload("conservazione", "instances = 0, vcpus = 2, memory_gib = 8, storage_gib = 100")), `between 1`),
		fails(lab.Config(workload("conservazione", "instances = 1, vcpus = -2, memory_gib = 8, storage_gib = 100")), `between 1`),
		fails(lab.Config(workload("web", "instances = 1, vcpus = 4000, memory_gib = 8, storage_gib = 100")), `Unable to place workload "archivio".*PLC-008.*4000 vCPU`),
		fails(lab.Config(workload("conservazione", "instances = 3000, vcpus = 1, memory_gib = 4, storage_gib = 10")), `Unable to place.*PLC-00[68]`),
		{
			PreConfig:   func() { lab.Center("rozzano").Stop() },
			Config:      lab.Config(workload("conservazione", small)),
			ExpectError: regexp.MustCompile(`(?s)Unable to place workload "archivio".*rozzano.*could\s+not be read`),
		},
		{
			Config:   lab.Config(workload("web", small)), // what is ordinary goes on elsewhere
			PlanOnly: true, ExpectNonEmptyPlan: true,
		},
		{PreConfig: func() { resume(t, lab, "rozzano") }, Config: lab.Config("")},
	})
}

const unknownCount = `
resource "terraform_data" "later" {
  input = 2
}
`

const laterClass = `
resource "terraform_data" "class" {
  input = "strategic"
}
`

// TestTwins refuses two placements of one id, and one workload in two placements.
func TestTwins(t *testing.T) {
	lab := providertest.Start(t)
	twin := func(name string) string {
		second := strings.Replace(workload("web", small), providertest.Tenant, "", 1)
		second = strings.Replace(second, `"brescia" {`, "\"twin\" {\n  name = \""+name+"\"", 1)
		return lab.Config(workload("web", small) + second)
	}
	providertest.Test(t, []resource.TestStep{
		fails(twin("default"), `Two resources\s+declare placement "p_bs/default"`),
		fails(twin("altro"), `both declare workload\s+"p_bs/archivio"`),
		fails(lab.Config(workload("web", "instances = 1, vcpus = 2, memory_gib = 9223372036854775807, storage_gib = 100")), `between 1`),
	})
}

// TestUnknown plans with a number of machines and a size that only the apply knows.
func TestUnknown(t *testing.T) {
	lab := providertest.Start(t)
	count := "instances = terraform_data.later.output, vcpus = 2, memory_gib = 8, storage_gib = 100"
	size := "instances = 2, vcpus = terraform_data.later.output, memory_gib = 8, storage_gib = 100"
	class := func(allow string) string {
		return lab.Config(laterClass + strings.Replace(workload("web", small+allow), "psn_service.web.classification", "terraform_data.class.output", 1))
	}
	assignment := tfjsonpath.New("assignments").AtMapKey("archivio-1")
	providertest.Test(t, []resource.TestStep{
		fails(class(""), `Unable to place workload "archivio" at plan time.*may\s+be\s+strategic.*allow_unknown_at_plan`),
		fails(lab.Config(unknownCount+workload("conservazione", count)), `Unable to place workload "archivio" at plan time.*allow_unknown_at_plan`),
		{
			Config: lab.Config(unknownCount + workload("web", count)),
			ConfigPlanChecks: before(
				plancheck.ExpectUnknownValue(placed, tfjsonpath.New("assignments")),
				plancheck.ExpectUnknownValue(placed, tfjsonpath.New("verdict")),
			),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(placed, tfjsonpath.New("assignments"), knownvalue.MapSizeExact(2)),
			},
		},
		{Config: lab.Config("")},
		{
			Config: lab.Config(unknownCount + workload("protocollo", size)),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(placed, assignment.AtMapKey("vm"), knownvalue.StringExact("archivio-1")),
				plancheck.ExpectKnownValue(placed, assignment.AtMapKey("classification"), knownvalue.StringExact("critical")),
				plancheck.ExpectUnknownValue(placed, assignment.AtMapKey("site")),
			),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(placed, assignment.AtMapKey("standby_site"), knownvalue.NotNull()),
			},
		},
	})
}
