package cli_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var update = flag.Bool("update", false, "write the files in testdata again")

const cityRequest = "../../examples/placement/request.hcl"

// What the answers look like, to the byte. The request leaves no choice, so that
// a better search changes nothing.
func TestPlacementWhatIfGolden(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"workload": {"--without", "sito"},
		"both":     {"--without", "rozzano/vsphere", "--without", "sito", "--instances", "banca-dati=2"},
		"more":     {"--instances", "sito=4"},
		"too-much": {"--without", "rozzano", "--without", "pomezia"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, t.Context(), map[string]string{"HOME": t.TempDir()}, append([]string{"placement", "what-if", "testdata/what-if.hcl"}, args...)...)
			if want := map[bool]int{true: 1}[name == "too-much"]; r.code != want || r.stderr != "" {
				t.Errorf("code %d, %s", r.code, r.stderr)
			}
			path := filepath.Join("testdata", "what-if-"+name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(r.stdout), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), r.stdout); d != "" {
				t.Errorf("%s (-want +got; go test -update writes it):\n%s", path, d)
			}
		})
	}
}

type compared struct {
	Today     string
	Before    placement.Result
	After     placement.Result
	Moves     []placement.Move
	Leave     map[string]placement.Assignment
	Elsewhere []string
}

func whatIf(t *testing.T, args ...string) compared {
	t.Helper()
	r := run(t, t.Context(), map[string]string{"HOME": t.TempDir()}, append([]string{"placement", "what-if", "--json"}, args...)...)
	var c compared
	if err := json.Unmarshal([]byte(r.stdout), &c); err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	return c
}

// A workload taken out leaves nothing behind: not its machines, not its part in
// groups, not what the inventory says its service holds.
func TestPlacementWhatIfWithoutAWorkload(t *testing.T) {
	t.Parallel()
	service := psn.ServiceID("")
	path := requestFile(t, func(req *placement.Request) {
		req.Current = nil
		service = req.Workloads[0].Service
		for i := range req.Workloads {
			if i > 0 && req.Workloads[i].Service == service {
				req.Workloads[i].Service += "-other"
			}
		}
		req.Groups = []placement.Group{{Name: "apart", Kind: placement.ApartCluster, Workloads: []string{req.Workloads[0].Name, req.Workloads[1].Name}}}
		// All of every cluster is held by the service that goes.
		for i := range req.Sites {
			for j := range req.Sites[i].Clusters {
				c := &req.Sites[i].Clusters[j]
				c.Commitments = append(c.Commitments, psn.Commitment{Tenant: req.Tenant, Service: service, Resources: c.Capacity})
			}
		}
	})
	c := whatIf(t, path, "--without", "w0000")
	if c.Before.Verdict != placement.Placed || c.After.Verdict != placement.Placed || c.Today != "decision" {
		t.Fatalf("before %s, after %s, today %s", c.Before.Verdict, c.After.Verdict, c.Today)
	}
	gone := 0
	for vm := range c.Before.Assignments {
		_, stays := c.After.Assignments[vm]
		_, leaves := c.Leave[vm]
		if stays == leaves || leaves != strings.HasPrefix(vm, "w0000-") {
			t.Errorf("%s: stays %v, leaves %v", vm, stays, leaves)
		}
		if leaves {
			gone++
		}
	}
	if gone == 0 || len(c.Moves) > 0 {
		t.Errorf("%d machines leave, %d move", gone, len(c.Moves))
	}
}

// A workload that stays alone in its group still has its machines on one cluster.
func TestPlacementWhatIfStaysTogether(t *testing.T) {
	t.Parallel()
	request := func(kind placement.GroupKind) string {
		return requestFile(t, func(req *placement.Request) {
			req.Current, req.Workloads = nil, req.Workloads[:2]
			var most psn.Resources
			for _, s := range req.Sites {
				for i := range s.Clusters {
					s.Clusters[i].Commitments = nil
					most = most.Max(s.Clusters[i].Capacity)
				}
			}
			for i := range req.Workloads {
				w := &req.Workloads[i]
				w.Classification, w.Instances, w.AntiAffinity, w.PerInstance = psn.Ordinary, 1, false, psn.Resources{VCPUs: 1, MemoryMiB: 1, StorageMiB: 1}
				w.Sites, w.Regions, w.Platforms = nil, nil, nil
			}
			// No cluster holds both machines of the one that stays.
			req.Workloads[1].Instances, req.Workloads[1].PerInstance.VCPUs = 2, most.VCPUs/2+1
			req.Groups = []placement.Group{{Name: "group", Kind: kind, Workloads: []string{req.Workloads[0].Name, req.Workloads[1].Name}}}
		})
	}
	if c := whatIf(t, request(placement.Together), "--without", "w0000"); c.After.Verdict != placement.Infeasible {
		t.Errorf("after it the verdict is %q", c.After.Verdict)
	}
	if c := whatIf(t, request(placement.ApartCluster), "--without", "w0000"); c.After.Verdict != placement.Placed {
		t.Errorf("after it the verdict of those apart is %q", c.After.Verdict)
	}
}

// Moves are against where machines stand today, not against another decision.
func TestPlacementWhatIfMovesAgainstToday(t *testing.T) {
	t.Parallel()
	c := whatIf(t, cityRequest, "--without", "acilia/vsphere")
	if c.Today != "current" || len(c.Moves) != 1 || c.Moves[0].VM != "protocollo-db-1" || c.Moves[0].From.StandbySite != psn.Acilia || c.Moves[0].To.StandbySite == "" {
		t.Errorf("today %s, moves %+v", c.Today, c.Moves)
	}
	for _, vm := range c.Elsewhere {
		if vm == "protocollo-db-1" || vm == "gis-1" {
			t.Errorf("%s stands today and is told as if it did not", vm)
		}
	}
}

func TestPlacementWhatIfRefusals(t *testing.T) {
	t.Parallel()
	named := requestFile(t, func(req *placement.Request) { req.Workloads[0].Name, req.Current = "acilia", nil })
	one := requestFile(t, func(req *placement.Request) { req.Workloads = req.Workloads[:1] })
	for want, args := range map[string][]string{
		"nothing to change: give --without":                                                       {cityRequest},
		`--without "milano": neither a site (acilia, pomezia, rozzano, `:                          {cityRequest, "--without", "milano"},
		`nor a workload of the request (protocollo-db, protocollo-app, `:                          {cityRequest, "--without", "workload:milano"},
		`--without "acilia": both a site and a workload`:                                          {named, "--without", "acilia"},
		`--without "acilia/vsphere/none": the request has no such place`:                          {cityRequest, "--without", "acilia/vsphere/none"},
		`--without "acilia/": write site, site/platform`:                                          {cityRequest, "--without", "acilia/"},
		`--without "acilia/kvm": unknown platform`:                                                {cityRequest, "--without", "acilia/kvm"},
		"--without takes every workload out":                                                      {one, "--without", "w0000"},
		`--instances "gis=0": "0" is not a number of machines: write 1 or more, or --without gis`: {cityRequest, "--instances", "gis=0"},
		`--instances "gis=99999999999999999999": "99999999999999999999" is not`:                   {cityRequest, "--instances", "gis=99999999999999999999"},
		`--instances "gis=3": workload "gis" is given twice`:                                      {cityRequest, "--instances", "gis=2", "--instances", "gis=3"},
		`--instances "gis=2": no workload "gis"`:                                                  {cityRequest, "--without", "gis", "--instances", "gis=2"},
	} {
		r := run(t, t.Context(), nil, append([]string{"placement", "what-if"}, args...)...)
		if r.code != 2 || r.stdout != "" || !strings.Contains(r.stderr, want) {
			t.Errorf("%v: %+v, want %q", args, r, want)
		}
	}
	for _, which := range []string{"site:acilia", "workload:acilia"} {
		if c := whatIf(t, named, "--without", which); (len(c.Leave) > 0) != (which == "workload:acilia") {
			t.Errorf("%s: %d leave", which, len(c.Leave))
		}
	}
}
