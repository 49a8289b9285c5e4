package openstack

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Remains = (*Site)(nil)

// VMRemains implements driver.Remains: the volumes and ports that were made as
// disks and cards of a machine whose server is gone.
func (s *Site) VMRemains(ctx context.Context, id psn.VMID) ([]string, error) {
	out, err := s.remains(ctx, id)
	return out, s.fault(err, fmt.Sprintf("look what is left of virtual machine %s", id))
}

func (s *Site) remains(ctx context.Context, id psn.VMID) ([]string, error) {
	project, stands, err := s.without(ctx, id)
	if err != nil || project == "" || stands {
		return nil, err
	}
	c, err := s.volume(ctx, project)
	if err != nil {
		return nil, err
	}
	disks, surplus, err := s.diskVolumes(ctx, c, id)
	if err != nil {
		return nil, err
	}
	for _, v := range disks {
		surplus = append(surplus, v)
	}
	var out []string
	for _, v := range surplus {
		out = append(out, fmt.Sprintf("volume %s %q (%d GiB)", v.ID, v.Name, v.SizeGiB))
	}
	cards, err := s.cardPorts(ctx, project, id)
	if err != nil {
		return nil, err
	}
	for _, same := range cards {
		for _, k := range same {
			if _, made := cardNumber(id, k.Name); made && k.Server == "" {
				out = append(out, fmt.Sprintf("port %s (%s)", k.ID, k.MAC))
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// DeleteVMRemains implements driver.Remains.
func (s *Site) DeleteVMRemains(ctx context.Context, id psn.VMID) error {
	doing := fmt.Sprintf("remove what is left of virtual machine %s", id)
	unlock, err := s.machines.lock(ctx, string(id))
	if err != nil {
		return s.fault(err, doing)
	}
	defer unlock()
	project, stands, err := s.without(ctx, id)
	switch {
	case err != nil || project == "":
		return s.fault(err, doing)
	case stands:
		return s.fault(psn.Errorf(psn.Conflict, "the machine itself stands: delete that"), doing)
	}
	return s.fault(s.removeParts(ctx, project, id), doing)
}

// without finds the project of a machine, empty when the tenant has none here,
// and whether its server stands there.
func (s *Site) without(ctx context.Context, id psn.VMID) (project string, stands bool, err error) {
	p, err := s.findProject(ctx, id.Tenant())
	if err != nil || p == nil || !p.at(s.cfg.Region) {
		return "", false, err
	}
	c, err := s.compute(ctx, p.ID)
	if err != nil {
		return "", false, err
	}
	same, err := list(ctx, c, "servers", url.Values{"tags": {machineTag(id)}}, "servers", named.id)
	return p.ID, len(same) > 0, err
}
