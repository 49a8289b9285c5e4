package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Principals = (*Site)(nil)

// tenantRole is what a tenant's people may do with its machines: look, use the
// console, switch them on and off.
const tenantRole = "psn-tenant"

var tenantPrivileges = []string{
	"System.Anonymous", "System.Read", "System.View",
	"VirtualMachine.Interact.ConsoleInteract", "VirtualMachine.Interact.PowerOff", "VirtualMachine.Interact.PowerOn",
	"VirtualMachine.Interact.Reset", "VirtualMachine.Interact.Suspend",
}

// grant gives the group the tenant's role on the objects and all below them.
// What others have there stays, and so does a role of the group's own that gives
// all of it: the vCenter's people may give it more.
func (s *Site) grant(ctx context.Context, group string, on []ref) error {
	role, err := s.role(ctx)
	if err != nil {
		return err
	}
	theirs := func(p types.Permission) bool { return p.Group && strings.EqualFold(p.Principal, group) }
	manager := *s.conn.vim.ServiceContent.AuthorizationManager
	for _, entity := range on {
		res, err := methods.RetrieveEntityPermissions(ctx, s.conn.vim, &types.RetrieveEntityPermissions{This: manager, Entity: entity})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(res.Returnval, func(p types.Permission) bool { return theirs(p) && role.givenBy(p) }) {
			continue
		}
		all := slices.DeleteFunc(res.Returnval, theirs)
		want := types.Permission{Entity: &entity, Principal: group, Group: true, RoleId: role.id, Propagate: true}
		_, err = methods.SetEntityPermissions(ctx, s.conn.vim, &types.SetEntityPermissions{This: manager, Entity: entity, Permission: append(all, want)})
		if isFault[types.UserNotFound](err) {
			return psn.Errorf(psn.InvalidInput, "principal %q is no group that this vCenter's directories know (UserNotFound): use \"DOMAIN\\group\" or \"group@domain\"", group)
		}
		if err != nil {
			return fmt.Errorf("grant role %q to %q: %w", tenantRole, group, err)
		}
	}
	return nil
}

// Principals implements driver.Principals. A vCenter tells everything that is
// granted in it in one answer. What is granted on a part of a tenant's folder and
// pools only is not told: EnsureTenant would grant more.
func (s *Site) Principals(ctx context.Context) ([]driver.Grant, error) {
	all, err := s.principals(ctx)
	return all, s.coded("list who may work in tenants", err)
}

func (s *Site) principals(ctx context.Context) ([]driver.Grant, error) {
	out := []driver.Grant{}
	role, err := s.findRole(ctx)
	if err != nil || role == nil {
		return out, err
	}
	topo, err := s.topology(ctx)
	if err != nil {
		return nil, err
	}
	res, err := methods.RetrieveAllPermissions(ctx, s.conn.vim, &types.RetrieveAllPermissions{This: *s.conn.vim.ServiceContent.AuthorizationManager})
	if err != nil {
		return nil, err
	}
	on := map[ref][]string{} // groups that have all of the role there
	for _, p := range res.Returnval {
		if p.Entity != nil && p.Group && role.givenBy(p) {
			on[*p.Entity] = append(on[*p.Entity], p.Principal)
		}
	}
	for id, entities := range s.containers(topo) {
		for _, group := range on[entities[0]] {
			if !slices.ContainsFunc(entities, func(e ref) bool { return !slices.Contains(on[e], group) }) {
				out = append(out, driver.Grant{Tenant: id, Principal: group})
			}
		}
	}
	slices.SortFunc(out, func(a, b driver.Grant) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Principal, b.Principal))
	})
	return out, nil
}

// containers are the folder of each tenant, first, and its pools.
func (s *Site) containers(t *topology) map[psn.TenantID][]ref {
	out := map[psn.TenantID][]ref{}
	root, ok := t.child(s.dc.VmFolder, rootFolder)
	if !ok {
		return out
	}
	for self, f := range t.folders {
		if f.Parent == nil || *f.Parent != root {
			continue
		}
		id := psn.TenantID(f.Name)
		out[id] = append([]ref{self}, s.poolsOf(t, id)...)
	}
	return out
}

// SamePrincipal implements driver.Principals. A vCenter may tell a domain by its
// alias where people write its name, or the other way round, and nothing says
// which belong together: the name of the group has to do.
func (s *Site) SamePrincipal(principal, told string) bool {
	return strings.EqualFold(groupName(principal), groupName(told))
}

// groupName is a group's name without its domain: "DOMAIN\group", "group@domain".
func groupName(principal string) string {
	if _, name, ok := strings.Cut(principal, `\`); ok {
		return name
	}
	if i := strings.LastIndex(principal, "@"); i >= 0 {
		return principal[:i]
	}
	return principal
}

// peopleRole is the tenants' role as it stands.
type peopleRole struct {
	id   int32
	give map[int32]bool // the roles, itself among them, with all of its privileges
}

// givenBy reports whether a permission gives all of the role, here and below.
func (r *peopleRole) givenBy(p types.Permission) bool { return p.Propagate && r.give[p.RoleId] }

// findRole returns the tenants' role, nil when there is none.
func (s *Site) findRole(ctx context.Context) (*peopleRole, error) {
	var m mo.AuthorizationManager
	if err := s.readOne(ctx, *s.conn.vim.ServiceContent.AuthorizationManager, []string{"roleList"}, &m); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(m.RoleList, func(r types.AuthorizationRole) bool { return r.Name == tenantRole })
	if at < 0 {
		return nil, nil
	}
	ours := m.RoleList[at]
	role := &peopleRole{id: ours.RoleId, give: map[int32]bool{}}
	for _, r := range m.RoleList {
		role.give[r.RoleId] = !slices.ContainsFunc(ours.Privilege, func(p string) bool { return !slices.Contains(r.Privilege, p) })
	}
	return role, nil
}

// role returns the tenants' role, making it when it is missing. One that stands is
// left as the vCenter's people made it.
func (s *Site) role(ctx context.Context) (*peopleRole, error) {
	for range 2 {
		if role, err := s.findRole(ctx); role != nil || err != nil {
			return role, err
		}
		_, err := methods.AddAuthorizationRole(ctx, s.conn.vim, &types.AddAuthorizationRole{
			This: *s.conn.vim.ServiceContent.AuthorizationManager, Name: tenantRole, PrivIds: tenantPrivileges,
		})
		if err != nil && !isFault[types.AlreadyExists](err) {
			return nil, fmt.Errorf("create role %q: %w", tenantRole, err)
		}
	}
	return nil, psn.Errorf(psn.Unavailable, "role %q was removed while it was being made", tenantRole)
}
