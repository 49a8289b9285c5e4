package network_test

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

const (
	address = "psn_network.dati"
	tenant  = `
resource "psn_tenant" "brescia" {
  name        = "Provincia di Brescia"
  ipa_code    = "p_bs"
  fiscal_code = "80008750178"
  sites       = ["acilia"]
}
`
)

func network(more string) string {
	return tenant + fmt.Sprintf(`
resource "psn_network" "dati" {
  tenant_id = psn_tenant.brescia.id
  name      = "dati"
  site      = "acilia"
  platform  = "vsphere"
%s
}
`, more)
}

func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// observed are the networks of the tenant at Acilia, as "name/vlan/description".
func observed(t *testing.T, lab *providertest.Lab) string {
	t.Helper()
	all, err := lab.Site(psn.Acilia).Networks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range all {
		if n.Tenant == "p_bs" {
			out = append(out, fmt.Sprintf("%s/%d/%s", n.Name, n.VLAN, n.Description))
		}
	}
	return strings.Join(out, " ")
}

func TestVSphere(t *testing.T) {
	lab := providertest.Start(t)
	stands := func(want string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := observed(t, lab); got != want {
				return fmt.Errorf("networks %q, want %q", got, want)
			}
			return nil
		}
	}
	listed := `
data "psn_networks" "all" {
  site       = "acilia"
  platform   = "vsphere"
  tenant_id  = psn_network.dati.tenant_id
  depends_on = [psn_network.dati]
}
`
	good := lab.Config(network(`  vlan = 120`) + listed)
	providertest.Test(t, []resource.TestStep{
		{
			Config: good,
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("p_bs/acilia/vsphere/dati")),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("gateway"), knownvalue.Null()),
			),
			Check: stands("dati/120/"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.psn_networks.all", tfjsonpath.New("networks"), knownvalue.ListPartial(map[int]knownvalue.Check{
					0: knownvalue.ObjectPartial(map[string]knownvalue.Check{"shared": knownvalue.Bool(true)}),
				})),
			},
		},
		{Config: good, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{
			Config:           lab.Config(network("  vlan = 120\n  description = \"rete dei dati\"")),
			ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check:            stands("dati/120/rete dei dati"),
		},
		{
			ResourceName: address, ImportState: true, ImportStateId: "p_bs/acilia/vsphere/dati", ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"timeouts"},
		},
		{
			Config:           lab.Config(network("  vlan = 121\n  description = \"rete dei dati\"")),
			ConfigPlanChecks: before(providertest.OnlyThese("delete+create " + address)),
			Check:            stands("dati/121/rete dei dati"),
		},
		{ // somebody else's VLAN: nothing is made, the state holds nothing
			Config:      lab.Config(network("  vlan = 121\n  description = \"rete dei dati\"") + second(121)),
			ExpectError: regexp.MustCompile(`(?s)Unable to create network "p_bs/acilia/vsphere/altra".*vlan\s+121`),
		},
		{
			Config:           lab.Config(network("  vlan = 121\n  description = \"rete dei dati\"") + second(122)),
			ConfigPlanChecks: before(providertest.OnlyThese("create psn_network.altra")),
			Check:            stands("altra/122/ dati/121/rete dei dati"),
		},
		{ // removed by other means
			PreConfig: func() {
				at := lab.Site(psn.Acilia)
				n, err := at.FindNetwork(t.Context(), "p_bs", "dati", "")
				if err == nil {
					err = at.DeleteNetwork(t.Context(), n.Ref)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			Config:           lab.Config(network("  vlan = 121\n  description = \"rete dei dati\"") + second(122)),
			ConfigPlanChecks: before(providertest.OnlyThese("create " + address)),
		},
	})
	if got := observed(t, lab); got != "" {
		t.Errorf("destroyed, still there: %s", got)
	}
}

func second(vlan int) string {
	return fmt.Sprintf(`
resource "psn_network" "altra" {
  tenant_id = psn_tenant.brescia.id
  name      = "altra"
  site      = "acilia"
  platform  = "vsphere"
  vlan      = %d
}
`, vlan)
}

// TestDestroyNamesWhatIsOnIt: a network with cards on it is not removed, and the
// error names the machine.
func TestDestroyNamesWhatIsOnIt(t *testing.T) {
	lab := providertest.Start(t)
	both := lab.Config(network(`  vlan = 120`))
	var ref string
	providertest.Test(t, []resource.TestStep{
		{Config: both},
		{
			PreConfig: func() {
				at := lab.Site(psn.Acilia)
				inv, err := at.Inventory(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				ref, err = at.CreateVM(t.Context(), driver.VMSpec{
					ID: "p_bs/db-1", Cluster: inv.Clusters[0].Name, VCPUs: 1, MemoryMiB: 256,
					Labels: driver.Labels{Service: "p_bs/protocollo", Classification: psn.Ordinary, Role: psn.RoleActive, PrimarySite: psn.Acilia},
					Disks:  []driver.DiskSpec{{CapacityBytes: 1 << 30}}, NICs: []driver.NICSpec{{Network: "dati"}},
				})
				if err != nil {
					t.Fatal(err)
				}
			},
			Config:      lab.Config(tenant),
			ExpectError: regexp.MustCompile(`(?s)Unable to delete network "p_bs/acilia/vsphere/dati".*db-1`),
		},
		{
			PreConfig: func() {
				if err := lab.Site(psn.Acilia).DeleteVM(t.Context(), ref); err != nil {
					t.Fatal(err)
				}
			},
			Config:           lab.Config(tenant),
			ConfigPlanChecks: before(providertest.OnlyThese("delete " + address)),
		},
	})
}

func TestPlanRefuses(t *testing.T) {
	lab := providertest.Start(t)
	var steps []resource.TestStep
	for _, c := range []struct{ attributes, want string }{
		{"", `platform "vsphere" a\s+network\s+is\s+made\s+by\s+the\s+number\s+of\s+its\s+VLAN`},
		{"vlan = 4095", `4094`},
		{"vlan = 5\ndescription = \" x\"", `without\s+spaces`},
		{"vlan = 5\ncidr = \"10.0.0.0/24\"", `platform\s+"vsphere"\s+has\s+no\s+notion\s+of\s+subnet;\s+platform\s+"openstack"\s+has`},
		{"vlan = 5\nuplink = \"public\"", `(?i)uplink:\s+platform\s+"vsphere"\s+has\s+no\s+notion`},
		{"vlan = 5\ndns = [\"9.9.9.9\"]", `(?i)dns:\s+platform\s+"vsphere"\s+has\s+no\s+notion`},
	} {
		steps = append(steps, resource.TestStep{
			Config: lab.Config(network(c.attributes)), PlanOnly: true,
			ExpectError: regexp.MustCompile(`(?si)(Unable to plan the network|Invalid Attribute Value|must be one line).*` + c.want),
		})
	}
	openstack := func(attributes string) string {
		return lab.Config(strings.Replace(network(attributes), `"vsphere"`, `"openstack"`, 1))
	}
	for _, c := range []struct{ attributes, want string }{
		{"vlan = 5", `(?i)vlan:\s+platform\s+"openstack"\s+has\s+no\s+notion\s+of\s+vlan;\s+platform\s+"vsphere"\s+has`},
		{"cidr = \"10.0.0.0\"", `10.0.0.0"\s+is\s+not\s+an\s+address\s+range`},
		{"cidr = \"10.0.0.1/24\"", `names\s+a\s+host:\s+the\s+range\s+is\s+"10.0.0.0/24"`},
		{"cidr = \"10.0.0.0/31\"", `no\s+machine`},
		{"cidr = \"10.0.0.0/24\"\ngateway = \"10.0.1.1\"", `gateway\s+"10.0.1.1"\s+is\s+outside`},
		{"cidr = \"10.0.0.0/24\"\ngateway = \"none\"\nuplink = \"public\"", `contradicts\s+uplink`},
		{"cidr = \"10.0.0.0/24\"\nfirst_address = \"10.0.0.9\"", `together`},
		{"cidr = \"10.0.0.0/24\"\nfirst_address = \"10.0.0.9\"\nlast_address = \"10.0.0.8\"", `before`},
		{"cidr = \"10.0.0.0/24\"\ndns = [\"dns.example\"]", `dns\[0\]`},
		{"dhcp = true", `(?i)dhcp\s+needs\s+an\s+address\s+range`},
		{"gateway = \"10.0.0.1\"", `(?i)gateway\s+needs\s+an\s+address\s+range`},
		{"cidr = \"10.0.0.0/24\"", `(?i)no\s+platform\s+"openstack"`},
	} {
		steps = append(steps, resource.TestStep{
			Config: openstack(c.attributes), PlanOnly: true,
			ExpectError: regexp.MustCompile(`(?si)Unable to plan (the )?network.*` + c.want),
		})
	}
	providertest.Test(t, steps)
}
