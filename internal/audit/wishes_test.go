package audit_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

const placement = "psn_placement.brescia"

// cluster is the one cluster of a site of the fixture's inventory.
func (f *fixture) cluster(site string) object {
	for _, s := range f.resources[placement]["inventory"].([]any) {
		if s := s.(object); fmt.Sprint(s["site"]) == site {
			return s["clusters"].([]any)[0].(object)
		}
	}
	return nil
}

// TestWishes breaks what a psn_placement asks for, one demand at a time, in
// every part of the file alike.
func TestWishes(t *testing.T) {
	t.Parallel()
	ask := func(workload, attribute string, value any) func(*fixture) {
		return func(f *fixture) { f.edit(placement, "workloads."+workload+"."+attribute, value) }
	}
	top := func(attribute string, value any) func(*fixture) {
		return func(f *fixture) { f.edit(placement, attribute, value) }
	}
	all := func(edits ...func(*fixture)) func(*fixture) {
		return func(f *fixture) {
			for _, e := range edits {
				e(f)
			}
		}
	}
	has := func(site, attribute string, value any) func(*fixture) {
		return func(f *fixture) { f.cluster(site)[attribute] = value }
	}
	roomy := func(f *fixture) {
		for _, s := range f.resources[placement]["inventory"].([]any) {
			c := s.(object)["clusters"].([]any)[0].(object)
			c["vcpus"], c["memory_mib"], c["storage_mib"] = 1000, 1<<22, 1<<24
		}
	}
	serves := func(f *fixture) {
		f.everywhere("anagrafe-1", "standby_mode", "active-active")
		f.everywhere("anagrafe-2", "standby_mode", "active-active")
	}
	for name, tc := range map[string]struct {
		edit func(*fixture)
		want []string // rule, subject and part of the message; none means nothing of AUD-003, AUD-011 and PLC-
	}{
		"exclusion": {top("exclude", []any{object{"site": "pomezia", "platform": nil, "cluster": nil, "reason": "works", "until": nil}}),
			[]string{"AUD-003 p_bs/sito-1 excludes (works)", "AUD-003 p_bs/sito-2 excludes (works)"}},
		"exclusion of a standby's cluster": {top("exclude", []any{object{"site": "rozzano", "platform": "vsphere", "cluster": "cluster-1", "reason": "works"}}),
			[]string{"AUD-003 p_bs/anagrafe-1 the machine", "AUD-003 p_bs/anagrafe-2 the machine", "AUD-003 p_bs/protocollo-1 its standby", "AUD-003 p_bs/protocollo-2 its standby"}},
		"exclusion of another platform": {top("exclude", []any{object{"site": "pomezia", "platform": "openstack", "reason": "works"}}), nil},
		"exclusion that is over":        {all(top("as_of", "2026-11-22"), top("exclude", []any{object{"site": "pomezia", "reason": "works", "until": "2026-11-21"}})), nil},
		"exclusion on its last day": {all(top("as_of", "2026-11-22"), top("exclude", []any{object{"site": "pomezia", "reason": "works", "until": "2026-11-22"}})),
			[]string{"AUD-003 p_bs/sito-1 excludes", "AUD-003 p_bs/sito-2 excludes"}},
		"together": {all(ask("sito", "together", "core"), ask("protocollo", "together", "core")),
			[]string{"AUD-003 p_bs/sito-1 together", "AUD-003 p_bs/sito-2 together"}},
		"apart":         {all(ask("sito", "apart", []any{"g"}), ask("protocollo", "apart", []any{"g"})), nil},
		"apart by site": {all(ask("sito", "apart_by_site", []any{"g"}), ask("protocollo", "apart_by_site", []any{"g"})), nil},
		"not apart": {all(ask("sito", "apart", []any{"g"}), ask("protocollo", "apart", []any{"g"}), func(f *fixture) {
			f.everywhere("sito-2", "site", "acilia")
			roomy(f)
		}), []string{"AUD-003 p_bs/sito-2 where protocollo-1 is too"}},
		"mode not kept": {all(roomy, ask("anagrafe", "mode", "active-active")),
			[]string{"AUD-003 p_bs/anagrafe-1 mode", "AUD-003 p_bs/anagrafe-2 mode"}},
		"mode kept":              {all(roomy, serves, ask("anagrafe", "mode", "active-active")), nil},
		"a mode nobody asks for": {all(roomy, serves), []string{"AUD-003 p_bs/anagrafe-1 mode", "AUD-003 p_bs/anagrafe-2 mode"}},
		"capacity of a standby that serves": {all(serves, ask("anagrafe", "mode", "active-active"), has("acilia", "vcpus", 7)),
			[]string{
				"PLC-006 acilia/vsphere/cluster-1 pomezia", "PLC-006 acilia/vsphere/cluster-1 rozzano", "PLC-006 acilia/vsphere/cluster-1 santo-stefano-ticino",
				"PLC-008 acilia/vsphere/cluster-1 overfull",
			}},
		"region survived": {all(roomy, top("survive_region", true)), nil},
		"GPUs there are":  {all(ask("sito", "gpus", 1), has("pomezia", "gpus", 2)), nil},
		"GPUs there are not": {all(ask("sito", "gpus", 1), has("pomezia", "gpus", 1)),
			[]string{"PLC-008 pomezia/vsphere/cluster-1 needs 2 GPUs"}},
		"GPUs after a loss": {all(ask("protocollo", "gpus", 2), has("acilia", "gpus", 4), has("rozzano", "gpus", 3)),
			[]string{"PLC-006 rozzano/vsphere/cluster-1 if acilia is lost"}},
		"storage of a kind": {all(ask("protocollo", "storage_class", "ssd"), has("acilia", "storage_classes", object{"ssd": 102400}), has("rozzano", "storage_classes", object{"ssd": 102399})),
			[]string{`PLC-008 rozzano/vsphere/cluster-1 kind "ssd"`}},
		"quota of a site": {top("quota", object{"vcpus": 12, "sites": object{"pomezia": object{"vcpus": 3}, "acilia": object{"vcpus": 4}}}),
			[]string{"AUD-011 p_bs/default 4 vCPUs at pomezia, the quota is 3"}},
		"quota with standbys that serve": {all(roomy, serves, ask("anagrafe", "mode", "active-active"), top("quota", object{"vcpus": 15})),
			[]string{"AUD-011 p_bs/default 16 vCPUs, the quota is 15"}},
		"quota with what others of the tenant hold": {all(roomy, top("quota", object{"vcpus": 12}), has("acilia", "commitments", []any{
			object{"tenant": "p_bs", "service": "p_bs/altro", "vcpus": 1, "memory_mib": 1, "storage_mib": 1},
			object{"tenant": "p_bs", "service": "p_bs/altro", "for_site": "rozzano", "vcpus": 9, "memory_mib": 1, "storage_mib": 1},
			object{"tenant": "p_mi", "service": "p_mi/altro", "vcpus": 9, "memory_mib": 1, "storage_mib": 1},
			object{"tenant": "p_bs", "service": "p_bs/sito", "vcpus": 9, "memory_mib": 1, "storage_mib": 1},
		})), []string{"AUD-011 p_bs/default 13 vCPUs, the quota is 12"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(2)
			tc.edit(f)
			var got []string
			for _, g := range evaluate(t, f.plan(t)).Findings {
				if g.Rule == "AUD-003" || g.Rule == "AUD-011" || strings.HasPrefix(g.Rule, "PLC-") {
					got = append(got, g.Rule+" "+g.Subject+" "+g.Message)
				}
			}
			slices.Sort(got)
			if len(got) != len(tc.want) {
				t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
			for i, want := range tc.want {
				rule, rest, _ := strings.Cut(want, " ")
				subject, message, _ := strings.Cut(rest, " ")
				if !strings.HasPrefix(got[i], rule+" "+subject+" ") || !strings.Contains(got[i], message) {
					t.Errorf("got %s, want %s", got[i], want)
				}
			}
		})
	}
}

// TestRegionLost judges a standby in the machine's region, and the room left
// when both sites of a region are lost at once.
func TestRegionLost(t *testing.T) {
	t.Parallel()
	f := newFixture(2)
	f.edit(placement, "survive_region", true)
	f.everywhere("protocollo-1", "standby_site", "pomezia")
	f.everywhere("protocollo-1", "standby_region", "lazio")
	if r := evaluate(t, f.plan(t)); !find(r, "AUD-003", "p_bs/protocollo-1", "both in lazio") {
		t.Error(verdicts(r))
	}
	// Each loss alone fits at Rozzano: two machines of its own, then one for each site of Lazio.
	f = newFixture(2)
	f.edit(placement, "survive_region", true)
	f.everywhere("protocollo-2", "site", "pomezia")
	f.cluster("rozzano")["vcpus"] = 7
	f.cluster("pomezia")["vcpus"] = 100
	f.cluster("pomezia")["memory_mib"] = 1 << 20
	f.cluster("pomezia")["storage_mib"] = 1 << 20
	const at, message = "rozzano/vsphere/cluster-1", "if lazio is lost"
	if r := evaluate(t, f.plan(t)); !find(r, "PLC-006", at, message) || find(r, "PLC-006", at, "if acilia is lost") {
		t.Error(verdicts(r))
	}
	f.edit(placement, "survive_region", false)
	if r := evaluate(t, f.plan(t)); find(r, "PLC-006", at, message) {
		t.Error("the loss of a region is judged although nothing asks for it")
	}
}

// TestRefusedIsNotTamperedWith reads a plan that keeps what stands although it
// no longer fits, and says so in its own words.
func TestRefusedIsNotTamperedWith(t *testing.T) {
	t.Parallel()
	f := newFixture(2)
	f.before[placement] = maps.Clone(f.resources[placement])
	f.cluster("acilia")["vcpus"] = 1
	f.edit(placement, "verdict", "proven infeasible")
	f.edit(placement, "findings", []any{object{
		"rule": "PLC-008", "severity": "error", "outcome": "failed", "subject": "p_bs", "message": "too little", "remedy": "", "basis": "project", "citation": "",
	}})
	r := evaluate(t, f.plan(t))
	if !find(r, "PLC-008", "acilia/vsphere/cluster-1", "overfull") {
		t.Error("the audit does not find the cluster overfull")
	}
	for _, g := range r.Findings {
		if g.Rule == "AUD-001" {
			t.Errorf("%s: %s", g.Subject, g.Message)
		}
	}
}
