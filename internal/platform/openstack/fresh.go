package openstack

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
)

// fresh sends a request again when a service does not know an object that was
// just made: a service of several servers reads from copies of its database that
// may be behind, and asks other services of which that is as true. It also keeps
// a deletion from taking such an answer for success.
type fresh struct {
	made *recent
	poll time.Duration // between two tries
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *fresh) RoundTrip(req *http.Request) (*http.Response, error) {
	for {
		res, err := t.next.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		if res.StatusCode < http.StatusMultipleChoices {
			if err := t.made.learn(req, res); err != nil {
				return nil, err
			}
			return res, nil
		}
		left := t.made.behind(req, res)
		if left <= 0 {
			return res, nil
		}
		next, ok := rewound(req)
		if !ok || patience.Sleep(caller(req.Context()), min(t.poll, left)) != nil {
			return res, nil //nolint:nilerr // who gives up gets the service's answer
		}
		patience.Drain(res)
		req = next
	}
}

// recent is what was made less than settleTime ago, by id.
type recent struct {
	mu sync.Mutex
	at map[string]birth
}

// birth is when an object was made, and of which others.
type birth struct {
	at time.Time
	of []string
}

// largestNamed bounds what is read of a body to look for ids: longer ones are
// contents of images, or refusals that go on and on.
const largestNamed = 1 << 20

// learn reads from an answer what the request made or ended.
func (r *recent) learn(req *http.Request, res *http.Response) error {
	switch {
	case req.Method == http.MethodDelete:
		r.end(req.URL.Path)
	case req.Method == http.MethodPost && strings.Contains(res.Header.Get("Content-Type"), "json"):
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(b))
		if err != nil {
			return err
		}
		r.add(madeIDs(b), namesOf(req))
	}
	return nil
}

// madeIDs are the ids of the objects in the answer to a POST: each kind is in an
// envelope of its own, but Glance's images, which are in none.
func madeIDs(answer []byte) []string {
	var bare struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answer, &bare) == nil && bare.ID != "" {
		return []string{bare.ID}
	}
	var kinds map[string]json.RawMessage
	if json.Unmarshal(answer, &kinds) != nil {
		return nil
	}
	var out []string
	for _, inner := range kinds {
		if bare.ID = ""; json.Unmarshal(inner, &bare) == nil && bare.ID != "" {
			out = append(out, bare.ID)
		}
	}
	return out
}

func (r *recent) add(ids []string, named func(id string) bool) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	var of []string
	for id, b := range r.at {
		if now.Sub(b.at) > settleTime {
			delete(r.at, id)
		} else if named(id) {
			of = append(of, id)
		}
	}
	for _, id := range ids {
		if _, known := r.at[id]; !known { // an action may answer with what it is done to
			r.at[id] = birth{now, of}
		}
	}
}

// end forgets what a deletion was accepted of, and what a server was made of: its
// volumes may go with it, and nobody is to wait for what has gone.
func (r *recent) end(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, b := range r.at {
		if !strings.HasSuffix(path, "/"+id) || detaches.MatchString(path) {
			continue
		}
		delete(r.at, id)
		if strings.HasSuffix(path, "/servers/"+id) {
			for _, part := range b.of {
				delete(r.at, part)
			}
		}
	}
}

// detaches is the path of what a server is only to let go of.
var detaches = regexp.MustCompile(`/(os-volume_attachments|os-interface)/[^/]+$`)

// behind is how long a refusal may still come of an object, which the request
// names, not being known yet; zero when it does not.
func (r *recent) behind(req *http.Request, res *http.Response) (left time.Duration) {
	r.mu.Lock()
	none := len(r.at) == 0
	r.mu.Unlock()
	if none {
		return 0
	}
	names := namesOf(req)
	switch {
	case res.StatusCode == http.StatusNotFound:
	case res.StatusCode == http.StatusBadRequest && req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/servers"):
		// Nova's word for a port or a volume that the other service does not know.
		b, err := io.ReadAll(io.LimitReader(res.Body, largestNamed))
		_ = res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(b))
		if err != nil {
			return 0
		}
		asked := names
		names = func(id string) bool { return asked(id) && bytes.Contains(b, []byte(id)) }
	default:
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, b := range r.at {
		if d := settleTime - time.Since(b.at); d > left && names(id) {
			left = d
		}
	}
	return left
}

// namesOf tells whether a request names an id, in its path or its body.
func namesOf(req *http.Request) func(id string) bool {
	var body []byte
	if req.GetBody != nil && req.ContentLength <= largestNamed {
		if from, err := req.GetBody(); err == nil {
			body, _ = io.ReadAll(from)
			_ = from.Close()
		}
	}
	return func(id string) bool {
		return strings.Contains(req.URL.Path+"/", "/"+id+"/") || bytes.Contains(body, []byte(`"`+id+`"`))
	}
}
