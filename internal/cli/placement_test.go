package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/exact"
	"github.com/italia/terraform-provider-psn/internal/placement/placementtest"
)

// requestFile writes a request for forty machines and returns its path.
func requestFile(t *testing.T, change func(*placement.Request)) string {
	t.Helper()
	req := placementtest.Estate(7, 12, 60, true)
	if change != nil {
		change(&req)
	}
	text, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func says(t *testing.T, out string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(out, w) {
			t.Errorf("no %q in:\n%s", w, out)
		}
	}
}

func TestPlacementTables(t *testing.T) {
	t.Parallel()
	svg := filepath.Join(t.TempDir(), "sites.svg")
	r := run(t, context.Background(), nil, "placement", "solve", requestFile(t, nil), "--svg", svg)
	if r.code != 0 {
		t.Fatal(r)
	}
	says(t, r.stdout, "verdict: placed", "SITE ", "LEFT WHEN LOST", "santo-stefano-ticino", "TIGHTEST CLUSTER", "cost: ", "moves against today: ", "GiB to copy")
	if drawn, err := os.ReadFile(svg); err != nil || !strings.Contains(string(drawn), "Placement of p_bs: placed") {
		t.Error(err, len(drawn))
	}
	r = run(t, context.Background(), nil, "placement", "solve", "--json", requestFile(t, nil))
	var res placement.Result
	if err := json.Unmarshal([]byte(r.stdout), &res); err != nil || res.Verdict != placement.Placed || len(res.Assignments) != 12 || res.Cost.Total == 0 {
		t.Errorf("%v: %s", err, r.stdout)
	}
}

// Without the solver a bound is given, and what is not certified is said.
func TestPlacementProveWithoutSolver(t *testing.T) {
	t.Parallel()
	r := run(t, context.Background(), map[string]string{"HOME": t.TempDir()}, "placement", "prove", requestFile(t, nil))
	if r.code != 0 {
		t.Fatal(r)
	}
	says(t, r.stdout, "proof: cost ", "no placement costs less than ", "(in integers, exactly)", "not certified: anything that needs the exact solver", `run "make solver"`)
	r = run(t, context.Background(), nil, "placement", "prove", "--solver", filepath.Join(t.TempDir(), "none"), requestFile(t, nil))
	if r.code != 2 || !strings.Contains(r.stderr, "the solver's file cannot be read") {
		t.Error(r)
	}
}

func TestPlacementExplain(t *testing.T) {
	t.Parallel()
	path := requestFile(t, func(req *placement.Request) {
		for i := range req.Sites {
			for j := range req.Sites[i].Clusters {
				req.Sites[i].Clusters[j].Capacity.MemoryMiB = 1024
			}
		}
	})
	r := run(t, context.Background(), map[string]string{"HOME": t.TempDir()}, "placement", "explain", path)
	if r.code != 1 {
		t.Fatal(r)
	}
	says(t, r.stdout, "verdict: proven infeasible", "RAM")
}

func TestPlacementWhatIf(t *testing.T) {
	t.Parallel()
	path := requestFile(t, nil)
	r := run(t, context.Background(), nil, "placement", "what-if", path, "--without", "acilia", "--instances", "w0000=1")
	if r.code != 0 && r.code != 1 {
		t.Fatal(r)
	}
	says(t, r.stdout, "as it is: placed, cost ", "changed: ", "acilia  ")
	for _, bad := range [][]string{{"--without", "milano"}, {"--instances", "nobody=3"}, {"--without", "a/b/c/d"}} {
		if r := run(t, context.Background(), nil, append([]string{"placement", "what-if", path}, bad...)...); r.code != 2 || !strings.Contains(r.stderr, bad[0]) {
			t.Errorf("%v: %+v", bad, r)
		}
	}
}

// What leaves an excluded place says so, and what stays is not printed as gone.
func TestPlacementWhatIfNamesTheCause(t *testing.T) {
	t.Parallel()
	const example = "../../examples/placement/request.hcl"
	nobody := map[string]string{"HOME": t.TempDir()}
	r := run(t, context.Background(), nobody, "placement", "what-if", example, "--without", "acilia/vsphere")
	if r.code != 0 {
		t.Fatal(r)
	}
	says(t, r.stdout, "acilia (vsphere) takes no machine (--without acilia/vsphere)", "  stays  ")
	r = run(t, context.Background(), nobody, "placement", "what-if", example, "--without", "rozzano/vsphere")
	if r.code != 0 {
		t.Fatal(r)
	}
	says(t, r.stdout, "rozzano (vsphere) takes no machine (--without rozzano/vsphere)")
}

// What is no verdict does not end as one: exit code 1 says that nothing was placed.
func TestPlacementFailuresAreNotVerdicts(t *testing.T) {
	t.Parallel()
	path := requestFile(t, nil)
	other := filepath.Join(t.TempDir(), "other.wasm")
	if err := os.WriteFile(other, []byte("\x00asm\x01\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"cannot be written":                  {"solve", path, "--svg", filepath.Join(t.TempDir(), "none", "x.svg")},
		"is the file to be read":             {"solve", path, "--svg", path},
		"is not HiGHS":                       {"prove", path, "--solver", other},
		"remedy: run \"make solver\", which": {"explain", path, "--solver", other},
	} {
		if r := run(t, context.Background(), nil, append([]string{"placement"}, args...)...); r.code != 2 || !strings.Contains(r.stderr, want) {
			t.Errorf("%v: %+v, want %q", args, r, want)
		}
	}
}

// A request in HCL is the same as in JSON.
func TestPlacementHCL(t *testing.T) {
	t.Parallel()
	const request = `
tenant    = "p_bs"
workloads = [{
  name = "db", service = "p_bs/protocollo", classification = "strategic", instances = 2
  per_instance = { vcpus = 4, memory_mib = 16384, storage_mib = 102400 }
}]
sites = [
  for_each_is_not_needed
]
`
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "request.hcl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	site := func(name string) string {
		return `{ site = "` + name + `", platform = "vsphere", vms = [], clusters = [{ name = "c1", commitments = [], capacity = { vcpus = 64, memory_mib = 262144, storage_mib = 4194304 } }] },`
	}
	good := strings.Replace(request, "for_each_is_not_needed", site("acilia")+site("rozzano"), 1)
	if r := run(t, context.Background(), nil, "placement", "solve", write(good)); r.code != 0 || !strings.Contains(r.stdout, "2 machines placed") {
		t.Error(r)
	}
	for text, want := range map[string]string{request: "sites: write values, no references", "tenant {}": "write attributes (name = value), no blocks", "tenant = ": "not HCL", `nobody = 1`: `unknown field "nobody" in the request: use one of`, `tenant = ["x"]`: "tenant is a JSON array: write a text in quotes"} {
		if r := run(t, context.Background(), nil, "placement", "solve", write(text)); r.code != 2 || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: %+v", want, r)
		}
	}
}

// What cannot be used is named with its field or place and what to write instead.
func TestPlacementMalformed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"tenant":`: "the JSON ends too early (line 1, column 11)",
		``:           "it is empty: write a request",
		`[]`:         "the request is a JSON array (line 1, column 2): write an object, {...}",
		"{\n\"workloads\":[{\"instances\":\"2\"}]}": "workloads.instances is a JSON string (line 2, column 30): write a whole number, without quotes",
		`{"workload":[]}`:                      `unknown field "workload" in the request (line 1, column 12): use one of current, dr_reserve, excluded,`,
		`{"quota":{"vcpus":1}}`:                `unknown field "vcpus" in quota (line 1, column 18): use one of `,
		`{"sites":[{"clusters":[{"cap":1}]}]}`: `unknown field "cap" in sites[0].clusters[0] (line 1, column 30): use one of capacity, commitments, name`,
		`{"current":{"a-1":{},"a-1":{}}}`:      "current.a-1 is given twice (line 1, column 27): keep one",
		`{"tenant":"a","tenant":"b"}`:          "tenant is given twice (line 1, column 23)",
		`{"tenant" "x"}`:                       "not JSON (line 1, column 12)",
		`{"tenant":"p_bs"} {}`:                 "something follows the request",
		`{"tenant":"p_bs"}`:                    "workloads is empty: name at least one workload",
		`{"tenant":"p_bs","workloads":[{"name":"a","service":"p_bs/s","classification":"secret","instances":1}]}`: `unknown classification "secret": use one of`,
	} {
		path := filepath.Join(t.TempDir(), "request.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"solve", "prove", "explain", "what-if"} {
			if r := run(t, context.Background(), nil, "placement", verb, path); r.code != 2 || r.stdout != "" || !strings.Contains(r.stderr, want) || !strings.Contains(r.stderr, path) {
				t.Errorf("%s %q: %+v, want %q", verb, text, r, want)
			}
		}
	}
}

// The example's tables, and the sixth portal machine that has no place.
func TestPlacementExample(t *testing.T) {
	t.Parallel()
	const example = "../../examples/placement/request.hcl"
	nobody := map[string]string{"HOME": t.TempDir()}
	r := run(t, context.Background(), nobody, "placement", "solve", example)
	if r.code != 0 {
		t.Fatal(r)
	}
	says(t, r.stdout, "20 machines placed: 18 new, 2 kept where they stand, 0 moved", "moves against today: 0 of 2 machines", "acilia (active)")
	r = run(t, context.Background(), nobody, "placement", "what-if", example, "--instances", "portale=6")
	if r.code != 1 {
		t.Error(r)
	}
	says(t, r.stdout, "changed:  not found within budget", "without the machines of this request:", "not certified: whether any placement exists")
	solver := exact.File(os.Getenv)
	if _, err := os.Stat(solver); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Logf("NOT CHECKED: that the conflict is proven: %v", err)
		return
	}
	r = run(t, context.Background(), nobody, "placement", "what-if", example, "--instances", "portale=6", "--solver", solver)
	if r.code != 1 {
		t.Error(r)
	}
	says(t, r.stdout, "changed:  proven infeasible", "workload gis needs GPU", "portale stays on platforms openstack", "group front (portale, gis) are kept apart", "the 6 instances of workload portale are kept apart", "proof: no demand can be left out")
}
