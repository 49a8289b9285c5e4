package vsphere

import (
	"context"
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Finder = (*Site)(nil)

// FindVM implements driver.Finder, by the instance UUID that follows from the id.
func (s *Site) FindVM(ctx context.Context, id psn.VMID) (*psn.VM, error) {
	doing := fmt.Sprintf("find virtual machine %s", id)
	r, found, err := s.bearer(ctx, id)
	if err != nil {
		return nil, s.coded(doing, err)
	}
	if !found {
		return nil, s.coded(doing, psn.Errorf(psn.NotFound, "it does not exist"))
	}
	return s.DescribeVM(ctx, r.Value)
}
