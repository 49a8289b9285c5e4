package audit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type object = map[string]any

// fixture is a plan as the provider makes it: three services of one tenant, one
// of each class, with n machines each.
type fixture struct {
	names     []string
	resources map[string]object // by address: the values after the plan
	kinds     map[string]string // by address: the type
	before    map[string]object
	unknown   map[string]object
	top       object
}

func newFixture(n int) *fixture {
	f := &fixture{
		resources: map[string]object{}, kinds: map[string]string{}, before: map[string]object{}, unknown: map[string]object{},
		top: object{"format_version": "1.2", "terraform_version": "1.12.6", "timestamp": "2026-11-22T08:00:00Z", "errored": false, "configuration": object{"root_module": object{}}},
	}
	f.add("psn_tenant.brescia", object{
		"id": "p_bs", "name": "Provincia di Brescia", "ipa_code": "p_bs", "fiscal_code": "80008750178", "cup": nil,
		"sites": []any{"acilia", "pomezia", "rozzano", "santo-stefano-ticino"},
	})
	workloads, assignments := object{}, object{}
	for _, s := range []struct{ name, class, site, standby string }{
		{"sito", "ordinary", "pomezia", ""},
		{"protocollo", "critical", "acilia", "rozzano"},
		{"anagrafe", "strategic", "rozzano", "acilia"},
	} {
		id := "p_bs/" + s.name
		f.add("psn_service."+s.name, object{
			"id": id, "tenant_id": "p_bs", "name": s.name, "category": "funzionamento", "classification": s.class,
			"classification_state": "validated", "classification_date": "2026-03-01", "reclassification": nil,
			"continuity": object{"rpo": "15m", "rto": "4h"}, "data_location": "EU", "data_location_derogation": nil,
			"backup_policy": "BKP-7", "key_reference": "HSM-p_bs-1", "key_management": "hyok", "hsm": "HSM-p_bs-1", "staff_list": "DOC-13", "qualification": "QC4", "findings": []any{},
		})
		workloads[s.name] = object{
			"service_id": id, "classification": s.class, "instances": n, "vcpus": 2, "memory_gib": 4, "storage_gib": 50,
			"sites": nil, "regions": nil, "platforms": nil, "anti_affinity": nil,
		}
		for i := range n {
			vm := fmt.Sprintf("%s-%d", s.name, i+1)
			a := object{
				"vm": vm, "workload": s.name, "service_id": id, "classification": s.class,
				"site": s.site, "region": string(psn.Site(s.site).Region()), "platform": "vsphere", "cluster": "cluster-1",
				"standby_site": nil, "standby_region": nil, "standby_platform": nil, "standby_cluster": nil,
				"vcpus": 2, "memory_gib": 4, "storage_gib": 50,
			}
			if s.standby != "" {
				a["standby_site"], a["standby_region"] = s.standby, string(psn.Site(s.standby).Region())
				a["standby_platform"], a["standby_cluster"] = "vsphere", "cluster-1"
			}
			assignments[vm] = a
			f.add(fmt.Sprintf("psn_virtual_machine.vm[%q]", vm), machine(vm, a))
		}
	}
	var inventory []any
	for _, s := range psn.Sites() {
		inventory = append(inventory, object{"site": s, "platform": "vsphere", "reachable": true, "error": nil, "clusters": []any{object{
			"name": "cluster-1", "vcpus": 4 * n, "memory_mib": 8192 * n, "storage_mib": 50 * 1024 * 2 * n,
			"commitments": []any{},
		}}})
	}
	f.add("psn_placement.brescia", object{
		"id": "p_bs/default", "tenant_id": "p_bs", "name": "default", "inventory": inventory, "workloads": workloads,
		"assignments": assignments, "verdict": "placed", "findings": []any{}, "policy_digest": policy.Digest(),
	})
	return f
}

// machine is a psn_virtual_machine at an assignment.
func machine(name string, a object) object {
	m := object{"id": "p_bs/" + name, "tenant_id": "p_bs", "name": name, "placement": a, "disks": []any{object{"size_gib": a["storage_gib"], "storage_class": nil}}}
	for k, v := range a {
		if k != "vm" && k != "workload" && k != "storage_gib" {
			m[k] = v
		}
	}
	m["home_site"], m["active_site"] = a["site"], a["site"]
	return m
}

// everywhere changes an attribute of a place in the machine, in its placement
// and in the psn_placement, as somebody would who knows the format.
func (f *fixture) everywhere(vm, attribute string, value any) {
	at := fmt.Sprintf("psn_virtual_machine.vm[%q]", vm)
	f.edit(at, attribute, value)
	f.edit(at, "placement."+attribute, value)
	f.resources["psn_placement.brescia"]["assignments"].(object)[vm].(object)[attribute] = value
}

func (f *fixture) add(address string, values object) {
	kind, _, _ := strings.Cut(address, ".")
	f.names = append(f.names, address)
	f.kinds[address], f.resources[address] = kind, values
}

// edit changes an attribute of a resource; the path is dotted.
func (f *fixture) edit(address, path string, value any) {
	set(f.resources[address], path, value)
}

func set(at object, path string, value any) {
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		at = at[k].(object)
	}
	at[keys[len(keys)-1]] = value
}

const hosted = "registry.opentofu.org/italia/psn"

func (f *fixture) values() object {
	var list []any
	for _, a := range f.names {
		list = append(list, object{"address": a, "mode": "managed", "type": f.kinds[a], "provider_name": hosted, "values": f.resources[a]})
	}
	return object{"root_module": object{"resources": list}}
}

// plan renders the fixture as "show -json" does for a plan.
func (f *fixture) plan(t testing.TB) []byte {
	t.Helper()
	var changes []any
	for _, a := range f.names {
		action := "create"
		if f.before[a] != nil {
			action = "update"
		}
		unknown := f.unknown[a]
		if unknown == nil {
			unknown = object{}
		}
		changes = append(changes, object{"address": a, "mode": "managed", "type": f.kinds[a], "provider_name": hosted,
			"change": object{"actions": []any{action}, "before": f.before[a], "after": f.resources[a], "after_unknown": unknown}})
	}
	doc := object{"planned_values": f.values(), "resource_changes": changes}
	for k, v := range f.top {
		doc[k] = v
	}
	return marshal(t, doc)
}

// state renders the fixture as "show -json" does for a state.
func (f *fixture) state(t testing.TB) []byte {
	t.Helper()
	return marshal(t, object{"format_version": "1.0", "terraform_version": "1.12.6", "values": f.values()})
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var judged = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func evaluate(t testing.TB, in []byte) *audit.Report {
	t.Helper()
	file, err := audit.Read(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	report, err := audit.Evaluate(file, judged)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// rules returns "RULE subject outcome" of every finding.
func verdicts(r *audit.Report) []string {
	out := []string{}
	for _, f := range r.Findings {
		out = append(out, fmt.Sprintf("%s %s %s %s", f.Severity, f.Rule, f.Subject, f.Outcome))
	}
	return out
}
