package httpsrange_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/transport/httpsrange"
)

var (
	_ blockcopy.Source   = (*httpsrange.Disk)(nil)
	_ driver.DiskContent = (*httpsrange.Disk)(nil)
)

// fault answers one request wrongly; true means that it did.
type fault func(w http.ResponseWriter, r *http.Request) bool

// store serves content over TLS and applies faults, one per request.
type store struct {
	*httptest.Server
	content []byte
	mu      sync.Mutex
	faults  []fault
	hits    atomic.Int64
	protos  sync.Map
}

func newStore(t *testing.T, size int) *store {
	s := &store{content: make([]byte, size)}
	rng := rand.New(rand.NewPCG(1, uint64(size)))
	for i := range s.content {
		s.content[i] = byte(rng.Uint32())
	}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.EnableHTTP2 = true // so that choosing HTTP/1.1 is the client's doing
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *store) serve(w http.ResponseWriter, r *http.Request) {
	s.hits.Add(1)
	s.protos.Store(r.Proto, true)
	s.mu.Lock()
	var f fault
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	if f != nil && f(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.content))
}

func (s *store) fail(f ...fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f...)
}

// options trust the server's certificate and retry fast.
func (s *store) options() httpsrange.Options {
	base := s.Client().Transport.(*http.Transport)
	return httpsrange.Options{
		Client: &http.Client{Transport: httpsrange.Tune(base)},
		URL: func(context.Context) (*url.URL, error) {
			return url.Parse(s.URL + "/folder/vm/disk-flat.vmdk?token=s3cret")
		},
		FirstDelay: time.Millisecond,
		Patience:   5 * time.Second,
	}
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func mustOpen(t *testing.T, o httpsrange.Options) *httpsrange.Disk {
	t.Helper()
	d, err := httpsrange.Open(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func (s *store) wantRead(t *testing.T, d *httpsrange.Disk, off, n int) {
	t.Helper()
	p := make([]byte, n)
	if err := d.ReadAt(testContext(t), p, int64(off)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(p, s.content[off:off+n]) {
		t.Fatal("read other bytes than the server has")
	}
}

func wantCode(t *testing.T, err error, code psn.Code, words ...string) {
	t.Helper()
	if !psn.Is(err, code) {
		t.Fatalf("error %v: want code %s", err, code)
	}
	for _, w := range append(words, "") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error %q shows the token", err)
	}
}

func TestReadsOverHTTP1(t *testing.T) {
	s := newStore(t, 5<<20+77)
	d := mustOpen(t, s.options())
	if d.Size() != 5<<20+77 {
		t.Fatalf("size %d", d.Size())
	}
	g, rng := errgroup.Group{}, rand.New(rand.NewPCG(7, 7))
	for range 40 {
		off := rng.IntN(len(s.content))
		n := rng.IntN(len(s.content) - off)
		g.Go(func() error {
			p := make([]byte, n)
			if err := d.ReadAt(testContext(t), p, int64(off)); err != nil {
				return err
			}
			if !bytes.Equal(p, s.content[off:off+n]) {
				return fmt.Errorf("%d bytes at %d differ", n, off)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	s.protos.Range(func(p, _ any) bool {
		if p != "HTTP/1.1" {
			t.Errorf("a request went over %s", p)
		}
		return true
	})
}

func status(code int, header ...string) fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		return true
	}
}

// reset breaks the connection after n bytes of the body.
func (s *store) reset(n int) fault {
	return func(w http.ResponseWriter, r *http.Request) bool {
		var first, last int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(s.content)))
		w.Header().Set("Content-Length", fmt.Sprint(last-first+1))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(s.content[first : first+min(n, last-first)])
		http.NewResponseController(w).Flush()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
		return true
	}
}

func TestRetriesWhatMayPass(t *testing.T) {
	s := newStore(t, 3<<20)
	d := mustOpen(t, s.options())
	for name, f := range map[string]fault{
		"503": status(503), "429": status(429), "502": status(502), "504": status(504), "500": status(500),
		"cut": s.reset(1000), "cut at once": s.reset(0),
		"hang up": func(w http.ResponseWriter, _ *http.Request) bool { panic(http.ErrAbortHandler) },
	} {
		before := s.hits.Load()
		s.fail(f, f)
		s.wantRead(t, d, 4321, 1<<20)
		if n := s.hits.Load() - before; n < 3 {
			t.Errorf("%s: %d requests: want the two failures and another", name, n)
		}
	}
}

func TestKeepsWhatArrived(t *testing.T) {
	s := newStore(t, 3<<20)
	d := mustOpen(t, s.options())
	var asked []string
	note := func(w http.ResponseWriter, r *http.Request) bool {
		asked = append(asked, r.Header.Get("Range"))
		return false
	}
	s.fail(s.reset(300000), note)
	s.wantRead(t, d, 0, 1<<20)
	if len(asked) != 1 || asked[0] == "bytes=0-1048575" {
		t.Errorf("asked for %v after the cut: want only what was missing", asked)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	s := newStore(t, 4096)
	d := mustOpen(t, s.options())
	s.fail(status(503, "Retry-After", "1"))
	start := time.Now()
	s.wantRead(t, d, 0, 4096)
	if took := time.Since(start); took < time.Second {
		t.Errorf("came back after %v: the server asked for 1 s", took)
	}
	s.fail(status(503, "Retry-After", "3600")) // longer than the patience
	start = time.Now()
	err := d.ReadAt(testContext(t), make([]byte, 1), 0)
	wantCode(t, err, psn.Unavailable, "503")
	if time.Since(start) > 4*time.Second {
		t.Error("waited for a server that will not be back in time")
	}
}

func TestFinalAnswers(t *testing.T) {
	s := newStore(t, 1<<20)
	d := mustOpen(t, s.options())
	partial := func(contentRange string, n int) fault {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Range", contentRange)
			w.WriteHeader(http.StatusPartialContent)
			w.Write(make([]byte, n))
			return true
		}
	}
	for _, c := range []struct {
		name string
		f    fault
		code psn.Code
		word string
	}{
		{"404", status(404), psn.NotFound, "404"},
		{"403", status(403), psn.Forbidden, "403"},
		{"416", status(416, "Content-Range", "bytes */5"), psn.Conflict, "416"},
		{"200", func(w http.ResponseWriter, _ *http.Request) bool { w.Write(s.content); return true }, psn.Unsupported, "ignores Range"},
		{"401 without a way to renew", status(401), psn.Unauthenticated, "401"},
		{"teapot", status(418), psn.Internal, "418"},
		{"no Content-Range", partial("", 100), psn.Corrupt, "Content-Range"},
		{"other range", partial("bytes 1-100/1048576", 100), psn.Corrupt, "asked for bytes 0 to 99"},
		{"short range", partial("bytes 0-98/1048576", 99), psn.Corrupt, "asked for bytes 0 to 99"},
		{"other size", partial("bytes 0-99/1048577", 100), psn.Conflict, "1048577"},
		{"length disagrees", partial("bytes 0-99/1048576", 98), psn.Corrupt, "announces 98"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s.hits.Load()
			s.fail(c.f)
			wantCode(t, d.ReadAt(testContext(t), make([]byte, 100), 0), c.code, c.word)
			if n := s.hits.Load() - before; n != 1 {
				t.Errorf("%d requests: a final answer is not asked for again", n)
			}
		})
	}
	wantCode(t, d.ReadAt(testContext(t), make([]byte, 2), 1<<20-1), psn.InvalidInput, "outside the disk")
}

// TestPlainHTTPRedirect follows the server to an address without TLS.
func TestPlainHTTPRedirect(t *testing.T) {
	s := newStore(t, 1<<20)
	plain := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(plain.Close)
	d := mustOpen(t, s.options())
	s.fail(func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, plain.URL+"/x", http.StatusFound)
		return true
	})
	wantCode(t, d.ReadAt(testContext(t), make([]byte, 100), 0), psn.Untrusted, "only https")
	o := s.options()
	o.URL = func(context.Context) (*url.URL, error) { return url.Parse(plain.URL) }
	_, err := httpsrange.Open(testContext(t), o)
	wantCode(t, err, psn.Untrusted, "only https")
}

func TestSessionIsRenewedOnce(t *testing.T) {
	s := newStore(t, 4<<20)
	var session atomic.Int64
	inner := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("session")
		if err != nil || c.Value != fmt.Sprint(session.Load()) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, _ := url.Parse(s.URL)
	var renewals atomic.Int64
	o := s.options()
	o.Client.Jar = jar
	o.Reauthenticate = func(context.Context) error {
		renewals.Add(1)
		jar.SetCookies(at, []*http.Cookie{{Name: "session", Value: fmt.Sprint(session.Load()), Secure: true, Path: "/"}})
		return nil
	}
	d := mustOpen(t, o)
	session.Add(1) // every lane's session ends at once
	var g errgroup.Group
	for lane := range 8 {
		g.Go(func() error { return d.ReadAt(testContext(t), make([]byte, 512<<10), int64(lane)*512<<10) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := renewals.Load(); n != 2 { // one to open, one for all lanes
		t.Errorf("%d renewals: want one for all lanes", n-1)
	}
	o.Reauthenticate = func(context.Context) error { renewals.Add(1); return nil } // does not help
	session.Add(1)
	d2, err := httpsrange.Open(testContext(t), o)
	wantCode(t, err, psn.Unauthenticated, "401")
	if d2 != nil || renewals.Load() != 3 {
		t.Errorf("%d renewals: want one try", renewals.Load()-2)
	}
	o.Reauthenticate = func(context.Context) error { return errors.New("wrong password") }
	_, err = httpsrange.Open(testContext(t), o)
	wantCode(t, err, psn.Unauthenticated, "wrong password")
}

// A transport is tuned without touching the one it comes from.
func TestTuneLeavesItsBaseAlone(t *testing.T) {
	base := &http.Transport{TLSClientConfig: &tls.Config{NextProtos: []string{"h2", "http/1.1"}}}
	for range 2 {
		if got := httpsrange.Tune(base).TLSClientConfig.NextProtos; len(got) != 1 || got[0] != "http/1.1" {
			t.Errorf("tuned transport offers %q", got)
		}
	}
	if got := base.TLSClientConfig.NextProtos; len(got) != 2 || got[0] != "h2" {
		t.Errorf("the base now offers %q", got)
	}
}

func TestContextEndsRetries(t *testing.T) {
	s := newStore(t, 4096)
	d := mustOpen(t, s.options())
	for range 10000 {
		s.fail(status(503))
	}
	ctx, cancel := context.WithTimeout(testContext(t), 100*time.Millisecond)
	defer cancel()
	err := d.ReadAt(ctx, make([]byte, 10), 0)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v: want the context's", err)
	}
}

func TestStalledServerIsLeft(t *testing.T) {
	s := newStore(t, 4096)
	o := s.options()
	o.RequestTimeout = 200 * time.Millisecond
	d := mustOpen(t, o)
	s.fail(func(w http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	s.wantRead(t, d, 0, 4096)
}

func TestUntrustedServer(t *testing.T) {
	s := newStore(t, 4096)
	o := s.options()
	o.Client = &http.Client{Transport: httpsrange.Tune(&http.Transport{})} // no CA
	_, err := httpsrange.Open(testContext(t), o)
	wantCode(t, err, psn.Untrusted, "certificate")
	pin := &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
		VerifyConnection: func(tls.ConnectionState) error {
			return psn.Errorf(psn.Untrusted, "fingerprint does not match")
		}}
	o.Client = &http.Client{Transport: httpsrange.Tune(&http.Transport{TLSClientConfig: pin})}
	_, err = httpsrange.Open(testContext(t), o)
	wantCode(t, err, psn.Untrusted, "fingerprint")
	if s.hits.Load() != 0 {
		t.Error("an untrusted server got a request")
	}
}

func TestOpenChecksSize(t *testing.T) {
	s := newStore(t, 4096)
	o := s.options()
	o.Size = 8192
	_, err := httpsrange.Open(testContext(t), o)
	wantCode(t, err, psn.Conflict, "4096", "8192")
}
