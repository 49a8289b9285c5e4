package audit_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit"
)

// literal is a plan all of whose inputs stand as constants in its configuration,
// as show -json writes them: wholly constant values at any depth, count and
// for_each, and names alone for what a machine takes from the placement.
func literal(t testing.TB) object {
	t.Helper()
	f := newFixture(2)
	f.edit(placement, "quota", object{"vcpus": 40, "memory_gib": nil, "storage_gib": nil, "sites": object{"rozzano": object{"vcpus": 30, "memory_gib": nil, "storage_gib": nil}}})
	f.edit(placement, "exclude", []any{object{"site": "santo-stefano-ticino", "platform": nil, "cluster": nil, "reason": "works", "until": nil}})
	f.edit(placement, "workloads.sito.gpus", 1)
	f.edit(placement, "workloads.sito.apart", []any{"g", "h"})
	f.edit(placement, "workloads.protocollo.apart", []any{"g", "h"})
	f.cluster("pomezia")["gpus"] = 2
	var declared []any
	// What the provider fills is not written, nor what is null.
	for _, a := range f.names {
		if f.kinds[a] == "psn_virtual_machine" {
			continue
		}
		expressions := object{}
		for name, v := range f.resources[a] {
			if v != nil && !slices.Contains([]string{"id", "findings", "assignments", "verdict", "policy_digest", "sites"}, name) {
				expressions[name] = object{"constant_value": written(v)}
			}
		}
		declared = append(declared, object{"address": a, "mode": "managed", "type": f.kinds[a], "expressions": expressions})
	}
	declared = append(declared, object{
		"address": "psn_virtual_machine.vm", "mode": "managed", "type": "psn_virtual_machine",
		"for_each_expression": object{"references": []any{placement + ".assignments", placement}},
		"expressions":         object{"placement": object{"references": []any{"each.value"}}},
	})
	for _, vm := range f.names {
		if f.kinds[vm] == "psn_virtual_machine" { // the provider has these from the placement
			f.resources[vm] = maps.Clone(f.resources[vm])
			delete(f.resources[vm], "disks")
			delete(f.resources[vm], "vcpus")
			delete(f.resources[vm], "memory_gib")
		}
	}
	f.top["configuration"] = object{"root_module": object{"resources": declared}}
	var doc object
	dec := json.NewDecoder(strings.NewReader(string(f.plan(t))))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// written is a value as a configuration has it: sets in any order, no nulls.
func written(v any) any {
	switch x := v.(type) {
	case object:
		out := object{}
		for k, e := range x {
			if e != nil {
				out[k] = written(e)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, e := range slices.Backward(x) {
			if _, scalar := e.(string); !scalar {
				return x
			}
			out = append(out, e)
		}
		return out
	}
	return v
}

// inBoth changes the values of an address in both views.
func inBoth(doc object, address string, edit func(object)) {
	walk(doc, func(o object) {
		if o["address"] != address {
			return
		}
		if v, ok := o["values"].(object); ok {
			edit(v)
		}
		if c, ok := o["change"].(object); ok {
			edit(c["after"].(object))
		}
	})
}

// without takes resources out of both views.
func without(doc object, match func(address string) bool) {
	drop := func(list []any) []any {
		return slices.DeleteFunc(list, func(r any) bool { return match(r.(object)["address"].(string)) })
	}
	doc["resource_changes"] = drop(doc["resource_changes"].([]any))
	root := doc["planned_values"].(object)["root_module"].(object)
	root["resources"] = drop(root["resources"].([]any))
}

func TestLiteralPlanIsNotSuspect(t *testing.T) {
	t.Parallel()
	r := evaluate(t, marshal(t, literal(t)))
	if len(r.Findings) > 0 {
		t.Errorf("%s", marshal(t, r.Findings))
	}
	want := []string{"psn_virtual_machine.vm: for_each (psn_placement.brescia, psn_placement.brescia.assignments); placement (each.value)"}
	if !slices.Equal(r.NotCompared, want) || !slices.Contains(r.Limits, audit.LimitReferences) {
		t.Errorf("%q %q", r.NotCompared, r.Limits)
	}
}

// What is taken out of the file and cannot be missed is among the limits.
func TestLimitsSayWhatIsTakenOut(t *testing.T) {
	t.Parallel()
	doc := literal(t)
	delete(doc, "timestamp")
	doc["configuration"].(object)["root_module"].(object)["resources"] = []any{}
	got := evaluate(t, marshal(t, doc)).Limits
	for _, want := range []audit.Limit{audit.LimitTimestamp, audit.LimitUndeclared, audit.LimitReading} {
		if !slices.Contains(got, want) || slices.Contains(evaluate(t, marshal(t, literal(t))).Limits, want) != (want == audit.LimitReading) {
			t.Errorf("%s: %q", want, got)
		}
	}
}

// TestTamperedAgainstItsConfiguration changes both views of a plan alike: only
// the configuration, or the decision before, contradicts them.
func TestTamperedAgainstItsConfiguration(t *testing.T) {
	t.Parallel()
	in := func(edit func(object)) func(object) {
		return func(d object) { inBoth(d, placement, edit) }
	}
	all := func(o object, path string) object { return o[path].(object) }
	for name, tc := range map[string]struct {
		edit                   func(object)
		rule, subject, message string
	}{
		"quota is dropped":           {in(func(o object) { o["quota"] = nil }), "AUD-002", placement, "attribute quota is set in the configuration and absent"},
		"quota is taken out":         {in(func(o object) { delete(o, "quota") }), "AUD-002", placement, "attribute quota is set"},
		"quota of a site is dropped": {in(func(o object) { all(o, "quota")["sites"] = nil }), "AUD-002", placement, "attribute quota.sites is set"},
		"gpus are dropped": {in(func(o object) { all(all(o, "workloads"), "sito")["gpus"] = nil }),
			"AUD-002", placement, "attribute workloads.sito.gpus is 1 in the configuration and absent"},
		"gpus are taken out": {in(func(o object) { delete(all(all(o, "workloads"), "sito"), "gpus") }),
			"AUD-002", placement, "attribute workloads.sito.gpus is 1"},
		"a group is dropped": {in(func(o object) { all(all(o, "workloads"), "sito")["apart"] = []any{"g"} }),
			"AUD-002", placement, "attribute workloads.sito.apart is set"},
		"a workload is dropped": {in(func(o object) { delete(all(o, "workloads"), "anagrafe") }),
			"AUD-002", placement, "attribute workloads.anagrafe is set in the configuration and absent"},
		"a class is lowered, its standbys deleted": {func(d object) {
			inBoth(d, placement, func(o object) { all(all(o, "workloads"), "anagrafe")["classification"] = "ordinary" })
			walk(d, func(o object) {
				if o["service_id"] == "p_bs/anagrafe" && o["site"] != nil {
					o["classification"] = "ordinary"
					for _, a := range []string{"standby_site", "standby_region", "standby_platform", "standby_cluster"} {
						o[a] = nil
					}
				}
			})
		}, "AUD-002", placement, `attribute workloads.anagrafe.classification is "strategic" in the configuration and "ordinary"`},
		"an exclusion is dropped and used": {func(d object) {
			inBoth(d, placement, func(o object) { o["exclude"] = nil })
			walk(d, func(o object) {
				if o["site"] == "pomezia" && o["vm"] != nil || o["id"] == "p_bs/sito-1" || o["id"] == "p_bs/sito-2" {
					o["site"], o["region"] = "santo-stefano-ticino", "lombardia"
				}
			})
		}, "AUD-002", placement, "attribute exclude is set in the configuration and absent"},
		"a derogation is slipped in": {in(func(o object) {
			o["derogations"] = []any{object{"id": "D", "rule": "PLC-002", "subject": "p_bs/anagrafe", "author": "a", "date": "2026-01-01", "reason": "r", "expiry": "2027-01-01"}}
		}), "AUD-002", placement, "attribute derogations is absent in the configuration and set"},
		"refused without a reason": {in(func(o object) { o["verdict"], o["findings"] = "proven infeasible", []any{} }),
			"AUD-001", placement, `is "proven infeasible" without a finding`},
		"refused although it is new": {in(func(o object) {
			o["verdict"], o["findings"] = "proven infeasible", []any{object{"rule": "PLC-008", "severity": "error", "outcome": "failed", "subject": "p_bs", "message": "m"}}
		}), "AUD-001", placement, "on a decision that is new"},
		"the digest of the rules is wiped":  {in(func(o object) { o["policy_digest"] = nil }), "AUD-001", placement, "attribute policy_digest is empty"},
		"an assignment names another":       {in(func(o object) { all(all(o, "assignments"), "sito-1")["vm"] = "sito-9" }), "AUD-003", "p_bs/sito-1", `names machine "sito-9"`},
		"all services are taken out":        {func(d object) { without(d, func(a string) bool { return strings.HasPrefix(a, "psn_service.") }) }, "AUD-002", "psn_service.anagrafe", "the configuration declares the resource"},
		"without a service nothing is said": {func(d object) { without(d, func(a string) bool { return strings.HasPrefix(a, "psn_service.") }) }, "KEY-001", "p_bs/anagrafe", "no psn_service"},
		"all machines are taken out": {func(d object) {
			without(d, func(a string) bool { return strings.HasPrefix(a, "psn_virtual_machine.") })
		}, "AUD-002", `psn_virtual_machine.vm["anagrafe-1"]`, "the plan lacks 6 of them"},
		"a machine is taken out": {func(d object) { without(d, func(a string) bool { return a == `psn_virtual_machine.vm["sito-1"]` }) }, "AUD-002", `psn_virtual_machine.vm["sito-1"]`, "the plan lacks 1 of them"},
		"a machine by count is taken out": {func(d object) {
			d["configuration"].(object)["root_module"].(object)["resources"].([]any)[0].(object)["count_expression"] = object{"constant_value": 2}
		}, "AUD-002", "psn_tenant.brescia[1]", "the configuration declares the resource"},
		"a resource nobody declares": {func(d object) {
			root := d["configuration"].(object)["root_module"].(object)
			root["resources"] = root["resources"].([]any)[1:]
		}, "AUD-002", "psn_tenant.brescia", "the configuration does not declare it"},
		"a variable says otherwise": {func(d object) {
			d["variables"] = object{"class": object{"value": "strategic"}}
			for _, r := range d["configuration"].(object)["root_module"].(object)["resources"].([]any) {
				if r := r.(object); r["address"] == "psn_service.protocollo" {
					r["expressions"].(object)["classification"] = object{"references": []any{"var.class"}}
				}
			}
		}, "AUD-002", "psn_service.protocollo", `refers to var.class alone, which has "strategic", and is "critical"`},
		"what was read is wiped": {func(d object) {
			root := d["configuration"].(object)["root_module"].(object)
			root["resources"] = append(root["resources"].([]any), object{"address": "data.psn_inventory.now", "mode": "data", "type": "psn_inventory"})
		}, "AUD-005", "plan", "not detectable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := literal(t)
			tc.edit(doc)
			if r := evaluate(t, marshal(t, doc)); !find(r, tc.rule, tc.subject, tc.message) {
				t.Errorf("not found in %s", marshal(t, r.Findings))
			}
		})
	}
}

// stood gives a plan a decision before, in which anagrafe-1 stood elsewhere.
func stood(t testing.TB) object {
	doc := literal(t)
	var was object
	if err := json.Unmarshal(marshal(t, change(t, doc, placement)["after"]), &was); err != nil {
		t.Fatal(err)
	}
	set(was, "assignments.anagrafe-1.site", "pomezia")
	set(was, "assignments.anagrafe-1.region", "lazio")
	c := change(t, doc, placement)
	c["actions"], c["before"] = []any{"update"}, was
	doc["prior_state"] = object{"values": object{"root_module": object{"resources": []any{
		object{"address": placement, "mode": "managed", "type": "psn_placement", "provider_name": hosted, "values": was},
	}}}}
	inBoth(doc, placement, func(o object) {
		o["moves"] = []any{object{
			"vm": "anagrafe-1", "role": "primary", "from_site": "pomezia", "from_platform": "vsphere", "from_cluster": "cluster-1",
			"to_site": "rozzano", "to_platform": "vsphere", "to_cluster": "cluster-1", "copy_gib": 50, "reason": "r",
		}}
	})
	return doc
}

func TestMoves(t *testing.T) {
	t.Parallel()
	wrong := func(doc object) string {
		for _, f := range evaluate(t, marshal(t, doc)).Findings {
			if f.Rule == "AUD-001" && f.Subject == placement {
				return f.Message
			}
		}
		return ""
	}
	if got := wrong(stood(t)); got != "" {
		t.Error(got)
	}
	emptied := stood(t)
	inBoth(emptied, placement, func(o object) { o["moves"] = []any{} })
	if got := wrong(emptied); !strings.Contains(got, "leave out that anagrafe-1 (primary) goes from cluster cluster-1 at pomezia") {
		t.Error(got)
	}
	invented := stood(t)
	inBoth(invented, placement, func(o object) { o["moves"].([]any)[0].(object)["to_site"] = "acilia" })
	if got := wrong(invented); got == "" {
		t.Error("a move to elsewhere than the assignment is not found")
	}
	refused := stood(t)
	inBoth(refused, placement, func(o object) {
		o["verdict"] = "not found within budget"
		o["findings"] = []any{object{"rule": "PLC-008", "severity": "error", "outcome": "failed", "subject": "p_bs", "message": "m"}}
	})
	if got := wrong(refused); !strings.Contains(got, "anagrafe-1 stands elsewhere") {
		t.Error(got)
	}
}

// The headroom of a decision that keeps what stands is compared like any other.
func TestHeadroomOfARefusal(t *testing.T) {
	t.Parallel()
	f := newFixture(1)
	f.before[placement] = maps.Clone(f.resources[placement])
	r := evaluate(t, f.plan(t))
	rows := []any{}
	for _, h := range r.Headroom {
		row := object{"site": h.Site, "platform": h.Platform, "cluster": h.Cluster, "lost_site": nil, "vcpus": h.Free.VCPUs, "memory_mib": h.Free.MemoryMiB, "storage_mib": h.Free.StorageMiB}
		if h.Lost != "" {
			row["lost_site"] = h.Lost
		}
		rows = append(rows, row)
	}
	f.edit(placement, "headroom", rows)
	f.edit(placement, "verdict", "proven infeasible")
	f.edit(placement, "findings", []any{object{"rule": "PLC-008", "severity": "error", "outcome": "failed", "subject": "p_bs", "message": "m"}})
	if r := evaluate(t, f.plan(t)); find(r, "AUD-001", placement, "headroom") {
		t.Error(verdicts(r))
	}
	rows[0].(object)["vcpus"] = 999
	if r := evaluate(t, f.plan(t)); !find(r, "AUD-001", placement, "the recorded headroom of cluster") {
		t.Error(verdicts(r))
	}
}

// A comparison names each demand that is dropped.
func TestCompareDemands(t *testing.T) {
	t.Parallel()
	was := newFixture(1)
	was.edit(placement, "quota", object{"vcpus": 40, "sites": object{"acilia": object{"vcpus": 9}}})
	was.edit(placement, "exclude", []any{object{"site": "pomezia", "platform": "openstack", "reason": "works"}})
	was.edit(placement, "survive_region", true)
	is := newFixture(1)
	is.edit(placement, "dr_reserve", 50)
	was.edit(placement, "workloads.anagrafe.mode", "active-active")
	was.edit(placement, "workloads.anagrafe.anti_affinity", true)
	was.edit(placement, "workloads.sito.together", "core")
	was.edit(placement, "workloads.sito.apart", []any{"g", "h"})
	was.edit(placement, "workloads.sito.gpus", 2)
	was.edit(placement, "workloads.sito.sites", []any{"pomezia"})
	was.everywhere("anagrafe-1", "standby_mode", "active-active")
	is.edit(placement, "workloads.sito.gpus", 1)
	is.edit(placement, "quota", object{"vcpus": 50})
	is.edit(placement, "workloads.sito.apart", []any{"g"})
	before, after := evaluate(t, was.plan(t)), evaluate(t, is.plan(t))
	got := changes(audit.Compare(before, after))
	for _, want := range []string{
		"worse quota p_bs/default: vcpus 40 > vcpus 50", "worse quota p_bs/default: acilia vcpus 9 > ", "worse exclude p_bs/default: pomezia/openstack > ",
		"worse survive_region p_bs/default: true > ", "worse dr_reserve p_bs/default: 100 > 50", "worse mode p_bs/anagrafe: active-active > ", "worse anti_affinity p_bs/anagrafe: true > ",
		"worse together p_bs/sito: core > ", "worse apart p_bs/sito: h > ", "worse gpus p_bs/sito: 2 > 1", "worse sites p_bs/sito: pomezia > ",
		"worse standby_mode p_bs/anagrafe-1: active-active > ",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
		back := strings.Replace(want, "worse", "better", 1)
		head, values, _ := strings.Cut(back, ": ")
		a, b, _ := strings.Cut(values, " > ")
		if back = fmt.Sprintf("%s: %s > %s", head, b, a); !slices.Contains(changes(audit.Compare(after, before)), back) {
			t.Errorf("no %q the other way", back)
		}
	}
}
