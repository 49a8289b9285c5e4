package vsphere

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vapi/rest"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const (
	restSessionHeader = "vmware-api-session-id"
	restSessionPath   = "/com/vmware/cis/session"
)

// restAuth keeps the REST interface logged in: it logs in at the first request
// and again whenever the server answers 401.
type restAuth struct {
	cfg    Config
	next   http.RoundTripper
	client *rest.Client // uses this very transport; only its Login and Logout are called here

	mu      sync.Mutex
	id      string
	refused lastRefusal
}

// RoundTrip implements http.RoundTripper.
func (a *restAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, restSessionPath) {
		return a.next.RoundTrip(req)
	}
	body, err := replayable(req)
	if err != nil {
		return nil, err
	}
	id, err := a.session(req.Context(), "")
	if err != nil {
		return nil, err
	}
	send := func(id string) (*http.Response, error) {
		r := req.Clone(req.Context())
		if body != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		r.Header.Set(restSessionHeader, id)
		return a.next.RoundTrip(r)
	}
	for try := 1; ; try++ {
		res, err := send(id)
		if err != nil || res.StatusCode != http.StatusUnauthorized || try == renewals {
			return res, err
		}
		patience.Drain(res)
		if id, err = a.session(req.Context(), id); err != nil {
			return nil, err
		}
	}
}

// session returns the id of the session, logging in when there is none or when
// the one there is has been refused.
func (a *restAuth) session(ctx context.Context, refused string) (string, error) {
	asked := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.id != "" && a.id != refused {
		return a.id, nil
	}
	if err := a.refused.recall(asked); err != nil {
		return "", err
	}
	err := a.login(patience.Bearing(ctx, loginSilence))
	if ctx.Err() == nil {
		a.refused.keep(err)
	}
	return a.id, err
}

func (a *restAuth) login(ctx context.Context) error {
	a.id = ""
	password, err := a.cfg.Password()
	if err != nil {
		return err
	}
	err = a.client.Login(ctx, url.UserPassword(a.cfg.Username, password))
	if rest.IsStatusError(err, http.StatusUnauthorized) {
		return psn.Errorf(psn.Unauthenticated, "REST interface of %s refuses user %q: was the password changed? check username and the password behind password_env or password_file", a.cfg.Endpoint, a.cfg.Username)
	}
	if err == nil {
		a.id = a.client.SessionID()
	}
	return err
}

func (a *restAuth) logout(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.id != "" {
		_ = a.client.Logout(patience.Bearing(ctx, partSilence)) // it expires by itself
		a.id = ""
	}
}
