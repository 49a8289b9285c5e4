package openstack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestUploadOfAnother: an image that another process is uploading is left to it;
// one that has stood half made for days is not.
func TestUploadOfAnother(t *testing.T) {
	for age, runs := range map[time.Duration]bool{time.Minute: true, 48 * time.Hour: false} {
		s := newSite(t)
		created := time.Now().Add(-age).UTC().Format(time.RFC3339)
		s.answer("GET /image/v2/images", fmt.Sprintf(`{"images": [{"id": "i1", "name": "debian", "status": "saving", "owner": "t1", "visibility": "private",
			"created_at": %q, "psn_sha256": "%064d", "psn_uploader": "process 7 on ci-3"}]}`, created, 0))
		var did []string
		cfg := s.config(t)
		cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.Contains(r.URL.Path, "/images") && r.Method != http.MethodGet {
					did = append(did, r.Method)
				}
				return next.RoundTrip(r)
			})
		}
		_, err := open(t, cfg).CreateImage(bounded(t), driver.ImageSpec{
			Tenant: "p_bs", Name: "debian", Format: "raw", SizeBytes: 3, SHA256: strings.Repeat("0", 64),
		}, strings.NewReader("abc"))
		if !runs {
			if len(did) == 0 || did[0] != http.MethodDelete {
				t.Errorf("of %s: did %q: %v", age, did, err)
			}
			continue
		}
		if !psn.Is(err, psn.Conflict) || len(did) > 0 {
			t.Errorf("did %q: %v", did, err)
		}
		for _, text := range []string{"process 7 on ci-3", created, "openstack image delete i1"} {
			if !strings.Contains(fmt.Sprint(err), text) {
				t.Errorf("%v: it should say %q", err, text)
			}
		}
	}
}
