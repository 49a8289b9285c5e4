package placement_test

import (
	"context"
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

// planCheck makes a check of a function.
type planCheck func(plancheck.CheckPlanRequest) error

func (f planCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = f(req)
}

// knownInPlan fails when any attribute of the resource is known after apply only.
func knownInPlan(address string) plancheck.PlanCheck {
	return planCheck(func(req plancheck.CheckPlanRequest) error {
		for _, c := range req.Plan.ResourceChanges {
			if c.Address != address {
				continue
			}
			if path := anyTrue(c.Change.AfterUnknown, address); path != "" {
				return fmt.Errorf("%s is known after apply only", path)
			}
			after, _ := c.Change.After.(map[string]any)
			for _, name := range []string{"id", "assignments", "moves", "verdict", "headroom", "policy_digest", "explanation", "findings"} {
				if after[name] == nil {
					return fmt.Errorf("%s.%s is null in the plan", address, name)
				}
			}
			return nil
		}
		return fmt.Errorf("%s is not in the plan", address)
	})
}

// anyTrue returns the path of the first true in v, "" when there is none.
func anyTrue(v any, path string) string {
	switch x := v.(type) {
	case bool:
		if x {
			return path
		}
	case map[string]any:
		for k, e := range x {
			if p := anyTrue(e, path+"."+k); p != "" {
				return p
			}
		}
	case []any:
		for i, e := range x {
			if p := anyTrue(e, fmt.Sprintf("%s[%d]", path, i)); p != "" {
				return p
			}
		}
	}
	return ""
}

// TestKnownInTheFirstPlan reads the JSON of a plan made on an empty state.
func TestKnownInTheFirstPlan(t *testing.T) {
	lab := providertest.Start(t)
	providertest.Test(t, []resource.TestStep{
		{
			Config: lab.Config(providertest.Tenant + providertest.Workloads("")),
			ConfigPlanChecks: before(
				knownInPlan(placed),
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("policy_digest"), knownvalue.StringRegexp(regexp.MustCompile("^sha256:[0-9a-f]{64}$"))),
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("explanation").AtSliceIndex(0), knownvalue.StringRegexp(regexp.MustCompile("^4 machines placed"))),
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("headroom").AtSliceIndex(0).AtMapKey("vcpus"), knownvalue.NotNull()),
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("moves"), knownvalue.ListSizeExact(0)),
			),
		},
		lab.Gone(),
	})
}

func derogation(rule, subject, expiry string) string {
	return fmt.Sprintf(`{ id = "DER-%[1]s", rule = %[1]q, subject = %[2]q, author = "RTD", date = "2026-10-01", reason = "link under test", expiry = %[3]q },`, rule, subject, expiry)
}

// inLazio is a strategic workload that may not leave its region.
func inLazio(asOf string, derogations ...string) string {
	extra := ""
	if asOf != "" {
		extra = "\n  as_of = " + asOf
	}
	if len(derogations) > 0 {
		extra += "\n  derogations = [\n" + strings.Join(derogations, "\n") + "\n]"
	}
	config := workload("conservazione", small+`, regions = ["lazio"]`)
	return strings.Replace(config, "tenant_id = psn_tenant.brescia.id\n  inventory", "tenant_id = psn_tenant.brescia.id"+extra+"\n  inventory", 1)
}

// TestDerogations places what only a derogation allows.
func TestDerogations(t *testing.T) {
	lab := providertest.Start(t)
	const day, service, subject = `"2026-11-22"`, "p_bs/conservazione", "p_bs/archivio-1"
	const machine = `
resource "psn_virtual_machine" "archivio" {
  placement  = psn_placement.brescia.assignments["archivio-1"]
}
`
	found := func(i int, name string) tfjsonpath.Path {
		return tfjsonpath.New("findings").AtSliceIndex(i).AtMapKey(name)
	}
	both := []string{derogation("PLC-002", service, "2027-03-31"), derogation("PLC-003", subject, "2027-03-31")}
	shows := []plancheck.PlanCheck{
		knownInPlan(placed),
		plancheck.ExpectKnownValue(placed, tfjsonpath.New("verdict"), knownvalue.StringExact("placed")),
		plancheck.ExpectKnownValue(placed, tfjsonpath.New("findings"), knownvalue.ListSizeExact(2)),
		plancheck.ExpectKnownValue(placed, found(0, "rule"), knownvalue.StringExact("PLC-002")),
		plancheck.ExpectKnownValue(placed, found(0, "outcome"), knownvalue.StringExact("derogated")),
		plancheck.ExpectKnownValue(placed, found(0, "severity"), knownvalue.StringExact("error")),
		plancheck.ExpectKnownValue(placed, found(0, "derogation"), knownvalue.ObjectExact(map[string]knownvalue.Check{
			"id": knownvalue.StringExact("DER-PLC-002"), "author": knownvalue.StringExact("RTD"), "date": knownvalue.StringExact("2026-10-01"),
			"reason": knownvalue.StringExact("link under test"), "expiry": knownvalue.StringExact("2027-03-31"),
		})),
		plancheck.ExpectKnownValue(placed, found(1, "rule"), knownvalue.StringExact("PLC-003")),
		plancheck.ExpectKnownValue(placed, tfjsonpath.New("explanation").AtSliceIndex(0), knownvalue.StringRegexp(regexp.MustCompile("^PLC-002 is set aside for p_bs/archivio-1 until 2027-03-31 by derogation DER-PLC-002"))),
		plancheck.ExpectKnownValue(placed, tfjsonpath.New("assignments").AtMapKey("archivio-1").AtMapKey("derogated"), knownvalue.StringExact("PLC-002 PLC-003")),
		plancheck.ExpectKnownValue(placed, tfjsonpath.New("assignments").AtMapKey("archivio-1").AtMapKey("classification"), knownvalue.StringExact("strategic")),
		plancheck.ExpectKnownValue(placed, tfjsonpath.New("assignments").AtMapKey("archivio-1").AtMapKey("standby_region"), knownvalue.StringExact("lazio")),
	}
	providertest.Test(t, []resource.TestStep{
		fails(lab.Config(inLazio("")), `Unable to place workload "archivio".*PLC-002`),
		fails(lab.Config(inLazio("", both...)), `as_of.*Unable to judge the derogations|Unable to judge the derogations.*as_of`),
		fails(lab.Config(inLazio(`"22/11/2026"`, both...)), `Unable to accept the date "22/11/2026".*as_of.*What to do`),
		fails(lab.Config(inLazio(day, derogation("PLC-002", service, "2026-11-21"))), `Unable to accept derogation "DER-PLC-002".*expired on\s+2026-11-21.*What to do: renew it`),
		fails(lab.Config(inLazio(day, derogation("PLC-008", service, "2027-03-31"))), `derogations\[0\].rule: rule "PLC-008" admits no\s+derogation.*What to do: name one of PLC-001`),
		fails(lab.Config(inLazio(day, derogation("LOC-002", service, "2027-03-31"))), `rule "LOC-002" is not judged by this\s+resource`),
		fails(lab.Config(inLazio(day, derogation("PLC-099", service, "2027-03-31"))), `rule "PLC-099" does not exist`),
		fails(lab.Config(inLazio(day, derogation("PLC-002", service, "2027-02-30"))), `derogations\[0\].expiry: "2027-02-30" is not a\s+date.*What to do`),
		fails(lab.Config(inLazio(day, both[0], both[0])), `another derogation has the\s+same id`),
		// What is set aside for another service does not help this one.
		fails(lab.Config(inLazio(day, derogation("PLC-002", "p_bs/protocollo", "2027-03-31"))), `PLC-002`),
		{Config: lab.Config(inLazio(day, both...)), ConfigPlanChecks: before(shows...)},
		{
			// The machine takes the place as it was decided.
			Config: lab.Config(inLazio(day, both...) + machine),
			ConfigPlanChecks: before(
				providertest.OnlyThese("create psn_virtual_machine.archivio"),
				plancheck.ExpectKnownValue("psn_virtual_machine.archivio", tfjsonpath.New("standby_region"), knownvalue.StringExact("lazio")),
			),
		},
		{Config: lab.Config(inLazio(day, both...))},
		// A later day alone changes nothing; the last day counts.
		{Config: lab.Config(inLazio(`"2027-03-31"`, both...)), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		fails(lab.Config(inLazio(`"2027-04-01"`, both...)), `Unable to accept derogation "DER-PLC-002".*1 days\s+ago`),
		// Taking it out while the subject still breaks the rule fails, too.
		fails(lab.Config(inLazio(day, both[1])), `Unable to place workload "archivio".*PLC-002`),
		{
			// Where the rule can be kept it is, derogation or not.
			Config: lab.Config(strings.Replace(inLazio(day, both...), `, regions = ["lazio"]`, "", 1)),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("moves"), knownvalue.ListSizeExact(0)),
				plancheck.ExpectKnownValue(placed, found(0, "outcome"), knownvalue.StringExact("derogated")),
			),
		},
		{Config: lab.Config(`locals {}`)},
		{
			Config: lab.Config(strings.Replace(inLazio(`formatdate("YYYY-MM-DD", plantimestamp())`, both...), `, regions = ["lazio"]`, "", 1)),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(placed, tfjsonpath.New("assignments").AtMapKey("archivio-1").AtMapKey("standby_region"), knownvalue.NotNull()),
				plancheck.ExpectKnownValue(placed, found(0, "rule"), knownvalue.StringExact("DER-003")),
			),
		},
	})
}

// TestRebalance moves nothing unless asked to, and tells before it does.
func TestRebalance(t *testing.T) {
	lab := providertest.Start(t)
	at := func(limit, rebalance string) string {
		config := workload("protocollo", "instances = 2, vcpus = 2, memory_gib = 8, storage_gib = 100"+limit)
		return lab.Config(strings.Replace(config, "inventory =", rebalance+"\n  inventory =", 1))
	}
	move := func(name string) tfjsonpath.Path {
		return tfjsonpath.New("moves").AtSliceIndex(0).AtMapKey(name)
	}
	first, second := map[string]string{}, map[string]string{}
	nothing := plancheck.ExpectKnownValue(placed, tfjsonpath.New("moves"), knownvalue.ListSizeExact(0))
	providertest.Test(t, []resource.TestStep{
		{Config: at(`, regions = ["lazio"]`, ""), ConfigPlanChecks: before(nothing), ConfigStateChecks: []statecheck.StateCheck{providertest.Places(placed, &first)}},
		{
			Config: at("", "rebalance = false"), ConfigPlanChecks: before(nothing),
			ConfigStateChecks: []statecheck.StateCheck{providertest.Places(placed, &second)},
		},
		{
			// A critical machine and its standby are better off in two regions: one of the two goes.
			Config: at("", "rebalance = true"),
			ConfigPlanChecks: before(
				knownInPlan(placed),
				plancheck.ExpectKnownValue(placed, move("vm"), knownvalue.StringExact("archivio-1")),
				plancheck.ExpectKnownValue(placed, move("role"), knownvalue.StringRegexp(regexp.MustCompile("^(primary|standby)$"))),
				plancheck.ExpectKnownValue(placed, move("copy_gib"), knownvalue.Int64Exact(100)),
				plancheck.ExpectKnownValue(placed, move("from_site"), knownvalue.StringRegexp(regexp.MustCompile("acilia|pomezia"))),
				plancheck.ExpectKnownValue(placed, move("to_site"), knownvalue.StringRegexp(regexp.MustCompile("rozzano|santo-stefano-ticino"))),
				plancheck.ExpectKnownValue(placed, move("from_cluster"), knownvalue.NotNull()),
				plancheck.ExpectKnownValue(placed, move("to_cluster"), knownvalue.NotNull()),
				plancheck.ExpectKnownValue(placed, move("reason"), knownvalue.StringExact("rebalance is set: machine and standby are then in two regions")),
			),
		},
		{Config: at("", "rebalance = true"), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{Config: at("", "rebalance = false"), ConfigPlanChecks: before(nothing)},
		{
			// What may no longer stand where it does moves without being asked to, and says why.
			Config:           at(`, regions = ["lombardia"]`, "rebalance = false"),
			ConfigPlanChecks: before(plancheck.ExpectKnownValue(placed, move("reason"), knownvalue.StringExact("workload archivio does not allow region lazio"))),
		},
	})
	for vm, place := range first {
		if second[vm] != place {
			t.Errorf("%s moved from %s to %s without rebalance", vm, place, second[vm])
		}
	}
}
