//go:build unix

package blockcopy_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/transport/httpsrange"
	"github.com/italia/terraform-provider-psn/internal/transport/localdisk"
)

// killOrder is what the parent tells a child process: which pass to run, and
// when to die.
type killOrder struct {
	URL, CA, Target, Dir string
	Size                 int64
	Pass                 string
	Kind                 blockcopy.Kind
	Base                 string
	Extents              []blockcopy.Extent
	// Byte kills the child in the middle of the write that reaches this many
	// bytes written in all; Step, when not empty, the Nth time it comes there.
	Byte int64
	Step string
	Nth  int
}

// die ends the process as kill -9 does: nothing deferred, nothing flushed.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// fatalTarget kills the process in the middle of a write.
type fatalTarget struct {
	*localdisk.Disk
	left atomic.Int64
}

func (t *fatalTarget) WriteAt(ctx context.Context, p []byte, off int64) error {
	if left := t.left.Add(-int64(len(p))); left <= 0 && left > -int64(len(p)) {
		_ = t.Disk.WriteAt(ctx, p[:len(p)/2], off)
		die()
	}
	return t.Disk.WriteAt(ctx, p, off)
}

func killChild(o killOrder) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ca, err := os.ReadFile(o.CA)
	if err != nil {
		return err
	}
	src, err := openServed(ctx, o.URL, ca, o.Size)
	if err != nil {
		return err
	}
	disk, err := localdisk.Open(o.Target, localdisk.Options{})
	if err != nil {
		return err
	}
	dst := &fatalTarget{Disk: disk}
	dst.left.Store(1 << 62)
	if o.Byte > 0 {
		dst.left.Store(o.Byte)
	}
	job := blockcopy.WithStep(blockcopy.Job{
		Dir: o.Dir, DiskID: "kill-test", Pass: o.Pass, Kind: o.Kind, ChangeID: o.Pass, BaseChangeID: o.Base,
		Extents: o.Extents, Readback: true,
	}, func(name string) error {
		if name == o.Step {
			if o.Nth--; o.Nth == 0 {
				die()
			}
		}
		return nil
	})
	res, err := blockcopy.Copy(ctx, src, dst, job)
	if err != nil {
		return err
	}
	if err := disk.Close(); err != nil {
		return err
	}
	out, err := json.Marshal(res)
	fmt.Printf("result %s\n", out)
	return err
}

func openServed(ctx context.Context, address string, ca []byte, size int64) (*httpsrange.Disk, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	client := &http.Client{Transport: httpsrange.Tune(&http.Transport{TLSClientConfig: clientTLS(pool)})}
	return httpsrange.Open(ctx, httpsrange.Options{
		Client: client, Size: size,
		URL: func(context.Context) (*url.URL, error) { return u, nil },
	})
}

// TestKill seeds and then updates a disk over HTTPS into a local file, in a
// child process that is killed with SIGKILL at twenty random points of the two
// passes and started again; at the end of each pass the file must hold exactly
// the source. PSN_KILL_SEED repeats a run.
func TestKill(t *testing.T) {
	if text := os.Getenv("PSN_KILL_ORDER"); text != "" {
		var o killOrder
		err := json.Unmarshal([]byte(text), &o)
		if err == nil {
			err = killChild(o)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	seed := uint64(time.Now().UnixNano())
	if v := os.Getenv("PSN_KILL_SEED"); v != "" {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatalf("PSN_KILL_SEED=%q is not a number", v)
		}
	}
	t.Logf("seed %d (repeat with PSN_KILL_SEED=%d)", seed, seed)
	k := newKillRun(t, rand.New(rand.NewPCG(seed, 20)))
	kills := 20
	if testing.Short() {
		kills = 4
	}
	inSeed := kills / 2
	k.pass(blockcopy.KindSeed, "s1", "", k.disk.allocated, inSeed)
	base := k.disk.generation()
	k.disk.change(100)
	k.pass(blockcopy.KindDelta, "s2", "s1", k.disk.since(base), kills-inSeed)
}

type killRun struct {
	t      *testing.T
	rng    *rand.Rand
	disk   *disk
	server *httptest.Server
	order  killOrder

	mu     sync.Mutex
	served []byte // content of the pass
	// Pages of 4 KiB that went out in earlier runs of the pass and in this one.
	before, now map[int64]bool
}

const page = 4096

func newKillRun(t *testing.T, rng *rand.Rand) *killRun {
	k := &killRun{t: t, rng: rng}
	k.disk = &disk{rng: rng, data: make([]byte, 128<<20+rng.Int64N(leaf))}
	k.disk.change(240) // about half of the disk, zeros and data
	k.server = httptest.NewUnstartedServer(http.HandlerFunc(k.serve))
	k.server.Config.ErrorLog = log.New(io.Discard, "", 0) // killed clients leave handshakes open
	k.server.StartTLS()
	t.Cleanup(k.server.Close)
	dir := t.TempDir()
	k.order = killOrder{
		URL: k.server.URL + "/disk-flat.vmdk", CA: filepath.Join(dir, "ca.pem"), Target: filepath.Join(dir, "target"),
		Dir: filepath.Join(dir, "records"), Size: int64(len(k.disk.data)),
	}
	if err := os.WriteFile(k.order.CA, certificatePEM(k.server), 0o600); err != nil {
		t.Fatal(err)
	}
	dirty := bytes.Repeat([]byte{0xAA}, len(k.disk.data)+4096) // a target that was used before
	if err := os.WriteFile(k.order.Target, dirty, 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

// serve answers ranges and notes which pages went out.
func (k *killRun) serve(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	content := k.served
	k.mu.Unlock()
	w.Header().Set("Content-Type", "application/octet-stream")
	out := &countingWriter{ResponseWriter: w}
	http.ServeContent(out, r, "", time.Time{}, bytes.NewReader(content))
	var first, last int64
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last); err != nil || last == 0 {
		return // the probe of one byte
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for at := first / page; at*page < first+out.n; at++ {
		k.now[at] = true
	}
}

type countingWriter struct {
	http.ResponseWriter
	n int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.n += int64(n)
	return n, err
}

// account ends a run: how many bytes went out, and how many of them had gone
// out in earlier runs. It counts at the server, not in the code under test.
func (k *killRun) account() (sent, again int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for at := range k.now {
		if sent += page; k.before[at] {
			again += page
		}
		k.before[at] = true
	}
	k.now = map[int64]bool{}
	return sent, again
}

// pass runs one pass to its end through the given number of kills, the last
// two of them while it commits.
func (k *killRun) pass(kind blockcopy.Kind, name, base string, extents []blockcopy.Extent, kills int) {
	o := k.order
	o.Kind, o.Pass, o.Base, o.Extents = kind, name, base, extents
	var work, again int64
	for _, e := range blockcopy.Normalize(extents, o.Size) {
		work += e.Length
	}
	k.mu.Lock()
	k.served = bytes.Clone(k.disk.data)
	k.before, k.now = map[int64]bool{}, map[int64]bool{}
	k.mu.Unlock()
	for run := 1; ; run++ {
		where := k.choose(&o, run, kills, work-int64(len(k.before))*page)
		res, killed := k.child(o)
		sent, twice := k.account()
		again += twice
		k.t.Logf("%s run %d %s: %.1f MiB read, %.1f MiB of them again", kind, run, where, mib(sent), mib(twice))
		if twice > 24<<20 { // the runs are too short for the window to grow further
			k.t.Errorf("run %d read %.1f MiB again: want at most what was in flight", run, mib(twice))
		}
		if !killed {
			if run <= kills {
				k.t.Errorf("run %d was to be killed and ended", run)
			}
			k.t.Logf("%s: %.1f MiB asked for, %d kills, %.1f MiB read again in all; the last run found %.1f MiB copied already",
				kind, mib(work), kills, mib(again), mib(res.RecopiedBytes))
			break
		}
	}
	k.compare()
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// choose decides how the run ends.
func (k *killRun) choose(o *killOrder, run, kills int, left int64) string {
	o.Byte, o.Step, o.Nth = 0, "", 1
	last := []string{"manifest written", "manifest synced", "manifest renamed"}
	early := []string{"ledger appended", "ledger synced", "target flushed"}
	switch {
	case run > kills:
		return "to its end"
	case run == kills: // the pass is committed: what is left is to find that out
		o.Step = last[2]
	case run == kills-1:
		o.Step = last[k.rng.IntN(2)]
	case run == 1 && k.rng.IntN(2) == 0:
		o.Step = "intent declared"
	case k.rng.IntN(3) == 0:
		o.Step, o.Nth = early[k.rng.IntN(len(early))], 1+k.rng.IntN(2)
	default:
		// At most a share of what is left, so that every kill comes before the end.
		o.Byte = 1 + k.rng.Int64N(max(1, left/2/int64(kills-run+1)))
		return fmt.Sprintf("killed in the write of byte %d", o.Byte)
	}
	return fmt.Sprintf("killed at %q, time %d", o.Step, o.Nth)
}

func (k *killRun) child(o killOrder) (res blockcopy.Result, killed bool) {
	text, err := json.Marshal(o)
	if err != nil {
		k.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(k.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKill$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), "PSN_KILL_ORDER="+string(text))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		k.t.Fatalf("child did not end: %s%s", out, stderr.Bytes())
	}
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() == syscall.SIGKILL {
		return res, true
	}
	if err != nil {
		k.t.Fatalf("child: %v: %s%s", err, out, stderr.Bytes())
	}
	line, ok := bytes.CutPrefix(bytes.TrimSpace(out), []byte("result "))
	if !ok {
		k.t.Fatalf("child said %q", out)
	}
	if err := json.Unmarshal(line, &res); err != nil {
		k.t.Fatal(err)
	}
	return res, false
}

// compare hashes the file itself, with nothing of the package under test.
func (k *killRun) compare() {
	f, err := os.Open(k.order.Target)
	if err != nil {
		k.t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, k.order.Size)); err != nil {
		k.t.Fatal(err)
	}
	want := sha256.Sum256(k.disk.data)
	if !bytes.Equal(h.Sum(nil), want[:]) {
		k.t.Fatalf("target has SHA-256 %x, the source %x", h.Sum(nil), want)
	}
	k.t.Logf("target equals source: %s", hex.EncodeToString(want[:8]))
	dst, err := localdisk.Open(k.order.Target, localdisk.Options{ReadOnly: true})
	if err != nil {
		k.t.Fatal(err)
	}
	defer dst.Close()
	v, err := blockcopy.VerifyTarget(k.t.Context(), dst, k.order.Dir, nil)
	if err != nil || !v.Intact() || v.SHA256 != "sha256:"+hex.EncodeToString(want[:]) {
		k.t.Fatalf("verification: %+v, %v", v, err)
	}
}
