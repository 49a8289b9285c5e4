package vsphere_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// TestCategoryThatIsNotListed: one that exists and that nobody shows to us is asked
// for twice, not for ever.
func TestCategoryThatIsNotListed(t *testing.T) {
	sb, c := start(t, "acilia")
	cfg := sandboxConfig(sb, c, sandbox.Operator)
	tries := 0
	answer := func(req *http.Request, status int, text string) *http.Response {
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
			Body: io.NopCloser(strings.NewReader(text)),
		}
	}
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(req.URL.Path, "/tagging/category") {
				return next.RoundTrip(req)
			}
			if req.Method == http.MethodPost {
				tries++
				res := answer(req, http.StatusBadRequest, `{"type": "com.vmware.vapi.std.errors.already_exists", "value": {"messages": []}}`)
				res.Status = "400 Bad Request"
				return res, nil
			}
			return answer(req, http.StatusOK, `{"value": []}`), nil
		})
	}
	s, err := vsphere.Open(bounded(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(bounded(t)) })
	err = s.EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"})
	if !psn.Is(err, psn.Unavailable) || !strings.Contains(err.Error(), "psn-tenant") || tries != 2 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}
