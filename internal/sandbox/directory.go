package sandbox

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Group is the one group that the vCenters' directory knows, besides those that
// the simulator brings.
const Group = `PSN\tenant-operators`

type authorizationProxy struct{ proxy }

// SetEntityPermissions refuses groups that the directory does not know.
func (p *authorizationProxy) SetEntityPermissions(ctx *simulator.Context, r *types.SetEntityPermissions) soap.HasFault {
	for _, perm := range r.Permission {
		if perm.Group && !strings.EqualFold(perm.Principal, Group) && !strings.HasPrefix(perm.Principal, "VSPHERE.LOCAL\\") {
			fault := &types.UserNotFound{Principal: perm.Principal}
			return &methods.SetEntityPermissionsBody{Fault_: simulator.Fault("the group is not known", fault)}
		}
	}
	var res soap.HasFault = &methods.SetEntityPermissionsBody{Fault_: notFound(r.This)}
	m, ok := ctx.Map.Get(r.This).(*simulator.AuthorizationManager)
	if !ok {
		return res
	}
	locked(ctx, m, func() { res = m.SetEntityPermissions(r) })
	return res
}
