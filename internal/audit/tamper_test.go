package audit_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// made is a plan or state that the provider made, as a tree to change.
func made(t testing.TB, name string) object {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "examples", "audit", name))
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var doc object
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	walk(doc, func(o object) {
		if d, ok := o["policy_digest"].(string); ok && d != "" {
			o["policy_digest"] = policy.Digest()
		}
	})
	return doc
}

func walk(v any, f func(object)) {
	switch x := v.(type) {
	case object:
		f(x)
		for _, e := range x {
			walk(e, f)
		}
	case []any:
		for _, e := range x {
			walk(e, f)
		}
	}
}

// change returns the change of a resource of the plan.
func change(t testing.TB, doc object, address string) object {
	t.Helper()
	for _, c := range doc["resource_changes"].([]any) {
		if c := c.(object); c["address"] == address {
			return c["change"].(object)
		}
	}
	t.Fatalf("no %s", address)
	return nil
}

func find(r *audit.Report, rule, subject, message string) bool {
	return slices.ContainsFunc(r.Findings, func(f psn.Finding) bool {
		return f.Rule == rule && f.Subject == subject && strings.Contains(f.Message, message)
	})
}

// What the provider and the CLI wrote is not taken for tampered with.
func TestPlansOfTheProviderAreNotSuspect(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clean/plan.json", "clean/state.json", "later/plan.json", "unknowns/plan.json"} {
		for _, f := range evaluate(t, marshal(t, made(t, name))).Findings {
			if strings.HasPrefix(f.Rule, "AUD-") && f.Rule != "AUD-007" && f.Rule != "AUD-008" {
				t.Errorf("%s: %s %s: %s", name, f.Rule, f.Subject, f.Message)
			}
		}
	}
}

func TestTamperedPlans(t *testing.T) {
	t.Parallel()
	const (
		service = `psn_service.all["protocollo"]`
		place   = "psn_placement.provincia"
	)
	for name, tc := range map[string]struct {
		edit                   func(*testing.T, object)
		rule, subject, message string
	}{
		"a resource is taken out of changes and values": {func(_ *testing.T, d object) {
			d["resource_changes"] = slices.DeleteFunc(d["resource_changes"].([]any), func(c any) bool { return c.(object)["address"] == "psn_tenant.brescia" })
			root := d["planned_values"].(object)["root_module"].(object)
			root["resources"] = slices.DeleteFunc(root["resources"].([]any), func(c any) bool { return c.(object)["address"] == "psn_tenant.brescia" })
		}, "AUD-002", "psn_tenant.brescia", "prior_state has the resource"},
		"the class before the plan is hidden": {func(t *testing.T, d object) {
			change(t, d, service)["before"].(object)["classification"] = "ordinary"
		}, "AUD-002", service, `attribute classification is "critical" in prior_state and "ordinary" before the change`},
		"a constant of the configuration is other in the plan": {func(t *testing.T, d object) {
			walk(d, func(o object) {
				if o["id"] == "p_bs/protocollo" && o["data_location"] != nil {
					o["data_location"] = "EU"
				}
			})
		}, "AUD-002", service, `attribute data_location is "IT" in the configuration and "EU" in resource_changes`},
		"a change in one part only": {func(t *testing.T, d object) {
			change(t, d, service)["after"].(object)["classification"] = "ordinary"
		}, "AUD-002", service, "attribute classification is"},
		"findings are wiped": {func(t *testing.T, d object) {
			walk(d, func(o object) {
				if o["standby_site"] != nil && (o["vm"] == "conservazione-1" || o["id"] == "p_bs/conservazione-1") {
					o["standby_site"], o["standby_region"] = "acilia", "lazio"
				}
			})
		}, "AUD-001", "p_bs/conservazione-1", "PLC-002 is not passed, but no resource of the file records that"},
		"headroom is embellished": {func(t *testing.T, d object) {
			after := func(o object) {
				if h, ok := o["headroom"].([]any); ok {
					h[0].(object)["vcpus"] = json.Number("380")
				}
			}
			walk(d, after)
		}, "AUD-001", place, "the recorded headroom of cluster"},
		"the verdict is none of the provider's": {func(_ *testing.T, d object) {
			walk(d, func(o object) {
				if o["verdict"] != nil {
					o["verdict"] = "fine"
				}
			})
		}, "AUD-001", place, `the recorded verdict is "fine", which is none of the provider's`},
		"the verdict is taken out": {func(_ *testing.T, d object) {
			walk(d, func(o object) {
				if o["verdict"] != nil {
					o["verdict"] = nil
				}
			})
		}, "AUD-001", place, "attribute verdict is empty"},
		"findings are taken out": {func(_ *testing.T, d object) {
			walk(d, func(o object) {
				if _, ok := o["findings"].([]any); ok {
					o["findings"] = nil
				}
			})
		}, "AUD-001", service, "attribute findings is empty"},
		"headroom is emptied": {func(_ *testing.T, d object) {
			walk(d, func(o object) {
				if _, ok := o["headroom"].([]any); ok {
					o["headroom"] = []any{}
				}
			})
		}, "AUD-001", place, "the recorded headroom leaves out cluster"},
		"the configuration is taken out": {func(_ *testing.T, d object) {
			delete(d, "configuration")
		}, "AUD-005", "plan", "the configuration, which every plan holds, is not in the file"},
		"the prior state is taken out": {func(_ *testing.T, d object) {
			delete(d, "prior_state")
		}, "AUD-002", service, "prior_state does not have"},
		"made in the future": {func(_ *testing.T, d object) {
			d["timestamp"] = "2031-01-01T00:00:00Z"
		}, "AUD-005", "plan", "2031-01-01T00:00:00Z, which is still to come"},
		"the quota of the placement is too small": {func(_ *testing.T, d object) {
			walk(d, func(o object) {
				if o["assignments"] != nil {
					o["quota"] = object{"vcpus": json.Number("1"), "memory_gib": nil, "storage_gib": json.Number("-1")}
				}
			})
		}, "AUD-011", "p_bs/produzione", "vCPUs, the quota is 1"},
		"the quota of the tenant is too small": {func(_ *testing.T, d object) {
			walk(d, func(o object) {
				if o["ipa_code"] != nil && o["quota"] != nil {
					o["quota"] = object{"vcpus": nil, "memory_gib": json.Number("1"), "storage_gib": nil}
				}
			})
		}, "AUD-011", "p_bs", "GiB of memory, the quota is 1"},
		"rules of another version": {func(t *testing.T, d object) {
			walk(d, func(o object) {
				if _, ok := o["policy_digest"].(string); ok {
					o["policy_digest"] = "sha256:" + strings.Repeat("0", 64)
				}
			})
		}, "AUD-006", place, "those of this program"},
		"a check is made to fail": {func(_ *testing.T, d object) {
			d["checks"].([]any)[0].(object)["status"] = "fail"
		}, "AUD-007", "check.placed", `came to "fail"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := made(t, "later/plan.json")
			if r := evaluate(t, marshal(t, doc)); find(r, tc.rule, tc.subject, tc.message) {
				t.Fatal("found before anything was changed")
			}
			tc.edit(t, doc)
			if r := evaluate(t, marshal(t, doc)); !find(r, tc.rule, tc.subject, tc.message) {
				t.Errorf("not found in %s", marshal(t, r.Findings))
			}
		})
	}
}

// Every cut of a plan is refused: none is judged in part.
func TestTruncatedAnywhere(t *testing.T) {
	t.Parallel()
	in := marshal(t, made(t, "clean/plan.json"))
	for n := 0; n < len(in); n += 97 {
		if _, err := audit.Read(bytes.NewReader(in[:n])); !psn.Is(err, psn.InvalidInput) {
			t.Fatalf("cut at byte %d of %d: %v", n, len(in), err)
		}
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	doc := made(t, "later/plan.json")
	// What the sandbox could not show: a critical machine forgotten, drift.
	change(t, doc, `module.machines["protocollo-1"].psn_virtual_machine.this`)["actions"] = []any{"forget"}
	before, after := object{}, object{}
	for k, v := range change(t, doc, `module.machines["conservazione-1"].psn_virtual_machine.this`)["before"].(object) {
		before[k], after[k] = v, v
	}
	after["active_site"] = "rozzano"
	doc["resource_drift"] = []any{object{
		"address": `module.machines["conservazione-1"].psn_virtual_machine.this`, "mode": "managed", "type": "psn_virtual_machine",
		"provider_name": hosted, "change": object{"actions": []any{"update"}, "before": before, "after": after, "after_unknown": object{}},
	}}
	r := evaluate(t, marshal(t, doc))
	got := map[string]int{}
	for _, a := range r.Actions {
		got[a.Action]++
		if a.Action == "replace" && (a.Previous != "psn_placement.brescia" || a.Reason != "replace_because_cannot_update") {
			t.Errorf("%+v", a)
		}
	}
	if got["delete"] != 3 || got["replace"] != 1 || got["update"] != 1 || got["forget"] != 1 || len(r.Actions) != 13 {
		t.Errorf("%v", got)
	}
	for _, want := range [][3]string{
		{"AUD-008", "p_bs/web-1", "machine p_bs/web-1 (ordinary) is destroyed"},
		{"AUD-008", "p_bs/protocollo-1", "machine p_bs/protocollo-1 (critical) is left to itself"},
		{"AUD-009", "p_bs/conservazione-1", `active_site of module.machines["conservazione-1"].psn_virtual_machine.this was "pomezia" after the last apply and is "rozzano"`},
	} {
		if !find(r, want[0], want[1], want[2]) {
			t.Errorf("no %q in %s", want, marshal(t, r.Findings))
		}
	}
	if r.Counts.Warnings != 2 || r.Counts.Errors != 0 {
		t.Errorf("%+v", r.Counts)
	}
}

func TestAgainstAState(t *testing.T) {
	t.Parallel()
	read := func(doc object) *audit.File {
		f, err := audit.Read(bytes.NewReader(marshal(t, doc)))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	against := func(plan, state object) []string {
		r, err := audit.Evaluate(read(plan), judged, audit.Against(read(state)))
		if err != nil {
			t.Fatal(err)
		}
		if r.State == nil || r.State.Kind != audit.KindState {
			t.Errorf("%+v", r.State)
		}
		var out []string
		for _, f := range r.Findings {
			if f.Rule == "AUD-010" {
				out = append(out, f.Subject+": "+f.Message)
			}
		}
		return out
	}
	// The state the later plan was made on, and the one the clean plan leads to.
	for _, plan := range []string{"clean/plan.json", "later/plan.json"} {
		if got := against(made(t, plan), made(t, "clean/state.json")); len(got) > 0 {
			t.Errorf("%s: %v", plan, got)
		}
	}
	moved := made(t, "clean/state.json")
	walk(moved, func(o object) {
		if o["id"] == "p_bs/conservazione-1" {
			o["standby_site"] = "santo-stefano-ticino"
		}
	})
	for _, plan := range []string{"clean/plan.json", "later/plan.json"} {
		got := against(made(t, plan), moved)
		if len(got) != 1 || !strings.Contains(got[0], `p_bs/conservazione-1: attribute standby_site of module.machines["conservazione-1"].psn_virtual_machine.this is "santo-stefano-ticino" in the state; the plan leads to "rozzano"`) {
			t.Errorf("%s: %q", plan, got)
		}
	}
	gone := made(t, "clean/state.json")
	root := gone["values"].(object)["root_module"].(object)
	root["resources"] = slices.DeleteFunc(root["resources"].([]any), func(c any) bool { return c.(object)["address"] == "psn_tenant.brescia" })
	if got := against(made(t, "later/plan.json"), gone); len(got) != 1 || !strings.Contains(got[0], "the state does not have it") {
		t.Errorf("%q", got)
	}
	if _, err := audit.Evaluate(read(moved), judged, audit.Against(read(gone))); !psn.Is(err, psn.InvalidInput) {
		t.Errorf("two states: %v", err)
	}
}

// An amount below 0 would make room for what does not fit.
func TestNegativeAmountsAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"vcpus", "memory_mib", "memory_gib", "storage_gib", "size_gib"} {
		doc := made(t, "clean/plan.json")
		walk(doc, func(o object) {
			if _, ok := o[name].(json.Number); ok {
				o[name] = json.Number("-8")
			}
		})
		f, err := audit.Read(bytes.NewReader(marshal(t, doc)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := audit.Evaluate(f, judged); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "is -8, an amount below 0") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
