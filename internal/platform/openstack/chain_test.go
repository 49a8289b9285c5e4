package openstack_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const secret = "correct horse"

// cloud is a scripted cloud: identity, with a catalogue of services that all
// stand at one TLS address, and whatever handlers a test adds.
type cloud struct {
	*httptest.Server
	mux      *http.ServeMux
	logins   atomic.Int64
	token    atomic.Value // the one in force
	password atomic.Value

	mu   sync.Mutex
	seen map[string]int
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	return newCloudWith(t, `{"projects": []}`)
}

func newCloudWith(t *testing.T, projects string) *cloud {
	t.Helper()
	c := &cloud{mux: http.NewServeMux(), seen: map[string]int{}}
	c.password.Store(secret)
	c.token.Store("")
	c.Server = httptest.NewTLSServer(http.HandlerFunc(c.serve))
	t.Cleanup(c.Close)
	c.mux.HandleFunc("POST /identity/v3/auth/tokens", c.login)
	c.mux.HandleFunc("DELETE /identity/v3/auth/tokens", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c.answer("GET /identity/v3/domains", `{"domains": [{"id": "d1", "name": "Default"}]}`)
	if projects != "" {
		c.answer("GET /identity/v3/projects", projects)
	}
	c.answer("GET /compute/{$}", `{"versions": [{"id": "v2.0", "version": "", "min_version": ""}, {"id": "v2.1", "version": "2.93", "min_version": "2.1"}]}`)
	c.answer("GET /volume/{$}", `{"versions": [{"id": "v3.0", "version": "3.70", "min_version": "3.0"}]}`)
	c.answer("GET /placement/{$}", `{"versions": [{"id": "v1.0", "max_version": "1.39", "min_version": "1.0"}]}`)
	return c
}

func (c *cloud) answer(pattern, body string) {
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	})
}

func (c *cloud) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.seen[r.Method+" "+r.URL.Path]++
	c.mu.Unlock()
	if !strings.HasPrefix(r.URL.Path, "/identity/v3/auth") && !strings.HasSuffix(r.URL.Path, "/") && r.Header.Get("X-Auth-Token") != c.token.Load() {
		http.Error(w, `{"error": {"message": "who are you"}}`, http.StatusUnauthorized)
		return
	}
	c.mux.ServeHTTP(w, r)
}

func (c *cloud) count(request string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[request]
}

func (c *cloud) login(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Auth struct {
			Identity struct {
				Password struct{ User struct{ Password string } }
			}
		}
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	if body.Auth.Identity.Password.User.Password != c.password.Load() {
		http.Error(w, `{"error": {"message": "The request you have made requires authentication."}}`, http.StatusUnauthorized)
		return
	}
	token := fmt.Sprintf("token-%d", c.logins.Add(1))
	c.token.Store(token)
	entry := func(typ, path string) string {
		return fmt.Sprintf(`{"type": %q, "name": %q, "endpoints": [
			{"interface": "public", "region": "acilia", "url": "%s%s"}, {"interface": "internal", "region": "acilia", "url": "https://10.0.0.1/"}]}`, typ, typ, c.URL, path)
	}
	w.Header().Set("X-Subject-Token", token)
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"token": {"user": {"id": "u1"}, "project": {"id": "p1"}, "catalog": [%s]}}`, strings.Join([]string{
		entry("compute", "/compute/v2.1"), entry("network", "/network"), entry("volumev3", "/volume/v3/p1"),
		entry("image", "/image/v2"), entry("placement", "/placement"),
	}, ", "))
}

func (c *cloud) config(t *testing.T) openstack.Config {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return openstack.Config{
		Site: psn.Acilia, AuthURL: c.URL + "/identity/v3", Region: "acilia", Username: "psn", Project: "psn",
		Password: func() (string, error) { return secret, nil }, CAFile: ca, HostFailures: -1, Poll: time.Millisecond,
	}
}

func open(t *testing.T, cfg openstack.Config) *openstack.Site {
	t.Helper()
	s, err := openstack.Open(bounded(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// faulty answers the statuses in turn before it lets requests of that path pass.
func (c *cloud) faulty(pattern string, after string, good http.HandlerFunc, statuses ...int) *atomic.Int64 {
	var tries atomic.Int64
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		n := int(tries.Add(1))
		if n <= len(statuses) {
			if after != "" {
				w.Header().Set("Retry-After", after)
			}
			w.WriteHeader(statuses[n-1])
			return
		}
		good(w, r)
	})
	return &tries
}

func TestRefusalsAreWaitedOut(t *testing.T) {
	c := newCloud(t)
	n := c.faulty("GET /compute/v2.1/servers/a", "", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, 503, 429, 502, 504)
	_, err := open(t, c.config(t)).DescribeVM(bounded(t), "a")
	if !psn.Is(err, psn.NotFound) || n.Load() != 5 {
		t.Errorf("%d tries, %v", n.Load(), err)
	}
}

func TestRetryAfterIsKeptWithinReason(t *testing.T) {
	c := newCloud(t)
	c.faulty("GET /compute/v2.1/servers/a", "1", http.NotFound, 503)
	s := open(t, c.config(t))
	from := time.Now()
	if _, err := s.DescribeVM(bounded(t), "a"); !psn.Is(err, psn.NotFound) || time.Since(from) < time.Second {
		t.Errorf("after %s: %v", time.Since(from), err)
	}
	n := c.faulty("GET /compute/v2.1/servers/b", "3600", http.NotFound, 503)
	if _, err := s.DescribeVM(bounded(t), "b"); !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), "1h") || n.Load() != 1 {
		t.Errorf("asked to wait an hour: %v after %d tries", err, n.Load())
	}
}

// TestChangesAreNotSentTwice: what may have been carried out is for the caller
// to find again; what was refused is sent again.
func TestChangesAreNotSentTwice(t *testing.T) {
	made := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"project": {"id": "p2", "enabled": true}}`))
	}
	for name, c := range map[string]struct {
		after    string
		statuses []int
		tries    int64
	}{
		"gateway gave up":     {"", []int{504}, 1},
		"gateway lost it":     {"", []int{502}, 1},
		"unclear":             {"", []int{503}, 1},
		"said when to come":   {"0", []int{503}, 2},
		"too many of them":    {"", []int{429}, 2},
		"too many, then lost": {"", []int{429, 502}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			cl := newCloud(t)
			n := cl.faulty("POST /identity/v3/projects", c.after, made, c.statuses...)
			err := open(t, cl.config(t)).EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"})
			if n.Load() != c.tries {
				t.Errorf("%d tries, want %d: %v", n.Load(), c.tries, err)
			}
			if last := c.statuses[len(c.statuses)-1]; c.tries == int64(len(c.statuses)) && last != 429 && !psn.Is(err, psn.Unavailable) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestCutConnections(t *testing.T) {
	c := newCloud(t)
	var gets, posts atomic.Int64
	hijack := func(n *atomic.Int64) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			n.Add(1)
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}
	}
	c.mux.HandleFunc("GET /compute/v2.1/servers/a", hijack(&gets))
	c.mux.HandleFunc("POST /identity/v3/projects", hijack(&posts))
	s := open(t, c.config(t))
	if _, err := s.DescribeVM(bounded(t), "a"); !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), `service compute of region "acilia"`) || gets.Load() < 6 || gets.Load() > 12 { // net/http may repeat one itself
		t.Errorf("%d reads: %v", gets.Load(), err)
	}
	if err := s.EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"}); !psn.Is(err, psn.Unavailable) || posts.Load() != 1 {
		t.Errorf("%d changes: %v", posts.Load(), err)
	}
}

// TestOneLoginForMany: a token that ended is renewed once, however many noticed.
func TestOneLoginForMany(t *testing.T) {
	c := newCloud(t)
	s := open(t, c.config(t))
	if _, err := s.DescribeVM(bounded(t), "a"); !psn.Is(err, psn.NotFound) {
		t.Fatal(err)
	}
	before := c.logins.Load()
	c.token.Store("another")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := s.DescribeVM(bounded(t), "a"); !psn.Is(err, psn.NotFound) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := c.logins.Load() - before; n < 1 || n > 3 {
		t.Errorf("%d logins", n)
	}
}

// TestTokensThatEndInARow: two that end one after the other do not show; a cloud
// that refuses every token of its own is given up.
func TestTokensThatEndInARow(t *testing.T) {
	c := newCloud(t)
	cfg := c.config(t)
	var refusals, asked atomic.Int64
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/compute/v2.1/servers/a" {
				asked.Add(1)
				if refusals.Add(-1) >= 0 {
					return &http.Response{StatusCode: http.StatusUnauthorized, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
				}
			}
			return next.RoundTrip(r)
		})
	}
	s := open(t, cfg)
	refusals.Store(3)
	if _, err := s.DescribeVM(bounded(t), "a"); !psn.Is(err, psn.NotFound) {
		t.Errorf("three tokens ended in a row: %v", err)
	}
	refusals.Store(1000)
	asked.Store(0)
	if _, err := s.DescribeVM(bounded(t), "a"); !psn.Is(err, psn.Unauthenticated) || asked.Load() > 10 {
		t.Errorf("after %d tries: %v", asked.Load(), err)
	}
}

// TestChangedPasswordIsAskedOnce: many machines must not lock the account.
func TestChangedPasswordIsAskedOnce(t *testing.T) {
	c := newCloud(t)
	s := open(t, c.config(t))
	c.password.Store("changed")
	c.token.Store("another")
	before := c.count("POST /identity/v3/auth/tokens")
	for range 5 {
		_, err := s.DescribeVM(bounded(t), "a")
		if !psn.Is(err, psn.Unauthenticated) || !strings.Contains(err.Error(), `user "psn"`) || strings.Contains(err.Error(), secret) {
			t.Fatalf("err = %v", err)
		}
	}
	if n := c.count("POST /identity/v3/auth/tokens") - before; n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestUntrustedServerIsNamedWithItsFingerprint(t *testing.T) {
	c := newCloud(t)
	cfg := c.config(t)
	cfg.CAFile = ""
	asked := false
	cfg.Password = func() (string, error) { asked = true; return secret, nil }
	_, err := openstack.Open(bounded(t), cfg)
	if !psn.Is(err, psn.Untrusted) || !strings.Contains(err.Error(), "thumbprint_sha256") || !strings.Contains(err.Error(), c.URL) {
		t.Fatalf("err = %v", err)
	}
	_, after, _ := strings.Cut(err.Error(), "SHA-256 ")
	pin, _, _ := strings.Cut(after, ")")
	cfg.PinSHA256 = pin
	open(t, cfg)
	if !asked {
		t.Error("the password was never read")
	}
	cfg.PinSHA256 = strings.Repeat("00:", 31) + "00"
	if _, err := openstack.Open(bounded(t), cfg); !psn.Is(err, psn.Untrusted) || !strings.Contains(err.Error(), pin) {
		t.Errorf("wrong pin: %v", err)
	}
}

// TestTokensStayOnEncryptedWires: a catalogue that points to plain http elsewhere
// is not followed.
func TestTokensStayOnEncryptedWires(t *testing.T) {
	for v, ok := range map[string]bool{
		"https://k.example/v3": true, "http://127.0.0.1:5000/v3": true, "http://[::1]/v3": true, "http://localhost/v3": true,
		"http://k.example/v3": false, "ftp://k.example": false, "https://u:p4ss@k.example": false, "k.example": false, "": false,
		"http://127.0.0.1.k.example": false, "https://k.example/v3?x": false,
	} {
		err := openstack.CheckAuthURL(v)
		if (err == nil) != ok || (err != nil && (!psn.Is(err, psn.InvalidInput) || strings.Contains(err.Error(), "p4ss"))) {
			t.Errorf("%q: %v", v, err)
		}
	}
	c := newCloud(t)
	cfg := c.config(t)
	cfg.Interface = "internal" // no services but at 10.0.0.1, over https
	cfg.Silence = 50 * time.Millisecond
	if _, err := openstack.Open(bounded(t), cfg); err != nil {
		t.Errorf("another interface: %v", err)
	}
}

func TestRegionIsChosen(t *testing.T) {
	c := newCloud(t)
	cfg := c.config(t)
	cfg.Region = "lodi"
	if _, err := openstack.Open(bounded(t), cfg); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), `"acilia"`) {
		t.Errorf("err = %v; it should list what there is", err)
	}
	cfg.Region = ""
	open(t, cfg)
}

func TestSilentServiceIsGivenUp(t *testing.T) {
	c := newCloud(t)
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	c.mux.HandleFunc("POST /identity/v3/projects", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})
	cfg := c.config(t)
	cfg.Silence = 200 * time.Millisecond
	from := time.Now()
	err := open(t, cfg).EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"})
	if !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), "no answer for 200ms") || time.Since(from) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(from), err)
	}
}

// TestConcurrencyIsBounded: a service is never asked more than that at a time.
func TestConcurrencyIsBounded(t *testing.T) {
	c := newCloud(t)
	var now, most atomic.Int64
	c.mux.HandleFunc("GET /compute/v2.1/servers/a", func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for {
			m := most.Load()
			if n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		time.Sleep(5 * time.Millisecond)
		w.WriteHeader(http.StatusNotFound)
	})
	cfg := c.config(t)
	cfg.Concurrency = 3
	var told atomic.Int64
	cfg.Observe = func(service, method, path string, status int) {
		if service == "compute" && method == "GET" && path == "/compute/v2.1/servers/a" && status == 404 {
			told.Add(1)
		}
	}
	s := open(t, cfg)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _, _ = s.DescribeVM(bounded(t), "a") })
	}
	wg.Wait()
	if most.Load() > 3 || most.Load() < 2 || told.Load() != 20 {
		t.Errorf("%d at a time, %d told", most.Load(), told.Load())
	}
}

func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	c := newCloud(t)
	cfg := c.config(t)
	cfg.AuthURL = "https://" + addr + "/v3"
	if _, err := openstack.Open(bounded(t), cfg); !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), addr) {
		t.Errorf("err = %v", err)
	}
}

func TestOldServiceIsRefused(t *testing.T) {
	c := newCloud(t)
	cfg := c.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/compute/" {
				rec := httptest.NewRecorder()
				_, _ = rec.WriteString(`{"versions": [{"id": "v2.1", "version": "2.60", "min_version": "2.1"}]}`)
				return rec.Result(), nil
			}
			return next.RoundTrip(r)
		})
	}
	_, err := open(t, cfg).DescribeVM(bounded(t), "a")
	if !psn.Is(err, psn.Unsupported) || !strings.Contains(err.Error(), "2.1 to 2.60") || !strings.Contains(err.Error(), "compute") {
		t.Errorf("err = %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
