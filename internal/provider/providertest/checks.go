package providertest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// planFunc and stateFunc make checks of functions.
type planFunc func(*tfjson.Plan) error

func (f planFunc) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = f(req.Plan)
}

type stateFunc func(*tfjson.State) error

func (f stateFunc) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	resp.Error = f(req.State)
}

// OnlyThese fails when the plan touches any resource but those, given as
// "action address", for example "create psn_service.web".
func OnlyThese(want ...string) plancheck.PlanCheck {
	return planFunc(func(p *tfjson.Plan) error {
		var got []string
		for _, c := range p.ResourceChanges {
			if c.Mode == tfjson.ManagedResourceMode && !c.Change.Actions.NoOp() {
				var actions []string
				for _, a := range c.Change.Actions {
					actions = append(actions, string(a))
				}
				got = append(got, strings.Join(actions, "+")+" "+c.Address)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			return fmt.Errorf("the plan does %q, want %q", got, want)
		}
		return nil
	})
}

// PlanHides fails when the plan holds one of the secrets.
func PlanHides(secrets ...string) plancheck.PlanCheck {
	return planFunc(func(p *tfjson.Plan) error { return hides(p, secrets) })
}

// StateHides fails when the state holds one of the secrets.
func StateHides(secrets ...string) statecheck.StateCheck {
	return stateFunc(func(s *tfjson.State) error { return hides(s, secrets) })
}

func hides(v any, secrets []string) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if !strings.Contains(string(b), "p_bs") {
		return fmt.Errorf("what was searched for secrets does not even name the tenant: the check looks in the wrong place")
	}
	for _, s := range secrets {
		if s == "" || strings.Contains(string(b), s) {
			return fmt.Errorf("a secret is in the plan or state")
		}
	}
	return nil
}

// Places stores where the placement puts its machines, as "site/standby" by
// machine, for comparison between steps.
func Places(address string, into *map[string]string) statecheck.StateCheck {
	return stateFunc(func(s *tfjson.State) error {
		for _, r := range s.Values.RootModule.Resources {
			if r.Address != address {
				continue
			}
			*into = map[string]string{}
			as, _ := r.AttributeValues["assignments"].(map[string]any)
			for _, key := range slices.Sorted(maps.Keys(as)) {
				a, _ := as[key].(map[string]any)
				(*into)[key] = fmt.Sprintf("%v/%v/%v", a["site"], a["cluster"], a["standby_site"])
			}
			return nil
		}
		return fmt.Errorf("no %s in the state", address)
	})
}
