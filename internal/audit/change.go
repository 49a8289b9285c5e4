package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Action is what the plan does to one resource instance.
type Action struct {
	Address  string `json:"address"`
	Previous string `json:"previous_address,omitempty"` // when it was moved
	Type     string `json:"type"`
	Subject  string `json:"subject"`          // natural id
	Action   string `json:"action"`           // "create", "update", "replace", "delete", "forget", "move", "none"
	Reason   string `json:"reason,omitempty"` // action_reason of the file
}

// actionsOf lists what a plan does, by address.
func actionsOf(f *File) []Action {
	out := []Action{}
	for _, c := range f.Changes {
		if c.Type == "" || !strings.HasPrefix(c.Type, "psn_") {
			continue
		}
		out = append(out, Action{Address: c.Address, Previous: c.Previous, Type: c.Type, Subject: subjectOf(c), Action: actionOf(c), Reason: c.Reason})
	}
	return out
}

func actionOf(r Resource) string {
	has := func(a string) bool { return slices.Contains(r.Actions, a) }
	switch {
	case has("delete") && has("create"):
		return "replace"
	case has("delete"):
		return "delete"
	case has("forget"):
		return "forget"
	case has("create"):
		return "create"
	case has("update"):
		return "update"
	case r.Previous != "":
		return "move"
	}
	return "none"
}

// subjectOf is the natural id of a resource, before or after the plan, else its
// address.
func subjectOf(r Resource) string {
	for _, values := range []map[string]any{r.After, r.Before} {
		if id, _ := values["id"].(string); id != "" {
			return id
		}
	}
	return r.Address
}

// standsOn are the types whose loss a service feels; a psn_placement is a
// decision and makes nothing.
var standsOn = map[string]string{
	"psn_tenant": "tenant", "psn_service": "service", "psn_virtual_machine": "machine", "psn_replica": "replica",
}

// changed judges what the plan destroys, replaces or forgets, and what was
// found changed outside it.
func changed(f *File) []psn.Finding {
	var out []psn.Finding
	for _, c := range f.Changes {
		action, what := actionOf(c), standsOn[c.Type]
		verb := map[string]string{"delete": "destroyed", "replace": "destroyed and made again", "forget": "left to itself, no longer managed"}[action]
		if what == "" || verb == "" {
			continue
		}
		class, _ := c.Before["classification"].(string)
		finding := ruleDestroys.finding(subjectOf(c), fmt.Sprintf("%s %s (%s) is %s", what, subjectOf(c), orUnclassed(class), verb))
		if psn.Classification(class) == psn.Ordinary {
			finding.Severity = psn.SeverityInfo
		}
		out = append(out, finding)
	}
	for _, d := range f.Drift {
		out = append(out, drifted(d)...)
	}
	return out
}

func orUnclassed(class string) string {
	if class == "" {
		return "of every class"
	}
	return class
}

// drifted judges one resource found changed outside.
func drifted(d Resource) []psn.Finding {
	subject := subjectOf(d)
	if d.After == nil {
		return []psn.Finding{ruleDrift.finding(subject, fmt.Sprintf("%s was there after the last apply and is gone", d.Address))}
	}
	at, before, after := firstDifference(lasting(d.Type, d.Before), lasting(d.Type, d.After), "")
	if at == "" {
		return nil
	}
	return []psn.Finding{ruleDrift.finding(subject, fmt.Sprintf("attribute %s of %s was %s after the last apply and is %s", at, d.Address, before, after))}
}

// measured are attributes that tell how much there is at the moment: another
// figure at each refresh is their purpose, and no change of what was applied.
var measured = map[string][]string{
	"psn_tenant":  {"usage"},
	"psn_replica": {"deltas", "lag_seconds", "last_sync"},
}

// lasting are the values of a resource without what is measured.
func lasting(kind string, values map[string]any) map[string]any {
	if len(measured[kind]) == 0 || values == nil {
		return values
	}
	out := maps.Clone(values)
	for _, name := range measured[kind] {
		delete(out, name)
	}
	return out
}

// checked judges the checks of the configuration.
func checked(f *File) []psn.Finding {
	var out []psn.Finding
	for _, c := range f.Checks {
		switch c.Status {
		case "pass":
		case "unknown":
			out = append(out, ruleChecks.undecidable(c.Address, "the condition depends on values that are known after apply only"))
		default:
			message := fmt.Sprintf("the check came to %q", c.Status)
			if c.Message != "" {
				message += ": " + c.Message
			}
			out = append(out, ruleChecks.finding(c.Address, message))
		}
	}
	return out
}
