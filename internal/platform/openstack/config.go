package openstack

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Project defaults (regola di progetto, no norm gives these figures).
const (
	// DefaultHostFailures is how many hosts of an availability zone are kept free
	// so that their loss stops nothing.
	DefaultHostFailures = 1
	// DefaultConcurrency is how many requests one service of a region gets at a time.
	DefaultConcurrency = 8
	defaultDomain      = "Default"
	defaultRole        = "member"
)

// Config says how to reach one region of an OpenStack.
type Config struct {
	Site    psn.Site // empty for a source: then only the credential's own project is read
	AuthURL string   // https://host[:port]/v3
	Region  string   // of the service catalogue; empty when that has one region only

	Username                       string
	UserDomain, UserDomainID       string // at most one; neither means "Default"
	Project                        string // the operator's own, by name or by id
	ProjectID                      string
	ProjectDomain, ProjectDomainID string // as for the user
	// Password is called at each login, so that a secret lives no longer than needed.
	Password func() (string, error)
	// CredentialID and CredentialSecret, of an application credential, stand
	// instead of user, project and password. Such a credential acts in its own
	// project only: with it a region can be read, and tenants cannot be served.
	CredentialID     string
	CredentialSecret func() (string, error)

	// CAFile is a PEM bundle; PinSHA256 the SHA-256 of the certificate, as
	// AA:BB:… or AABB…, that every endpoint of the region shows. At most one is
	// set; with neither, the system's roots decide.
	CAFile    string
	PinSHA256 string
	Interface string // of the catalogue: "public" (default), "internal" or "admin"

	TenantDomain string // of tenants' projects, by name; default "Default"
	TenantRole   string // the operator's in a tenant's project; default "member"
	// CreateFlavors lets a size that no flavour has be made as a private flavour.
	CreateFlavors  bool
	Uplink         string // external network of tenants' routers
	DefaultNetwork string // of machines that name none; empty means the tenant's only one
	HostFailures   int64  // hosts held back per zone; negative means DefaultHostFailures
	Concurrency    int64  // requests at a time to one service; 0 means DefaultConcurrency

	// Silence shortens how long a service may let a request wait; 0 for 2 minutes.
	Silence time.Duration
	// Poll is the time between two looks at an object that is being made; 0 for
	// 1 s. A look at a server costs Nova two calls to Neutron: keep it long.
	Poll time.Duration
	// Observe, when not nil, is told of every answer: the service, the method, the
	// path without its query, and the status, 0 for none. It is called by many at
	// a time.
	Observe func(service, method, path string, status int)
	// Wrap, when not nil, is put around the transport of every request, below
	// retries and sessions. Tests observe and break the wire with it.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// CheckAuthURL returns an error unless v is an https URL with a host. Plain http
// is let through to this machine only.
func CheckAuthURL(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return psn.Errorf(psn.InvalidInput, "auth_url %q is not valid: use https://host[:port]/v3 without user or password", hideUser(v))
	}
	return secure(u)
}

// secure returns an error for an URL over which a token would travel in clear.
func secure(u *url.URL) error {
	if u.Scheme == "https" || loopback(u.Hostname()) {
		return nil
	}
	return psn.Errorf(psn.InvalidInput, "%s://%s is not encrypted, and a password or token would travel over it: use https; plain http is for loopback addresses only", u.Scheme, u.Host)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// hideUser replaces with … what stands before an @, where passwords are put.
func hideUser(v string) string {
	at := strings.LastIndex(v, "@")
	if at < 0 {
		return v
	}
	if from := strings.Index(v[:at], "://"); from >= 0 {
		return v[:from+3] + "…" + v[at:]
	}
	return "…" + v[at:]
}

// check returns an error when c cannot work whatever the cloud says.
func (c Config) check() error {
	if err := CheckAuthURL(c.AuthURL); err != nil {
		return err
	}
	switch {
	case c.CredentialID == "" && c.Username == "":
		return psn.Errorf(psn.InvalidInput, "username is missing: set it, or application_credential_id")
	case c.CredentialID != "" && c.CredentialSecret == nil:
		return psn.Errorf(psn.InvalidInput, "application_credential_id %q has no secret", c.CredentialID)
	case c.CredentialID == "" && c.Password == nil:
		return psn.Errorf(psn.InvalidInput, "user %q has no password", c.Username)
	case c.CredentialID == "" && c.Project == "" && c.ProjectID == "":
		return psn.Errorf(psn.InvalidInput, "project is missing: name the operator's own project")
	}
	return nil
}

func (c Config) withDefaults() Config {
	def := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	if c.UserDomainID == "" {
		def(&c.UserDomain, defaultDomain)
	}
	if c.ProjectDomainID == "" {
		def(&c.ProjectDomain, defaultDomain)
	}
	def(&c.Interface, "public")
	def(&c.TenantDomain, defaultDomain)
	def(&c.TenantRole, defaultRole)
	if c.HostFailures < 0 {
		c.HostFailures = DefaultHostFailures
	}
	if c.Concurrency <= 0 {
		c.Concurrency = DefaultConcurrency
	}
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	return c
}

// who names the credential, for messages.
func (c Config) who() string {
	if c.CredentialID != "" {
		return "application credential \"" + c.CredentialID + "\""
	}
	return "user \"" + c.Username + "\""
}
