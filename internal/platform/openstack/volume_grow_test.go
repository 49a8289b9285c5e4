package openstack_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// growing carries out what a volume is asked to do, and notes it.
func (s *site) growing(did *[]string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/volumes/v/action") {
				var body struct {
					Extend struct {
						Size int `json:"new_size"`
					} `json:"os-extend"`
					Reset struct{ Status string } `json:"os-reset_status"`
				}
				b, err := r.GetBody()
				if err != nil {
					return nil, err
				}
				_ = json.NewDecoder(b).Decode(&body)
				s.volumes.mu.Lock()
				v, what := s.volumes.all["v"], "extend"
				if body.Reset.Status != "" {
					what, v["status"] = body.Reset.Status, body.Reset.Status
				} else {
					v["size"] = body.Extend.Size
				}
				if n := len(*did); n == 0 || (*did)[n-1] != what { // a token may be asked for in between
					*did = append(*did, what)
				}
				s.volumes.mu.Unlock()
			}
			return next.RoundTrip(r)
		})
	}
}

// TestGrowthCutOff: a volume that a killed process left in the status of a growth
// that failed is put right by the next call, whatever size that asks for.
func TestGrowthCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		attached []object
		gib      int64
		did      []string
	}{
		"free, asked again":   {nil, 2, []string{"available", "extend"}},
		"in use, asked again": {[]object{{"server_id": "s1"}}, 2, []string{"in-use", "extend"}},
		"no longer asked for": {nil, 1, []string{"available"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.volumes.put(object{"id": "v", "name": "data", "size": 1, "status": "error_extending", "attachments": c.attached, "metadata": object{"psn.volume": "data"}})
			var did []string
			cfg := s.config(t)
			cfg.Wrap = s.growing(&did)
			v, err := open(t, cfg).UpdateVolume(bounded(t), "v", driver.VolumeSpec{Tenant: "p_bs", Name: "data", SizeBytes: c.gib << 30})
			if err != nil || v.SizeBytes != c.gib<<30 || v.Status != c.did[0] {
				t.Errorf("%+v, %v", v, err)
			}
			if d := cmp.Diff(c.did, did); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestGrowthThatDoesNotEnd: the status of a volume that may really be growing is
// not touched, and the error says what to do.
func TestGrowthThatDoesNotEnd(t *testing.T) {
	s := newSite(t)
	s.volumes.put(object{"id": "v", "name": "data", "size": 1, "status": "extending", "metadata": object{"psn.volume": "data"}})
	var did []string
	cfg := s.config(t)
	cfg.Wrap = s.growing(&did)
	at := open(t, cfg)
	ctx, cancel := context.WithTimeout(bounded(t), time.Second)
	defer cancel()
	_, err := at.UpdateVolume(ctx, "v", driver.VolumeSpec{Tenant: "p_bs", Name: "data", SizeBytes: 2 << 30})
	if err == nil || psn.CodeOf(err) == "" || !strings.Contains(err.Error(), "openstack volume set --state available v") || len(did) > 0 {
		t.Errorf("did %q: %v", did, err)
	}
}
