package located_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const address = "psn_test_thing.a"

func config(name string, size int, more string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    psn = { source = "italia/psn" }
  }
}
resource "psn_test_thing" "a" {
  tenant_id = "p_bs"
  name      = %q
  site      = "acilia"
  platform  = "vsphere"
  size      = %d
}
%s`, name, size, more)
}

func plans(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func TestLifecycle(t *testing.T) {
	s, factories := serve(t)
	standing := func(want string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := s.all(); got != want {
				return fmt.Errorf("%q stand, want %q", got, want)
			}
			return nil
		}
	}
	providertest.TestServing(t, factories, []resource.TestStep{
		{
			Config: config("a", 2, ""),
			ConfigPlanChecks: plans(
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("p_bs/acilia/vsphere/a")),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("ref")),
			),
			Check: standing("p_bs/a"),
		},
		{Config: config("a", 2, ""), ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan())},
		{
			Config: config("a", 3, ""),
			ConfigPlanChecks: plans(providertest.OnlyThese("update "+address),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("ref"), knownvalue.StringExact("ref-a"))),
		},
		{Config: config("a", 1, ""), ConfigPlanChecks: plans(providertest.OnlyThese("delete+create " + address)), Check: standing("p_bs/a")},
		{
			ResourceName: address, ImportState: true, ImportStateId: "p_bs/acilia/vsphere/a", ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"timeouts"},
		},
		{ResourceName: address, ImportState: true, ImportStateId: "_/acilia/vsphere/a", ExpectError: regexp.MustCompile(`names\s+no\s+tenant`)},
		{ResourceName: address, ImportState: true, ImportStateId: "p_bs/acilia/vsphere/nix", ExpectError: regexp.MustCompile(`(?i)non-existent`)},
		{
			Config: config("b", 1, ""),
			ConfigPlanChecks: plans(providertest.OnlyThese("delete+create "+address),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("p_bs/acilia/vsphere/b"))),
			Check: standing("p_bs/b"),
		},
		{ // a site that does not answer keeps what the state says
			PreConfig: func() {
				for range 4 {
					s.next("Read", psn.Errorf(psn.Unavailable, "down"))()
				}
			},
			Config: config("b", 1, ""), ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
		},
		{ // removed by other means: made again
			PreConfig: func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				clear(s.fail)
				clear(s.stand)
			},
			Config: config("b", 1, ""), ConfigPlanChecks: plans(providertest.OnlyThese("create " + address)), Check: standing("p_bs/b"),
		},
		{ // a failing update leaves the state as it was
			PreConfig:   s.next("Update", psn.Errorf(psn.Exhausted, "full")),
			Config:      config("b", 5, ""),
			ExpectError: regexp.MustCompile(`(?s)Unable to update test thing "p_bs/acilia/vsphere/b".*Full`),
		},
		{Config: config("b", 5, ""), ConfigPlanChecks: plans(providertest.OnlyThese("update " + address))},
	})
	if got := s.all(); got != "" {
		t.Errorf("after destroy: %s", got)
	}
}

// TestFailedCreate: what a failed create leaves is kept in the state and made
// anew; what it did not make, or what is somebody else's, is never deleted.
func TestFailedCreate(t *testing.T) {
	for name, tc := range map[string]struct {
		err        error
		half, made bool
		replaced   string
		deleted    bool
	}{
		"nothing made":    {psn.Errorf(psn.Exhausted, "full"), false, false, "create ", false},
		"half made":       {psn.Errorf(psn.Internal, "broke off"), true, false, "delete+create ", true},
		"somebody else's": {psn.Errorf(psn.AlreadyExists, "not ours"), true, false, "create ", false},
		// As a volume that a machine out of its reach refuses.
		"made, then refused": {psn.Errorf(psn.InvalidInput, "not in reach"), true, true, "delete+create ", true},
		// Of another configuration, perhaps: it is never deleted for this one.
		"stood already": {psn.Errorf(psn.Unavailable, "no answer"), true, false, "create ", false},
		// As a volume in place of one that never came into being.
		"stood, made anew": {psn.Errorf(psn.InvalidInput, "not in reach"), true, true, "delete+create ", true},
	} {
		t.Run(name, func(t *testing.T) {
			s, factories := serve(t)
			s.half, s.made = tc.half, tc.made
			s.anew = name == "stood, made anew"
			if name == "stood already" || s.anew {
				s.stand["p_bs/a"] = 1
			}
			s.next("Create", tc.err)()
			deleted := false
			providertest.TestServing(t, factories, []resource.TestStep{
				{Config: config("a", 1, ""), ExpectError: regexp.MustCompile(`Unable to create test thing "p_bs/acilia/vsphere/a"`)},
				{
					Config: config("a", 1, ""), ConfigPlanChecks: plans(providertest.OnlyThese(tc.replaced + address)),
					Check: func(*terraform.State) error { deleted = slices.Contains(s.calls, "Delete"); return nil },
				},
			})
			if deleted != tc.deleted {
				t.Errorf("deleted: %v, calls %v", deleted, s.calls)
			}
		})
	}
}

// TestUnknownIsNotKept: while the site does not tell whether one stands, nothing is
// made, and nothing is kept of which no more is known than its name: the next who
// has that name would be deleted for it.
func TestUnknownIsNotKept(t *testing.T) {
	down := psn.Errorf(psn.Unavailable, "down")
	theirs := func(s *things) {
		s.mu.Lock()
		defer s.mu.Unlock()
		clear(s.fail)
		s.stand["p_bs/a"] = 1
	}
	for name, tc := range map[string]struct {
		before, after func(*things)
		says          string
		created       int
	}{
		"before": {func(s *things) {
			theirs(s)
			s.next("Read", down)()
			s.next("Create", down)()
		}, theirs, `Unable\s+to\s+create\s+test\s+thing.*find\s+out\s+whether\s+one\s+stands`, 1},
		"after": {func(s *things) {
			s.next("Read", psn.Errorf(psn.NotFound, "no thing"))()
			s.next("Read", down)()
			s.next("Create", down)()
		}, theirs, `Unable\s+to\s+create\s+test\s+thing`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s, factories := serve(t)
			tc.before(s)
			providertest.TestServing(t, factories, []resource.TestStep{
				{Config: config("a", 1, ""), ExpectError: regexp.MustCompile("(?is)" + tc.says)},
				{
					PreConfig: func() { tc.after(s) },
					Config:    config("a", 1, ""), ConfigPlanChecks: plans(providertest.OnlyThese("create " + address)),
					Check: func(*terraform.State) error {
						n := 0
						for _, call := range s.calls {
							if call == "Delete" {
								return fmt.Errorf("somebody else's was deleted: %v", s.calls)
							}
							if call == "Create" {
								n++
							}
						}
						if n != tc.created {
							return fmt.Errorf("created %d times: %v", n, s.calls)
						}
						return nil
					},
				},
			})
		})
	}
}

func TestPlanRefuses(t *testing.T) {
	_, factories := serve(t)
	edit := func(old, is string) string {
		return regexp.MustCompile(old+`\s+= .*`).ReplaceAllString(config("a", 1, ""), old+" = "+is)
	}
	step := func(config, want string) resource.TestStep {
		return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?s)" + want), PlanOnly: true}
	}
	twin := regexp.MustCompile(`(?s)resource.*`).FindString(config("a", 1, ""))
	providertest.TestServing(t, factories, []resource.TestStep{
		step(edit("tenant_id", `"P_BS"`), `not in lower case: write "p_bs"`),
		step(edit("name", `"A b"`), `"A b" is not a valid name`),
		step(edit("site", `"torino"`), `torino`),
		step(edit("site", `"rozzano"`), `[Ss]ite\s+"rozzano"\s+has\s+no\s+platform\s+"vsphere".*acilia`),
		step(edit("platform", `"openstack"`), `(?i)no\s+platform\s+"openstack"`),
		step(config("a", 1, regexp.MustCompile(`"a" \{`).ReplaceAllString(twin, `"b" {`)), `two\s+resources\s+declare|Two\s+resources\s+declare`),
	})
}
