package audit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// declare adds a resource to the configuration of a plan.
func declare(doc object, address string, more object) object {
	kind, _, _ := strings.Cut(address, ".")
	d := object{"address": address, "mode": "managed", "type": kind, "expressions": object{}}
	for k, v := range more {
		d[k] = v
	}
	root := doc["configuration"].(object)["root_module"].(object)
	root["resources"] = append(root["resources"].([]any), d)
	return d
}

// stands adds a resource that a plan makes, or keeps when was is not nil.
func stands(doc object, address string, was, is object) {
	kind, _, _ := strings.Cut(address, ".")
	head := func(more object) object {
		more["address"], more["mode"], more["type"], more["provider_name"] = address, "managed", kind, hosted
		return more
	}
	action, before := "create", any(nil)
	if was != nil {
		action, before = "update", was
		doc["prior_state"] = object{"values": object{"root_module": object{"resources": []any{head(object{"values": was})}}}}
	}
	doc["resource_changes"] = append(doc["resource_changes"].([]any), head(object{"change": object{"actions": []any{action}, "before": before, "after": is, "after_unknown": object{}}}))
	root := doc["planned_values"].(object)["root_module"].(object)
	root["resources"] = append(root["resources"].([]any), head(object{"values": is}))
}

// views returns the findings of AUD-002, as verdicts writes them.
func views(t *testing.T, doc object) []string {
	t.Helper()
	var out []string
	for _, v := range verdicts(evaluate(t, marshal(t, doc))) {
		if strings.Contains(v, " AUD-002 ") {
			out = append(out, v)
		}
	}
	return out
}

// TestInstancesThatAReferenceMakes: the file does not tell what count or
// for_each makes of a reference, so what is missing is an error only of an
// emptied declaration whose machines nothing else makes.
func TestInstancesThatAReferenceMakes(t *testing.T) {
	t.Parallel()
	refers := func(names ...any) object { return object{"references": names} }
	variable := func(doc object, name string, value any) { doc["variables"] = object{name: object{"value": value}} }
	network := object{"id": "p_bs/n"}
	machines := func(a string) bool { return strings.HasPrefix(a, "psn_virtual_machine.") }
	assignments := refers(placement+".assignments", placement)
	for name, tc := range map[string]struct {
		edit func(object)
		want string // the one finding of AUD-002, "" for none
	}{
		"a count worked out of a variable": {func(d object) {
			variable(d, "replicas", 2)
			declare(d, "psn_network.n", object{"count_expression": refers("var.replicas")})
		}, "warning AUD-002 psn_network.n[0] undecidable"},
		"a count less one": {func(d object) {
			variable(d, "n", 1)
			declare(d, "psn_network.n", object{"count_expression": refers("var.n")})
		}, "warning AUD-002 psn_network.n[0] undecidable"},
		"all keys renamed": {func(d object) {
			variable(d, "nets", object{"a": object{}, "b": object{}})
			declare(d, "psn_network.n", object{"for_each_expression": refers("var.nets")})
			stands(d, `psn_network.n["net-a"]`, nil, network)
			stands(d, `psn_network.n["net-b"]`, nil, network)
		}, `warning AUD-002 psn_network.n["a"] undecidable`},
		"machines of which none is of the kind": {func(d object) {
			declare(d, "psn_virtual_machine.gpu", object{"for_each_expression": assignments})
		}, `warning AUD-002 psn_virtual_machine.gpu["anagrafe-1"] undecidable`},
		"machines that another provider makes": {func(d object) {
			without(d, machines)
			root := d["planned_values"].(object)["root_module"].(object)
			root["resources"] = append(root["resources"].([]any), object{"address": "other_vm.vm", "mode": "managed", "type": "other_vm", "provider_name": "registry.terraform.io/other/vm", "values": object{}})
		}, `warning AUD-002 psn_virtual_machine.vm["anagrafe-1"] undecidable`},
		"machines of a module that a count makes": {func(d object) {
			variable(d, "on", 1)
			d["configuration"].(object)["root_module"].(object)["module_calls"] = object{"m": object{
				"count_expression": refers("var.on"),
				"module": object{"resources": []any{object{
					"address": "psn_network.n", "mode": "managed", "type": "psn_network", "expressions": object{},
				}}},
			}}
		}, "warning AUD-002 module.m[0].psn_network.n undecidable"},
		"machines whose place is not known": {func(d object) {
			without(d, func(a string) bool { return machines(a) && !strings.Contains(a, "sito-1") })
			change(t, d, `psn_virtual_machine.vm["sito-1"]`)["after_unknown"] = object{"placement": true}
		}, `warning AUD-002 psn_virtual_machine.vm["anagrafe-1"] undecidable`},
		"one machine is left": {func(d object) {
			without(d, func(a string) bool { return machines(a) && !strings.Contains(a, "sito-1") })
		}, `warning AUD-002 psn_virtual_machine.vm["anagrafe-1"] undecidable`},
		"all machines are taken out": {func(d object) { without(d, machines) },
			`error AUD-002 psn_virtual_machine.vm["anagrafe-1"] undecidable`},
		"all machines of a module are taken out": {func(d object) {
			without(d, machines)
			root := d["configuration"].(object)["root_module"].(object)
			root["resources"] = root["resources"].([]any)[:len(root["resources"].([]any))-1]
			root["module_calls"] = object{"m": object{
				"for_each_expression": assignments,
				"module": object{"resources": []any{object{
					"address": "psn_virtual_machine.vm", "mode": "managed", "type": "psn_virtual_machine", "expressions": object{},
				}}},
			}}
		}, `error AUD-002 module.m["anagrafe-1"].psn_virtual_machine.vm undecidable`},
		"all are there": {func(object) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := literal(t)
			tc.edit(doc)
			if got := strings.Join(views(t, doc), "\n"); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			for _, f := range evaluate(t, marshal(t, doc)).Findings {
				if f.Rule == "AUD-002" && !strings.Contains(f.Remedy, "look in the configuration") {
					t.Errorf("remedy %q", f.Remedy)
				}
			}
		})
	}
}

// A few bytes may ask for any number of instances: the audit says so and ends.
func TestInstancesWithoutBound(t *testing.T) {
	t.Parallel()
	doc := literal(t)
	count := object{"constant_value": 1 << 16}
	module := object{"resources": []any{object{"address": "psn_network.n", "mode": "managed", "type": "psn_network", "expressions": object{}, "count_expression": count}}}
	for range 3 {
		module = object{"module_calls": object{"m": object{"count_expression": count, "module": module}}}
	}
	doc["configuration"].(object)["root_module"].(object)["module_calls"] = module["module_calls"]
	start := time.Now()
	if got := views(t, doc); len(got) != 1 || got[0] != "warning AUD-002 module.m.module.m.module.m.psn_network.n undecidable" {
		t.Errorf("%d findings, first %q", len(got), got[0])
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("it took %s", d)
	}
}

// Ten thousand instances by a constant count are compared without delay.
func TestManyInstances(t *testing.T) {
	t.Parallel()
	doc := literal(t)
	const n = 10_000
	declare(doc, "psn_network.n", object{"count_expression": object{"constant_value": n}})
	for i := range n {
		stands(doc, fmt.Sprintf("psn_network.n[%d]", i), nil, object{"id": fmt.Sprintf("p_bs/n%d", i)})
	}
	declared := len(views(t, doc))
	stands(doc, fmt.Sprintf("psn_network.n[%d]", n), nil, object{"id": "p_bs/more"})
	if got := len(views(t, doc)); got != declared+1 {
		t.Errorf("%d findings with one more than the count, %d without", got, declared)
	}
}

// TestKeptValues: what a plan leaves as it was may be what the provider keeps,
// or lifecycle.ignore_changes.
func TestKeptValues(t *testing.T) {
	t.Parallel()
	const kept, ignored, failed = "", "warning undecidable", "error failed"
	for name, tc := range map[string]struct {
		kind, attribute string
		wrote, was, is  any
		want            string
	}{
		"as_of of a service":              {"psn_service", "as_of", "2026-12-01", "2026-11-01", "2026-11-01", kept},
		"as_of of a replica":              {"psn_replica", "as_of", "2026-12-01", "2026-11-01", "2026-11-01", kept},
		"as_of of a service is another":   {"psn_service", "as_of", "2026-12-01", "2026-11-01", "2026-10-01", failed},
		"as_of of a new replica":          {"psn_replica", "as_of", "2026-12-01", nil, "2026-10-01", failed},
		"power is ignored":                {"psn_virtual_machine", "power_state", "on", "off", "off", ignored},
		"power is not ignored":            {"psn_virtual_machine", "power_state", "on", "on", "off", failed},
		"an absent attribute is ignored":  {"psn_virtual_machine", "guest_os", nil, "debian", "debian", ignored},
		"an absent attribute is new":      {"psn_virtual_machine", "guest_os", nil, nil, "debian", failed},
		"place":                           {"psn_virtual_machine", "site", "acilia", "pomezia", "pomezia", failed},
		"class":                           {"psn_service", "classification", "critical", "ordinary", "ordinary", failed},
		"size":                            {"psn_virtual_machine", "vcpus", 2, 4, 4, failed},
		"derogation":                      {"psn_replica", "derogations", nil, []any{}, []any{}, failed},
		"quota":                           {"psn_tenant", "quota", object{"vcpus": 2}, nil, nil, failed},
		"a description that is as it was": {"psn_network", "description", "a", "a", "a", kept},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := literal(t)
			address := tc.kind + ".kept"
			d := declare(doc, address, nil)
			if tc.wrote != nil {
				d["expressions"] = object{tc.attribute: object{"constant_value": tc.wrote}}
			}
			is := object{"id": "p_bs/kept", tc.attribute: tc.is}
			var was object
			if tc.was != nil || tc.kind == "psn_tenant" {
				was = object{"id": "p_bs/kept", tc.attribute: tc.was}
			}
			stands(doc, address, was, is)
			got := ""
			for _, f := range evaluate(t, marshal(t, doc)).Findings {
				if f.Rule == "AUD-002" && f.Subject == address {
					got = string(f.Severity) + " " + string(f.Outcome)
					if f.Severity == psn.SeverityWarning && !strings.Contains(f.Remedy, "names "+tc.attribute) {
						t.Errorf("remedy %q", f.Remedy)
					}
				}
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
