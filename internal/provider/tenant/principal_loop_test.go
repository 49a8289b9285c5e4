package tenant_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// TestPrincipalsArePutBack: a group that was declared and lost what it may do is
// seen at the next refresh and put back; what others were given is left alone, at
// a site in the map and at one that is not.
func TestPrincipalsArePutBack(t *testing.T) {
	lab := providertest.Start(t)
	grant := func(s psn.Site, group string) {
		if err := lab.Site(s).EnsureTenant(t.Context(), driver.Tenant{ID: "p_bs", Principal: group}); err != nil {
			t.Fatal(err)
		}
	}
	may := func(want map[psn.Site]bool) resource.TestCheckFunc {
		return func(*terraform.State) error {
			for s, want := range want {
				lab.Site(s).Refresh()
				if has, err := lab.Site(s).HasPrincipal(t.Context(), "p_bs", sandbox.Group); err != nil || has != want {
					return fmt.Errorf("the group may work in the tenant at %s: %v, %w", s, has, err)
				}
			}
			return nil
		}
	}
	declared := lab.Config(tenant("p_bs", "80008750178", fmt.Sprintf("sites = [\"acilia\", \"pomezia\"]\n  principals = { acilia = %q }", sandbox.Group)))
	providertest.Test(t, []resource.TestStep{
		{Config: declared, Check: may(map[psn.Site]bool{psn.Acilia: true, psn.Pomezia: false})},
		{
			PreConfig: func() { grant(psn.Pomezia, sandbox.Group) },
			Config:    declared, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
			Check: may(map[psn.Site]bool{psn.Acilia: true, psn.Pomezia: true}),
		},
		{
			PreConfig: func() {
				if err := lab.Site(psn.Acilia).DeleteTenant(t.Context(), "p_bs"); err != nil {
					t.Fatal(err)
				}
				grant(psn.Acilia, "")
			},
			Config: declared,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					providertest.OnlyThese("update " + address),
					plancheck.ExpectKnownValue(address, tfjsonpath.New("principals"), knownvalue.MapExact(map[string]knownvalue.Check{"acilia": knownvalue.StringExact(sandbox.Group)})),
				},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			Check: may(map[psn.Site]bool{psn.Acilia: true, psn.Pomezia: true}),
		},
		{
			// A site that does not answer keeps what the state says.
			PreConfig: func() { lab.Center("acilia").Stop() },
			Config:    declared, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
		},
		{
			PreConfig: func() {
				if err := lab.Center("acilia").Resume(); err != nil {
					t.Fatal(err)
				}
			},
			Config: declared, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()),
		},
	})
}
