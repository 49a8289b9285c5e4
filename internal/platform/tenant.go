package platform

import (
	"context"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

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
// TenantUsage does but without counting what is used.
func (s *Site) TenantLimits(ctx context.Context, t psn.TenantID) (limits []driver.Usage, err error) {
	err = capable(ctx, s, "quota", func(q driver.Quotas) (err error) {
		limits, err = q.TenantLimits(ctx, t)
		return err
	}, driver.NotionQuota)
	return limits, err
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
