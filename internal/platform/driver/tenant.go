package driver

import (
	"context"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Tenant is what EnsureTenant needs to know.
type Tenant struct {
	ID   psn.TenantID
	Name string // of the administration, for people
	// Quota is kept by the platform itself where it can. Nil leaves what is set.
	Quota *Quota
	// Principal is a group of the site's directory whose members may work in the
	// tenant, and nowhere else by this: on OpenStack a group that gets the role
	// member in the project, on vSphere "DOMAIN\\group" (or "group@domain")
	// that gets console, power and read on the tenant's containers. Empty grants
	// nothing and takes nothing away.
	Principal string
	// Ref is the platform's id of the tenant's container, where TenantList told it;
	// EnsureTenant does not look at it.
	Ref string
}

// Grant says that a group may work in a tenant.
type Grant struct {
	Tenant    psn.TenantID
	Principal string // the group as the platform names it
}

// Principals tells who may work in tenants.
type Principals interface {
	// Principals lists the groups that have in a tenant all that EnsureTenant gives
	// its principal, in a number of requests that does not depend on how many
	// tenants and groups there are. Sorted by tenant, then principal.
	Principals(ctx context.Context) ([]Grant, error)
	// SamePrincipal reports whether the group that Tenant.Principal names so may be
	// the one that Principals tells so. It asks nobody.
	SamePrincipal(named, told string) bool
}

// Quota limits a tenant at one site. A nil field means no limit, never zero;
// usage is never part of it.
type Quota struct {
	Instances      *int64
	VCPUs          *int64
	MemoryMiB      *int64
	StorageMiB     *int64
	Volumes        *int64
	Networks       *int64
	SecurityGroups *int64
	FloatingIPs    *int64
}

// Usage is what a tenant uses of one quantity and how much it may, both of the
// whole site or both of one cluster: what is counted is what is limited.
type Usage struct {
	Quantity string // "instances", "vcpus", "memory_mib", "storage_mib", "volumes", "networks", "security_groups", "floating_ips"
	Cluster  string // where both are counted; empty means the whole site
	Used     int64  // -1 when the platform does not tell
	Limit    *int64 // nil means unlimited
}

// Quotas tells and keeps limits of tenants.
type Quotas interface {
	// TenantUsage tells usage and limits, sorted by quantity and cluster;
	// quantities the platform knows nothing of are left out. psn.NotFound without
	// the tenant.
	TenantUsage(ctx context.Context, t psn.TenantID) ([]Usage, error)
	// TenantLimits tells the limits of the quantities that the platform keeps, as
	// TenantUsage does but without counting (Used is -1), in a few small requests;
	// in one less where the tenant has its Ref.
	TenantLimits(ctx context.Context, t Tenant) ([]Usage, error)
}

// TenantList tells which tenants a site has.
type TenantList interface {
	// Tenants lists the tenants whose containers stand at the site, with the name
	// that people see there, empty where the platform keeps none, and their Ref, in a
	// number of requests that grows by pages only.
	Tenants(ctx context.Context) ([]Tenant, error)
}

// Leftovers tells what stands in the way of, or outlives, a tenant's end.
type Leftovers interface {
	// TenantLeftovers names, for people, every object of the tenant at the site
	// that DeleteTenant does not remove, for example "volume data-1 (20 GiB)".
	TenantLeftovers(ctx context.Context, t psn.TenantID) ([]string, error)
}

// Credential acts for one tenant at one site.
type Credential struct {
	Ref     string
	Name    string
	Secret  string // never in state, plan or logs
	Expires time.Time
	// What a client needs besides.
	AuthURL, Region, Project string
}

// Credentials makes credentials of tenants.
type Credentials interface {
	// CreateCredential makes a credential that acts as the roles within the
	// tenant only, until it expires.
	CreateCredential(ctx context.Context, t psn.TenantID, name string, roles []string, expires time.Time) (*Credential, error)
	// DeleteCredential ends it; a missing one is success.
	DeleteCredential(ctx context.Context, t psn.TenantID, ref string) error
}
