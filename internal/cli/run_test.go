package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/cli"
)

// result is what a run printed and returned.
type result struct {
	code           int
	stdout, stderr string
}

func run(t *testing.T, ctx context.Context, env map[string]string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(ctx, cli.Env{
		Args: args, Stdout: &out, Stderr: &errs, Version: "1.2.3",
		Getenv: func(k string) string { return env[k] },
		Now:    func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) },
	})
	return result{code, out.String(), errs.String()}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	start := []string{"migrate", "start", "--id", "p_bs/a-1", "--source", "brescia", "--vm", "a", "--service", "p_bs/a",
		"--classification", "critical", "--site", "acilia", "--cluster", "c1", "--standby-site", "rozzano"}
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"unknown command":    {[]string{"sandbix"}, `unknown command "sandbix"`},
		"no subcommand":      {[]string{"migrate"}, "no subcommand given"},
		"unknown subcommand": {[]string{"migrate", "aprove"}, `did you mean "approve"?`},
		"unknown flag":       {[]string{"audit", "--nope", "x"}, "unknown flag: --nope"},
		"missing file":       {[]string{"audit"}, "files: 0 given, 1 needed"},
		"language":           {[]string{"audit", "--lang", "fr", "x"}, `unknown --lang "fr"`},
		"id missing":         {[]string{"migrate", "status"}, "--id is missing"},
		"id malformed":       {[]string{"migrate", "status", "--id", "protocollo"}, `virtual machine id "protocollo" is not valid`},
		"decider missing":    {[]string{"migrate", "approve", "--id", "p_bs/a-1"}, "--by is missing"},
		"nothing to wait":    {[]string{"migrate", "wait", "--id", "p_bs/a-1"}, "nothing to wait for"},
		"unknown phase":      {[]string{"migrate", "wait", "--id", "p_bs/a-1", "--phase", "done"}, `unknown --phase "done"`},
		"percentage":         {[]string{"migrate", "wait", "--id", "p_bs/a-1", "--copied", "140"}, "--copied 140 is not a percentage"},
		"two targets":        {[]string{"migrate", "wait", "--id", "p_bs/a-1", "--copied", "40", "--deltas", "1"}, "give one of --phase, --deltas and --copied"},
		"timeout":            {[]string{"migrate", "wait", "--id", "p_bs/a-1", "--deltas", "1", "--timeout", "soon"}, `"soon" is not a positive duration`},
		"preflight":          {[]string{"migrate", "preflight", "--vm", "a"}, "--source and --vm are needed"},
		"source missing":     {[]string{"migrate", "start", "--id", "p_bs/a-1"}, "service id"},
		"bandwidth":          {append(start, "--bandwidth", "64MB/s"), `"64MB/s" is not a positive rate`},
		"rpo":                {append(start, "--rpo", "-5m"), `"-5m" is not a positive duration`},
		"site":               {append(start, "--site", "milano"), `unknown site "milano"`},
		"standby":            {append(start, "--standby-site", "milano"), `--standby-site: unknown site "milano"`},
		"no standby":         {append(start, "--standby-site", ""), "PLC-001: machine p_bs/a-1 is critical and has no standby"},
		"standby at home":    {append(start, "--standby-site", "acilia"), "PLC-001: "},
		"standby too near":   {append(start, "--classification", "strategic", "--standby-site", "pomezia"), "PLC-002: "},
		"class":              {append(start, "--classification", "top"), `unknown classification "top"`},
		"other tenant":       {append(start, "--service", "p_mi/a"), `belongs to tenant "p_mi"`},
		"deltas":             {append(start, "--min-deltas", "0"), "min_deltas is 0"},
		"verify":             {append(start, "--verify", "maybe"), `verify is "maybe"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, t.Context(), nil, tc.args...)
			if r.code != 2 || !strings.Contains(r.stderr, tc.want) || r.stdout != "" {
				t.Errorf("code %d, stdout %q, stderr %q; want code 2 and %q", r.code, r.stdout, r.stderr, tc.want)
			}
			lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
			if len(lines) != 2 || !strings.HasPrefix(lines[0], "error: ") || !strings.HasPrefix(lines[1], "remedy: see \"psn") {
				t.Errorf("want one line of error and one of remedy, got %q", r.stderr)
			}
		})
	}
}

func TestNoArgumentsPrintUsage(t *testing.T) {
	t.Parallel()
	r := run(t, t.Context(), nil)
	if r.code != 2 || r.stdout != "" || !strings.Contains(r.stderr, "Available Commands:") {
		t.Errorf("%+v", r)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if r := run(t, t.Context(), nil, "version"); r.code != 0 || !strings.HasPrefix(r.stdout, "psn 1.2.3 (go") {
		t.Errorf("%+v", r)
	}
	var v struct{ Version string }
	r := run(t, t.Context(), nil, "version", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &v); err != nil || v.Version != "1.2.3" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	t.Parallel()
	r := run(t, t.Context(), nil, "--help")
	for _, want := range []string{"audit", "migrate", "placement", "sandbox", "version", "worker", "PSN_CONFIG"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("help does not name %s:\n%s", want, r.stdout)
		}
	}
	if r.code != 0 {
		t.Errorf("code %d", r.code)
	}
}

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none.yaml")
	for name, tc := range map[string]struct {
		env  map[string]string
		args []string
	}{
		"flag":     {nil, []string{"--config", none, "migrate", "list"}},
		"variable": {map[string]string{"PSN_CONFIG": none}, []string{"migrate", "list"}},
		"worker":   {map[string]string{"PSN_CONFIG": none}, []string{"worker"}},
	} {
		r := run(t, t.Context(), tc.env, tc.args...)
		if r.code != 1 || !strings.Contains(r.stderr, none) || strings.Count(strings.TrimSpace(r.stderr), "\n") > 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestPlacementSolve(t *testing.T) {
	t.Parallel()
	request := func(vcpus string) string {
		file := filepath.Join(t.TempDir(), "request.json")
		body := `{"tenant":"p_bs","workloads":[{"name":"web","service":"p_bs/web","classification":"ordinary","instances":1,
			"per_instance":{"vcpus":` + vcpus + `,"memory_mib":1024,"storage_mib":1024}}],
			"sites":[{"site":"acilia","platform":"vsphere","clusters":[{"name":"c1","capacity":{"vcpus":8,"memory_mib":65536,"storage_mib":65536},"commitments":[]}],"vms":[]}]}`
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	r := run(t, t.Context(), nil, "placement", "solve", request("2"))
	if r.code != 0 || !strings.Contains(r.stdout, "verdict: placed") || !strings.Contains(r.stdout, "web-1") {
		t.Errorf("%+v", r)
	}
	var res struct {
		Verdict     string
		Assignments map[string]struct{ Site string }
	}
	r = run(t, t.Context(), nil, "placement", "solve", "--json", request("2"))
	if err := json.Unmarshal([]byte(r.stdout), &res); err != nil || res.Verdict != "placed" || res.Assignments["web-1"].Site != "acilia" {
		t.Errorf("%+v %v %+v", r, err, res)
	}
	if r = run(t, t.Context(), nil, "placement", "solve", request("64")); r.code != 1 || !strings.Contains(r.stdout, "verdict: proven infeasible") {
		t.Errorf("%+v", r)
	}
	if r = run(t, t.Context(), nil, "placement", "solve", request("-1")); r.code != 2 || r.stdout != "" {
		t.Errorf("%+v", r)
	}
	if r = run(t, t.Context(), nil, "placement", "solve", request(`"two"`)); r.code != 2 || !strings.Contains(r.stderr, "workloads.per_instance.vcpus is a JSON string (line 2, column 33): write a whole number") {
		t.Errorf("%+v", r)
	}
}
