package migration_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// asWorker makes the test binary a worker of the configuration it names, so
// that it can be killed.
const asWorker = "PSN_TEST_WORKER_CONFIG"

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // refusals are expected, statuses tell them
	if file := os.Getenv(asWorker); file != "" {
		if err := work(file); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func work(file string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := connect.Load(file, os.Getenv)
	if err != nil {
		return err
	}
	fleet := connect.Open(cfg)
	c, err := fleet.Engine(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	w, err := migration.NewWorker(c, fleet.Estate(), cfg.StateDir, psn.Acilia)
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

// lab is a source, a site, an engine and a worker, all real processes or real
// protocols on loopback.
type lab struct {
	t      *testing.T
	ctx    context.Context
	sb     *sandbox.Sandbox
	engine *exec.Cmd
	worker *exec.Cmd
	fleet  *connect.Fleet
	*migration.Client
}

func newLab(t *testing.T, within time.Duration, more ...func(*sandbox.Options)) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("end to end tests take a while; run without -short")
	}
	if os.Getenv("PSN_ENGINE") == "" {
		t.Fatal("PSN_ENGINE does not name the psn-engine binary: run the tests with \"make test\", or build it with \"make build\" and set PSN_ENGINE to the absolute path of bin/psn-engine")
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	t.Cleanup(cancel)
	opt := sandbox.Options{Dir: t.TempDir(), Centers: []string{"acilia", "rozzano", sandbox.Source}, DirtyDisks: true}
	for _, change := range more {
		change(&opt)
	}
	sb, err := sandbox.Start(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	l := &lab{t: t, ctx: ctx, sb: sb}
	l.startEngine()
	cfg, err := connect.Load(sb.ConfigFile(), os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	l.fleet = connect.Open(cfg)
	t.Cleanup(func() { l.fleet.Close(context.Background()) })
	c, err := l.fleet.Engine(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	l.Client = migration.NewClient(c)
	for _, at := range []psn.Site{psn.Acilia, psn.Rozzano} {
		site, err := l.fleet.Site(at, psn.VSphere)
		if err != nil {
			t.Fatal(err)
		}
		if err := site.EnsureTenant(ctx, driver.Tenant{ID: "p_bs", Name: "Provincia di Brescia"}); err != nil {
			t.Fatal(err)
		}
	}
	l.startWorker()
	return l
}

func (l *lab) startEngine() {
	l.t.Helper()
	cmd := exec.Command(os.Getenv("PSN_ENGINE"), "--data", filepath.Join(l.sb.Dir(), "engine"))
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	l.start(cmd)
	l.engine = cmd
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(line, "ready on") {
		l.t.Fatalf("engine said %q (%v): %s", line, err, log.String())
	}
	go io.Copy(io.Discard, out)
}

func (l *lab) startWorker() {
	l.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asWorker+"="+l.sb.ConfigFile())
	cmd.Stderr = os.Stderr
	l.start(cmd)
	l.worker = cmd
}

func (l *lab) start(cmd *exec.Cmd) {
	l.t.Helper()
	dieWithUs(cmd)
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
}

// kill is SIGKILL: no handler runs.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
}

// spec is a request for the source machine.
func spec(id, vm string) migration.Spec {
	return migration.Spec{
		ID: psn.VMID("p_bs/" + id), Service: "p_bs/protocollo", Classification: psn.Critical,
		Source: migration.SourceRef{Name: sandbox.Source, VM: vm},
		Target: migration.TargetRef{Site: psn.Acilia, Platform: psn.VSphere, StandbySite: psn.Rozzano},
		RPO:    6 * time.Second, MinDeltas: 1, Verify: migration.VerifyReadback,
		ShutdownAfter: 20 * time.Second, HealthWithin: 30 * time.Second,
	}
}

// must starts a replica on the first cluster of the site.
func (l *lab) must(s migration.Spec) migration.Spec {
	l.t.Helper()
	site, err := l.fleet.Site(psn.Acilia, psn.VSphere)
	if err != nil {
		l.t.Fatal(err)
	}
	inv, err := site.Inventory(l.ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	s.Target.Cluster = inv.Clusters[0].Name
	if err := l.Start(l.ctx, s); err != nil {
		l.t.Fatal(err)
	}
	return s
}

// until polls the status until it satisfies ok.
func (l *lab) until(id psn.VMID, what string, ok func(migration.Status) bool) migration.Status {
	l.t.Helper()
	var last migration.Status
	var err error
	for l.ctx.Err() == nil {
		var s migration.Status
		if s, err = l.Status(l.ctx, id); err == nil {
			last = s
			if ok(s) {
				return s
			}
			if s.Phase.Final() {
				break
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	l.t.Fatalf("never saw %s: phase %q, reason %q, cycles %+v, disks %+v (%v)", what, last.Phase, last.Reason, last.Cycles, last.Disks, err)
	return last
}

func (l *lab) untilPhase(id psn.VMID, p migration.Phase) migration.Status {
	l.t.Helper()
	return l.until(id, "phase "+string(p), func(s migration.Status) bool { return s.Phase == p })
}

// approve waits until the cutover may be approved, and approves it.
func (l *lab) approve(s migration.Spec) {
	l.t.Helper()
	l.until(s.ID, "enough deltas", func(st migration.Status) bool { return st.Deltas >= s.MinDeltas })
	for {
		err := l.Approve(l.ctx, s.ID, migration.Approval{By: "Anna Bianchi"})
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "old, more than the RPO") {
			l.t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// hashes are the SHA-256 of the disk files of a machine, read past everything
// under test.
func (l *lab) hashes(center, vm string) []string {
	l.t.Helper()
	var out []string
	for n := 0; ; n++ {
		path := l.sb.Center(center).DiskFile(vm, n)
		if path == "" {
			return out
		}
		f, err := os.Open(path)
		if err != nil {
			l.t.Fatal(err)
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			l.t.Fatal(err)
		}
		out = append(out, "sha256:"+hex.EncodeToString(h.Sum(nil)))
	}
}
