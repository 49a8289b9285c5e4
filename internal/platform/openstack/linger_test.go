package openstack_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestDeletedIsNotYetGone: a busy Nova shows a server as DELETED for a while, in
// its project's lists as well; who then deletes the project finds it in use.
func TestDeletedIsNotYetGone(t *testing.T) {
	for status, waits := range map[string]bool{"DELETED": true, "SOFT_DELETED": false} {
		s := newSite(t)
		sv := object{"id": "s1", "name": "db", "status": "SHUTOFF", "tenant_id": "t1", "metadata": object{"psn.id": "p_bs/db"}}
		s.servers.put(sv)
		looks := 0
		cfg := s.config(t)
		cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				at := strings.HasSuffix(r.URL.Path, "/servers/s1")
				if at && r.Method == http.MethodDelete {
					s.servers.mu.Lock()
					defer s.servers.mu.Unlock()
					sv["status"] = status
					return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
				}
				if at && sv["status"] == status {
					if looks++; looks == 4 {
						s.servers.mu.Lock()
						delete(s.servers.all, "s1")
						s.servers.mu.Unlock()
					}
				}
				return next.RoundTrip(r)
			})
		}
		if err := open(t, cfg).DeleteVM(bounded(t), "s1"); err != nil {
			t.Fatal(err)
		}
		if left := slices.Contains(s.servers.ids(), "s1"); left == waits {
			t.Errorf("%s: the server is still listed when DeleteVM is done: %t", status, left)
		}
	}
}
