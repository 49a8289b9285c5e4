package audit_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// reopen decodes a document, lets edit change it and writes it again.
func reopen(t *testing.T, in []byte, edit func(object)) []byte {
	t.Helper()
	var doc object
	if err := json.Unmarshal(in, &doc); err != nil {
		t.Fatal(err)
	}
	edit(doc)
	return marshal(t, doc)
}

func planned(doc object, address string) object {
	for _, r := range doc["planned_values"].(object)["root_module"].(object)["resources"].([]any) {
		if r.(object)["address"] == address {
			return r.(object)["values"].(object)
		}
	}
	return nil
}

func TestPartsThatDisagree(t *testing.T) {
	t.Parallel()
	const vm = `psn_virtual_machine.vm["anagrafe-1"]`
	for name, tc := range map[string]struct {
		edit func(object)
		want string
	}{
		"only planned_values edited": {
			func(d object) { set(planned(d, vm), "standby_site", "santo-stefano-ticino") },
			`attribute standby_site is "santo-stefano-ticino" in planned_values and "acilia" in resource_changes`,
		},
		"a value that might be a secret is not printed": {
			func(d object) { planned(d, vm)["user_data"] = "hunter2" },
			`attribute user_data is another value in planned_values and absent in resource_changes`,
		},
		"resource taken out of resource_changes": {
			func(d object) {
				d["resource_changes"] = slices.DeleteFunc(d["resource_changes"].([]any), func(c any) bool { return c.(object)["address"] == vm })
			},
			"planned_values has the resource, resource_changes does not",
		},
		"resource turned into a deletion": {
			func(d object) {
				for _, c := range d["resource_changes"].([]any) {
					if c.(object)["address"] == vm {
						c.(object)["change"] = object{"actions": []any{"delete"}, "before": object{}, "after": nil, "after_unknown": false}
					}
				}
			},
			"planned_values has the resource, resource_changes deletes it",
		},
		"resource taken out of planned_values": {
			func(d object) {
				m := d["planned_values"].(object)["root_module"].(object)
				m["resources"] = slices.DeleteFunc(m["resources"].([]any), func(c any) bool { return c.(object)["address"] == vm })
			},
			"resource_changes has the resource, planned_values does not",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := evaluate(t, reopen(t, newFixture(1).plan(t), tc.edit))
			i := slices.IndexFunc(r.Findings, func(f psn.Finding) bool { return f.Rule == "AUD-002" })
			if i < 0 || r.Findings[i].Subject != vm || r.Findings[i].Message != tc.want || !r.Failed() {
				t.Errorf("findings %v, want AUD-002 with %q", r.Findings, tc.want)
			}
		})
	}
}

func TestRuleBrokenInEitherPartCounts(t *testing.T) {
	t.Parallel()
	r := evaluate(t, reopen(t, newFixture(1).plan(t), func(d object) {
		set(planned(d, `psn_virtual_machine.vm["anagrafe-1"]`), "standby_site", "santo-stefano-ticino")
	}))
	if !slices.Contains(verdicts(r), "error PLC-002 p_bs/anagrafe-1 failed") {
		t.Errorf("findings %v", verdicts(r))
	}
}

func TestUnknownIsNeverPassed(t *testing.T) {
	t.Parallel()
	f := newFixture(1)
	where := object{}
	for _, a := range []string{"site", "region", "platform", "cluster", "standby_site", "standby_region", "standby_platform", "standby_cluster"} {
		where[a] = true
		delete(f.resources["psn_placement.brescia"]["assignments"].(object)["anagrafe-1"].(object), a)
		delete(f.resources[`psn_virtual_machine.vm["anagrafe-1"]`], a)
	}
	own := maps.Clone(where)
	own["placement"] = where
	f.unknown["psn_placement.brescia"] = object{"assignments": object{"anagrafe-1": where}, "findings": true, "verdict": true}
	f.unknown[`psn_virtual_machine.vm["anagrafe-1"]`] = own
	delete(f.resources["psn_placement.brescia"], "findings")
	r := evaluate(t, f.plan(t))
	got := verdicts(r)
	for _, want := range []string{"error PLC-002 p_bs/anagrafe-1 undecidable", "error PLC-008 p_bs/anagrafe-1 undecidable"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q among %v", want, got)
		}
	}
	// What is not decided is not passed.
	if !r.Failed() || r.Counts.Errors > 0 || r.Open() < 2 || r.Counts.Undecidable < 2 || r.Counts.RulesUndecidable < 2 {
		t.Errorf("failed %v, counts %+v", r.Failed(), r.Counts)
	}
}

func TestWholeResourceUnknown(t *testing.T) {
	t.Parallel()
	f := newFixture(1)
	p := f.resources["psn_placement.brescia"]
	delete(p, "assignments")
	delete(p, "findings")
	f.unknown["psn_placement.brescia"] = object{"assignments": true, "findings": true}
	f.edit("psn_placement.brescia", "workloads", object{
		"anagrafe": object{"classification": "strategic"}, "protocollo": object{"classification": "critical"}, "sito": object{"classification": "ordinary"},
	})
	r := evaluate(t, f.plan(t))
	got := verdicts(r)
	for _, want := range []string{"error PLC-001 p_bs/anagrafe undecidable", "error PLC-002 p_bs/anagrafe undecidable", "error PLC-001 p_bs/protocollo undecidable"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q among %v", want, got)
		}
	}
	if slices.Contains(got, "error PLC-001 p_bs/sito undecidable") || !r.Failed() {
		t.Errorf("failed %v, findings %v", r.Failed(), got)
	}
}

func TestRecordedFindings(t *testing.T) {
	t.Parallel()
	f := newFixture(1)
	f.edit("psn_service.sito", "findings", []any{object{"rule": "BKP-001", "subject": "p_bs/sito", "outcome": "failed", "severity": "warning"}})
	f.edit("psn_placement.brescia", "policy_digest", "sha256:other")
	got := verdicts(evaluate(t, f.plan(t)))
	for _, want := range []string{"warning AUD-001 p_bs/sito failed", "warning AUD-006 psn_placement.brescia failed"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q among %v", want, got)
		}
	}
}

func TestIncompletePlans(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{"errored": "stopped at an error", "complete": "leaves changes to a later plan"} {
		f := newFixture(1)
		f.top[key] = key == "errored"
		r := evaluate(t, f.plan(t))
		if len(r.Findings) != 1 || r.Findings[0].Rule != "AUD-005" || !strings.Contains(r.Findings[0].Message, want) || r.Failed() != (key == "errored") {
			t.Errorf("%s: %v", key, r.Findings)
		}
	}
}

func TestUnreachableSiteIsUndecidable(t *testing.T) {
	t.Parallel()
	f := newFixture(1)
	for _, s := range f.resources["psn_placement.brescia"]["inventory"].([]any) {
		if s := s.(object); s["clusters"].([]any)[0].(object)["name"] == cluster(f, "acilia")["name"] {
			s["reachable"], s["error"], s["clusters"] = false, "connection refused", []any{}
			break
		}
	}
	r := evaluate(t, f.plan(t))
	if !slices.Contains(verdicts(r), "error PLC-008 p_bs/protocollo-1 undecidable") || r.Counts.Errors > 0 || !r.Failed() {
		t.Errorf("findings %v", verdicts(r))
	}
}

func TestWrongTypesAreRefused(t *testing.T) {
	t.Parallel()
	for path, value := range map[string]any{"placement": "acilia", "placement.site": 5, "vcpus": "two", "id": []any{}} {
		f := newFixture(1)
		f.edit(`psn_virtual_machine.vm["sito-1"]`, path, value)
		file, err := audit.Read(strings.NewReader(string(f.plan(t))))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = audit.Evaluate(file, judged); err == nil || !strings.Contains(err.Error(), "attribute") {
			t.Errorf("%s = %v: error %v", path, value, err)
		}
	}
}

func TestDestroyPlanLeavesNothingToJudge(t *testing.T) {
	t.Parallel()
	r := evaluate(t, []byte(`{"format_version":"1.2","planned_values":{"root_module":{}},"resource_changes":[
		{"address":"psn_tenant.t","mode":"managed","type":"psn_tenant","provider_name":"registry.terraform.io/italia/psn",
		 "change":{"actions":["delete"],"before":{"id":"p_bs"},"after":null,"after_unknown":false}}],
		"prior_state":{"values":{"root_module":{"resources":[{"address":"psn_tenant.t","mode":"managed","type":"psn_tenant",
		 "provider_name":"registry.terraform.io/italia/psn","values":{"id":"p_bs"}}]}}},"configuration":{"root_module":{}}}`))
	if diff := cmp.Diff([]string{"warning AUD-008 p_bs failed"}, verdicts(r)); diff != "" || r.Subjects.Tenants != 0 || r.Counts.RulesNotApplied == 0 {
		t.Errorf("%+v", r)
	}
}

func TestReplica(t *testing.T) {
	t.Parallel()
	f := newFixture(1)
	place := copied(f, "psn_placement.brescia", "protocollo-1", "vm", "protocollo-1")
	delete(f.resources, `psn_virtual_machine.vm["protocollo-1"]`)
	f.names = slices.DeleteFunc(f.names, func(n string) bool { return n == `psn_virtual_machine.vm["protocollo-1"]` })
	f.add("psn_replica.protocollo", object{"id": "p_bs/protocollo-1", "placement": place, "rpo": "1h", "source": object{"name": "brescia", "vm": "protocollo"}})
	r := evaluate(t, f.plan(t))
	got := verdicts(r)
	// The service declares 15 minutes.
	for _, want := range []string{"error REP-002 p_bs/protocollo-1 failed", "warning REP-003 p_bs/protocollo-1 undecidable"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q among %v", want, got)
		}
	}
	if r.Subjects.Replicas != 1 || r.Subjects.Machines != 3 {
		t.Errorf("%+v", r.Subjects)
	}
	place["standby_site"] = "pomezia"
	if got := verdicts(evaluate(t, f.plan(t))); !slices.Contains(got, "error AUD-003 p_bs/protocollo-1 failed") {
		t.Errorf("findings %v", got)
	}
}
