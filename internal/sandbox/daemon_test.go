package sandbox_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// TestMain lets the test binary stand in for the CLI that Up starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "sandbox" && os.Args[2] == "serve" {
		if err := sandbox.Serve(context.Background(), sandbox.Options{Dir: os.Args[4]}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestDaemon(t *testing.T) {
	ctx := testContext(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	opt := small(t, sandbox.Options{Centers: []string{"acilia", "brescia"}, WriteRate: 500})
	t.Cleanup(func() {
		if _, err := sandbox.Down(context.Background(), opt.Dir); err != nil {
			t.Error(err)
		}
	})
	if st, err := sandbox.ReadState(filepath.Join(opt.Dir, "missing")); err != nil || st.Running {
		t.Errorf("state of a missing folder: %+v, %v", st, err)
	}
	up, err := sandbox.Up(ctx, exe, opt)
	if err != nil {
		t.Fatal(err)
	}
	if up.AlreadyRunning || up.PID == 0 || up.PID == os.Getpid() || len(up.Centers) != 2 || len(up.Centers[1].Machines) != 6 {
		t.Errorf("state of the first up: %+v", up)
	}
	config, err := os.ReadFile(up.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	again, err := sandbox.Up(ctx, exe, opt)
	if err != nil || !again.AlreadyRunning || again.PID != up.PID {
		t.Errorf("second up: %+v, %v", again, err)
	}
	plain := sandbox.Options{Dir: opt.Dir}
	if again, err = sandbox.Up(ctx, exe, plain); err != nil || !again.AlreadyRunning {
		t.Errorf("up without options: %+v, %v", again, err)
	}
	other := opt
	other.Seed, other.Centers = 7, []string{"brescia", "acilia"}
	if _, err := sandbox.Up(ctx, exe, other); !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), "(seed is 1, asked for 7)") || !strings.Contains(err.Error(), "sandbox down") {
		t.Errorf("up with another seed: %v", err)
	}
	eventually(t, "guest writes in the state", func() bool {
		st, err := sandbox.ReadState(opt.Dir)
		if err != nil {
			t.Fatal(err)
		}
		return st.Centers[1].Machines[0].Writes > 0
	})
	if fi, err := os.Stat(filepath.Join(opt.Dir, "sandbox.json")); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("state file: %v, %v", fi, err)
	}

	was, err := sandbox.Down(ctx, opt.Dir)
	if err != nil || !was {
		t.Errorf("down: %t, %v", was, err)
	}
	if was, err := sandbox.Down(ctx, opt.Dir); err != nil || was {
		t.Errorf("second down: %t, %v", was, err)
	}
	if st, err := sandbox.ReadState(opt.Dir); err != nil || st.Running || st.Crashed {
		t.Errorf("state after down: %+v, %v", st, err)
	}
	if _, err := os.Stat(filepath.Join(opt.Dir, "datastores")); !os.IsNotExist(err) {
		t.Errorf("disks after down: %v", err)
	}

	// A killed daemon leaves its state file and its disks behind.
	up, err = sandbox.Up(ctx, exe, opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(up.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "killed daemon is noticed", func() bool {
		st, err := sandbox.ReadState(opt.Dir)
		return err == nil && !st.Running && st.Crashed
	})
	third, err := sandbox.Up(ctx, exe, opt)
	if err != nil || third.AlreadyRunning || third.PID == up.PID {
		t.Fatalf("up after a kill: %+v, %v", third, err)
	}
	now, err := os.ReadFile(third.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(config), string(now)); diff != "" {
		t.Errorf("psn.yaml changed between starts (-first +third):\n%s", diff)
	}
}

func TestUpTellsWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	if _, err := sandbox.Up(testContext(t), "/bin/false", sandbox.Options{Dir: dir}); err == nil {
		t.Error("up with a program that fails succeeded")
	}
	_, err := sandbox.Up(testContext(t), "/bin/false", sandbox.Options{Dir: dir, Centers: []string{"milano"}})
	if !psn.Is(err, psn.InvalidInput) {
		t.Errorf("up with an unknown center: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "psn.yaml")); !os.IsNotExist(err) {
		t.Errorf("psn.yaml after failed starts: %v", err)
	}
	if _, err := sandbox.Up(testContext(t), "/bin/false", sandbox.Options{Dir: dir, ExtraMachines: -4}); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "extra machines: -4 is negative") {
		t.Errorf("up with -4 machines: %v", err)
	}
	_, err = sandbox.Start(testContext(t), sandbox.Options{Dir: dir, Machines: []sandbox.Machine{{Name: "x", Disks: []int64{1000}}}})
	if !psn.Is(err, psn.InvalidInput) {
		t.Errorf("start with a tiny disk: %v", err)
	}
}

// TestConfig checks that the configuration is what the composition root reads,
// and that every file it names is there.
func TestConfig(t *testing.T) {
	sb := start(t, sandbox.Options{})
	for _, file := range []string{sb.ConfigFile(), sb.AuditorConfigFile()} {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var cfg connect.Config
		dec := yaml.NewDecoder(f)
		dec.KnownFields(true)
		if err := dec.Decode(&cfg); err != nil {
			t.Fatal(err)
		}
		if len(cfg.Sites) != 4 || len(cfg.Sources) != 1 || cfg.Engine.Dir != "engine" || cfg.StateDir != "state" {
			t.Errorf("%s: %+v", file, cfg)
		}
		for site, s := range cfg.Sites {
			for _, name := range []string{s.VSphere.CAFile, s.VSphere.PasswordFile} {
				if _, err := fs.Stat(os.DirFS(sb.Dir()), name); err != nil {
					t.Errorf("%s of %s: %v", name, site, err)
				}
			}
			if s.VSphere.Worker == nil {
				continue
			}
			if fi, err := os.Stat(filepath.Join(sb.Dir(), s.VSphere.Worker.Devices)); err != nil || !fi.IsDir() {
				t.Errorf("devices of %s: %v", site, err)
			}
		}
	}
}

// TestExtraMachines builds a few hundred machines and reads them in one call.
func TestExtraMachines(t *testing.T) {
	began := time.Now()
	sb := start(t, sandbox.Options{Centers: []string{"pomezia"}, ExtraMachines: 200})
	t.Logf("201 machines took %s", time.Since(began))
	if n := len(sb.State().Centers[0].Machines); n != 201 {
		t.Errorf("%d machines, want 201", n)
	}
}
