package vsphere_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// answers gives the statuses in turn, then passes requests on.
type answers struct {
	next   http.RoundTripper
	status []int
	after  string
	times  []time.Time
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.times = append(a.times, time.Now())
	if len(a.status) == 0 {
		return a.next.RoundTrip(r)
	}
	s := a.status[0]
	a.status = a.status[1:]
	return &http.Response{StatusCode: s, Status: http.StatusText(s), Header: http.Header{"Retry-After": {a.after}}, Body: http.NoBody, Request: r}, nil
}

func through(t *testing.T, a *answers) (vsphere.Config, *answers) {
	t.Helper()
	cfg := config(t, sim(t, 0))
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper { a.next = next; return a }
	return cfg, a
}

func TestOverloadIsWaitedOut(t *testing.T) {
	cfg, a := through(t, &answers{status: []int{503, 429, 503}})
	open(t, cfg)
	if len(a.times) < 4 || a.times[3].Sub(a.times[0]) < 700*time.Millisecond {
		t.Errorf("three refusals were waited out in %v", a.times)
	}
}

func TestRetryAfterIsKeptWithinReason(t *testing.T) {
	cfg, a := through(t, &answers{status: []int{503}, after: "1"})
	open(t, cfg)
	if d := a.times[1].Sub(a.times[0]); d < time.Second {
		t.Errorf("waited %s", d)
	}
	cfg, a = through(t, &answers{status: []int{503}, after: "3600"})
	_, err := vsphere.Open(bounded(t), cfg)
	if !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), "1h") || len(a.times) != 1 {
		t.Errorf("asked to wait an hour: %v after %d tries", err, len(a.times))
	}
}

func TestGatewayErrorsAreNotRepeatedHere(t *testing.T) {
	// A gateway that timed out may have let the request through.
	for _, status := range []int{502, 504} {
		cfg, a := through(t, &answers{status: []int{status}})
		_, err := vsphere.Open(bounded(t), cfg)
		if !psn.Is(err, psn.Unavailable) || len(a.times) != 1 {
			t.Errorf("%d: %v after %d tries", status, err, len(a.times))
		}
	}
}

func TestUntrustedServerIsNamedWithItsFingerprint(t *testing.T) {
	srv := sim(t, 0)
	cfg := config(t, srv)
	cfg.CAFile = "" // the system's roots do not know the simulator
	asked := false
	cfg.Password = func() (string, error) { asked = true; return secret, nil }
	_, err := vsphere.Open(bounded(t), cfg)
	sum := srv.CertificateInfo().ThumbprintSHA256
	if !psn.Is(err, psn.Untrusted) || !strings.Contains(err.Error(), sum) || !strings.Contains(err.Error(), "ca_file") {
		t.Errorf("err = %v; it should name %s and the remedy", err, sum)
	}
	if asked {
		t.Error("the password was read for a server that is not trusted")
	}
	cfg.PinSHA256 = strings.ToLower(sum)
	open(t, cfg)
}

func TestBadTrustSettings(t *testing.T) {
	cfg := config(t, sim(t, 0))
	cfg.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if _, err := vsphere.Open(bounded(t), cfg); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "ca.pem") {
		t.Errorf("missing CA file: %v", err)
	}
	if err := os.WriteFile(cfg.CAFile, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vsphere.Open(bounded(t), cfg); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "no PEM certificate") {
		t.Errorf("CA file without certificate: %v", err)
	}
}

func TestErrorsNeverShowThePassword(t *testing.T) {
	cfg := config(t, sim(t, 0))
	cfg.Password = func() (string, error) { return "s3cr3t-wrong", nil }
	_, err := vsphere.Open(bounded(t), cfg)
	if !psn.Is(err, psn.Unauthenticated) || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("err = %v", err)
	}
	missing := psn.Errorf(psn.InvalidInput, "variable X is not set")
	cfg.Password = func() (string, error) { return "", missing }
	if _, err = vsphere.Open(bounded(t), cfg); !psn.Is(err, psn.InvalidInput) || !errors.Is(err, missing) {
		t.Errorf("err = %v", err)
	}
}

func TestDatacenterIsChosenByName(t *testing.T) {
	cfg := config(t, sim(t, 0))
	cfg.Datacenter = "nix"
	if _, err := vsphere.Open(bounded(t), cfg); !psn.Is(err, psn.NotFound) || !strings.Contains(err.Error(), `"DC0"`) {
		t.Errorf("err = %v; it should list what there is", err)
	}
	cfg.Datacenter = "DC0"
	open(t, cfg)
}

func FuzzCheckEndpoint(f *testing.F) {
	f.Add("https://vcenter.example/sdk")
	f.Add("https://u:p@h/sdk")
	f.Fuzz(func(t *testing.T, v string) {
		if vsphere.CheckEndpoint(v) != nil {
			return
		}
		if u, err := url.Parse(v); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			t.Errorf("accepted %q", v)
		}
	})
}

func TestCheckEndpointHidesThePassword(t *testing.T) {
	for _, v := range []string{"https://u:p4ss@h/sdk", "u:p4ss@h", "https://u:p4ss@[::1/sdk", "https://u:p4%zss@h", "http://u:a@p4ss@h"} {
		if err := vsphere.CheckEndpoint(v); !psn.Is(err, psn.InvalidInput) || strings.Contains(err.Error(), "p4") {
			t.Errorf("%q: %v", v, err)
		}
	}
}
