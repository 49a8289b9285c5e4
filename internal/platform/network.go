package platform

import (
	"cmp"
	"context"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newNetworks() *listing[driver.Network] {
	return &listing[driver.Network]{
		ref: func(n driver.Network) string { return n.Ref },
		order: func(a, b driver.Network) int {
			return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
		},
	}
}

func (s *Site) networkKind() kind[driver.Networks, driver.Network] {
	return kind[driver.Networks, driver.Network]{what: "network", kept: s.networks, read: driver.Networks.Networks}
}

// Networks lists the networks of the site, read at most once per TTL. Callers
// must not change it.
func (s *Site) Networks(ctx context.Context) ([]driver.Network, error) {
	return s.networkKind().list(ctx, s)
}

// FindNetwork returns the tenant's network of that name, or psn.NotFound. Names
// need not be unique: a ref that is not empty says which one is meant, and
// without it several are psn.Conflict.
func (s *Site) FindNetwork(ctx context.Context, t psn.TenantID, name, ref string) (*driver.Network, error) {
	return s.networkKind().find(ctx, s, name, ref, func(n driver.Network) bool { return n.Tenant == t && n.Name == name })
}

// CreateNetwork makes a network; one made before for the same spec is returned.
func (s *Site) CreateNetwork(ctx context.Context, spec driver.NetworkSpec) (*driver.Network, error) {
	return s.networkKind().write(ctx, s, func(d driver.Networks) (*driver.Network, error) { return d.CreateNetwork(ctx, spec) })
}

// UpdateNetwork changes in place what can be changed so.
func (s *Site) UpdateNetwork(ctx context.Context, ref string, spec driver.NetworkSpec) (*driver.Network, error) {
	return s.networkKind().write(ctx, s, func(d driver.Networks) (*driver.Network, error) { return d.UpdateNetwork(ctx, ref, spec) })
}

// DeleteNetwork removes a network; one that is gone is success, one with cards
// on it psn.Conflict.
func (s *Site) DeleteNetwork(ctx context.Context, ref string) error {
	return s.networkKind().remove(ctx, s, ref, func(d driver.Networks) error { return d.DeleteNetwork(ctx, ref) })
}

func newSecurityGroups() *listing[driver.SecurityGroup] {
	return &listing[driver.SecurityGroup]{
		ref: func(g driver.SecurityGroup) string { return g.Ref },
		order: func(a, b driver.SecurityGroup) int {
			return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
		},
	}
}

func (s *Site) groupKind() kind[driver.SecurityGroups, driver.SecurityGroup] {
	return kind[driver.SecurityGroups, driver.SecurityGroup]{
		what: "security group", notions: []driver.Notion{driver.NotionSecurityGroup},
		kept: s.groups, read: driver.SecurityGroups.SecurityGroups,
	}
}

// SecurityGroups lists the groups of all tenants, read at most once per TTL.
// Callers must not change it.
func (s *Site) SecurityGroups(ctx context.Context) ([]driver.SecurityGroup, error) {
	return s.groupKind().list(ctx, s)
}

// FindSecurityGroup returns the tenant's group of that name, or psn.NotFound;
// ref is as of FindNetwork.
func (s *Site) FindSecurityGroup(ctx context.Context, t psn.TenantID, name, ref string) (*driver.SecurityGroup, error) {
	return s.groupKind().find(ctx, s, name, ref, func(g driver.SecurityGroup) bool { return g.Tenant == t && g.Name == name })
}

// CreateSecurityGroup makes a group with just those rules.
func (s *Site) CreateSecurityGroup(ctx context.Context, spec driver.SecurityGroupSpec) (*driver.SecurityGroup, error) {
	return s.groupKind().write(ctx, s, func(d driver.SecurityGroups) (*driver.SecurityGroup, error) { return d.CreateSecurityGroup(ctx, spec) })
}

// UpdateSecurityGroup adds and removes the rules that differ.
func (s *Site) UpdateSecurityGroup(ctx context.Context, ref string, spec driver.SecurityGroupSpec) (*driver.SecurityGroup, error) {
	return s.groupKind().write(ctx, s, func(d driver.SecurityGroups) (*driver.SecurityGroup, error) {
		return d.UpdateSecurityGroup(ctx, ref, spec)
	})
}

// DeleteSecurityGroup removes a group; one that is gone is success, one in use
// psn.Conflict.
func (s *Site) DeleteSecurityGroup(ctx context.Context, ref string) error {
	return s.groupKind().remove(ctx, s, ref, func(d driver.SecurityGroups) error { return d.DeleteSecurityGroup(ctx, ref) })
}
