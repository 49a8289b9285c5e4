package placement_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

// supplied is the inventory read, with GPUs and a kind of storage at two sites.
const supplied = `[for s in data.psn_inventory.now.sites : merge(s, { clusters = [for c in s.clusters : merge(c,
    contains(["pomezia", "rozzano"], s.site) ? { gpus = 2, storage_classes = { ssd = 1024000 } } : { gpus = null, storage_classes = null }
  )] })]`

// asked is a placement of workloads of the three classes, with attributes of its
// own and of each workload.
func asked(top, web, protocollo, archivio string) string {
	config := providertest.Tenant
	for _, name := range []string{"web", "protocollo", "conservazione"} {
		config = strings.Replace(config, "resource \"psn_service\" \""+name+"\" {", "resource \"psn_service\" \""+name+"\" {"+backups, 1)
	}
	one := func(name, service, more string) string {
		return fmt.Sprintf("%s = { service_id = psn_service.%[2]s.id, classification = psn_service.%[2]s.classification, vcpus = 2, memory_gib = 8, storage_gib = 100, %[3]s }\n", name, service, more)
	}
	return config + `
resource "psn_placement" "brescia" {
  tenant_id = psn_tenant.brescia.id
  inventory = ` + supplied + top + `
  workloads = {
    ` + one("web", "web", web) + one("protocollo", "protocollo", protocollo) + one("archivio", "conservazione", archivio) + `
  }
}
`
}

func assigned(vm, field string) tfjsonpath.Path {
	return tfjsonpath.New("assignments").AtMapKey(vm).AtMapKey(field)
}

// atSite expects a machine at one of some sites.
func atSite(vm, field, sites string) plancheck.PlanCheck {
	return plancheck.ExpectKnownValue(placed, assigned(vm, field), knownvalue.StringRegexp(regexp.MustCompile("^("+sites+")$")))
}

// agreed has the audit judge the plan: it finds nothing that is about places.
var agreed = audited("2026-11-22")

const fullModel = `
  as_of          = "2026-11-22"
  survive_region = true
  exclude        = [
    { site = "acilia", reason = "new power lines" },
    { site = "rozzano", platform = "vsphere", reason = "over", until = "2026-11-21" },
  ]
  quota   = { vcpus = 20, sites = { rozzano = { memory_gib = 64 } } }
  prices  = { "pomezia" = { per_vcpu = 1200 }, "rozzano/vsphere" = { per_vcpu = 900, per_gpu = 50 }, "santo-stefano-ticino" = { per_vcpu = 9000 } }
  weights = { move = 30000 }
`

// TestAuditAgreesOnTheWholeModel plans with every attribute of the model and has
// the audit derive the same.
func TestAuditAgreesOnTheWholeModel(t *testing.T) {
	lab := providertest.Start(t)
	config := func(top string) string {
		return lab.Config(asked(top,
			`instances = 2, gpus = 1, storage_class = "ssd", apart_by_site = ["front"]`,
			`instances = 2, mode = "active-active", together = "core", apart_by_site = ["front"], locality = { workload = "archivio" }`,
			`instances = 1, together = "core", storage_class = "ssd"`))
	}
	providertest.Test(t, []resource.TestStep{
		{
			Config: config(fullModel),
			ConfigPlanChecks: before(
				knownInPlan(placed), agreed,
				atSite("web-1", "site", "pomezia|rozzano"),
				atSite("archivio-1", "site", "pomezia|rozzano"),
				plancheck.ExpectKnownValue(placed, assigned("protocollo-1", "standby_mode"), knownvalue.StringExact("active-active")),
				plancheck.ExpectKnownValue(placed, assigned("archivio-1", "standby_mode"), knownvalue.Null()),
			),
		},
		{Config: config(fullModel), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		lab.Gone(),
	})
}

// TestMaintenance empties a site and leaves it empty after the last day.
func TestMaintenance(t *testing.T) {
	lab := providertest.Start(t)
	config := func(top, web string) string {
		return lab.Config(asked(top, `instances = 1`+web, `instances = 1`, `instances = 1`))
	}
	out := func(day string) string {
		return "\n  as_of = \"" + day + "\"\n  exclude = [{ site = \"pomezia\", reason = \"new power lines\", until = \"2026-11-30\" }]"
	}
	move := func(name string) tfjsonpath.Path { return tfjsonpath.New("moves").AtSliceIndex(0).AtMapKey(name) }
	after := map[string]string{}
	providertest.Test(t, []resource.TestStep{
		{Config: config("\n  exclude = []\n  prices = {}", `, sites = ["pomezia"]`)},
		fails(config(out("2026-11-22"), `, sites = ["pomezia"]`), `Unable to place workload "web".*PLC-009`),
		{
			Config: config(out("2026-11-22"), ""),
			ConfigPlanChecks: before(agreed,
				plancheck.ExpectKnownValue(placed, move("from_site"), knownvalue.StringExact("pomezia")),
				plancheck.ExpectKnownValue(placed, move("reason"), knownvalue.StringExact("pomezia is excluded: new power lines")),
				atSite("web-1", "site", "acilia|rozzano|santo-stefano-ticino"),
			),
			ConfigStateChecks: []statecheck.StateCheck{providertest.Places(placed, &after)},
		},
		{Config: config(out("2026-12-01"), ""), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		fails(config("\n  exclude = [{ site = \"pomezia\", reason = \"x\", until = \"2026-11-30\" }]", ""), `as_of.*plan\s+reads\s+no\s+clock`),
		fails(config("\n  exclude = [{ site = \"pomezia\", platform = \"vsphere\", cluster = \"nowhere\", reason = \"x\" }]", ""), `has\s+no\s+cluster\s+"nowhere"`),
		lab.Gone(),
	})
}

// TestQuotaBySite goes around a site that is full, and refuses with rule, limit
// and use what fits nowhere.
func TestQuotaBySite(t *testing.T) {
	lab := providertest.Start(t)
	config := func(quota, web string) string {
		return lab.Config(asked("\n  quota = "+quota, `instances = 1`+web, `instances = 1`, `instances = 1, mode = "active-active"`))
	}
	providertest.Test(t, []resource.TestStep{
		fails(config(`{ vcpus = 7 }`, ""), `Unable to place the workloads within the quota.*PLC-008.*8\s+vCPU.*limit\s+is\s+7\s+vCPU.*What to do`),
		fails(strings.Replace(config(`psn_tenant.brescia.quota`, ""), `ipa_code `, "quota = { vcpus = 6 }\n  ipa_code ", 1), `Unable to place the workloads within the quota.*limit\s+is\s+6\s+vCPU`),
		fails(config(`{ sites = { milano = { vcpus = 7 } } }`, ""), `milano`),
		fails(config(`{ sites = { rozzano = { vcpus = -2 } } }`, ""), `at least -1`),
		{
			Config:           config(`{ vcpus = 8, sites = { rozzano = { vcpus = 0 }, pomezia = { memory_gib = 8 } } }`, ""),
			ConfigPlanChecks: before(agreed, atSite("archivio-1", "site", "acilia|pomezia|santo-stefano-ticino"), atSite("archivio-1", "standby_site", "acilia|pomezia|santo-stefano-ticino")),
		},
		lab.Gone(),
	})
}

// TestWishesAreChecked refuses what contradicts itself, naming it.
func TestWishesAreChecked(t *testing.T) {
	lab := providertest.Start(t)
	one := func(web string) string {
		return lab.Config(asked("", `instances = 2`+web, `instances = 1`, `instances = 1`))
	}
	top := func(text string) string {
		return lab.Config(asked(text, `instances = 1`, `instances = 1`, `instances = 1`))
	}
	providertest.Test(t, []resource.TestStep{
		fails(one(`, mode = "active-active"`), `Unable to place workload "web".*active-active.*ordinary\s+has\s+no\s+standby`),
		fails(one(`, mode = "warm"`), `warm`),
		fails(one(`, locality = {}`), `names\s+neither\s+sites\s+nor\s+a\s+workload`),
		fails(one(`, locality = { workload = "web" }`), `the\s+workload\s+itself`),
		fails(one(`, locality = { workload = "nobody" }`), `no\s+workload\s+of\s+this\s+placement`),
		fails(one(`, gpus = 9`), `Unable to place workload "web".*PLC-00[89].*GPU`),
		fails(one(`, storage_class = "tape"`), `Unable to place workload "web".*tape`),
		fails(top("\n  prices = { \"pomezia/vsphere/nowhere\" = { per_vcpu = 1 } }"), `Unable to price.*nothing\s+of\s+that\s+name`),
		fails(top("\n  prices = { \"pomezia/hyperv\" = { per_vcpu = 1 } }"), `site/platform`),
		fails(top("\n  weights = { move = -1 }"), `between 0`),
	})
}

// TestQuotaLowered keeps what stands when the quota is lowered below it: a
// warning, and in the audit the quota exceeded, nothing tampered with.
func TestQuotaLowered(t *testing.T) {
	lab := providertest.Start(t)
	config := func(vcpus int) string {
		return lab.Config(asked(fmt.Sprintf("\n  quota = { vcpus = %d }", vcpus), `instances = 1`, `instances = 1`, `instances = 1`))
	}
	providertest.Test(t, []resource.TestStep{
		{Config: config(6), ConfigPlanChecks: before(agreed)},
		{
			Config: config(5),
			ConfigPlanChecks: before(
				audited("2026-11-22", "AUD-011 p_bs/default failed"),
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("verdict"), knownvalue.StringExact("placed")),
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("assignments"), knownvalue.MapSizeExact(3)),
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("findings").AtSliceIndex(0).AtMapKey("rule"), knownvalue.StringExact("PLC-008")),
			),
		},
		{Config: config(5), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		lab.Gone(),
	})
}

// TestModeOfAMachineThatStands changes the mode of a standby that is there: the
// machine takes it in place.
func TestModeOfAMachineThatStands(t *testing.T) {
	lab := providertest.Start(t)
	config := func(mode string) string {
		return lab.Config(asked("", `instances = 1`, `instances = 1`, `instances = 1`+mode) + `
resource "psn_virtual_machine" "archivio" {
  placement = psn_placement.brescia.assignments["archivio-1"]
}
`)
	}
	active := config(`, mode = "active-active"`)
	providertest.Test(t, []resource.TestStep{
		{Config: config("")},
		{Config: active, ConfigPlanChecks: before(agreed, providertest.OnlyThese("update psn_placement.brescia", "update psn_virtual_machine.archivio"))},
		{Config: active, ConfigPlanChecks: before(agreed, plancheck.ExpectEmptyPlan())},
		{Config: config(`, mode = "standby"`), ConfigPlanChecks: before(agreed, plancheck.ExpectNonEmptyPlan())},
		lab.Gone(),
	})
}

// TestReserve keeps more and less than all that standbys take over: nothing
// moves, the reserve is recorded, and the audit derives the same.
func TestReserve(t *testing.T) {
	lab := providertest.Start(t)
	config := func(reserve string) string {
		return lab.Config(asked(reserve, `instances = 1`, `instances = 2`, `instances = 1`))
	}
	recorded := func(percent int64) plancheck.PlanCheck {
		return plancheck.ExpectKnownValue(placed, tfjsonpath.New("dr_reserve"), knownvalue.Int64Exact(percent))
	}
	stays := plancheck.ExpectKnownValue(placed, tfjsonpath.New("moves"), knownvalue.ListSizeExact(0))
	providertest.Test(t, []resource.TestStep{
		fails(config("\n  dr_reserve = 0"), `dr_reserve.*between\s+1\s+and\s+400`),
		{Config: config(""), ConfigPlanChecks: before(agreed)},
		{Config: config("\n  dr_reserve = 150"), ConfigPlanChecks: before(agreed, recorded(150), stays, providertest.OnlyThese("update psn_placement.brescia"))},
		{Config: config("\n  dr_reserve = 150"), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{Config: config("\n  dr_reserve = 50"), ConfigPlanChecks: before(agreed, recorded(50), stays)},
		lab.Gone(),
	})
}
