package conformance_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// bearer notes the tokens that pass.
type bearer struct {
	mu   sync.Mutex
	seen map[string]bool
	next http.RoundTripper
}

func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	if token := req.Header.Get("X-Auth-Token"); token != "" {
		b.mu.Lock()
		b.seen[token] = true
		b.mu.Unlock()
	}
	return b.next.RoundTrip(req)
}

// TestTokensThatAreRevoked: tokens that Keystone itself ended, of the operator
// and of the tenant's project, are got anew, and what was going on goes on.
func TestTokensThatAreRevoked(t *testing.T) {
	cfg := labConfig(t, claim(t))
	b := &bearer{seen: map[string]bool{}}
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		b.next = next
		return b
	}
	var refused atomic.Int64
	cfg.Observe = func(_, _, _ string, status int) {
		if status == http.StatusUnauthorized {
			refused.Add(1)
		}
	}
	s := openLab(t, cfg)
	id := tenantOn(t, labConfig(t, cfg.Site), s)
	ctx := bounded(t)
	ref, err := s.CreateVM(ctx, small(t, cfg.Site, id, "lasting"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := (&admin{cfg: labConfig(t, cfg.Site)}).identity(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	ended := len(b.seen)
	for token := range b.seen {
		if err := tokens.Revoke(ctx, c, token).Err; err != nil {
			t.Error(err)
		}
	}
	b.mu.Unlock()
	if ended < 2 {
		t.Fatalf("%d tokens were in use", ended)
	}
	time.Sleep(2 * time.Second) // services trust a token for a second more
	for _, power := range []psn.PowerState{psn.PoweredOn, psn.PoweredOff} {
		if err := s.Power(ctx, ref, power); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Inventory(ctx); err != nil {
		t.Error(err)
	}
	if refused.Load() == 0 {
		t.Error("no service refused a token that was revoked")
	}
}
