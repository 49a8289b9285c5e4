package openstack_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// TestInterruptedWhileRefused: whoever gives up while a service asks to wait is let
// go at once, and nothing is asked for again behind its back.
func TestInterruptedWhileRefused(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancel(bounded(t))
	var asked atomic.Int32
	cfg := s.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/volumes") {
				asked.Add(1)
				time.AfterFunc(100*time.Millisecond, cancel)
				return &http.Response{
					StatusCode: http.StatusTooManyRequests, Status: "429 Too Many Requests", Header: http.Header{"Retry-After": {"20"}}, Body: http.NoBody, Request: r,
				}, nil
			}
			return next.RoundTrip(r)
		})
	}
	at := open(t, cfg)
	from := time.Now()
	_, err := at.CreateVolume(ctx, driver.VolumeSpec{Tenant: "p_bs", Name: "data", SizeBytes: 1 << 30})
	if took := time.Since(from); err == nil || took > 5*time.Second || asked.Load() != 1 {
		t.Errorf("after %s and %d requests: %v", took, asked.Load(), err)
	}
}
