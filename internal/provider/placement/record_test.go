package placement

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// agrees reports what an apply may not do: give a value that the plan had
// otherwise. Unknown values may become anything.
func agrees(ctx context.Context, plan, apply attr.Value) bool {
	switch p := plan.(type) {
	case types.List:
		if a, ok := apply.(types.List); ok && !p.IsUnknown() && !p.IsNull() && len(p.Elements()) == len(a.Elements()) {
			for i, v := range p.Elements() {
				if !agrees(ctx, v, a.Elements()[i]) {
					return false
				}
			}
			return true
		}
	case types.Map:
		if a, ok := apply.(types.Map); ok && !p.IsUnknown() && !p.IsNull() && len(p.Elements()) == len(a.Elements()) {
			for k, v := range p.Elements() {
				if a.Elements()[k] == nil || !agrees(ctx, v, a.Elements()[k]) {
					return false
				}
			}
			return true
		}
	case types.Object:
		if a, ok := apply.(types.Object); ok && !p.IsUnknown() && !p.IsNull() {
			for k, v := range p.Attributes() {
				if !agrees(ctx, v, a.Attributes()[k]) {
					return false
				}
			}
			return true
		}
	}
	return plan.IsUnknown() || plan.Equal(apply)
}

// TestApplyKeepsThePlan plans with something unknown on a fresh inventory and a
// later day, and applies with what it turns out to be, as before or otherwise.
func TestApplyKeepsThePlan(t *testing.T) {
	text := types.StringValue
	derogations := func(reason types.String) types.List {
		return types.ListValueMust(types.ObjectType{AttrTypes: derogationTypes}, []attr.Value{types.ObjectValueMust(derogationTypes, map[string]attr.Value{
			"id": text("D-1"), "rule": text("PLC-003"), "subject": text("p_bs/critical"), "author": text("RTD"), "date": text("2026-01-10"), "reason": reason, "expiry": text("2026-12-31"),
		})})
	}
	build := func(inv types.List, vcpus types.Int64, reason types.String, day string, allow bool) model {
		c := configured(inv, workloads(map[string]types.Object{"a": with(one(psn.Critical, 2, 4), map[string]attr.Value{"vcpus": vcpus})}))
		c.AsOf, c.Derogations = text(day), derogations(reason)
		if allow {
			c.AllowUnknownAtPlan = types.BoolValue(true)
		}
		return c
	}
	four, works := types.Int64Value(4), text("works")
	old, fresh, unread := sitesWith(t, 100), sitesWith(t, 90), types.ListUnknown(sitesWith(t, 1).ElementType(t.Context()))
	until := func(m model) model {
		m.Exclude = exclude(text("2026-11-10"), psn.Pomezia)
		return m
	}
	for _, allow := range []bool{false, true} {
		prior, _ := mustDecide(t, build(old, four, works, "2026-11-01", allow), nil)
		maintained, _ := mustDecide(t, until(build(old, four, works, "2026-11-01", allow)), nil)
		for name, tc := range map[string]struct {
			plan, apply model
			refused     bool // without allow_unknown_at_plan
			kept        bool // without allow_unknown_at_plan
		}{
			"all known":               {build(fresh, four, works, "2026-11-22", allow), build(fresh, four, works, "2026-11-22", allow), false, true},
			"inventory, the same":     {build(unread, four, works, "2026-11-22", allow), build(fresh, four, works, "2026-11-22", allow), false, true},
			"inventory, no room":      {build(unread, four, works, "2026-11-22", allow), build(sitesWith(t, 1), four, works, "2026-11-22", allow), false, false},
			"workload, the same":      {build(old, types.Int64Unknown(), works, "2026-11-22", allow), build(old, four, works, "2026-11-22", allow), false, true},
			"workload, larger":        {build(old, types.Int64Unknown(), works, "2026-11-22", allow), build(old, types.Int64Value(5), works, "2026-11-22", allow), false, false},
			"fresh, the same":         {build(fresh, types.Int64Unknown(), works, "2026-11-22", allow), build(fresh, four, works, "2026-11-22", allow), true, false},
			"fresh, larger":           {build(fresh, types.Int64Unknown(), works, "2026-11-22", allow), build(fresh, types.Int64Value(5), works, "2026-11-22", allow), true, false},
			"fresh, reason":           {build(fresh, four, types.StringUnknown(), "2026-11-22", allow), build(fresh, four, works, "2026-11-22", allow), true, false},
			"reason, the same":        {build(old, four, types.StringUnknown(), "2026-11-22", allow), build(old, four, works, "2026-11-22", allow), false, true},
			"reason, another":         {build(old, four, types.StringUnknown(), "2026-11-22", allow), build(old, four, text("more works"), "2026-11-22", allow), false, false},
			"an exclusion that ended": {until(build(unread, four, works, "2026-11-22", allow)), until(build(fresh, four, works, "2026-11-22", allow)), true, false},
			"it ended, all known":     {until(build(fresh, four, works, "2026-11-22", allow)), until(build(fresh, four, works, "2026-11-22", allow)), false, true},
			"before it was decided":   {build(unread, four, works, "2026-01-10", allow), build(fresh, four, works, "2026-01-10", allow), false, true},
		} {
			t.Run(fmt.Sprintf("%s, allowed %t", name, allow), func(t *testing.T) {
				prior := prior
				ended := !tc.apply.Exclude.IsNull()
				if ended {
					prior = maintained
				}
				planned, diags := decide(t.Context(), tc.plan, &prior)
				if refused := tc.refused && !allow; diags.HasError() || refused {
					if got := fmt.Sprint(diags.Errors()); !refused || !strings.Contains(got, "allow_unknown_at_plan = true") {
						t.Errorf("refused %t: %s", refused, got)
					}
					return
				}
				applied, _ := mustDecide(t, tc.apply, &prior)
				was, is := values(planned), values(applied)
				for name := range was {
					if !agrees(t.Context(), was[name], is[name]) {
						t.Errorf("%s: planned %s, applied %s", name, was[name], is[name])
					}
				}
				if applied.AsOf.ValueString() != "2026-11-01" && !(ended && allow) {
					t.Errorf("a day that changes nothing is recorded: %s", applied.AsOf)
				}
				if kept := applied.Inventory.Equal(prior.Inventory) && applied.Explanation.Equal(prior.Explanation) && applied.Workloads.Equal(prior.Workloads) && applied.Derogations.Equal(prior.Derogations); kept != (tc.kept && !allow) && tc.apply.Inventory.Equal(fresh) {
					t.Errorf("kept %t", kept)
				}
			})
		}
	}
}

func values(m model) map[string]attr.Value {
	return map[string]attr.Value{
		"id": m.ID, "tenant_id": m.TenantID, "name": m.Name, "inventory": m.Inventory, "workloads": m.Workloads, "quota": m.Quota, "rebalance": m.Rebalance,
		"allow_unknown_at_plan": m.AllowUnknownAtPlan, "derogations": m.Derogations, "as_of": m.AsOf, "exclude": m.Exclude, "survive_region": m.SurviveRegion,
		"prices": m.Prices, "weights": m.Weights, "assignments": m.Assignments, "moves": m.Moves, "verdict": m.Verdict, "findings": m.Findings,
		"explanation": m.Explanation, "headroom": m.Headroom, "policy_digest": m.PolicyDigest,
	}
}

// TestExclusionTightens tells a place newly excluded from a word about an old one.
func TestExclusionTightens(t *testing.T) {
	excluding := func(l types.List) model { return model{Exclude: l} }
	reworded := types.ListValueMust(exclusionType, []attr.Value{types.ObjectValueMust(exclusionType.AttrTypes, map[string]attr.Value{
		"site": types.StringValue("acilia"), "platform": types.StringNull(), "cluster": types.StringNull(), "reason": types.StringValue("manutenzione"), "until": types.StringValue("2026-12-31"),
	})})
	cluster := types.ListValueMust(exclusionType, []attr.Value{types.ObjectValueMust(exclusionType.AttrTypes, map[string]attr.Value{
		"site": types.StringValue("acilia"), "platform": types.StringValue("vsphere"), "cluster": types.StringValue("a"), "reason": types.StringValue("works"), "until": types.StringNull(),
	})})
	acilia := exclude(types.StringNull(), psn.Acilia)
	for name, tc := range map[string]struct {
		now, prior types.List
		want       bool
	}{
		"reworded":     {reworded, acilia, false},
		"another site": {exclude(types.StringNull(), psn.Acilia, psn.Pomezia), acilia, true},
		"a cluster":    {cluster, acilia, true},
		"ended":        {types.ListNull(exclusionType), acilia, false},
		"begun":        {acilia, types.ListNull(exclusionType), true},
	} {
		if got := tightened(excluding(tc.now), excluding(tc.prior)); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestDerogationLiftsItsRuleAlone: while a site does not answer, a derogation from
// separation does not promise what cannot be checked.
func TestDerogationLiftsItsRuleAlone(t *testing.T) {
	text := types.StringValue
	for _, rule := range []string{"PLC-001", "PLC-002"} {
		build := func(inv types.List, instances int64) model {
			c := configured(inv, workloads(map[string]types.Object{"db": one(psn.Strategic, instances, 4)}))
			c.AsOf = text("2026-11-22")
			c.Derogations = types.ListValueMust(types.ObjectType{AttrTypes: derogationTypes}, []attr.Value{types.ObjectValueMust(derogationTypes, map[string]attr.Value{
				"id": text("D-1"), "rule": text(rule), "subject": text("p_bs/strategic"), "author": text("RTD"), "date": text("2026-01-10"), "reason": text("works"), "expiry": text("2026-12-31"),
			})})
			return c
		}
		first, _ := mustDecide(t, build(sitesWith(t, 100), 1), nil)
		silence := sitesWith(t, 100, psn.Rozzano)
		if _, diags := decide(t.Context(), build(silence, 2), &first); !strings.Contains(fmt.Sprint(diags.Errors()), "PLC-006") {
			t.Errorf("%s: a strategic machine was promised a place: %s", rule, diags.Errors())
		}
		if m, _ := mustDecide(t, build(silence, 1), &first); !m.Assignments.Equal(first.Assignments) {
			t.Errorf("%s: what stands moved", rule)
		}
	}
}
