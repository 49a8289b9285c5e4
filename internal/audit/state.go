package audit

import (
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// compareState says where a state is neither what the plan was made on nor what
// it leads to. A plan that was applied, one that was not yet, and one that was
// applied in part all pass; a change that the plan does not know does not.
func compareState(plan, state *File) ([]psn.Finding, error) {
	if plan.Kind != KindPlan || state.Kind != KindState {
		return nil, psn.Errorf(psn.InvalidInput, "a plan is compared with a state: the first file is a %s, the second a %s", plan.Kind, state.Kind)
	}
	stands := map[string]Resource{}
	for _, r := range state.Values {
		stands[r.Address] = r
	}
	var out []psn.Finding
	for _, c := range plan.Changes {
		now, ok := stands[c.Address]
		delete(stands, c.Address)
		if !ok && c.Previous != "" {
			now, ok = stands[c.Previous]
			delete(stands, c.Previous)
		}
		if f, differs := standing(c, now, ok); differs {
			out = append(out, f)
		}
	}
	for address, r := range stands {
		if plan.Errored || plan.Incomplete {
			out = append(out, ruleStale.undecidable(subjectOf(r), fmt.Sprintf("the state has %s, and the plan is not complete", address)))
			continue
		}
		out = append(out, ruleStale.finding(subjectOf(r), fmt.Sprintf("the state has %s, which the plan does not know", address)))
	}
	return out, nil
}

// standing judges one resource of the plan by how it stands in the state.
func standing(c, now Resource, there bool) (psn.Finding, bool) {
	c.Before, c.After, now.After = lasting(c.Type, c.Before), lasting(c.Type, c.After), lasting(c.Type, now.After)
	switch {
	case !there && c.Before == nil, !there && c.After == nil:
		return psn.Finding{}, false // not made yet; deleted as planned
	case !there:
		return ruleStale.finding(subjectOf(c), fmt.Sprintf("the plan was made with %s in place, the state does not have it", c.Address)), true
	case c.Before == nil && c.After == nil:
		return psn.Finding{}, false
	}
	if c.Before != nil {
		if at, _, _ := firstDifference(c.Before, now.After, ""); at == "" {
			return psn.Finding{}, false // not applied yet
		}
	}
	if c.After == nil {
		at, before, present := firstDifference(c.Before, now.After, "")
		return ruleStale.finding(subjectOf(c), fmt.Sprintf("attribute %s of %s is %s in the state; the plan was made when it was %s", at, c.Address, present, before)), true
	}
	at, planned, present := firstDifference(withoutUnknown(c.After, c.Unknown), withoutUnknown(now.After, c.Unknown), "")
	if at == "" {
		return psn.Finding{}, false // applied
	}
	return ruleStale.finding(subjectOf(c), fmt.Sprintf("attribute %s of %s is %s in the state; the plan leads to %s", at, c.Address, present, planned)), true
}

// withoutUnknown leaves out what the plan could not know.
func withoutUnknown(v any, unknown any) any {
	switch u := unknown.(type) {
	case bool:
		if u {
			return nil
		}
	case map[string]any:
		m, ok := v.(map[string]any)
		if !ok {
			return v
		}
		out := make(map[string]any, len(m))
		for k, e := range m {
			if b, _ := u[k].(bool); !b {
				out[k] = withoutUnknown(e, u[k])
			}
		}
		return out
	case []any:
		list, ok := v.([]any)
		if !ok {
			return v
		}
		out := make([]any, len(list))
		for i, e := range list {
			if out[i] = e; i < len(u) {
				out[i] = withoutUnknown(e, u[i])
			}
		}
		return out
	}
	return v
}
