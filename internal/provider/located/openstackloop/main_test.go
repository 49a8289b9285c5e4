// Package openstackloop_test runs networks, security groups, volumes, images,
// limits and credentials in a CLI against a real OpenStack.
package openstackloop_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestMain(m *testing.M) { openstacklab.Main(m) }

func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func fails(config, text string) resource.TestStep {
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?is)" + text)}
}

// start is the lab, and its site.
func start(t *testing.T, at psn.Site) (*providertest.Lab, *openstacklab.Site) {
	t.Helper()
	cloud := openstacklab.Find(t)
	return providertest.Against(t, cloud.ConfigFile, psn.OpenStack), cloud.Site(t, at)
}

// tenant is one at one site.
func tenant(code string, at psn.Site, more string) string {
	return fmt.Sprintf(`
resource "psn_tenant" "this" {
  name        = "Amministrazione di prova"
  ipa_code    = %q
  fiscal_code = "80008750178"
  sites       = [%q]
%s
}
`, code, at, more)
}

// located is a resource at a site of the lab.
func located(kind, name string, at psn.Site, attributes string) string {
	return fmt.Sprintf(`
resource "psn_%s" "this" {
  tenant_id = psn_tenant.this.id
  name      = %q
  site      = %q
  platform  = "openstack"
%s
}
`, kind, name, at, attributes)
}

func imports(address, id string, ignore ...string) resource.TestStep {
	return resource.TestStep{
		ResourceName: address, ImportState: true, ImportStateId: id, ImportStateVerify: true,
		ImportStateVerifyIgnore: append(ignore, "timeouts"),
	}
}
