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
// What others have there stays.
func (s *Site) grant(ctx context.Context, group string, on []ref) error {
	role, err := s.role(ctx)
	if err != nil {
		return err
	}
	manager := *s.conn.vim.ServiceContent.AuthorizationManager
	for _, entity := range on {
		res, err := methods.RetrieveEntityPermissions(ctx, s.conn.vim, &types.RetrieveEntityPermissions{This: manager, Entity: entity})
		if err != nil {
			return err
		}
		want := types.Permission{Entity: &entity, Principal: group, Group: true, RoleId: role, Propagate: true}
		all := slices.DeleteFunc(res.Returnval, func(p types.Permission) bool {
			return p.Group && strings.EqualFold(p.Principal, group)
		})
		if len(all) < len(res.Returnval) && slices.ContainsFunc(res.Returnval, func(p types.Permission) bool { return samePermission(p, want) }) {
			continue
		}
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

func samePermission(a, b types.Permission) bool {
	return a.Group == b.Group && strings.EqualFold(a.Principal, b.Principal) && a.RoleId == b.RoleId && a.Propagate == b.Propagate
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
	role, made, err := s.findRole(ctx)
	if err != nil || !made {
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
	on := map[ref][]string{} // groups that have the role there
	for _, p := range res.Returnval {
		if p.Entity != nil && p.Group && p.Propagate && p.RoleId == role {
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

// findRole returns the id of the tenants' role, when there is one.
func (s *Site) findRole(ctx context.Context) (id int32, made bool, err error) {
	var m mo.AuthorizationManager
	if err := s.readOne(ctx, *s.conn.vim.ServiceContent.AuthorizationManager, []string{"roleList"}, &m); err != nil {
		return 0, false, err
	}
	for _, r := range m.RoleList {
		if r.Name == tenantRole {
			return r.RoleId, true, nil
		}
	}
	return 0, false, nil
}

// role returns the id of the tenants' role, making it when it is missing. One
// that stands is left as the vCenter's people made it.
func (s *Site) role(ctx context.Context) (int32, error) {
	for range 2 {
		if id, made, err := s.findRole(ctx); made || err != nil {
			return id, err
		}
		_, err := methods.AddAuthorizationRole(ctx, s.conn.vim, &types.AddAuthorizationRole{
			This: *s.conn.vim.ServiceContent.AuthorizationManager, Name: tenantRole, PrivIds: tenantPrivileges,
		})
		if err != nil && !isFault[types.AlreadyExists](err) {
			return 0, fmt.Errorf("create role %q: %w", tenantRole, err)
		}
	}
	return 0, psn.Errorf(psn.Unavailable, "role %q was removed while it was being made", tenantRole)
}
