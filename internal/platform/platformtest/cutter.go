package platformtest

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// cutter is put around a backend's transport and breaks requests that change
// something.
type cutter struct {
	mu      sync.Mutex
	writes  int
	at      int  // the one to break, from 1; 0 for none
	unsent  bool // it never arrives, and none after it, instead of losing its answer
	methods []string
	first   map[string]bool // when not nil, what was sent: each loses its answer the first time
	lost    int
}

func (c *cutter) Wrap(next http.RoundTripper) http.RoundTripper { return &cut{c, next} }

// arm counts from now and breaks the n-th.
func (c *cutter) arm(n int, unsent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes, c.at, c.unsent, c.methods, c.first, c.lost = 0, n, unsent, nil, nil, 0
}

// armEach loses, from now on, the answer of each request when it is first sent.
func (c *cutter) armEach() {
	c.arm(0, false)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first = map[string]bool{}
}

// count is the number of changing requests since arm.
func (c *cutter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// losses is the number of answers lost since arm.
func (c *cutter) losses() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// sent are the methods of the changing requests since arm.
func (c *cutter) sent() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.methods
}

type cut struct {
	c    *cutter
	next http.RoundTripper
}

var errCut = errors.New("connection cut before the request was sent")

// RoundTrip implements http.RoundTripper.
func (t *cut) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return t.next.RoundTrip(req)
	}
	lose, drop := t.c.verdict(req)
	if drop {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, errCut
	}
	res, err := t.next.RoundTrip(req)
	if err == nil && lose {
		_, _ = io.Copy(io.Discard, res.Body) // served in full
		_ = res.Body.Close()
		return nil, errLost
	}
	return res, err
}

func (c *cutter) verdict(req *http.Request) (lose, drop bool) {
	key := identity(req)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	c.methods = append(c.methods, req.Method)
	if c.first != nil && !c.first[key] {
		c.first[key] = true
		lose = true
	}
	lose = lose || c.at == c.writes && !c.unsent
	if lose {
		c.lost++
	}
	return lose, c.unsent && c.at > 0 && c.writes >= c.at
}

// identity is the same for a request that is sent again.
func identity(req *http.Request) string {
	sum := sha256.New()
	if req.GetBody != nil { // not the content of an image
		if body, err := req.GetBody(); err == nil {
			_, _ = io.Copy(sum, body)
			_ = body.Close()
		}
	}
	return req.Method + " " + req.URL.Path + " " + string(sum.Sum(nil))
}

// eachLost does and undoes something while the answer of each request that
// changes anything is lost once: what fails must be well when it is done once
// more. Each meets a lifecycle of its own, but on a slow platform, where each
// next try meets the next loss.
func (h *Harness) eachLost(t *testing.T, c *cutter, do func(name string) (ref string, err error), undo func(ref string) error) {
	t.Helper()
	if h.Slow {
		c.armEach()
		ref := ""
		upToTheEnd(t, func() (err error) { ref, err = do("lost"); return err })
		upToTheEnd(t, func() error { return undo(ref) })
		t.Logf("%d of %d answers were lost", c.losses(), c.count())
		if c.losses() < 2 {
			t.Errorf("%d answers were lost over this connection", c.losses())
		}
		c.arm(0, false)
		return
	}
	c.arm(0, false)
	ref, err := do("count")
	if err != nil {
		t.Fatal(err)
	}
	writes := c.count()
	if err := undo(ref); err != nil {
		t.Fatal(err)
	}
	if writes == 0 {
		t.Fatal("nothing was changed over this connection")
	}
	for n := 1; n <= writes; n++ {
		c.arm(n, false)
		ref, err := do("lost")
		if err != nil {
			if !psn.Is(err, psn.Unavailable) {
				t.Errorf("answer %d of %d lost: %v (code %s), want code %s", n, writes, err, psn.CodeOf(err), psn.Unavailable)
			}
			if ref, err = do("lost"); err != nil {
				t.Fatalf("answer %d of %d lost, done again: %v", n, writes, err)
			}
		}
		if err := undo(ref); err != nil {
			t.Fatal(err)
		}
	}
}

// upToTheEnd does what is cut short again and again, and returns how many calls
// that took. Each must come further than the one before.
func upToTheEnd(t *testing.T, do func() error) int {
	t.Helper()
	for calls := 1; ; calls++ {
		err := do()
		if err == nil {
			return calls
		}
		if !psn.Is(err, psn.Unavailable) {
			t.Errorf("call %d: %v (code %s), want code %s", calls, err, psn.CodeOf(err), psn.Unavailable)
		}
		if calls == 25 {
			t.Fatalf("%d calls came to no end: %v", calls, err)
		}
	}
}
