package vsphere

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Project defaults (regola di progetto, no norm gives these figures).
const (
	// DefaultVCPUPerCore is how many virtual CPUs one physical core carries.
	DefaultVCPUPerCore = 4
	// DefaultHostFailures is how many hosts of a cluster are kept free so that
	// their loss stops nothing.
	DefaultHostFailures = 1
)

// Config says how to reach one vCenter and how to count its capacity.
type Config struct {
	Site     psn.Site // empty for a source
	Endpoint string   // https://host[:port]/sdk
	Username string
	// Password is called at each login, so that a secret lives no longer than needed.
	Password func() (string, error)
	// CAFile is a PEM bundle; PinSHA256 the SHA-256 of the server's certificate
	// as AA:BB:… or AABB…. At most one is set; with neither, the system's roots decide.
	CAFile    string
	PinSHA256 string
	// Datacenter is a name, or folder/name; it may be empty when the vCenter has
	// exactly one.
	Datacenter string
	// Switch is the distributed switch that tenants' networks are made on; it may
	// be empty when the datacenter has exactly one.
	Switch       string
	VCPUPerCore  int64 // physical core to vCPU ratio; 0 means DefaultVCPUPerCore
	HostFailures int64 // hosts held back per cluster; negative means DefaultHostFailures
	// Silence shortens how long the server may let a request wait; 0 for 30 s at
	// login and 60 s after it.
	Silence time.Duration
	// Wrap, when not nil, is put around the transport of every request, below
	// retries and sessions. Tests observe and break the wire with it.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// CheckEndpoint returns an error unless v is an https URL with a host.
func CheckEndpoint(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return psn.Errorf(psn.InvalidInput, "endpoint %q is not valid: use https://host[:port]/sdk without user or password", HideUser(v))
	}
	return nil
}

// HideUser replaces with … what stands before an @, where passwords are put: also in
// what is no URL at all.
func HideUser(v string) string {
	at := strings.LastIndex(v, "@")
	if at < 0 {
		return v
	}
	from := strings.Index(v[:at], "://")
	if from < 0 {
		return "…" + v[at:]
	}
	return v[:from+3] + "…" + v[at:]
}

func (c Config) withDefaults() Config {
	if c.VCPUPerCore <= 0 {
		c.VCPUPerCore = DefaultVCPUPerCore
	}
	if c.HostFailures < 0 {
		c.HostFailures = DefaultHostFailures
	}
	return c
}
