package vsphere

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

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

// role returns the id of the tenants' role, making it when it is missing. One
// that stands is left as the vCenter's people made it.
func (s *Site) role(ctx context.Context) (int32, error) {
	for range 2 {
		var m mo.AuthorizationManager
		if err := s.readOne(ctx, *s.conn.vim.ServiceContent.AuthorizationManager, []string{"roleList"}, &m); err != nil {
			return 0, err
		}
		for _, r := range m.RoleList {
			if r.Name == tenantRole {
				return r.RoleId, nil
			}
		}
		_, err := methods.AddAuthorizationRole(ctx, s.conn.vim, &types.AddAuthorizationRole{
			This: m.Self, Name: tenantRole, PrivIds: tenantPrivileges,
		})
		if err != nil && !isFault[types.AlreadyExists](err) {
			return 0, fmt.Errorf("create role %q: %w", tenantRole, err)
		}
	}
	return 0, psn.Errorf(psn.Unavailable, "role %q was removed while it was being made", tenantRole)
}
