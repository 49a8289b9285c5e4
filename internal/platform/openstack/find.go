package openstack

import (
	"context"
	"fmt"
	"net/url"
	"regexp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Finder = (*Site)(nil)

// FindVM implements driver.Finder, by the tag that every server of ours has from
// the request that makes it. One whose tag somebody took off is found where it
// goes by the name of its id.
func (s *Site) FindVM(ctx context.Context, id psn.VMID) (*psn.VM, error) {
	vm, err := s.findVM(ctx, id)
	return vm, s.fault(err, fmt.Sprintf("find virtual machine %s", id))
}

func (s *Site) findVM(ctx context.Context, id psn.VMID) (*psn.VM, error) {
	c, err := s.compute(ctx, "")
	if err != nil {
		return nil, err
	}
	tagged, named := s.everyone(), s.everyone()
	tagged.Set("tags", machineTag(id))
	named.Set("name", "^"+regexp.QuoteMeta(id.Name())+"$")
	for _, look := range []struct {
		path  string // a list of names costs Nova less, one with details has the metadata
		query url.Values
	}{{"servers", tagged}, {"servers/detail", named}} {
		found, err := list(ctx, c, look.path, look.query, "servers", server.id)
		if err != nil {
			return nil, err
		}
		for _, sv := range found {
			if sv.Metadata != nil && sv.Metadata[keyID] != string(id) {
				continue
			}
			vm, err := s.describe(ctx, sv.ID)
			if gone(err) {
				continue
			}
			if err != nil || vm.ID == id {
				return vm, err
			}
		}
	}
	return nil, psn.Errorf(psn.NotFound, "it does not exist")
}
