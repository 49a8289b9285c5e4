package platform

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newTenants() *listing[driver.Tenant] {
	return &listing[driver.Tenant]{
		ref:   func(t driver.Tenant) string { return string(t.ID) },
		order: func(a, b driver.Tenant) int { return cmp.Compare(a.ID, b.ID) },
	}
}

func newPrincipals() *listing[driver.Grant] {
	return &listing[driver.Grant]{
		ref: func(g driver.Grant) string { return string(g.Tenant) + " " + g.Principal },
		order: func(a, b driver.Grant) int {
			return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Principal, b.Principal))
		},
	}
}

func (s *Site) tenantKind() kind[driver.TenantList, driver.Tenant] {
	return kind[driver.TenantList, driver.Tenant]{what: "tenant", kept: s.tenants, read: driver.TenantList.Tenants}
}

// EnsureTenant makes what the tenant needs at the site.
func (s *Site) EnsureTenant(ctx context.Context, t driver.Tenant) error {
	if t.Principal != "" {
		defer s.principals.drop()
	}
	err := s.try(ctx, func(d driver.Site) error { return d.EnsureTenant(ctx, t) })
	if err != nil || t.Name == "" { // which leaves the name as it is
		s.tenants.drop()
		return s.at(err)
	}
	s.tenants.wrote(string(t.ID), &driver.Tenant{ID: t.ID, Name: t.Name})
	return nil
}

// TenantExists reports whether the tenant's containers exist.
func (s *Site) TenantExists(ctx context.Context, t psn.TenantID) (ok bool, err error) {
	err = s.try(ctx, func(d driver.Site) (err error) {
		ok, err = d.TenantExists(ctx, t)
		return err
	})
	return ok, s.at(err)
}

// FindTenant returns the tenant as it stands here, or psn.NotFound. Where the
// platform tells its tenants in bulk they are read at most once per TTL. The name
// is empty where the platform keeps none.
func (s *Site) FindTenant(ctx context.Context, id psn.TenantID) (*driver.Tenant, error) {
	found, err := s.tenantKind().find(ctx, s, string(id), "", func(t driver.Tenant) bool { return t.ID == id })
	if !psn.Is(err, psn.Unsupported) {
		return found, err
	}
	ok, err := s.TenantExists(ctx, id)
	if err == nil && !ok {
		err = s.at(psn.Errorf(psn.NotFound, "tenant %q does not exist", id))
	}
	if err != nil {
		return nil, err
	}
	return &driver.Tenant{ID: id}, nil
}

// DeleteTenant removes the tenant's containers; psn.Conflict while they hold machines.
func (s *Site) DeleteTenant(ctx context.Context, t psn.TenantID) error {
	defer s.principals.drop()
	err := s.try(ctx, func(d driver.Site) error { return d.DeleteTenant(ctx, t) })
	if err != nil {
		s.tenants.drop()
		return s.at(err)
	}
	s.tenants.wrote(string(t), nil)
	return nil
}

// TenantUsage tells what the tenant uses and may use here, sorted by quantity and cluster;
// psn.NotFound without the tenant.
func (s *Site) TenantUsage(ctx context.Context, t psn.TenantID) (usage []driver.Usage, err error) {
	err = capable(ctx, s, "quota", func(q driver.Quotas) (err error) {
		usage, err = q.TenantUsage(ctx, t)
		return err
	}, driver.NotionQuota)
	return usage, err
}

// TenantLimits tells the limits that the platform keeps for the tenant here, as
// TenantUsage does but without counting what is used. Where the platform tells its
// tenants in bulk it is not asked which one this is.
func (s *Site) TenantLimits(ctx context.Context, id psn.TenantID) (limits []driver.Usage, err error) {
	all, err := s.tenantKind().list(ctx, s)
	if err != nil && !psn.Is(err, psn.Unsupported) {
		return nil, err
	}
	t := driver.Tenant{ID: id}
	for _, known := range all {
		if known.ID == id {
			t = known
		}
	}
	err = capable(ctx, s, "quota", func(q driver.Quotas) (err error) {
		limits, err = q.TenantLimits(ctx, t)
		return err
	}, driver.NotionQuota)
	return limits, err
}

// HasPrincipal reports whether the group may do in the tenant all that EnsureTenant
// lets its principal do. Who may work in which tenant is read in bulk, at most once
// per TTL.
func (s *Site) HasPrincipal(ctx context.Context, id psn.TenantID, principal string) (has bool, err error) {
	all, err := kind[driver.Principals, driver.Grant]{what: "list of who may work in tenants", kept: s.principals, read: driver.Principals.Principals}.list(ctx, s)
	if err != nil {
		return false, err
	}
	err = capable(ctx, s, "list of who may work in tenants", func(p driver.Principals) error {
		has = slices.ContainsFunc(all, func(g driver.Grant) bool { return g.Tenant == id && p.SamePrincipal(principal, g.Principal) })
		return nil
	})
	return has, err
}

// TenantLeftovers names, for people, every object of the tenant here that
// DeleteTenant does not remove.
func (s *Site) TenantLeftovers(ctx context.Context, t psn.TenantID) (names []string, err error) {
	err = capable(ctx, s, "list of what a tenant leaves behind", func(l driver.Leftovers) (err error) {
		names, err = l.TenantLeftovers(ctx, t)
		return err
	})
	return names, err
}

// CreateCredential makes a credential that acts as the roles within the tenant
// only, until it expires. It is tried once: after a lost answer nobody knows the
// secret, and what may have been made expires.
func (s *Site) CreateCredential(ctx context.Context, t psn.TenantID, name string, roles []string, expires time.Time) (*driver.Credential, error) {
	d, err := s.driver(ctx)
	if err != nil {
		return nil, s.at(err)
	}
	c, err := capability[driver.Credentials](d, s.platform, "credential", []driver.Notion{driver.NotionCredential})
	if err != nil {
		return nil, s.at(err)
	}
	cred, err := c.CreateCredential(ctx, t, name, roles, expires)
	return cred, s.at(err)
}

// DeleteCredential ends a credential; one that is gone is success.
func (s *Site) DeleteCredential(ctx context.Context, t psn.TenantID, ref string) error {
	return capable(ctx, s, "credential", func(c driver.Credentials) error { return c.DeleteCredential(ctx, t, ref) }, driver.NotionCredential)
}
