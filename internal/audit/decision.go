package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// decisions judges what every psn_placement records of its decision against the
// decision before it, from which the provider computes it.
func decisions(f *File) []psn.Finding {
	resources := f.Values
	if f.Kind == KindPlan {
		resources = f.Changes
	}
	var out []psn.Finding
	for _, r := range resources {
		if r.Type != "psn_placement" || r.After == nil {
			continue
		}
		out = append(out, named(r)...)
		if verdict, _ := r.After["verdict"].(string); verdict != "" && verdict != verdictPlaced {
			out = append(out, declined(f, r, verdict)...)
		} else if f.Kind == KindPlan && actionOf(r) != "replace" {
			out = append(out, movesOf(r)...)
		}
	}
	return out
}

// named holds that every assignment is of the machine under whose name it stands.
func named(r Resource) []psn.Finding {
	var out []psn.Finding
	assigned, _ := r.After["assignments"].(map[string]any)
	tenant, _ := r.After["tenant_id"].(string)
	for _, key := range slices.Sorted(maps.Keys(assigned)) {
		a, _ := assigned[key].(map[string]any)
		if vm, is := a["vm"].(string); is && vm != key {
			out = append(out, ruleMachine.finding(tenant+"/"+key, fmt.Sprintf("the assignment of %s names machine %q", key, vm)))
		}
		if workload, is := a["workload"].(string); is && !strings.HasPrefix(key, workload+"-") {
			out = append(out, ruleMachine.finding(tenant+"/"+key, fmt.Sprintf("the assignment of %s names workload %q", key, workload)))
		}
	}
	return out
}

// declined judges a decision that keeps what stands although it cannot be placed.
// The provider refuses to make one anew, and always says why.
func declined(f *File, r Resource, verdict string) []psn.Finding {
	wrong := func(format string, args ...any) []psn.Finding {
		return []psn.Finding{ruleRecorded.finding(r.Address, fmt.Sprintf(format, args...))}
	}
	if reasons, is := r.After["findings"].([]any); is && len(reasons) == 0 {
		return wrong("the recorded verdict is %q without a finding that says why: the file was changed after it was written", verdict)
	}
	if f.Kind != KindPlan {
		return nil
	}
	if r.Before == nil {
		return wrong("the recorded verdict is %q on a decision that is new, which the provider refuses: the file was changed after it was written", verdict)
	}
	was, _ := r.Before["assignments"].(map[string]any)
	now, _ := r.After["assignments"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(now)) {
		stood, there := was[key].(map[string]any)
		is, _ := now[key].(map[string]any)
		if !there || endOf(stood, "") != endOf(is, "") || endOf(stood, "standby_") != endOf(is, "standby_") {
			return wrong("the recorded verdict is %q, which keeps what stands, but %s stands elsewhere: the file was changed after it was written", verdict, key)
		}
	}
	return nil
}

func endOf(assignment map[string]any, prefix string) spot {
	text := func(name string) string { s, _ := assignment[prefix+name].(string); return s }
	return spot{psn.Site(text("site")), psn.Platform(text("platform")), text("cluster")}
}

// movesOf compares the recorded moves with the difference of the decision from
// the one before. A decision that stays keeps the moves it was made with.
func movesOf(r Resource) []psn.Finding {
	if r.Before == nil || !allKnown(r.Unknown["assignments"]) || !allKnown(r.Unknown["moves"]) {
		return nil
	}
	derived := derivedMoves(r)
	written := map[string]bool{}
	list, _ := r.After["moves"].([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		text := func(name string) string { s, _ := m[name].(string); return s }
		end := func(p string) spot {
			return spot{psn.Site(text(p + "site")), psn.Platform(text(p + "platform")), text(p + "cluster")}
		}
		written[move(text("vm"), text("role"), end("from_"), end("to_"))] = true
	}
	if before, _ := r.Before["moves"].([]any); len(derived) == 0 && same(before, list) {
		return nil
	}
	wrong := func(format string, args ...any) []psn.Finding {
		return []psn.Finding{ruleRecorded.finding(r.Address, fmt.Sprintf(format, args...))}
	}
	for _, m := range slices.Sorted(maps.Keys(derived)) {
		if !written[m] {
			return wrong("the recorded moves leave out that %s", m)
		}
	}
	for _, m := range slices.Sorted(maps.Keys(written)) {
		if !derived[m] {
			return wrong("the recorded moves tell that %s, which does not follow from the assignments before and after", m)
		}
	}
	return nil
}

func derivedMoves(r Resource) map[string]bool {
	was, _ := r.Before["assignments"].(map[string]any)
	now, _ := r.After["assignments"].(map[string]any)
	out := map[string]bool{}
	for key, v := range now {
		stood, there := was[key].(map[string]any)
		is, _ := v.(map[string]any)
		if !there {
			continue
		}
		for role, prefix := range map[string]string{"primary": "", "standby": "standby_"} {
			from, to := endOf(stood, prefix), endOf(is, prefix)
			if from != to && from.site != "" && to.site != "" {
				out[move(key, role, from, to)] = true
			}
		}
	}
	return out
}

func move(vm, role string, from, to spot) string {
	return fmt.Sprintf("%s (%s) goes from %s to %s", vm, role, from, to)
}
