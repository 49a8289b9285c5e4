package tenant_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

const address = "psn_tenant.brescia"

func tenant(ipa, fiscal, more string) string {
	return fmt.Sprintf(`
resource "psn_tenant" "brescia" {
  name        = "Provincia di Brescia"
  ipa_code    = %q
  fiscal_code = %q
  %s
}
`, ipa, fiscal, more)
}

func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func standsAt(t *testing.T, lab *providertest.Lab) string {
	t.Helper()
	var out []string
	for _, s := range psn.Sites() {
		ok, err := lab.Site(s).TenantExists(t.Context(), "p_bs")
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			out = append(out, string(s))
		}
	}
	return strings.Join(out, " ")
}

func TestLifecycle(t *testing.T) {
	lab := providertest.Start(t)
	at := func(want string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := standsAt(t, lab); got != want {
				return fmt.Errorf("containers at %q, want %q", got, want)
			}
			return nil
		}
	}
	all := "acilia pomezia rozzano santo-stefano-ticino"
	const limits = "\n  site_quotas = { acilia = { vcpus = 8 }, pomezia = { vcpus = 4 } }"
	good := lab.Config(tenant("P_BS", "80008750178", ""))
	providertest.Test(t, []resource.TestStep{
		{
			Config: good,
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("p_bs")),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("sites"), knownvalue.SetSizeExact(4)),
			),
			Check: at(all),
		},
		{Config: good, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{
			// The case of the code does not make another tenant.
			Config:           lab.Config(tenant("p_bs", "80008750178", "")),
			ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check:            at(all),
		},
		{
			Config: lab.Config(tenant("p_bs", "80008750178", `sites = ["acilia", "rozzano"]`)),
			Check:  at("acilia rozzano"),
		},
		{
			PreConfig: func() {
				if err := lab.Site(psn.Rozzano).DeleteTenant(t.Context(), "p_bs"); err != nil {
					t.Fatal(err)
				}
			},
			Config:           lab.Config(tenant("p_bs", "80008750178", `sites = ["acilia", "rozzano"]`)),
			ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check:            at("acilia rozzano"),
		},
		{
			ResourceName: address, ImportState: true, ImportStateId: "p_bs", ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"name", "fiscal_code", "quota", "timeouts", "usage"},
		},
		// A site that fails half-way: the sites made before are in the state.
		{
			PreConfig:   func() { lab.Center("pomezia").Stop() },
			Config:      lab.Config(tenant("p_bs", "80008750178", `sites = ["acilia", "pomezia", "santo-stefano-ticino"]`)),
			ExpectError: regexp.MustCompile(`(?s)Unable to create tenant "p_bs" at pomezia`),
		},
		{
			PreConfig: func() {
				if err := lab.Center("pomezia").Resume(); err != nil {
					t.Fatal(err)
				}
			},
			Config:           lab.Config(tenant("p_bs", "80008750178", `sites = ["acilia", "pomezia", "santo-stefano-ticino"]`)),
			ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check:            at("acilia pomezia santo-stefano-ticino"),
		},
		// Limits that a site did not take are tried again, though the tenant stands there.
		{
			PreConfig:   func() { lab.Center("pomezia").Stop() },
			Config:      lab.Config(tenant("p_bs", "80008750178", `sites = ["acilia", "pomezia"]`+limits)),
			ExpectError: regexp.MustCompile(`(?s)Unable to create tenant "p_bs" at pomezia`),
		},
		{
			PreConfig: func() {
				if err := lab.Center("pomezia").Resume(); err != nil {
					t.Fatal(err)
				}
			},
			Config:           lab.Config(tenant("p_bs", "80008750178", `sites = ["acilia", "pomezia"]`+limits)),
			ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check: func(*terraform.State) error {
				usage, err := lab.Site(psn.Pomezia).TenantUsage(t.Context(), "p_bs")
				i := slices.IndexFunc(usage, func(u driver.Usage) bool { return u.Quantity == "vcpus" })
				if err != nil || i < 0 || usage[i].Limit == nil || *usage[i].Limit != 4 {
					return fmt.Errorf("usage %+v, %w", usage, err)
				}
				return nil
			},
		},
		// Limits changed by hand are seen, and put back; a site that is not in the map keeps its own.
		{
			PreConfig: func() {
				sixteen := int64(16)
				for _, s := range []psn.Site{psn.Acilia, psn.Pomezia} {
					if err := lab.Site(s).EnsureTenant(t.Context(), driver.Tenant{ID: "p_bs", Quota: &driver.Quota{VCPUs: &sixteen}}); err != nil {
						t.Fatal(err)
					}
				}
			},
			Config:           lab.Config(tenant("p_bs", "80008750178", `sites = ["acilia", "pomezia"]`+"\n  site_quotas = { pomezia = { vcpus = 4 } }")),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		{
			PreConfig: func() {
				if err := lab.Site(psn.Pomezia).EnsureTenant(t.Context(), driver.Tenant{ID: "p_bs", Quota: &driver.Quota{}}); err != nil {
					t.Fatal(err)
				}
			},
			Config: lab.Config(tenant("p_bs", "80008750178", `sites = ["acilia", "pomezia"]`+"\n  site_quotas = { pomezia = { vcpus = 4 } }")),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply:             []plancheck.PlanCheck{providertest.OnlyThese("update " + address)},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			Check: func(*terraform.State) error {
				limits, err := lab.Site(psn.Pomezia).TenantLimits(t.Context(), "p_bs")
				if err != nil {
					return err
				}
				for _, l := range limits {
					if l.Quantity == "vcpus" && (l.Limit == nil || *l.Limit != 4) || l.Quantity != "vcpus" && l.Limit != nil {
						return fmt.Errorf("not put back: %+v", limits)
					}
				}
				return nil
			},
		},
	})
	if got := standsAt(t, lab); got != "" {
		t.Errorf("destroyed, still at %s", got)
	}
}

// TestUsage: what the tenant's machines use is counted at refresh, by site, and
// is no change; a site that is silent keeps its count.
func TestUsage(t *testing.T) {
	lab := providertest.Start(t)
	config := lab.Config(tenant("p_bs", "80008750178", "sites = [\"acilia\", \"rozzano\"]\n  site_quotas = { acilia = { vcpus = 8 } }"))
	used := func(site string, instances, vcpus, memory, storage int64) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, tfjsonpath.New("usage").AtMapKey(site), knownvalue.ObjectExact(map[string]knownvalue.Check{
			"instances": knownvalue.Int64Exact(instances), "vcpus": knownvalue.Int64Exact(vcpus),
			"memory_gib": knownvalue.Int64Exact(memory), "storage_gib": knownvalue.Int64Exact(storage),
		}))
	}
	stand := func(name string) {
		_, err := lab.Site(psn.Acilia).CreateVM(t.Context(), driver.VMSpec{
			ID: psn.VMID("p_bs/" + name), Labels: driver.Labels{Service: "p_bs/protocollo", Classification: psn.Critical, Role: psn.RoleActive},
			Cluster: "acilia-cl01", VCPUs: 2, MemoryMiB: 1536, Disks: []driver.DiskSpec{{CapacityBytes: 2 << 30}}, NICs: []driver.NICSpec{{Network: lab.Center("acilia").Network()}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	end := func() {
		for _, name := range []string{"db-1", "db-2"} {
			vm, err := lab.Site(psn.Acilia).FindVM(t.Context(), psn.VMID("p_bs/"+name))
			if err == nil {
				err = lab.Site(psn.Acilia).DeleteVM(t.Context(), vm.Ref)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := before(plancheck.ExpectEmptyPlan())
	providertest.Test(t, []resource.TestStep{
		{Config: config, ConfigStateChecks: []statecheck.StateCheck{used("acilia", 0, 0, 0, 0), used("rozzano", 0, 0, 0, 0)}},
		{PreConfig: func() { stand("db-1"); stand("db-2") }, Config: config, ConfigPlanChecks: nothing, ConfigStateChecks: []statecheck.StateCheck{
			used("acilia", 2, 4, 3, 4), used("rozzano", 0, 0, 0, 0),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("site_quotas").AtMapKey("acilia").AtMapKey("vcpus"), knownvalue.Int64Exact(8)),
		}},
		{PreConfig: func() { lab.Center("acilia").Stop() }, Config: config, ConfigPlanChecks: nothing, ConfigStateChecks: []statecheck.StateCheck{
			used("acilia", 2, 4, 3, 4), used("rozzano", 0, 0, 0, 0),
		}},
		// What it holds stands in the way of its end, and is named.
		{
			PreConfig: func() {
				if err := lab.Center("acilia").Resume(); err != nil {
					t.Fatal(err)
				}
			},
			Config: config, Destroy: true, ExpectError: regexp.MustCompile(`(?s)Unable to delete tenant "p_bs" at acilia.*db-1`),
		},
		{PreConfig: end, Config: config},
	})
	if got := standsAt(t, lab); got != "" {
		t.Errorf("destroyed, still at %s", got)
	}
}

func TestRefusals(t *testing.T) {
	lab := providertest.Start(t)
	fails := func(config, text string) resource.TestStep {
		return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?s)" + text)}
	}
	good := tenant("p_bs", "80008750178", "")
	edited := func(name string, edit func(string) string) string {
		b, err := os.ReadFile(lab.ConfigFile())
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(lab.Dir(), name)
		if err := os.WriteFile(file, []byte(edit(string(b))), 0o600); err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(lab.Config(good), lab.ConfigFile(), file)
	}
	wrong := filepath.Join(lab.Dir(), "wrong")
	if err := os.WriteFile(wrong, []byte("not the password"), 0o600); err != nil {
		t.Fatal(err)
	}
	passwordRe := regexp.MustCompile(`password_file: .*`)
	caRe := regexp.MustCompile(`ca_file: .*`)
	providertest.Test(t, []resource.TestStep{
		fails(lab.Config(tenant("p bs!", "80008750178", "")), `Unable to accept the tenant.*IDN-001.*What to do.*Basis: measure`),
		fails(lab.Config(tenant("p_bs", "80008750179", "")), `IDN-002.*check digit`),
		fails(lab.Config(tenant("p_bs", "80008750178", `cup = "XYZ"`)), `IDN-003`),
		fails(lab.Config(tenant("p_bs", "80008750178", `sites = ["torino"]`)), `torino`),
		fails(lab.Config(tenant("p_bs", "80008750178", `quota = { vcpus = -2 }`)), `at least -1`),
		fails(lab.Config(tenant("p_bs", "80008750178", `site_quotas = { acilia = { vcpus = -2 } }`)), `at least -1`),
		fails(lab.Config(tenant("p_bs", "80008750178", `site_quotas = { torino = {} }`)), `torino`),
		fails(lab.Config(tenant("p_bs", "80008750178", "sites = [\"acilia\"]\nsite_quotas = { rozzano = {} }")), `rozzano.*at\s+which\s+the\s+tenant\s+is\s+not`),
		fails(lab.Config(tenant("p_bs", "80008750178", `principals = { torino = "x" }`)), `torino`),
		fails(strings.ReplaceAll(lab.Config(good), lab.ConfigFile(), "/nonexistent/psn.yaml"), `Unable to read the provider's configuration.*nonexistent`),
		fails(edited("broken.yaml", func(s string) string { return s + "\nsitez: {}\n" }), `Unable to read the provider's configuration.*unknown key "sitez"`),
		fails(edited("password.yaml", func(s string) string { return passwordRe.ReplaceAllString(s, "password_file: "+wrong) }),
			`Unable to create tenant "p_bs" at acilia.*Check user name and password`),
		fails(edited("pin.yaml", func(s string) string {
			return caRe.ReplaceAllString(s, "thumbprint_sha256: "+strings.TrimSuffix(strings.Repeat("AB:", 32), ":"))
		}), `Unable to create tenant "p_bs" at acilia.*thumbprint`),
		fails(lab.Config(good+strings.Replace(good, `"brescia"`, `"twin"`, 1)), `Two resources\s+declare tenant "p_bs"`),
	})
	if got := standsAt(t, lab); got != "" {
		t.Errorf("a refused tenant stands at %s", got)
	}
}
