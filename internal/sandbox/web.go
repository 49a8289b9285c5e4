package sandbox

import (
	"crypto/tls"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// web is the HTTPS front of a center: it counts, fails on demand, answers the
// datastore path itself and passes the rest to the simulator.
type web struct {
	c        *Center
	tls      *tls.Config
	bytesOut atomic.Int64

	mu       sync.Mutex
	server   *http.Server // nil while stopped
	requests map[string]int
	latency  time.Duration
	faults   []fault
	cuts     []int64
}

// fault is one answer to give instead of the real one.
type fault struct {
	path       string // prefix of the path it is for; empty for any
	status     int
	retryAfter time.Duration
}

func newWeb(c *Center, cert tls.Certificate) *web {
	return &web{
		c:        c,
		tls:      &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		requests: map[string]int{},
		latency:  c.opt.Latency,
	}
}

// serve answers on l until close or stop.
func (w *web) serve(l net.Listener) {
	srv := &http.Server{
		Handler:           w,
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	}
	w.mu.Lock()
	w.server = srv
	w.mu.Unlock()
	go func() { _ = srv.Serve(tls.NewListener(l, w.tls)) }() // ends with http.ErrServerClosed
}

func (w *web) close() {
	w.mu.Lock()
	srv := w.server
	w.server = nil
	w.mu.Unlock()
	if srv != nil {
		_ = srv.Close()
	}
}

// ServeHTTP implements http.Handler.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	f, cut, latency := w.admit(r)
	if latency > 0 {
		time.Sleep(latency)
	}
	out := &countingWriter{ResponseWriter: rw, total: &w.bytesOut, left: cut}
	switch {
	case f != nil:
		if f.retryAfter > 0 {
			secs := int64((f.retryAfter + time.Second - 1) / time.Second)
			out.Header().Set("Retry-After", strconv.FormatInt(secs, 10))
		}
		http.Error(out, "fault injected by the sandbox", f.status)
	case strings.HasPrefix(r.URL.Path, folderPrefix):
		w.c.serveFolder(out, r)
	case strings.HasPrefix(r.URL.Path, "/rest/"):
		w.c.serveREST(out, r)
	case r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/"):
		// The simulator hands out sessions here without asking for a password.
		http.NotFound(out, r)
	default:
		w.c.serveSDK(out, r)
	}
}

// admit counts a request and takes the fault or the cut meant for it.
func (w *web) admit(r *http.Request) (*fault, int64, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !strings.HasPrefix(r.URL.Path, "/sdk") { // SOAP is counted by method, see intercept
		w.requests[r.Method+" "+pathClass(r.URL.Path)]++
	}
	for i, f := range w.faults {
		if strings.HasPrefix(r.URL.Path, f.path) {
			w.faults = append(w.faults[:i:i], w.faults[i+1:]...)
			w.requests["fault "+strconv.Itoa(f.status)]++
			return &f, -1, w.latency
		}
	}
	cut := int64(-1)
	if len(w.cuts) > 0 && r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, folderPrefix) {
		cut, w.cuts = w.cuts[0], w.cuts[1:]
	}
	return nil, cut, w.latency
}

func (w *web) count(key string) {
	w.mu.Lock()
	w.requests[key]++
	w.mu.Unlock()
}

// pathClass drops what differs from object to object.
func pathClass(p string) string {
	if strings.HasPrefix(p, folderPrefix) {
		return "/folder"
	}
	segs := strings.Split(p, "/")
	for i, s := range segs {
		if strings.HasPrefix(s, "id:") {
			segs[i] = "id"
		}
	}
	return strings.Join(segs, "/")
}

// countingWriter adds up what is sent, and breaks the connection once left
// bytes of the body have gone (left < 0: never).
type countingWriter struct {
	http.ResponseWriter
	total *atomic.Int64
	left  int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	if w.left >= 0 && int64(len(p)) >= w.left {
		n, _ := w.ResponseWriter.Write(p[:w.left])
		w.total.Add(int64(n))
		if f, ok := w.ResponseWriter.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	n, err := w.ResponseWriter.Write(p)
	w.total.Add(int64(n))
	if w.left >= 0 {
		w.left -= int64(n)
	}
	return n, err
}

// Requests returns how often each thing was asked for since the start or the
// last ResetRequests: SOAP calls by method name ("RetrievePropertiesEx"), other
// requests as "METHOD path" ("GET /folder", "POST /rest/com/vmware/cis/session"),
// injected faults as "fault STATUS".
func (c *Center) Requests() map[string]int {
	c.web.mu.Lock()
	defer c.web.mu.Unlock()
	return maps.Clone(c.web.requests)
}

// ResetRequests sets the counts of Requests and BytesOut to zero.
func (c *Center) ResetRequests() {
	c.web.mu.Lock()
	defer c.web.mu.Unlock()
	clear(c.web.requests)
	c.web.bytesOut.Store(0)
}

// BytesOut returns how many body bytes were sent since the start or the last
// ResetRequests.
func (c *Center) BytesOut() int64 { return c.web.bytesOut.Load() }

// FailNext answers the next n requests with the HTTP status, and with a
// Retry-After header (whole seconds, rounded up) when retryAfter is positive.
func (c *Center) FailNext(n, status int, retryAfter time.Duration) {
	c.FailNextOn("", n, status, retryAfter)
}

// FailNextOn is FailNext for paths that start with prefix, for example "/folder/".
func (c *Center) FailNextOn(prefix string, n, status int, retryAfter time.Duration) {
	c.web.mu.Lock()
	defer c.web.mu.Unlock()
	for range n {
		c.web.faults = append(c.web.faults, fault{prefix, status, retryAfter})
	}
}

// CutNext breaks the connection of the next n datastore downloads after so many
// bytes of the body.
func (c *Center) CutNext(n int, after int64) {
	c.web.mu.Lock()
	defer c.web.mu.Unlock()
	for range n {
		c.web.cuts = append(c.web.cuts, after)
	}
}

// SetLatency delays every request from now on.
func (c *Center) SetLatency(d time.Duration) {
	c.web.mu.Lock()
	defer c.web.mu.Unlock()
	c.web.latency = d
}

// Stop makes the vCenter unreachable: connections break and new ones are
// refused. Its machines keep running.
func (c *Center) Stop() { c.web.close() }

// Resume makes the vCenter reachable again at the same address.
func (c *Center) Resume() error {
	c.web.mu.Lock()
	running := c.web.server != nil
	c.web.mu.Unlock()
	if running {
		return nil
	}
	l, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	c.web.serve(l)
	return nil
}
