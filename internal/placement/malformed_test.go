package placement_test

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Malformed requests are errors that name field, value and remedy.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	w := func(change func(*placement.Workload)) func(*placement.Request) {
		return func(r *placement.Request) { change(&r.Workloads[0]) }
	}
	current := func(change func(*placement.Assignment)) func(*placement.Request) {
		return func(r *placement.Request) {
			a := placement.Assignment{Site: psn.Acilia, Platform: psn.VSphere, Cluster: "c1", StandbySite: psn.Rozzano, StandbyPlatform: psn.VSphere, StandbyCluster: "c1"}
			change(&a)
			r.Current = map[string]placement.Assignment{"w-1": a}
		}
	}
	tests := []struct {
		name   string
		change func(*placement.Request)
		say    []string
	}{
		{"tenant", func(r *placement.Request) { r.Tenant = "p bs" }, []string{"tenant", `"p bs"`, "use 2 to 32"}},
		{"name", w(func(w *placement.Workload) { w.Name = "DB" }), []string{"workload name", `"DB"`, "lower-case"}},
		{"name too long for its machines", w(func(w *placement.Workload) { w.Name = strings.Repeat("x", 62) }), []string{"name", "62 characters", "shorten"}},
		{"duplicate", func(r *placement.Request) { r.Workloads = append(r.Workloads, r.Workloads[0]) }, []string{`"w" is given twice`}},
		{"no instances", w(func(w *placement.Workload) { w.Instances = 0 }), []string{"instances is 0", "use 1 to"}},
		{"negative instances", w(func(w *placement.Workload) { w.Instances = -2 }), []string{"instances is -2"}},
		{"absurd instances", w(func(w *placement.Workload) { w.Instances = 1 << 40 }), []string{"instances is 1099511627776"}},
		{"too many in all", func(r *placement.Request) {
			r.Workloads[0].Instances = 60_000
			r.Workloads = append(r.Workloads, r.Workloads[0])
			r.Workloads[1].Name = "v"
		}, []string{"more than 100000 machines"}},
		{"no vCPU", w(func(w *placement.Workload) { w.PerInstance.VCPUs = 0 }), []string{"vcpus is 0"}},
		{"negative memory", w(func(w *placement.Workload) { w.PerInstance.MemoryMiB = -1 }), []string{"memory_mib is -1"}},
		{"no storage", w(func(w *placement.Workload) { w.PerInstance.StorageMiB = 0 }), []string{"storage_mib is 0"}},
		{"absurd memory", w(func(w *placement.Workload) { w.PerInstance.MemoryMiB = 1 << 62 }), []string{"memory_mib is 4611686018427387904"}},
		{"service", w(func(w *placement.Workload) { w.Service = "protocollo" }), []string{`"w"`, `service id "protocollo"`, "<ipa code>"}},
		{"service of another tenant", w(func(w *placement.Workload) { w.Service = "c_h501/x" }), []string{`service is "c_h501/x"`, `tenant "p_bs"`}},
		{"class", w(func(w *placement.Workload) { w.Classification = "strategico" }), []string{`"w"`, `"strategico"`, `"strategic"`}},
		{"no class", w(func(w *placement.Workload) { w.Classification = "" }), []string{`unknown classification ""`}},
		{"site", w(func(w *placement.Workload) { w.Sites = []psn.Site{"milano"} }), []string{"sites", `"milano"`, "santo-stefano-ticino"}},
		{"region", w(func(w *placement.Workload) { w.Regions = []psn.Region{"veneto"} }), []string{"regions", `"veneto"`}},
		{"platform", w(func(w *placement.Workload) { w.Platforms = []psn.Platform{"kvm"} }), []string{"platforms", `"kvm"`}},
		{"inventory site", func(r *placement.Request) { r.Sites[0].Site = "milano" }, []string{"inventory", `"milano"`}},
		{"inventory platform", func(r *placement.Request) { r.Sites[0].Platform = "" }, []string{"inventory of acilia", "platform"}},
		{"inventory twice", func(r *placement.Request) { r.Sites[1].Site = psn.Acilia }, []string{"acilia (vsphere) is given twice"}},
		{"cluster twice", func(r *placement.Request) {
			r.Sites[0].Clusters = append(r.Sites[0].Clusters, r.Sites[0].Clusters[0])
		}, []string{`cluster "c1" is given twice`}},
		{"cluster without name", func(r *placement.Request) { r.Sites[0].Clusters[0].Name = "" }, []string{"no name"}},
		{"negative capacity", func(r *placement.Request) { r.Sites[0].Clusters[0].Capacity.VCPUs = -4 }, []string{`cluster "c1"`, "capacity vcpus is -4"}},
		{"negative commitment", func(r *placement.Request) {
			r.Sites[0].Clusters[0].Commitments = []psn.Commitment{{Tenant: "x1", Resources: psn.Resources{StorageMiB: -1}}}
		}, []string{`tenant "x1"`, "storage_mib -1"}},
		{"commitment for nowhere", func(r *placement.Request) {
			r.Sites[0].Clusters[0].Commitments = []psn.Commitment{{ForSite: "milano"}}
		}, []string{`unknown site "milano"`}},
		{"no reserve", func(r *placement.Request) { r.DRReserve = new(int64) }, []string{"dr_reserve is 0", "percentage", "use 1 to 400", "leave it out for 100"}},
		{"too much reserve", func(r *placement.Request) { n := int64(401); r.DRReserve = &n }, []string{"dr_reserve is 401"}},
		{"current of another machine", func(r *placement.Request) { r.Current = map[string]placement.Assignment{"w-1": {VM: "w-2"}} }, []string{`current["w-1"]`, `"w-2"`}},
		{"current at no site", current(func(a *placement.Assignment) { a.Site = "" }), []string{`current["w-1"]: site: unknown site ""`, `"santo-stefano-ticino"`}},
		{"current at an unknown site", current(func(a *placement.Assignment) { a.Site = "milano" }), []string{`current["w-1"]: site: unknown site "milano": use one of "acilia"`}},
		{"current on an unknown platform", current(func(a *placement.Assignment) { a.Platform = "kvm" }), []string{`current["w-1"]: platform: unknown platform "kvm": use one of "vsphere", "openstack"`}},
		{"current standby at an unknown site", current(func(a *placement.Assignment) { a.StandbySite = "roma" }), []string{`current["w-1"]: standby_site: unknown site "roma"`}},
		{"current standby at no site", current(func(a *placement.Assignment) { a.StandbySite = "" }), []string{`current["w-1"]: standby_site: unknown site ""`}},
		{"current standby on an unknown platform", current(func(a *placement.Assignment) { a.StandbyPlatform = "" }), []string{`current["w-1"]: standby_platform: unknown platform ""`}},
		{"current standby in an unknown mode", current(func(a *placement.Assignment) { a.StandbyMode = "hot" }), []string{`current["w-1"]: standby_mode: unknown mode "hot": use "reserve" or "active-active"`}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			req := placement.Request{Tenant: tenant, Sites: estate(1, size(10, 10, 10)),
				Workloads: []placement.Workload{{Name: "w", Service: "p_bs/s", Classification: psn.Ordinary, Instances: 1, PerInstance: size(1, 1, 1)}}}
			tc.change(&req)
			res, err := placement.Solve(req)
			if !psn.Is(err, psn.InvalidInput) || res.Verdict != "" {
				t.Fatalf("%v, verdict %q", err, res.Verdict)
			}
			for _, s := range tc.say {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
		})
	}
}

// Nothing asked for is placed, and an empty inventory is no error.
func TestNothingToPlace(t *testing.T) {
	t.Parallel()
	if res := solve(t, placement.Request{Tenant: tenant}); res.Verdict != placement.Placed || len(res.Assignments) != 0 {
		t.Errorf("%+v", res)
	}
}

// Whatever is asked is answered by one verdict or an error, and what is placed is valid.
func FuzzSolve(f *testing.F) {
	f.Add(uint64(1), int64(10), int64(60), int64(4), int64(16384))
	f.Add(uint64(2), int64(30), int64(95), int64(0), int64(-1))
	f.Add(uint64(3), int64(3), int64(10), int64(1<<40), int64(1<<40))
	f.Fuzz(func(t *testing.T, seed uint64, n, fill, vcpus, memory int64) {
		req := random(seed, 1+(n&31), 10+(fill&127))
		req.Workloads[0].PerInstance.VCPUs, req.Workloads[0].PerInstance.MemoryMiB = vcpus, memory
		res, err := placement.Solve(req)
		if err != nil {
			if !psn.Is(err, psn.InvalidInput) {
				t.Fatal(err)
			}
			return
		}
		switch res.Verdict {
		case placement.Placed:
			if bad := validate(req, res); len(bad) > 0 {
				t.Fatal(bad)
			}
		case placement.Infeasible, placement.NotFound:
			if len(res.Findings) == 0 || len(res.Assignments) > 0 {
				t.Fatalf("%+v", res)
			}
		default:
			t.Fatalf("verdict %q", res.Verdict)
		}
	})
}
