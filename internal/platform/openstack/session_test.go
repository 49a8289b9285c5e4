package openstack_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
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

// TestWhatOutlivesItsAnswer: only what a service goes on with keeps a token alive.
func TestWhatOutlivesItsAnswer(t *testing.T) {
	for request, want := range map[string]bool{
		"compute POST /v2.1/servers":                              true,
		"compute DELETE /v2.1/servers/s1":                         true,
		"compute POST /v2.1/servers/s1/action":                    true,
		"compute POST /v2.1/servers/s1/os-volume_attachments":     true,
		"compute DELETE /v2.1/servers/s1/os-volume_attachments/v": true,
		"compute POST /v2.1/servers/s1/os-interface":              true,
		"volume POST /v3/p1/volumes":                              true,
		"volume POST /v3/p1/volumes/v1/action":                    true,
		"volume POST /v3/p1/attachments":                          true,
		"image PUT /v2/images/i1/file":                            true,

		"compute GET /v2.1/servers/s1":                      false,
		"compute PUT /v2.1/servers/s1":                      false,
		"compute POST /v2.1/servers/s1/metadata":            false,
		"compute DELETE /v2.1/servers/s1/metadata/psn.x":    false,
		"compute PUT /v2.1/servers/s1/tags/psn":             false,
		"compute POST /v2.1/flavors":                        false,
		"compute POST /v2.1/flavors/f1/action":              false,
		"compute DELETE /v2.1/os-server-groups/g1":          false,
		"compute PUT /v2.1/os-quota-sets/p1":                false,
		"volume GET /v3/p1/volumes":                         false,
		"volume POST /v3/p1/volumes/v1/metadata":            false,
		"volume PUT /v3/p1/os-quota-sets/p1":                false,
		"image POST /v2/images":                             false,
		"image PATCH /v2/images/i1":                         false,
		"image DELETE /v2/images/i1":                        false,
		"network POST /v2.0/ports":                          false,
		"identity POST /v3/projects":                        false,
		"identity POST /v3/users/u/application_credentials": false,
	} {
		part := strings.Fields(request)
		if part[0] == "volume" {
			part[0] = "block storage"
		}
		if got := openstack.Begins(part[1], part[0], part[2]); got != want {
			t.Errorf("%s: %v", request, got)
		}
	}
}

// TestTokenOfSmallChangesIsRevoked: names and marks are changed when that is
// answered.
func TestTokenOfSmallChangesIsRevoked(t *testing.T) {
	s := guardedSite(t)
	var mu sync.Mutex
	used, revoked := map[string]bool{}, map[string]bool{}
	cfg := s.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			if r.Method == http.MethodDelete && r.URL.Path == "/identity/v3/auth/tokens" {
				revoked[r.Header.Get("X-Subject-Token")] = true
			} else if r.Method == http.MethodPut {
				used[r.Header.Get("X-Auth-Token")] = true
			}
			mu.Unlock()
			return next.RoundTrip(r)
		})
	}
	at := open(t, cfg)
	name := "other"
	if err := at.UpdateVM(bounded(t), "s1", driver.VMChange{DisplayName: &name}); err != nil || len(used) == 0 {
		t.Fatalf("changed with %v: %v", used, err)
	}
	if err := at.Close(bounded(t)); err != nil {
		t.Fatal(err)
	}
	for token := range used {
		if !revoked[token] {
			t.Errorf("%q, which changed a name, is left", token)
		}
	}
}
