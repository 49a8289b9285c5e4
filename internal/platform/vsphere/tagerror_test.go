package vsphere_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vapi/tags"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestTaggingErrorsAreInWords(t *testing.T) {
	const body = `{"type":"com.vmware.vapi.std.errors.%","value":{"messages":[{"args":[],"default_message":"Tag is %","id":"cis.tagging"}]}}`
	for _, c := range []struct {
		in   error
		code psn.Code
		want string
	}{
		{errors.New("400 Bad Request: " + strings.ReplaceAll(body, "%", "already_exists")), psn.Conflict, "Tag is already_exists"},
		{errors.New("400 Bad Request: " + strings.ReplaceAll(body, "%", "unauthorized")), psn.Forbidden, "Tag is unauthorized"},
		{errors.New(`400 Bad Request: {"type":"com.vmware.vapi.std.errors.resource_in_use"}`), psn.Conflict, "resource in use"},
		{errors.New(`400 Bad Request: {"type":`), psn.Internal, ""},
		{errors.New(`400 Bad Request: {x}`), psn.Internal, "without saying why"},
		{tags.BatchErrors{{Type: "cis.tagging.objectNotFound.error", Message: "Tagging object urn:1 not found"}}, psn.Conflict, "Tagging object urn:1 not found"},
		{errors.New("connection reset"), psn.Internal, "connection reset"},
	} {
		got := vsphere.Readable(c.in)
		if psn.CodeOf(got) != c.code || !strings.Contains(got.Error(), c.want) {
			t.Errorf("%v became %s %v", c.in, psn.CodeOf(got), got)
		}
		if c.want != "" && strings.ContainsAny(got.Error(), "{}") {
			t.Errorf("JSON is shown: %v", got)
		}
	}
	if vsphere.Readable(nil) != nil {
		t.Error("no error became one")
	}
}

// unaware is a tagging service that never hears of any object.
type unaware struct {
	next   http.RoundTripper
	status int
	body   string
}

func (u unaware) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.Contains(r.URL.Path, "tag-association") {
		return u.next.RoundTrip(r)
	}
	return &http.Response{
		Status: fmt.Sprint(u.status, " ", http.StatusText(u.status)), StatusCode: u.status,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(u.body)), Request: r,
	}, nil
}

// TestATaggingServiceThatHasNotHeardOfIt: waiting longer may help, so it is no
// object that does not exist.
func TestATaggingServiceThatHasNotHeardOfIt(t *testing.T) {
	for name, says := range map[string]unaware{
		"by its status": {status: http.StatusNotFound},
		"in words":      {status: http.StatusBadRequest, body: `{"type":"com.vmware.vapi.std.errors.not_found","value":{}}`},
		"of each tag": {status: http.StatusOK, body: `{"value":{"success":false,"error_messages":[` +
			`{"id":"cis.tagging.objectNotFound.error","default_message":"Tagging object urn:1 not found"}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, sim(t, 0))
			cfg.Wrap = func(next http.RoundTripper) http.RoundTripper { says.next = next; return says }
			s := open(t, cfg)
			s.SetSettle(50 * time.Millisecond)
			refused(t, s.EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"}), psn.Unavailable, "does not know the object yet", "apply again")
		})
	}
}
