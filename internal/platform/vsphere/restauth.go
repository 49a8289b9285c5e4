package vsphere

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vapi/rest"

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

	mu sync.Mutex
	id string
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
		drain(res)
		if id, err = a.session(req.Context(), id); err != nil {
			return nil, err
		}
	}
}

// session returns the id of the session, logging in when there is none or when
// the one there is has been refused.
func (a *restAuth) session(ctx context.Context, refused string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.id != "" && a.id != refused {
		return a.id, nil
	}
	password, err := a.cfg.Password()
	if err != nil {
		return "", err
	}
	if err := a.client.Login(ctx, url.UserPassword(a.cfg.Username, password)); err != nil {
		if rest.IsStatusError(err, http.StatusUnauthorized) {
			return "", psn.Errorf(psn.Unauthenticated, "REST interface of %s refuses user %q", a.cfg.Endpoint, a.cfg.Username)
		}
		return "", err
	}
	a.id = a.client.SessionID()
	return a.id, nil
}

func (a *restAuth) logout(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.id != "" {
		_ = a.client.Logout(ctx) // it expires by itself
		a.id = ""
	}
}
