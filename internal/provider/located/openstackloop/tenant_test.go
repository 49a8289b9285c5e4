package openstackloop_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestOpenStackTenant: limits are kept by the cloud, apart from what is used,
// and what stands in the way of a tenant's end is named.
func TestOpenStackTenant(t *testing.T) {
	const at = psn.Pomezia
	lab, _ := start(t, at)
	usage := `
data "psn_tenant_usage" "now" {
  tenant_id  = psn_tenant.this.id
  depends_on = [psn_network.this, psn_tenant.this]
}
output "usage" {
  value = { for u in data.psn_tenant_usage.now.usage : u.quantity => "${u.used} of ${u.limit == null ? "all" : u.limit}" }
}
`
	with := func(quotas string) string {
		return lab.Config(tenant("p_co", at, quotas) + located("network", "dati", at, "") + usage)
	}
	tells := func(want map[string]string) []statecheck.StateCheck {
		parts := map[string]knownvalue.Check{}
		for k, v := range want {
			parts[k] = knownvalue.StringExact(v)
		}
		return []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("usage", knownvalue.MapPartial(parts))}
	}
	limits := func() string {
		all, err := lab.Site(at).TenantUsage(t.Context(), "p_co")
		if err != nil {
			t.Fatal(err)
		}
		out := ""
		for _, u := range all {
			if u.Limit == nil {
				out += u.Quantity + " "
			}
		}
		return out
	}
	other := driver.NetworkSpec{Tenant: "p_co", Name: "a-mano"}
	providertest.Test(t, []resource.TestStep{
		{
			Config: with("  site_quotas = { pomezia = { instances = 5, vcpus = -1, memory_gib = 2, networks = 3, volumes = 0, security_groups = 4, floating_ips = 0 } }"),
			ConfigStateChecks: tells(map[string]string{
				"instances": "0 of 5", "vcpus": "0 of all", "memory_mib": "0 of 2048", "networks": "1 of 3", "volumes": "0 of 0", "storage_mib": "0 of all",
			}),
		},
		{
			Config:            with("  site_quotas = { pomezia = { networks = 1 } }"),
			ConfigPlanChecks:  before(providertest.OnlyThese("update psn_tenant.this")),
			ConfigStateChecks: tells(map[string]string{"instances": "0 of all", "networks": "1 of 1", "volumes": "0 of all"}),
		},
		{ // what somebody changed by hand is seen and put back
			PreConfig: func() {
				nine := int64(9)
				if err := lab.Site(at).EnsureTenant(t.Context(), driver.Tenant{ID: "p_co", Quota: &driver.Quota{Networks: &nine, Volumes: &nine}}); err != nil {
					t.Fatal(err)
				}
			},
			Config:            with("  site_quotas = { pomezia = { networks = 1 } }"),
			ConfigPlanChecks:  before(providertest.OnlyThese("update psn_tenant.this")),
			ConfigStateChecks: tells(map[string]string{"networks": "1 of 1", "volumes": "0 of all"}),
		},
		// The cloud keeps the limit itself.
		fails(with("  site_quotas = { pomezia = { networks = 1 } }")+`
resource "psn_network" "second" {
  tenant_id = psn_tenant.this.id
  name      = "altra"
  site      = "pomezia"
  platform  = "openstack"
}
`, `unable to create network "p_co/pomezia/openstack/altra".*quota`),
		{
			Config: with(""), // taken out: no limits
			Check: func(*terraform.State) error {
				if got, want := limits(), "floating_ips instances memory_mib networks security_groups storage_mib vcpus volumes "; got != want {
					return fmt.Errorf("unlimited are %q, want %q", got, want)
				}
				return nil
			},
		},
		{
			PreConfig: func() {
				if _, err := lab.Site(at).CreateNetwork(t.Context(), other); err != nil {
					t.Fatal(err)
				}
			},
			Config: lab.Config(tenant("p_co", at, "")),
		},
		fails(lab.Config(""), `unable to delete tenant "p_co" at pomezia.*network a-mano`),
		{
			PreConfig: func() {
				s := lab.Site(at)
				n, err := s.FindNetwork(t.Context(), "p_co", other.Name, "")
				if err == nil {
					err = s.DeleteNetwork(t.Context(), n.Ref)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			Config: lab.Config(""), ConfigPlanChecks: before(providertest.OnlyThese("delete psn_tenant.this")),
		},
	})
	if ok, err := lab.Site(at).TenantExists(t.Context(), "p_co"); ok || err != nil {
		t.Errorf("destroyed, still there: %v, %v", ok, err)
	}
}

// TestOpenStackTenantElsewhere: a name that somebody changed is seen, told by an
// import and put back; and a tenant's end leaves nothing at sites it was not at.
func TestOpenStackTenantElsewhere(t *testing.T) {
	const at, elsewhere = psn.Pomezia, psn.Rozzano
	lab, _ := start(t, at)
	cloud := openstacklab.Find(t)
	command := func(s psn.Site, args ...string) string {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "openstack", append([]string{"--os-cloud", cloud.Site(t, s).Cloud}, args...)...)
		cmd.Env = append(os.Environ(), "OS_CLIENT_CONFIG_FILE="+cloud.CloudsFile)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("openstack %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	config := lab.Config(tenant("p_mb", at, ""))
	name := func(want string) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue("psn_tenant.this", tfjsonpath.New("name"), knownvalue.StringExact(want))}
	}
	project := ""
	providertest.Test(t, []resource.TestStep{
		{Config: config},
		{
			PreConfig: func() {
				if err := lab.Site(at).EnsureTenant(t.Context(), driver.Tenant{ID: "p_mb", Name: "Altra amministrazione"}); err != nil {
					t.Fatal(err)
				}
			},
			RefreshState: true, ExpectNonEmptyPlan: true,
		},
		{Config: config, ConfigPlanChecks: before(providertest.OnlyThese("update psn_tenant.this")), ConfigStateChecks: name("Amministrazione di prova")},
		imports("psn_tenant.this", "p_mb", "fiscal_code", "quota"),
		{
			PreConfig: func() {
				for _, line := range strings.Split(command(at, "project", "list", "--tags", "psn", "-f", "value"), "\n") {
					if id, name, _ := strings.Cut(line, " "); name == "p_mb" {
						project = id
					}
				}
			},
			Config: config, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
		},
	})
	for _, s := range []psn.Site{at, elsewhere} {
		if left := command(s, "security", "group", "list", "-f", "value", "-c", "Project"); project == "" || strings.Contains(left, project) {
			t.Errorf("project %q has a security group at %s: %s", project, s, left)
		}
	}
}
