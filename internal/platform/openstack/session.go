package openstack

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// session holds the tokens of one credential: the operator's own and one per
// tenant's project. The chain, from the caller down: gophercloud's client
// (token), fresh (what was just made), renew (a new login when it ended), retry, limit (concurrency, encryption), silence,
// what Config.Wrap adds, TLS.
type session struct {
	cfg  Config
	base *http.Transport
	http http.Client
	dir  *directory
	made *recent

	opening keyedLock // one login per scope at a time

	mu       sync.Mutex
	scopes   map[string]*scope
	versions map[string]string // of services, negotiated once
	refused  lastRefusal
}

// scope is a token with what it may reach.
type scope struct {
	*gophercloud.ProviderClient
	project string // id
	user    string // id
	catalog *tokens.ServiceCatalog
	begun   atomic.Bool // a service may be at work with a token of it
}

// loginWithin bounds a login made on behalf of many waiting requests, none of
// which may end it by giving up.
const loginWithin = 2 * time.Minute

func newSession(cfg Config) (*session, error) {
	conf, err := trust.TLS(cfg.CAFile, cfg.PinSHA256)
	if err != nil {
		return nil, err
	}
	s := &session{cfg: cfg, dir: &directory{}, made: &recent{at: map[string]birth{}}, scopes: map[string]*scope{}, versions: map[string]string{}, base: transport(conf)}
	var wire http.RoundTripper = s.base
	if cfg.Wrap != nil {
		wire = cfg.Wrap(wire)
	}
	s.http = http.Client{
		Transport: &retry{&limit{next: &patience.Silence{Next: wire, Limit: normalSilence, Most: cfg.Silence}, dir: s.dir, width: cfg.Concurrency, observe: cfg.Observe}},
		// The API does not redirect; a token must not follow where a gateway points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s, nil
}

// normalSilence is how long a service may be silent, before the answer and
// within it. What takes long on an OpenStack is answered at once and polled, but
// Nova asks other services before it answers, and waits for each.
const normalSilence = 2 * time.Minute

func transport(conf *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     conf,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     30 * time.Second,
		MaxIdleConnsPerHost: 16,
	}
}

// scoped returns the client of a project, "" for the operator's own, and logs in
// when that is new.
func (s *session) scoped(ctx context.Context, project string) (*scope, error) {
	if sc := s.known(project); sc != nil {
		return sc, nil
	}
	unlock, err := s.opening.lock(ctx, project)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if sc := s.known(project); sc != nil {
		return sc, nil
	}
	if project != "" && s.cfg.CredentialID != "" {
		return nil, psn.Errorf(psn.Unsupported, "%s acts in its own project only and cannot serve tenants: configure username and password", s.cfg.who())
	}
	sc := &scope{ProviderClient: &gophercloud.ProviderClient{HTTPClient: s.http}, project: project}
	sc.HTTPClient.Transport = &fresh{s.made, min(s.cfg.Poll, time.Second), &renew{sc, s.dir, s.http.Transport}}
	sc.UserAgent.Prepend("terraform-provider-psn")
	sc.UseTokenLock()
	if err := s.login(ctx, sc, project); err != nil {
		return nil, err
	}
	sc.ReauthFunc = func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginWithin)
		defer cancel()
		return s.login(ctx, sc, project)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes[project] = sc
	return sc, nil
}

func (s *session) known(project string) *scope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scopes[project]
}

// forget drops the token of a project, which is gone.
func (s *session) forget(project string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.scopes, project)
}

// login gets a token and, the first time, what it may reach.
func (s *session) login(ctx context.Context, sc *scope, project string) error {
	asked := time.Now()
	s.mu.Lock()
	err := s.refused.recall(asked)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	opts, err := s.options(project)
	if err != nil {
		return err
	}
	// A client without token and without renewal: a refusal here is final.
	fresh := &gophercloud.ProviderClient{HTTPClient: s.http, UserAgent: sc.UserAgent}
	res := tokens.Create(ctx, &gophercloud.ServiceClient{ProviderClient: fresh, Endpoint: s.identityURL()}, opts)
	if gophercloud.ResponseCodeIs(res.Err, http.StatusUnauthorized) || noCredential(res.Err) {
		return s.refusal(project)
	}
	if res.Err != nil {
		return res.Err
	}
	if err := sc.SetTokenAndAuthResult(res); err != nil {
		return err
	}
	if sc.catalog != nil {
		return nil
	}
	return sc.read(res)
}

// noCredential reports whether Keystone says that there is no such application
// credential (any more): it answers 404 to that, not 401.
func noCredential(err error) bool {
	var a gophercloud.ErrUnexpectedResponseCode
	return errors.As(err, &a) && a.Actual == http.StatusNotFound && strings.Contains(string(a.Body), "Application Credential")
}

// read notes who the token is of and what it reaches.
func (sc *scope) read(res tokens.CreateResult) error {
	user, err := res.ExtractUser()
	if err != nil {
		return err
	}
	project, err := res.ExtractProject()
	if err != nil {
		return err
	}
	if project == nil {
		return psn.Errorf(psn.InvalidInput, "the identity service gave a token of no project: set project to the operator's own")
	}
	sc.user, sc.project = user.ID, project.ID
	sc.catalog, err = res.ExtractServiceCatalog()
	return err
}

// refusal is the error of a refused login, remembered when it is the
// operator's: many machines with one password that was changed must not lock
// the account.
func (s *session) refusal(project string) error {
	if project != "" {
		s.forget(project)
		return psn.Errorf(psn.Forbidden, "%s has no role in project %s at %s, or the project is gone or disabled", s.cfg.who(), project, s.cfg.AuthURL)
	}
	err := psn.Errorf(psn.Unauthenticated, "%s refuses %s: check the name, its domain and project, and the secret that the configuration points to", s.cfg.AuthURL, s.cfg.who())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused.keep(err)
	return err
}

// options are the credentials for a token of the project.
func (s *session) options(project string) (*tokens.AuthOptions, error) {
	if s.cfg.CredentialID != "" {
		secret, err := s.cfg.CredentialSecret()
		return &tokens.AuthOptions{ApplicationCredentialID: s.cfg.CredentialID, ApplicationCredentialSecret: secret}, err
	}
	password, err := s.cfg.Password()
	if err != nil {
		return nil, err
	}
	o := &tokens.AuthOptions{Username: s.cfg.Username, DomainName: s.cfg.UserDomain, DomainID: s.cfg.UserDomainID, Password: password}
	switch {
	case project != "":
		o.Scope.ProjectID = project
	case s.cfg.ProjectID != "":
		o.Scope.ProjectID = s.cfg.ProjectID
	default:
		o.Scope = tokens.Scope{ProjectName: s.cfg.Project, DomainName: s.cfg.ProjectDomain, DomainID: s.cfg.ProjectDomainID}
	}
	return o, nil
}

// identityURL is the root of the identity API, whether the configuration names
// its version or not.
func (s *session) identityURL() string {
	u, err := url.Parse(s.cfg.AuthURL)
	if err != nil {
		return s.cfg.AuthURL // checked at the start
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v3") + "/v3/"
	return u.String()
}

// close revokes the tokens and drops the connections. A token that something was
// begun with is left to expire: Nova and Cinder go on for minutes with the token
// they were asked with (a volume is filled from an image by it), also for a
// caller that was interrupted and will be back.
func (s *session) close(ctx context.Context) error {
	s.mu.Lock()
	scopes := s.scopes
	s.scopes = map[string]*scope{}
	s.mu.Unlock()
	var first error
	for _, sc := range scopes {
		if sc.begun.Load() {
			continue
		}
		// A client that does not log in anew to take its leave.
		last := &gophercloud.ProviderClient{HTTPClient: s.http, TokenID: sc.Token()}
		err := tokens.Revoke(ctx, &gophercloud.ServiceClient{ProviderClient: last, Endpoint: s.identityURL()}, sc.Token()).Err
		if first == nil && !gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) && !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			first = err
		}
	}
	s.base.CloseIdleConnections()
	return first
}
