package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// start runs a small sandbox and returns its configuration file.
func start(t *testing.T, centers ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sb, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Centers: centers, Machines: sandbox.DefaultMachines(16<<20, 16<<20)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return sb.ConfigFile()
}

func TestPreflightAgainstTheSandbox(t *testing.T) {
	t.Parallel()
	config := start(t, "brescia")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	r := run(t, ctx, nil, "--config", config, "migrate", "preflight", "--source", "brescia", "--vm", "protocollo")
	if r.code != 0 || !strings.Contains(r.stdout, "nothing stands in the way of replicating protocollo") {
		t.Errorf("%+v", r)
	}
	var m struct {
		Name  string
		VCPUs int64
		Disks []struct {
			CapacityBytes int64 `json:"capacity_bytes"`
		}
	}
	r = run(t, ctx, nil, "--config", config, "migrate", "preflight", "--json", "--source", "brescia", "--vm", "protocollo")
	if err := json.Unmarshal([]byte(r.stdout), &m); err != nil || m.Name != "protocollo" || m.VCPUs != 4 || len(m.Disks) != 2 || m.Disks[0].CapacityBytes != 16<<20 {
		t.Errorf("%v: %s", err, r.stdout)
	}
	for vm, want := range map[string]string{"nessuno": `no machine has the name or instance UUID "nessuno"`} {
		r := run(t, ctx, nil, "--config", config, "migrate", "preflight", "--source", "brescia", "--vm", vm)
		if r.code != 1 || !strings.Contains(r.stderr, want) || r.stdout != "" {
			t.Errorf("%s: %+v", vm, r)
		}
	}
	// A request for an unknown source is not registered; no engine is asked.
	r = run(t, ctx, nil, "--config", config, "migrate", "start", "--id", "p_bs/a-1", "--source", "milano", "--vm", "a", "--service", "p_bs/a",
		"--classification", "ordinary", "--site", "acilia", "--cluster", "c1")
	if r.code != 1 || !strings.Contains(r.stderr, `source "milano" is not in the configuration: configured are ["brescia"]`) {
		t.Errorf("%+v", r)
	}
	r = run(t, ctx, nil, "--config", config, "migrate", "preflight", "--source", "milano", "--vm", "a")
	if r.code != 1 || !strings.Contains(r.stderr, `source "milano" is not in the configuration`) {
		t.Errorf("%+v", r)
	}
}

func TestEngineThatDoesNotRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "psn.yaml")
	body := "version: 1\nengine:\n  dir: engine\nstate_dir: state\n"
	if err := os.WriteFile(config, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, args := range [][]string{
		{"migrate", "list"}, {"migrate", "status", "--id", "p_bs/a-1"}, {"migrate", "approve", "--id", "p_bs/a-1", "--by", "x"},
	} {
		r := run(t, ctx, nil, append([]string{"--config", config}, args...)...)
		if r.code != 1 || !strings.Contains(r.stderr, "psn-engine") || r.stdout != "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestInterruptedBeforeItStarted(t *testing.T) {
	t.Parallel()
	config := start(t, "brescia")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := run(t, ctx, nil, "--config", config, "migrate", "preflight", "--source", "brescia", "--vm", "protocollo")
	if r.code != 130 || !strings.Contains(r.stderr, "interrupted") {
		t.Errorf("%+v", r)
	}
}
