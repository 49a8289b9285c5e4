package openstackloop_test

import (
	"fmt"
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

func TestOpenStackNetwork(t *testing.T) {
	const at, address = psn.Pomezia, "psn_network.this"
	lab, site := start(t, at)
	config := func(attributes string) string {
		return lab.Config(tenant("p_va", at, "") + located("network", "dati", at, attributes))
	}
	find := func() (*driver.Network, error) { return lab.Site(at).FindNetwork(t.Context(), "p_va", "dati", "") }
	var first string
	stands := func(want string, same bool) resource.TestCheckFunc {
		return func(*terraform.State) error {
			n, err := find()
			if err != nil {
				return err
			}
			got := fmt.Sprintf("%s %s dhcp=%v dns=%v uplink=%s %s-%s %s", n.CIDR, n.Gateway, n.DHCP, n.DNS, n.Uplink, n.First, n.Last, n.Description)
			if got != want {
				return fmt.Errorf("stands as %q, want %q", got, want)
			}
			if (n.Ref == first) != same {
				return fmt.Errorf("it is %s, before it was %s", n.Ref, first)
			}
			first = n.Ref
			return nil
		}
	}
	routed := fmt.Sprintf("  cidr = \"10.77.0.0/24\"\n  uplink = %q\n", site.Uplink)
	providertest.Test(t, []resource.TestStep{
		{
			Config: config(routed),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(address, tfjsonpath.New("gateway"), knownvalue.StringExact("10.77.0.1")),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("dhcp"), knownvalue.Bool(true)),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("p_va/pomezia/openstack/dati")),
			),
			Check: stands("10.77.0.0/24 10.77.0.1 dhcp=true dns=[] uplink="+site.Uplink+" 10.77.0.2-10.77.0.254 ", false),
		},
		{Config: config(routed), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{
			Config:           config(routed + "  dns = [\"10.77.0.53\", \"9.9.9.9\"]\n  dhcp = false\n  description = \"rete dei dati\"\n"),
			ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check:            stands("10.77.0.0/24 10.77.0.1 dhcp=false dns=[10.77.0.53 9.9.9.9] uplink="+site.Uplink+" 10.77.0.2-10.77.0.254 rete dei dati", true),
		},
		imports(address, "p_va/pomezia/openstack/dati", "first_address", "last_address"),
		{
			Config:           config("  cidr = \"10.77.0.0/24\"\n  gateway = \"10.77.0.254\"\n  first_address = \"10.77.0.10\"\n  last_address = \"10.77.0.20\"\n"),
			ConfigPlanChecks: before(providertest.OnlyThese("delete+create " + address)),
			Check:            stands("10.77.0.0/24 10.77.0.254 dhcp=true dns=[] uplink= 10.77.0.10-10.77.0.20 ", false),
		},
		{ // a range that is not asked for any more stays
			Config:           config("  cidr = \"10.77.0.0/24\"\n  gateway = \"10.77.0.254\"\n"),
			ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
			Check:            stands("10.77.0.0/24 10.77.0.254 dhcp=true dns=[] uplink= 10.77.0.10-10.77.0.20 ", true),
		},
		{
			Config:           config("  cidr = \"fd77::/64\"\n  gateway = \"none\"\n"),
			ConfigPlanChecks: before(providertest.OnlyThese("delete+create " + address)),
		},
		{Config: config("  cidr = \"fd77::/64\"\n  gateway = \"none\"\n"), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{
			Config:           config(""),
			ConfigPlanChecks: before(providertest.OnlyThese("delete+create " + address)),
			Check:            stands("  dhcp=false dns=[] uplink= - ", false),
		},
		fails(config("  cidr = \"10.77.0.0/24\"\n  uplink = \"nowhere\"\n"), `unable to create network "p_va/pomezia/openstack/dati".*uplink\s+"nowhere"`),
		{
			Config: config(routed) + `
data "psn_networks" "all" {
  site       = "pomezia"
  platform   = "openstack"
  tenant_id  = "p_va"
  depends_on = [psn_network.this]
}
`,
			ConfigPlanChecks: before(providertest.OnlyThese("create " + address)),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.psn_networks.all", tfjsonpath.New("networks").AtSliceIndex(1), knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"name": knownvalue.StringExact("dati"), "cidr": knownvalue.StringExact("10.77.0.0/24"), "tenant_id": knownvalue.StringExact("p_va"),
				})),
			},
		},
	})
	if _, err := find(); !psn.Is(err, psn.NotFound) {
		t.Errorf("destroyed: %v", err)
	}
}

func TestOpenStackSecurityGroup(t *testing.T) {
	const at, address = psn.Pomezia, "psn_security_group.this"
	lab, _ := start(t, at)
	config := func(rules string) string {
		return lab.Config(tenant("p_va", at, "") + located("security_group", "web", at, "  rules = ["+rules+"]"))
	}
	stands := func(want string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			g, err := lab.Site(at).FindSecurityGroup(t.Context(), "p_va", "web", "")
			if err != nil {
				return err
			}
			var rules []string
			for _, r := range g.Rules {
				rules = append(rules, fmt.Sprintf("%s %s %d-%d %s%s", r.Direction, r.Protocol, r.FirstPort, r.LastPort, r.CIDR, r.Group))
			}
			if got := strings.Join(rules, ", "); got != want {
				return fmt.Errorf("rules %q, want %q", got, want)
			}
			return nil
		}
	}
	const web = `{ direction = "ingress", protocol = "6", first_port = 443, cidr = "10.0.0.0/8" }, { direction = "ingress", group = "self" }`
	const out = `, { direction = "egress", ipv6 = true, description = "aggiornamenti" }`
	providertest.Test(t, []resource.TestStep{
		{Config: config(""), Check: stands("")},
		{Config: config(""), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{
			Config: config(web), ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check: stands("ingress  0-0 self, ingress tcp 443-443 10.0.0.0/8"),
		},
		{Config: config(web), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{Config: config(web + out), Check: stands("ingress  0-0 self, ingress tcp 443-443 10.0.0.0/8, egress  0-0 ")},
		{ // a rule removed by other means is put back
			PreConfig: func() {
				s := lab.Site(at)
				g, err := s.FindSecurityGroup(t.Context(), "p_va", "web", "")
				if err == nil {
					spec := g.SecurityGroupSpec
					spec.Rules = spec.Rules[:1]
					_, err = s.UpdateSecurityGroup(t.Context(), g.Ref, spec)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			Config: config(web + out), ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check: stands("ingress  0-0 self, ingress tcp 443-443 10.0.0.0/8, egress  0-0 "),
		},
		imports(address, "p_va/pomezia/openstack/web", "rules"),
		fails(config(`{ direction = "ingress", group = "nix" }`), `unable to update security group "p_va/pomezia/openstack/web".*"nix"`),
	})
}
