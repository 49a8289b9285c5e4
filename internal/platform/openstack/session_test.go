package openstack_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// TestTokensOutliveWhatTheyBegan: at the end tokens are revoked, but for those
// that a service may still be at work with.
func TestTokensOutliveWhatTheyBegan(t *testing.T) {
	s := guardedSite(t)
	var mu sync.Mutex
	var begun, revoked []string
	ctx, interrupt := context.WithCancel(bounded(t))
	cfg := s.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case r.Method == http.MethodDelete && r.URL.Path == "/identity/v3/auth/tokens":
				revoked = append(revoked, r.Header.Get("X-Subject-Token"))
			case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/volumes"):
				begun = append(begun, r.Header.Get("X-Auth-Token"))
				interrupt()
			}
			return next.RoundTrip(r)
		})
	}
	at := open(t, cfg)
	spec := driver.VMSpec{ID: "p_bs/web", Cluster: "az1", VCPUs: 1, MemoryMiB: 512, Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}}}
	if _, err := at.CreateVM(ctx, spec); err == nil || len(begun) == 0 {
		t.Fatalf("it was not interrupted: begun with %q, %v", begun, err)
	}
	if err := at.Close(bounded(t)); err != nil {
		t.Fatal(err)
	}
	for _, token := range begun {
		if slices.Contains(revoked, token) {
			t.Errorf("the token that Cinder works with was revoked: %q of %q", token, revoked)
		}
	}
	if len(revoked) == 0 {
		t.Error("the operator's token, which began nothing, was not revoked")
	}
}
