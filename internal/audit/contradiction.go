package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// viewsOf returns the resources that exist after the plan as its two parts tell
// them (the same slice twice for a state), and where the two disagree. Every
// attribute stands in both, so a difference means that the file was changed
// after it was written.
func viewsOf(f *File) (changes, values []Resource, differences []psn.Finding) {
	if f.Kind == KindState {
		return f.Values, f.Values, nil
	}
	byAddress := map[string]Resource{}
	for _, r := range f.Changes {
		byAddress[r.Address] = r
		if r.After != nil {
			changes = append(changes, r)
		}
	}
	seen := map[string]bool{}
	for _, v := range f.Values {
		c, ok := byAddress[v.Address]
		seen[v.Address] = true
		switch {
		case !ok:
			differences = append(differences, ruleViews.finding(v.Address, "planned_values has the resource, resource_changes does not"))
		case c.After == nil:
			differences = append(differences, ruleViews.finding(v.Address, "planned_values has the resource, resource_changes deletes it"))
		default:
			// planned_values carries no marks for what is not known yet.
			v.Unknown, v.Before = c.Unknown, c.Before
			if at, planned, changed := firstDifference(v.After, c.After, ""); at != "" {
				differences = append(differences, ruleViews.finding(v.Address,
					fmt.Sprintf("attribute %s is %s in planned_values and %s in resource_changes", at, planned, changed)))
			}
		}
		values = append(values, v)
	}
	for _, c := range changes {
		if !seen[c.Address] {
			differences = append(differences, ruleViews.finding(c.Address, "resource_changes has the resource, planned_values does not"))
		}
	}
	differences = append(differences, againstPrior(f)...)
	return changes, values, append(differences, againstConfiguration(f)...)
}

// againstPrior compares what the changes say was there with the prior state of
// the plan: every resource of it stands in a plan of everything, and is what
// the change starts from.
func againstPrior(f *File) []psn.Finding {
	var out []psn.Finding
	stood := map[string]bool{}
	for _, p := range f.Prior {
		stood[p.Address] = true
	}
	changes := map[string]Resource{}
	for _, c := range f.Changes {
		if c.Before != nil && !stood[c.Address] && !stood[c.Previous] {
			out = append(out, ruleViews.finding(c.Address, "the change starts from a resource that prior_state does not have"))
		}
		changes[c.Address] = c
		if c.Previous != "" {
			changes[c.Previous] = c
		}
	}
	for _, p := range f.Prior {
		c, ok := changes[p.Address]
		if !ok {
			if !f.Errored && !f.Incomplete {
				out = append(out, ruleViews.finding(p.Address, "prior_state has the resource, resource_changes does not: it was taken out of the file, or the plan was made for some targets only"))
			}
			continue
		}
		if at, prior, before := firstDifference(p.After, c.Before, ""); at != "" {
			out = append(out, ruleViews.finding(p.Address, fmt.Sprintf("attribute %s is %s in prior_state and %s before the change", at, prior, before)))
		}
	}
	return out
}

// firstDifference returns the path of the first difference in key order, and
// both values in words; "" when equal.
func firstDifference(a, b any, path string) (at, inA, inB string) {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		keys := slices.Collect(maps.Keys(x))
		for k := range y {
			if _, ok := x[k]; !ok {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			if at, inA, inB := firstDifference(x[k], y[k], strings.TrimPrefix(path+"."+k, ".")); at != "" {
				return at, inA, inB
			}
		}
		return "", "", ""
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			if at, inA, inB := firstDifference(x[i], y[i], fmt.Sprintf("%s[%d]", path, i)); at != "" {
				return at, inA, inB
			}
		}
		return "", "", ""
	}
	if reflect.DeepEqual(a, b) {
		return "", "", ""
	}
	return path, inWords(path, a), inWords(path, b)
}

// shown are the attributes whose values may be printed: none of them can hold a
// secret.
var shown = map[string]bool{
	"id": true, "tenant_id": true, "service_id": true, "workload": true, "classification": true, "verdict": true,
	"site": true, "region": true, "platform": true, "cluster": true,
	"standby_site": true, "standby_region": true, "standby_platform": true, "standby_cluster": true,
	"vcpus": true, "memory_gib": true, "storage_gib": true, "rpo": true, "rto": true,
	"name": true, "category": true, "classification_state": true, "classification_date": true, "data_location": true,
	"ipa_code": true, "fiscal_code": true, "cup": true, "home_site": true, "active_site": true, "power_state": true, "phase": true,
	"instances": true, "gpus": true, "storage_class": true, "mode": true, "together": true, "until": true, "as_of": true, "memory_mib": true, "storage_mib": true,
}

func inWords(path string, v any) string {
	name := path[strings.LastIndex(path, ".")+1:]
	switch x := v.(type) {
	case nil:
		return "absent"
	case string:
		if shown[name] {
			return fmt.Sprintf("%q", x)
		}
	case json.Number:
		if shown[name] {
			return x.String()
		}
	case bool:
		return fmt.Sprint(x)
	case map[string]any, []any:
		return "set"
	}
	return "another value"
}
