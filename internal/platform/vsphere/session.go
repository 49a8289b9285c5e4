package vsphere

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// session is an authenticated connection that logs in again when the server
// forgot it. The chain, from the caller down: renew (sessions), govmomi's SOAP
// client, throttle (429 and 503), silence (no answer), TLS.
type session struct {
	cfg   Config
	soap  *soap.Client
	vim   *vim25.Client
	base  *http.Transport
	lower func(http.RoundTripper) http.RoundTripper
	wire  http.RoundTripper

	mu         sync.Mutex
	generation int // counts logins, so that parallel failures log in once
	refused    lastRefusal
}

// renewals bounds how often one call is sent again because its session ended: a
// server that restarts may end two in a row, one that never accepts its own
// session must not be asked for ever.
const renewals = 3

// dial makes the chain and logs in.
func dial(ctx context.Context, cfg Config) (*session, error) {
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	tlsCfg, err := trust.TLS(cfg.CAFile, cfg.PinSHA256)
	if err != nil {
		return nil, err
	}
	s := &session{cfg: cfg, base: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       tlsCfg,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: longSilence,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConnsPerHost:   16,
	}}
	s.lower = cfg.Wrap
	s.wire = &throttle{next: &patience.Silence{Next: s.under(s.base), Limit: normalSilence, Most: cfg.Silence}}
	s.soap = soap.NewClient(u, false)
	s.soap.UserAgent = "terraform-provider-psn"
	s.soap.Client.Transport = s.wire
	s.vim, err = vim25.NewClient(patience.Bearing(ctx, loginSilence), s.soap)
	if err != nil {
		return nil, err
	}
	if err := s.login(ctx); err != nil {
		return nil, err
	}
	s.vim.RoundTripper = s
	return s, nil
}

// under puts what a test observes or breaks between the chain and the wire.
func (s *session) under(rt http.RoundTripper) http.RoundTripper {
	if s.lower == nil {
		return rt
	}
	return s.lower(rt)
}

// login authenticates; the session cookie lands in the SOAP client's jar.
func (s *session) login(ctx context.Context) error {
	password, err := s.cfg.Password()
	if err != nil {
		return err
	}
	_, err = methods.Login(patience.Bearing(ctx, loginSilence), s.soap, &types.Login{
		This:     *s.vim.ServiceContent.SessionManager,
		UserName: s.cfg.Username,
		Password: password,
	})
	if err == nil {
		s.generation++
	}
	return err
}

// renewed logs in again unless another caller did so, or was refused, since
// generation seen.
func (s *session) renewed(ctx context.Context, seen int) error {
	asked := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != seen {
		return nil
	}
	if err := s.refused.recall(asked); err != nil {
		return err
	}
	err := s.login(ctx)
	if isFault[types.InvalidLogin](err) {
		err = psn.Errorf(psn.Unauthenticated, "session ended and %s refuses user %q now: was the password changed? check username and the password behind password_env or password_file", s.cfg.Endpoint, s.cfg.Username)
	}
	if ctx.Err() == nil {
		s.refused.keep(err)
	}
	return err
}

func (s *session) current() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation
}

// RoundTrip implements soap.RoundTripper: a call refused because the session
// ended had no effect, so it is sent again after a new login.
func (s *session) RoundTrip(ctx context.Context, req, res soap.HasFault) error {
	for try := 1; ; try++ {
		seen := s.current()
		err := s.soap.RoundTrip(ctx, req, res)
		if !expired(res, err) {
			return err
		}
		if try == renewals {
			// Never nil: a property read would pass for one of an empty site.
			return psn.Errorf(psn.Unauthenticated, "%s ends every new session of user %q at once", s.cfg.Endpoint, s.cfg.Username)
		}
		if err := s.renewed(ctx, seen); err != nil {
			return err
		}
		// Without this the first answer's fault would be read as the second's.
		reflect.ValueOf(res).Elem().SetZero()
	}
}

// expired reports whether the answer says that nobody is logged in: as a fault
// of the call, or, for property reads, as a fault of each property.
func expired(res soap.HasFault, err error) bool {
	if err != nil {
		return isFault[types.NotAuthenticated](err)
	}
	var content []types.ObjectContent
	switch b := res.(type) {
	case *methods.RetrievePropertiesBody:
		if b.Res != nil {
			content = b.Res.Returnval
		}
	case *methods.RetrievePropertiesExBody:
		if b.Res != nil && b.Res.Returnval != nil {
			content = b.Res.Returnval.Objects
		}
	}
	for _, o := range content {
		for _, m := range o.MissingSet {
			if faultName(m.Fault.Fault) == "NotAuthenticated" {
				return true
			}
		}
	}
	return false
}

// close logs out and drops the connections.
func (s *session) close(ctx context.Context) error {
	_, err := methods.Logout(patience.Bearing(ctx, partSilence), s.soap, &types.Logout{This: *s.vim.ServiceContent.SessionManager})
	s.base.CloseIdleConnections()
	if err != nil && isFault[types.NotAuthenticated](err) {
		return nil
	}
	return err
}
