package platformtest

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Forgetting is how an endpoint of several servers shows that one of them has not
// heard yet of what another has just made.
type Forgetting struct {
	// Made are the ids of the objects that an answer says were made. It sees the
	// answers to requests that change something.
	Made func(req *http.Request, answer []byte) []string
	// Unknown is the answer to a request that names an object which is not known
	// yet, or nil when that request would not meet it.
	Unknown func(req *http.Request, body []byte, id string) *http.Response
	// Hide takes the object off an answer that lists it; nil when it does not.
	Hide func(answer []byte, id string) []byte
}

// denials is how often each object is not known.
const denials = 2

// amnesia is put around a backend's transport. While it is on, what is made over
// it is not known to the first requests that name it.
type amnesia struct {
	Forgetting
	mu     sync.Mutex
	on     bool
	left   map[string]int // denials of an object that are to come
	denied int
}

func (a *amnesia) Wrap(next http.RoundTripper) http.RoundTripper { return &forgetful{a, next} }

// during makes something while the endpoint forgets, and returns how many
// requests met that.
func (a *amnesia) during(do func()) int {
	a.mu.Lock()
	a.on, a.left, a.denied = a.Made != nil, map[string]int{}, 0
	a.mu.Unlock()
	do()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.on = false
	return a.denied
}

type forgetful struct {
	a    *amnesia
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (f *forgetful) RoundTrip(req *http.Request) (*http.Response, error) {
	if !f.a.active() || !kept(req) {
		return f.next.RoundTrip(req)
	}
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	if res := f.a.deny(req, body); res != nil {
		res.Request, res.Proto, res.ProtoMajor, res.ProtoMinor = req, "HTTP/1.1", 1, 1
		return res, nil
	}
	res, err := f.next.RoundTrip(req)
	if err != nil || res.StatusCode >= http.StatusMultipleChoices {
		return res, err
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close()
	if req.Method == http.MethodGet {
		answer = f.a.hide(answer)
		res.ContentLength = int64(len(answer))
		res.Header.Set("Content-Length", strconv.Itoa(len(answer)))
	} else {
		f.a.note(req, answer)
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	return res, nil
}

// kept reports whether a request is small enough to be held in memory: the
// content of an image is not.
func kept(req *http.Request) bool {
	return req.Body == nil || req.ContentLength >= 0 && req.ContentLength < 1<<20
}

func (a *amnesia) active() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.on
}

// hide takes what is not known yet off a list.
func (a *amnesia) hide(answer []byte) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, n := range a.left {
		if n == 0 || a.Hide == nil {
			continue
		}
		if rest := a.Hide(answer, id); rest != nil {
			answer = rest
			a.left[id] = n - 1
			a.denied++
		}
	}
	return answer
}

func (a *amnesia) note(req *http.Request, answer []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range a.Made(req, answer) {
		if _, known := a.left[id]; !known {
			a.left[id] = denials
		}
	}
}

// deny is the answer of a server that does not know an object that the request
// names; nil when there is none such.
func (a *amnesia) deny(req *http.Request, body []byte) *http.Response {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, n := range a.left {
		if n == 0 || !slices.Contains(strings.Split(req.URL.Path, "/"), id) && !bytes.Contains(body, []byte(id)) {
			continue
		}
		if res := a.Unknown(req, body, id); res != nil {
			a.left[id] = n - 1
			a.denied++
			return res
		}
	}
	return nil
}
