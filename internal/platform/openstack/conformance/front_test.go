package conformance_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// front is a gateway of one test before the lab, which others use at the same
// time: it can be stopped, overloaded, lose one service, and be made to forget
// tokens without that anybody else sees it. Every service is behind one address, as "/<port>/…".
type front struct {
	addr  string
	conf  *tls.Config
	proxy *httputil.ReverseProxy

	mu     sync.Mutex
	server *http.Server
	fail   int
	after  time.Duration
	seen   map[string]bool // tokens
	dead   map[string]bool
	gone   string // port of a service that gives no answer
}

// addressRe is a service of the lab in a catalogue or a link.
var addressRe = regexp.MustCompile(`https?://127\.0\.0\.1:([0-9]{4,5})`)

// newFront starts a gateway, which trusts the lab.
func newFront(t testing.TB, trust *tls.Config) *front {
	t.Helper()
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS()
	defer cert.Close()
	f := &front{conf: &tls.Config{Certificates: cert.TLS.Certificates, MinVersion: tls.VersionTLS12}, seen: map[string]bool{}, dead: map[string]bool{}}
	f.proxy = &httputil.ReverseProxy{
		Transport: &http.Transport{TLSClientConfig: trust, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, MaxIdleConnsPerHost: 16},
		Rewrite: func(r *httputil.ProxyRequest) {
			port, rest, _ := strings.Cut(strings.TrimPrefix(r.In.URL.Path, "/"), "/")
			r.Out.URL = &url.URL{Scheme: "https", Host: "127.0.0.1:" + port, Path: "/" + rest, RawQuery: r.In.URL.RawQuery}
			r.Out.Host = ""
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: f.answer,
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = listener.Addr().String()
	f.serve(listener)
	t.Cleanup(f.stop)
	return f
}

// at is the address of a service of the lab behind the gateway.
func (f *front) at(service string) string {
	return addressRe.ReplaceAllString(service, "https://"+f.addr+"/$1")
}

// answer puts the gateway's address in the place of the services'.
func (f *front) answer(res *http.Response) error {
	if !strings.Contains(res.Header.Get("Content-Type"), "json") {
		return nil
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	b = []byte(f.at(string(b)))
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	res.Header.Set("Content-Length", strconv.Itoa(len(b)))
	return nil
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := r.Header.Get("X-Auth-Token")
	port, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	f.mu.Lock()
	if f.gone == port {
		f.mu.Unlock()
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	status := 0
	switch {
	case f.fail > 0: // both ways to say it
		if status = http.StatusServiceUnavailable; f.fail%2 == 0 {
			status = http.StatusTooManyRequests
		}
		f.fail--
	case token != "" && f.dead[token]:
		status = http.StatusUnauthorized
	case token != "":
		f.seen[token] = true
	}
	after := f.after
	f.mu.Unlock()
	if status == 0 {
		f.proxy.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if status != http.StatusUnauthorized {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": status, "message": "said the gateway"}})
}

// cut takes the service at that address away, "" gives it back.
func (f *front) cut(service string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = service[strings.LastIndex(service, ":")+1:]
}

// throttle refuses the next n requests.
func (f *front) throttle(n int, after time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail, f.after = n, after
}

// expire makes every token seen so far worthless.
func (f *front) expire() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for token := range f.seen {
		f.dead[token] = true
	}
}

func (f *front) serve(listener net.Listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
	go func(s *http.Server) { _ = s.Serve(tls.NewListener(listener, f.conf)) }(f.server)
}

// stop closes the gateway and every connection to it.
func (f *front) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.server.Close()
}

// resume opens it again at the same address.
func (f *front) resume() error {
	listener, err := net.Listen("tcp", f.addr)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	f.serve(listener)
	return nil
}
