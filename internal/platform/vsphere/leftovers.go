package vsphere

import (
	"context"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/vim25/mo"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TenantLeftovers implements driver.Leftovers: machines, templates and folders in
// the tenant's folder, its networks and its volumes.
func (s *Site) TenantLeftovers(ctx context.Context, id psn.TenantID) ([]string, error) {
	left, err := s.leftovers(ctx, id)
	return left, s.coded(fmt.Sprintf("list what tenant %s has", id), err)
}

func (s *Site) leftovers(ctx context.Context, id psn.TenantID) ([]string, error) {
	s.keep(nil)
	t, err := s.topology(ctx)
	if err != nil {
		return nil, err
	}
	left := []string{}
	if folder, ok := s.tenantFolder(t, id); ok {
		content, err := s.readView(ctx, folder, map[string][]string{
			"VirtualMachine": {"name", "summary.config.template"}, "Folder": {"name"}, "VirtualApp": {"name"},
		})
		if err != nil {
			return nil, err
		}
		machines, err := load[mo.VirtualMachine](content, "VirtualMachine")
		if err != nil {
			return nil, err
		}
		for _, m := range machines {
			kind := "virtual machine"
			if m.Summary.Config.Template {
				kind = "template"
			}
			left = append(left, kind+" "+m.Name)
		}
		for _, kind := range []struct{ mo, name string }{{"Folder", "folder"}, {"VirtualApp", "vApp"}} {
			entities, err := load[mo.ManagedEntity](content, kind.mo)
			if err != nil {
				return nil, err
			}
			for _, e := range entities {
				left = append(left, kind.name+" "+e.Name)
			}
		}
	}
	for _, n := range t.networks {
		if n.tenant == id {
			left = append(left, "network "+n.name)
		}
	}
	volumes, _, err := s.volumes(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, v := range volumes {
		left = append(left, fmt.Sprintf("volume %s (%d MiB)", v.Name, ceilMiB(v.SizeBytes)))
	}
	parts, err := s.parts(ctx, t, id)
	if err != nil {
		return nil, err
	}
	for _, file := range parts {
		left = append(left, "unfinished volume "+file)
	}
	slices.Sort(left)
	return left, nil
}
