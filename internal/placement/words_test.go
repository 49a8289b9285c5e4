package placement_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Refusals, word for word.
func TestRefusals(t *testing.T) {
	t.Parallel()
	one := func(class psn.Classification, n int64, each psn.Resources, change func(*placement.Workload)) []placement.Workload {
		w := placement.Workload{Name: "db", Service: "p_bs/protocollo", Classification: class, Instances: n, PerInstance: each}
		if change != nil {
			change(&w)
		}
		return []placement.Workload{w}
	}
	tests := []struct {
		name      string
		workloads []placement.Workload
		change    func(*placement.Request)
		verdict   placement.Verdict
		rules     []string
		words     []string
	}{
		{"larger than any cluster", one(psn.Ordinary, 1, size(4, 600, 10), nil), nil, placement.Infeasible, []string{"PLC-008"},
			[]string{"no placement exists:", "workload db: one machine needs 600 GiB of RAM, more than any admissible cluster has free; nearest is acilia (vsphere) cluster c1, with 400 GiB of RAM free"}},
		{"more than there is", one(psn.Ordinary, 50, size(10, 10, 10), nil), nil, placement.Infeasible, []string{"PLC-008"},
			[]string{"no placement exists:", "workload db asks for 50 machines of 10 vCPU, 10 GiB of RAM and 10 GiB of storage each, but the free room of its admissible clusters holds 40"}},
		{"sum of RAM", append(one(psn.Ordinary, 12, size(1, 100, 10), nil), placement.Workload{Name: "app", Service: "p_bs/protocollo", Classification: psn.Ordinary, Instances: 9, PerInstance: size(1, 50, 10)}), nil,
			placement.Infeasible, []string{"PLC-008"}, []string{"no placement exists:", "RAM short by 50 GiB on all sites: 1650 GiB must stand there, 1600 GiB is free"}},
		{"reserve for a lost site", one(psn.Strategic, 4, size(1, 300, 10), nil), func(r *placement.Request) {
			r.Workloads[0].Sites = []psn.Site{psn.Acilia, psn.Pomezia}
			r.Sites[2].Clusters[0].Capacity.MemoryMiB = 100 * 1024
		}, placement.Infeasible, []string{"PLC-008"},
			[]string{"no placement exists:", "workload db asks for 4 machines of 1 vCPU, 300 GiB of RAM and 10 GiB of storage each, but the free room of its admissible clusters holds 2"}},
		{"RAM of a region when a site is lost", one(psn.Strategic, 10, size(1, 40, 10), func(w *placement.Workload) { w.Sites = []psn.Site{psn.Acilia} }), func(r *placement.Request) {
			for _, i := range []int{2, 3} {
				r.Sites[i].Clusters[0].Capacity.MemoryMiB = 98 * 1024
			}
		}, placement.Infeasible, []string{"PLC-006"},
			[]string{"no placement exists:", "RAM short by 204 GiB in region lombardia when acilia is lost: 400 GiB must stand there, 196 GiB is free"}},
		{"strategic in one region", one(psn.Strategic, 1, size(1, 1, 1), func(w *placement.Workload) { w.Regions = []psn.Region{psn.Lazio} }), nil, placement.Infeasible, []string{"PLC-002"},
			[]string{"no placement exists:", "workload db is strategic and needs a standby in another region, but it is limited to regions lazio"}},
		{"sites against regions", one(psn.Ordinary, 1, size(1, 1, 1), func(w *placement.Workload) {
			w.Sites, w.Regions = []psn.Site{psn.Acilia}, []psn.Region{psn.Lombardia}
		}), nil, placement.Infeasible, []string{"PLC-009"},
			[]string{"no placement exists:", "workload db is limited to sites acilia and regions lombardia, and no site satisfies both"}},
		{"platform nobody has", one(psn.Critical, 1, size(1, 1, 1), func(w *placement.Workload) { w.Platforms = []psn.Platform{psn.OpenStack} }), nil, placement.Infeasible, []string{"PLC-009"},
			[]string{"no placement exists:", "workload db is critical and limited to platforms openstack, and the inventory has no pair of clusters for a machine and its standby"}},
		{"too many apart", one(psn.Ordinary, 5, size(1, 1, 1), func(w *placement.Workload) { w.AntiAffinity = true }), nil, placement.Infeasible, []string{"PLC-005"},
			[]string{"no placement exists:", "workload db asks for 5 instances kept apart, but only 4 clusters can take one"}},
		{"standby larger than any cluster", one(psn.Critical, 1, size(1, 300, 10), nil), func(r *placement.Request) {
			for _, i := range []int{1, 2, 3} {
				r.Sites[i].Clusters[0].Capacity.MemoryMiB = 250 * 1024
			}
		}, placement.Infeasible, []string{"PLC-006"},
			[]string{"no placement exists:", "workload db: the standby of one machine needs 300 GiB of RAM, more than any admissible cluster has free; nearest is pomezia (vsphere) cluster c1, with 250 GiB of RAM free if acilia is lost"}},
		{"no sites", one(psn.Ordinary, 1, size(1, 1, 1), nil), func(r *placement.Request) { r.Sites = nil }, placement.Infeasible, []string{"PLC-009"},
			[]string{"no placement exists:", "workload db is allowed everywhere, and the inventory has no cluster there"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			req := placement.Request{Tenant: tenant, Workloads: tc.workloads, Sites: estate(1, size(100, 400, 4000))}
			if tc.change != nil {
				tc.change(&req)
			}
			res := solve(t, req)
			var rules []string
			for _, f := range res.Findings {
				rules = append(rules, f.Rule)
				if f.Severity != psn.SeverityError || f.Outcome != psn.Failed || f.Remedy == "" || f.Basis != psn.BasisProject || !strings.HasPrefix(f.Subject, "p_bs") {
					t.Errorf("finding %+v", f)
				}
			}
			if res.Verdict != tc.verdict || len(res.Assignments) > 0 {
				t.Errorf("verdict %q with %d assignments, want %q", res.Verdict, len(res.Assignments), tc.verdict)
			}
			if diff := cmp.Diff(tc.rules, rules); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.words, res.Explanation); diff != "" {
				t.Errorf("explanation (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlacedInWords(t *testing.T) {
	t.Parallel()
	res := solve(t, placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Workloads: []placement.Workload{
		{Name: "db", Service: "p_bs/protocollo", Classification: psn.Strategic, Instances: 1, PerInstance: size(4, 16, 100), Sites: []psn.Site{psn.Acilia}}}})
	want := []string{
		"1 machine placed: 1 new, 0 kept where they stand, 0 moved",
		"acilia: 1 primary machine, 0 standbys",
		"rozzano: 0 primary machines, 1 standby",
		"if acilia is lost its critical and strategic machines fit; scarcest is then vCPU on rozzano (vsphere) cluster c1, with 96 vCPU of 100 vCPU left",
	}
	if diff := cmp.Diff(want, res.Explanation); diff != "" {
		t.Errorf("explanation (-want +got):\n%s", diff)
	}
	if len(res.Findings) > 0 || len(res.Headroom) != 16 {
		t.Errorf("findings %+v, %d rows of headroom", res.Findings, len(res.Headroom))
	}
}

// A strategic workload fails closed when a site cannot be read; others go on
// with what was read, and nothing that stands on the silent site moves.
func TestUnreadSites(t *testing.T) {
	t.Parallel()
	build := func(class psn.Classification) placement.Request {
		req := placement.Request{Tenant: tenant, Sites: estate(1, size(100, 400, 4000)), Workloads: []placement.Workload{{Name: "w", Service: "p_bs/s", Classification: class, Instances: 4, PerInstance: size(4, 16, 100)}}}
		return req
	}
	silence := func(req placement.Request) placement.Request {
		req.Sites[0] = psn.SiteInventory{Site: psn.Acilia, Platform: psn.VSphere, Error: "connection refused"}
		return req
	}
	strategic := solve(t, silence(build(psn.Strategic)))
	if strategic.Verdict != placement.NotFound || len(strategic.Findings) != 1 {
		t.Fatalf("%s: %+v", strategic.Verdict, strategic.Findings)
	}
	f := strategic.Findings[0]
	if f.Rule != "PLC-006" || f.Outcome != psn.Undecidable || f.Severity != psn.SeverityError || f.Subject != "p_bs/w" ||
		!strings.Contains(f.Message, "acilia (vsphere) could not be read (connection refused)") || !strings.Contains(f.Message, "read and checked: pomezia (vsphere), rozzano (vsphere), santo-stefano-ticino (vsphere)") {
		t.Errorf("finding %+v", f)
	}
	for _, class := range []psn.Classification{psn.Ordinary, psn.Critical} {
		before := solve(t, build(class))
		req := silence(build(class))
		fresh := solve(t, req)
		if fresh.Verdict != placement.Placed || len(fresh.Findings) != 1 || fresh.Findings[0].Severity != psn.SeverityWarning || fresh.Findings[0].Outcome != psn.Undecidable {
			t.Fatalf("%s: %s %+v", class, fresh.Verdict, fresh.Findings)
		}
		if bad := validate(req, fresh); len(bad) > 0 {
			t.Errorf("%s: %v", class, bad)
		}
		req.Current = before.Assignments
		req.Workloads[0].Instances = 5
		kept := solve(t, req)
		if bad := validate(req, kept); len(bad) > 0 {
			t.Errorf("%s: %v", class, bad)
		}
		for vm, a := range before.Assignments {
			if kept.Assignments[vm] != a {
				t.Errorf("%s: %s was %+v, is %+v", class, vm, a, kept.Assignments[vm])
			}
		}
		if len(kept.Findings) != 1 || !strings.Contains(kept.Findings[0].Message, "kept there unchecked: w-") {
			t.Errorf("%s: findings %+v", class, kept.Findings)
		}
	}
	// What the sums prove on the sites that answered proves nothing about the silent one.
	req := silence(build(psn.Ordinary))
	req.Workloads[0].PerInstance = size(90, 16, 100)
	if res := solve(t, req); res.Verdict != placement.NotFound || !strings.HasPrefix(res.Explanation[0], "no placement can be decided while") {
		t.Errorf("%s: %q", res.Verdict, res.Explanation)
	}
	// But a contradiction in the request holds whatever the silent site offers.
	req = silence(build(psn.Critical))
	req.Workloads[0].Sites, req.Workloads[0].Regions = []psn.Site{psn.Acilia}, []psn.Region{psn.Lombardia}
	if res := solve(t, req); res.Verdict != placement.Infeasible {
		t.Errorf("%s: %q", res.Verdict, res.Explanation)
	}
}

func TestAntiAffinity(t *testing.T) {
	t.Parallel()
	for n, perSite := range map[int64]int{2: 1, 4: 1, 5: 2, 8: 2} {
		req := placement.Request{Tenant: tenant, Sites: estate(2, size(100, 400, 4000)), Workloads: []placement.Workload{
			{Name: "w", Service: "p_bs/s", Classification: psn.Critical, Instances: n, PerInstance: size(4, 16, 100), AntiAffinity: true}}}
		res := solve(t, req)
		if bad := validate(req, res); res.Verdict != placement.Placed || len(bad) > 0 {
			t.Fatalf("%d: %s %v", n, res.Verdict, bad)
		}
		at := map[psn.Site]int{}
		for _, a := range res.Assignments {
			if at[a.Site]++; at[a.Site] > perSite {
				t.Errorf("%d instances: more than %d at %s", n, perSite, a.Site)
			}
		}
	}
}
