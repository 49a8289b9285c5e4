package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

// Tables need no configuration file; what needs a site names what to set, in the
// plan and at the object that needs it.
func TestWithoutConfiguration(t *testing.T) {
	const tables = `
data "psn_sites" "all" {}
data "psn_service_categories" "all" {}
data "psn_funding_call" "province" {
  id = "pnrr-1.2-province-2025"
}
`
	steps := []resource.TestStep{{
		Config: tables,
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.psn_sites.all", tfjsonpath.New("sites"), knownvalue.ListSizeExact(4)),
			statecheck.ExpectKnownValue("data.psn_service_categories.all", tfjsonpath.New("categories"), knownvalue.ListSizeExact(10)),
			statecheck.ExpectKnownValue("data.psn_funding_call.province", tfjsonpath.New("lump_sum_euro"), knownvalue.Int64Exact(552632)),
		},
	}}
	for _, tc := range []struct{ object, config string }{
		{`inventory`, `data "psn_inventory" "now" {}`},
		{`networks`, "data \"psn_networks\" \"all\" {\n  site = \"acilia\"\n  platform = \"vsphere\"\n}"},
		{`tenant "p_bs"`, "resource \"psn_tenant\" \"brescia\" {\n  name = \"Brescia\"\n  ipa_code = \"p_bs\"\n  fiscal_code = \"80008750178\"\n}"},
		{`network`, "resource \"psn_network\" \"dorsale\" {\n  tenant_id = \"p_bs\"\n  name = \"dorsale\"\n  site = \"acilia\"\n  platform = \"vsphere\"\n  vlan = 10\n}"},
	} {
		steps = append(steps, resource.TestStep{
			Config:      tables + tc.config,
			PlanOnly:    true,
			ExpectError: regexp.MustCompile(`(?s)Unable to \w+ [^.]*` + tc.object + `.*set\s+config_file\s+in\s+the\s+provider\s+block,\s+or\s+the\s+variable\s+PSN_CONFIG`),
		})
	}
	steps = append(steps, resource.TestStep{Config: tables})
	providertest.Test(t, steps, provider.WithEnv(func(string) string { return "" }))
}
