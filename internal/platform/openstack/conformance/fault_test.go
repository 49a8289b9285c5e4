package conformance_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// fault answers in place of the cloud: to requests of that method whose path
// ends so, that many times. With a negative number it never ends.
type fault struct {
	method, path string
	status       int
	times        int

	mu    sync.Mutex
	given int
}

func (f *fault) wrap(next http.RoundTripper) http.RoundTripper { return &faulty{f, next} }

func (f *fault) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.given
}

type faulty struct {
	*fault
	next http.RoundTripper
}

func (f *faulty) RoundTrip(req *http.Request) (*http.Response, error) {
	f.mu.Lock()
	hit := req.Method == f.method && strings.HasSuffix(req.URL.Path, f.path) && (f.times < 0 || f.given < f.times)
	if hit {
		f.given++
	}
	f.mu.Unlock()
	if !hit {
		return f.next.RoundTrip(req)
	}
	if req.Body != nil {
		_ = req.Body.Close()
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if f.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "0")
	}
	return &http.Response{
		StatusCode: f.status, Status: http.StatusText(f.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: req,
		Body: io.NopCloser(strings.NewReader(`{"itemNotFound": {"message": "said the test"}}`)),
	}, nil
}

// connect opens a site of the lab with a fault in the way, and makes a tenant.
func connect(t *testing.T, f *fault) (*openstack.Site, psn.TenantID) {
	t.Helper()
	s, id, _ := connectBy(t, f.wrap)
	return s, id
}

func connectBy(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) (*openstack.Site, psn.TenantID, openstack.Config) {
	t.Helper()
	cfg := labConfig(t, claim(t))
	cfg.Wrap = wrap
	s := openLab(t, cfg)
	return s, tenantOn(t, labConfig(t, cfg.Site), s), cfg
}

// TestBusy: what is refused because something is under way is asked again, and
// not for ever.
func TestBusy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		times int
		code  psn.Code
	}{"a moment": {3, ""}, "for ever": {-1, psn.Conflict}} {
		t.Run(name, func(t *testing.T) {
			f := &fault{method: http.MethodPost, path: "/action", status: http.StatusConflict, times: c.times}
			s, id := connect(t, f)
			spec := driver.VolumeSpec{Tenant: id, Name: "v", SizeBytes: 1}
			v, err := s.CreateVolume(bounded(t), spec)
			if err != nil {
				t.Fatal(err)
			}
			spec.SizeBytes = 2 << 30
			from := time.Now()
			_, err = s.UpdateVolume(bounded(t), v.Ref, spec)
			if c.code == "" && err != nil || c.code != "" && !psn.Is(err, c.code) {
				t.Errorf("err = %v, want code %q", err, c.code)
			}
			if d := time.Since(from); d > time.Minute || f.count() < 3 {
				t.Errorf("%d refusals in %s", f.count(), d)
			}
			if err := s.DeleteVolume(bounded(t), v.Ref); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUploadRefused: content can be read once, so a refusal of the upload is
// survived only as long as nothing of it was sent; what fails leaves nothing.
func TestUploadRefused(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("sportello "), 100_000)
	sum := sha256.Sum256(content)
	for name, c := range map[string]struct {
		status int
		times  int
		code   psn.Code
	}{
		"token":    {http.StatusUnauthorized, 1, ""},
		"overload": {http.StatusServiceUnavailable, 1, psn.Unavailable},
		"storage":  {http.StatusRequestEntityTooLarge, 1, psn.Exhausted},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fault{method: http.MethodPut, path: "/file", status: c.status, times: c.times}
			s, id := connect(t, f)
			spec := driver.ImageSpec{Tenant: id, Name: "i", Format: "raw", SizeBytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
			i, err := s.CreateImage(bounded(t), spec, bytes.NewReader(content))
			if c.code == "" && err != nil || c.code != "" && !psn.Is(err, c.code) {
				t.Fatalf("err = %v (code %s), want code %q", err, psn.CodeOf(err), c.code)
			}
			if f.count() != 1 {
				t.Errorf("the fault was met %d times", f.count())
			}
			all, err := s.Images(bounded(t))
			if err != nil {
				t.Fatal(err)
			}
			mine := 0
			for _, v := range all {
				if v.Tenant == id {
					mine++
				}
			}
			if want := map[bool]int{true: 1, false: 0}[c.code == ""]; mine != want {
				t.Errorf("%d images, want %d", mine, want)
			}
			if i != nil {
				if err := s.DeleteImage(bounded(t), i.Ref); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
