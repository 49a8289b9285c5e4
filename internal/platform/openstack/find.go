package openstack

import (
	"context"
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Finder = (*Site)(nil)

// FindVM implements driver.Finder, by the tag that every server of ours has from
// the request that makes it.
func (s *Site) FindVM(ctx context.Context, id psn.VMID) (*psn.VM, error) {
	vm, err := s.findVM(ctx, id)
	return vm, s.fault(err, fmt.Sprintf("find virtual machine %s", id))
}

func (s *Site) findVM(ctx context.Context, id psn.VMID) (*psn.VM, error) {
	c, err := s.compute(ctx, "")
	if err != nil {
		return nil, err
	}
	q := s.everyone()
	q.Set("tags", machineTag(id))
	found, err := list(ctx, c, "servers", q, "servers", named.id)
	if err != nil {
		return nil, err
	}
	for _, sv := range found {
		vm, err := s.describe(ctx, sv.ID)
		if gone(err) {
			continue
		}
		if err != nil || vm.ID == id {
			return vm, err
		}
	}
	return nil, psn.Errorf(psn.NotFound, "it does not exist")
}
