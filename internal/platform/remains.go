package platform

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// VMRemains names, for people, what stands of a machine that is gone; nothing on
// a platform where a machine's disks and cards go with it at once. psn.Conflict
// while it can be restored: then nothing of it is left over.
func (s *Site) VMRemains(ctx context.Context, id psn.VMID) (left []string, err error) {
	err = s.try(ctx, func(d driver.Site) (err error) {
		if r, ok := d.(driver.Remains); ok {
			left, err = r.VMRemains(ctx, id)
		}
		return err
	})
	return left, s.at(err)
}

// DeleteVMRemains removes what stands of a machine that is gone.
func (s *Site) DeleteVMRemains(ctx context.Context, id psn.VMID) error {
	defer s.volumes.drop()
	return s.at(s.try(ctx, func(d driver.Site) error {
		if r, ok := d.(driver.Remains); ok {
			return r.DeleteVMRemains(ctx, id)
		}
		return nil
	}))
}
