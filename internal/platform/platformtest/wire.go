package platformtest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
)

// Wire is put around a backend's transport: it counts requests, acts before
// one, and loses answers.
type Wire struct {
	mu     sync.Mutex
	n      int
	before map[int]func()
	every  func()
	from   int // the request from which on every runs
	step   int
	lose   string
	lost   int
}

// errLost is what the backend sees instead of an answer.
var errLost = errors.New("connection reset after the request was served")

// Wrap is for Access.Wrap.
func (w *Wire) Wrap(next http.RoundTripper) http.RoundTripper { return &tap{w, next} }

// Count is the number of requests so far.
func (w *Wire) Count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n
}

// Before runs f before the n-th request from now (1 is the next).
func (w *Wire) Before(n int, f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.before == nil {
		w.before = map[int]func(){}
	}
	w.before[w.n+n] = f
}

// Every runs f before the n-th request from now and before each step-th after
// it, until Calm.
func (w *Wire) Every(n, step int, f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.every, w.from, w.step = f, w.n+n, step
}

// Calm ends what Every began.
func (w *Wire) Calm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.every = nil
}

// LoseAnswer lets the next request whose body holds text be served and loses
// its answer.
func (w *Wire) LoseAnswer(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = text
}

// Lost is the number of answers lost.
func (w *Wire) Lost() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

type tap struct {
	w    *Wire
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	w := t.w
	w.mu.Lock()
	w.n++
	f := w.before[w.n]
	delete(w.before, w.n)
	if f == nil && w.every != nil && w.n >= w.from && (w.n-w.from)%w.step == 0 {
		f = w.every
	}
	lose := w.lose != "" && bytes.Contains(body, []byte(w.lose))
	if lose {
		w.lose = ""
		w.lost++
	}
	w.mu.Unlock()
	if f != nil {
		f()
	}
	res, err := t.next.RoundTrip(req)
	if err == nil && lose {
		_, _ = io.Copy(io.Discard, res.Body) // served in full
		_ = res.Body.Close()
		return nil, errLost
	}
	return res, err
}
