package vsphere_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// mute accepts requests and, from the n-th on, never answers.
type mute struct {
	next http.RoundTripper
	left atomic.Int64
}

func (m *mute) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.left.Add(-1) >= 0 {
		return m.next.RoundTrip(r)
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestASilentServerIsGivenUp(t *testing.T) {
	srv := sim(t, 0)
	for _, answered := range []int64{0, 1, 2} { // service content, login, first read
		cfg := config(t, srv)
		cfg.Silence = 300 * time.Millisecond
		m := &mute{}
		m.left.Store(answered)
		cfg.Wrap = func(next http.RoundTripper) http.RoundTripper { m.next = next; return m }
		began := time.Now()
		_, err := vsphere.Open(bounded(t), cfg)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("given up after %s", took)
		}
		if !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), "gave no answer for 300ms") {
			t.Errorf("after %d answers: %s %v", answered, psn.CodeOf(err), err)
		}
	}
	cfg := config(t, srv)
	cfg.Silence = 300 * time.Millisecond
	m := &mute{}
	m.left.Store(1 << 40)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper { m.next = next; return m }
	s := open(t, cfg)
	m.left.Store(0)
	if _, err := s.Inventory(bounded(t)); !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), "gave no answer") {
		t.Errorf("inventory: %v", err)
	}
	m.left.Store(1 << 40)
	if _, err := s.Inventory(bounded(t)); err != nil {
		t.Errorf("the server answers again: %v", err)
	}
}

// TestAnAnswerThatStalls never ends its body.
func TestAnAnswerThatStalls(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer srv.Close()
	sum := sha256.Sum256(srv.Certificate().Raw)
	cfg := vsphere.Config{
		Site: psn.Acilia, Endpoint: srv.URL + "/sdk", Username: user, PinSHA256: fmt.Sprintf("%x", sum),
		Password: func() (string, error) { return secret, nil }, Silence: 200 * time.Millisecond,
	}
	if _, err := vsphere.Open(bounded(t), cfg); !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), "gave no answer") {
		t.Errorf("err = %v", err)
	}
}

func TestPasswordChangedUnderASession(t *testing.T) {
	sb, c := start(t, "acilia")
	cfg := sandboxConfig(sb, c, sandbox.Operator)
	right := cfg.Password
	var wrong atomic.Bool
	cfg.Password = func() (string, error) {
		if wrong.Load() {
			return "s3cr3t-old", nil
		}
		return right()
	}
	s := open(t, cfg)
	wrong.Store(true)
	c.ExpireSessions()
	c.ResetRequests()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := s.Inventory(bounded(t))
			if !psn.Is(err, psn.Unauthenticated) || !strings.Contains(err.Error(), "was the password changed?") || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("err = %s %v", psn.CodeOf(err), err)
			}
		})
	}
	wg.Wait()
	if n := c.Requests()["Login"]; n != 1 {
		t.Errorf("%d logins with a password that is refused; they would lock the account", n)
	}
}

func TestCertificateChangedUnderASession(t *testing.T) {
	target := *sim(t, 0).URL
	target.User, target.Path = nil, ""
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&target) },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the test's own simulator on loopback
	}
	first, second := certificate(t), certificate(t)
	var now atomic.Pointer[tls.Certificate]
	now.Store(&first)
	srv := httptest.NewUnstartedServer(proxy)
	srv.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return now.Load(), nil }}
	srv.Config.SetKeepAlivesEnabled(false)
	srv.StartTLS()
	defer srv.Close()
	// httptest puts its own certificate first, for clients that send no name.
	srv.TLS.Certificates = nil
	sum := sha256.Sum256(first.Certificate[0])
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, vsphere.Config{
		Site: psn.Acilia, Endpoint: "https://" + u.Host + "/sdk", Username: user, PinSHA256: fmt.Sprintf("%x", sum),
		Password: func() (string, error) { return secret, nil },
	})
	now.Store(&second)
	if _, err := s.Inventory(bounded(t)); !psn.Is(err, psn.Untrusted) || !strings.Contains(err.Error(), "does not match the pin") {
		t.Errorf("err = %s %v", psn.CodeOf(err), err)
	}
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
