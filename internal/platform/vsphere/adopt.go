package vsphere

import (
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

// AdoptVM makes a machine that stands one of ours: it goes to the tenant's
// folder and pool and bears our id and labels, its disks, cards, name and power
// stay as they are. Idempotent. psn.Conflict when it bears the marks of another
// id, psn.NotFound without the tenant.
func (s *Site) AdoptVM(ctx context.Context, r string, id psn.VMID, l driver.Labels) error {
	return s.coded(fmt.Sprintf("take over virtual machine %s as %s", r, id), s.adopt(ctx, vmRef(r), id, l))
}

func (s *Site) adopt(ctx context.Context, vm ref, id psn.VMID, l driver.Labels) error {
	if _, err := psn.ParseVMID(string(id)); err != nil {
		return err
	}
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vm, append([]string{"parent", "summary.config.template", "config.instanceUuid"}, standing...), &m); err != nil {
		return err
	}
	if m.Summary.Config.Template {
		return psn.Errorf(psn.Conflict, "machine %q is a template: make a machine from it instead", m.Name)
	}
	if other := marks(m)[keyID]; other != "" && other != string(id) {
		return psn.Errorf(psn.Conflict, "machine %q bears the marks of %q", m.Name, other)
	}
	t, c, err := s.clusterFor(ctx, m)
	if err != nil {
		return err
	}
	folder, known := s.tenantFolder(t, id.Tenant())
	pool, alsoKnown := t.pool(c, poolPrefix+string(id.Tenant()))
	if !known || !alsoKnown {
		return psn.Errorf(psn.NotFound, "folder \"%s/%s\" or resource pool %q of cluster %q does not exist: make the tenant at this site first",
			rootFolder, id.Tenant(), poolPrefix+string(id.Tenant()), c.name)
	}
	// It moves first: a machine in the folder without marks is nobody's, one with
	// marks outside the folder would be found and taken for somebody else's.
	if err := s.house(ctx, m, folder, pool); err != nil {
		return err
	}
	spec := types.VirtualMachineConfigSpec{ExtraConfig: slices.Concat(options(keyID, string(id)), extraConfig(l))}
	if m.Config != nil {
		spec.ExtraConfig = append(spec.ExtraConfig, ownList(diskNames(m.Config.Hardware.Device, ownDisks(m)))...)
	}
	if m.Config == nil || !strings.EqualFold(m.Config.InstanceUuid, id.InstanceUUID()) {
		spec.InstanceUuid = id.InstanceUUID()
	}
	if err := s.reconfigure(ctx, vm, spec); err != nil {
		return err
	}
	return s.tags.label(ctx, vm, id.Tenant(), l, true)
}

// house moves the machine to the folder and the pool, where it stays on its host
// and storage.
func (s *Site) house(ctx context.Context, m mo.VirtualMachine, folder, pool ref) error {
	spec := types.VirtualMachineRelocateSpec{}
	if m.Parent == nil || *m.Parent != folder {
		spec.Folder = &folder
	}
	if m.ResourcePool == nil || *m.ResourcePool != pool {
		spec.Pool = &pool
	}
	if spec.Folder == nil && spec.Pool == nil {
		return nil
	}
	res, err := methods.RelocateVM_Task(ctx, s.conn.vim, &types.RelocateVM_Task{This: m.Self, Spec: spec})
	if err != nil {
		return err
	}
	_, err = s.wait(ctx, res.Returnval)
	return err
}
