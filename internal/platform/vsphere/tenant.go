package vsphere

import (
	"context"
	"fmt"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// EnsureTenant implements driver.Site: a folder, a resource pool in each
// cluster and a tag; then limits and rights, where they are asked for.
func (s *Site) EnsureTenant(ctx context.Context, t driver.Tenant) error {
	doing := fmt.Sprintf("ensure tenant %s", t.ID)
	if t.ID == "" {
		return psn.Errorf(psn.InvalidInput, "%s: tenant id is empty", doing)
	}
	if t.Quota != nil {
		if err := validQuota(*t.Quota); err != nil {
			return s.coded(doing, err)
		}
	}
	defer s.tenants.lock(string(t.ID))()
	folder, err := s.ensureTenant(ctx, t.ID)
	if err != nil {
		return s.coded(doing, err)
	}
	if t.Quota != nil {
		if err := s.setQuota(ctx, t.ID, *t.Quota); err != nil {
			return s.coded(doing, err)
		}
	}
	if t.Principal != "" {
		if err := s.admit(ctx, t, folder); err != nil {
			return s.coded(doing, err)
		}
	}
	return s.coded(doing+", label its folder at the tagging service", s.tags.attach(ctx, folder, map[string]string{categoryTenant: string(t.ID)}, false))
}

// admit gives the tenant's people their rights on its folder and pools.
func (s *Site) admit(ctx context.Context, t driver.Tenant, folder ref) error {
	topo, err := s.topology(ctx)
	if err != nil {
		return err
	}
	return s.grant(ctx, t.Principal, append([]ref{folder}, s.poolsOf(topo, t.ID)...))
}

// poolsOf are the resource pools of the tenant.
func (s *Site) poolsOf(t *topology, id psn.TenantID) []ref {
	var out []ref
	for _, c := range t.clusters {
		if p, ok := t.pool(c, poolPrefix+string(id)); ok {
			out = append(out, p)
		}
	}
	return out
}

// ensureTenant makes what is missing, starting from the topology as known; an
// object made meanwhile by somebody else is found by its DuplicateName fault.
func (s *Site) ensureTenant(ctx context.Context, id psn.TenantID) (ref, error) {
	topo, err := s.topology(ctx)
	if err != nil {
		return ref{}, err
	}
	made := false
	root, ok := topo.child(s.dc.VmFolder, rootFolder)
	if !ok {
		made = true
		if root, err = s.makeFolder(ctx, s.dc.VmFolder, rootFolder); err != nil {
			return ref{}, err
		}
	}
	folder, ok := topo.child(root, string(id))
	if !ok {
		made = true
		if folder, err = s.makeFolder(ctx, root, string(id)); err != nil {
			return ref{}, err
		}
	}
	for _, c := range topo.clusters {
		if _, ok := topo.pool(c, poolPrefix+string(id)); !ok {
			made = true
			if err := s.makePool(ctx, c, poolPrefix+string(id)); err != nil {
				return ref{}, err
			}
		}
	}
	if made {
		s.keep(nil)
	}
	return folder, nil
}

func (s *Site) makeFolder(ctx context.Context, parent ref, name string) (ref, error) {
	res, err := methods.CreateFolder(ctx, s.conn.vim, &types.CreateFolder{This: parent, Name: name})
	if err == nil {
		return res.Returnval, nil
	}
	if there, ok := duplicate(err); ok {
		return there, nil
	}
	return ref{}, fmt.Errorf("create folder %q: %w", name, err)
}

func (s *Site) makePool(ctx context.Context, c *cluster, name string) error {
	_, err := methods.CreateResourcePool(ctx, s.conn.vim, &types.CreateResourcePool{
		This: c.rootPool, Name: name, Spec: types.DefaultResourceConfigSpec(),
	})
	if _, ok := duplicate(err); ok || err == nil {
		return nil
	}
	return fmt.Errorf("create resource pool %q in cluster %q: %w", name, c.name, err)
}

// duplicate returns the object that a DuplicateName fault names.
func duplicate(err error) (ref, bool) {
	switch f := faultOf(err).(type) {
	case types.DuplicateName:
		return f.Object, true
	case *types.DuplicateName:
		return f.Object, true
	}
	return ref{}, false
}

// TenantExists implements driver.Site.
func (s *Site) TenantExists(ctx context.Context, id psn.TenantID) (bool, error) {
	doing := fmt.Sprintf("look for tenant %s", id)
	s.keep(nil)
	topo, err := s.topology(ctx)
	if err != nil {
		return false, s.coded(doing, err)
	}
	_, ok := s.tenantFolder(topo, id)
	return ok, nil
}

func (s *Site) tenantFolder(t *topology, id psn.TenantID) (ref, bool) {
	root, ok := t.child(s.dc.VmFolder, rootFolder)
	if !ok {
		return ref{}, false
	}
	return t.child(root, string(id))
}

// DeleteTenant implements driver.Site.
func (s *Site) DeleteTenant(ctx context.Context, id psn.TenantID) error {
	defer s.tenants.lock(string(id))()
	return s.coded(fmt.Sprintf("delete tenant %s", id), s.deleteTenant(ctx, id))
}

func (s *Site) deleteTenant(ctx context.Context, id psn.TenantID) error {
	s.keep(nil)
	defer s.keep(nil)
	topo, err := s.topology(ctx)
	if err != nil {
		return err
	}
	folder, found := s.tenantFolder(topo, id)
	if found {
		if err := s.requireEmpty(ctx, folder); err != nil {
			return err
		}
	}
	for _, c := range topo.clusters {
		pool, ok := topo.pool(c, poolPrefix+string(id))
		if !ok {
			continue
		}
		if err := s.requireEmptyPool(ctx, pool, c.name); err != nil {
			return err
		}
		if err := s.destroy(ctx, pool); err != nil {
			return err
		}
	}
	if !found {
		return nil
	}
	return s.destroy(ctx, folder)
}

// requireEmpty refuses to go on while the folder holds anything: destroying a
// folder destroys the machines in it.
func (s *Site) requireEmpty(ctx context.Context, folder ref) error {
	var f mo.Folder
	if err := s.readOne(ctx, folder, []string{"name", "childEntity"}, &f); err != nil {
		return err
	}
	if len(f.ChildEntity) == 0 {
		return nil
	}
	return psn.Errorf(psn.Conflict, "folder %q still holds %s: delete or move them first", f.Name, s.names(ctx, f.ChildEntity))
}

func (s *Site) requireEmptyPool(ctx context.Context, pool ref, cluster string) error {
	var p mo.ResourcePool
	if err := s.readOne(ctx, pool, []string{"name", "vm", "resourcePool"}, &p); err != nil {
		return err
	}
	left := append(p.Vm, p.ResourcePool...)
	if len(left) == 0 {
		return nil
	}
	return psn.Errorf(psn.Conflict, "resource pool %q of cluster %q still holds %s: delete or move them first", p.Name, cluster, s.names(ctx, left))
}

// names lists the objects by name, for a message.
func (s *Site) names(ctx context.Context, refs []ref) string {
	content, err := s.readObjects(ctx, "ManagedEntity", []string{"name"}, refs)
	var names []string
	for _, o := range content {
		for _, p := range o.PropSet {
			if n, ok := p.Val.(string); ok && p.Name == "name" {
				names = append(names, n)
			}
		}
	}
	if err != nil || len(names) == 0 {
		return fmt.Sprintf("%d objects", len(refs))
	}
	return quoted(names)
}

// destroy deletes an object and waits; one that is gone already is success.
func (s *Site) destroy(ctx context.Context, r ref) error {
	res, err := methods.Destroy_Task(ctx, s.conn.vim, &types.Destroy_Task{This: r})
	if err == nil {
		_, err = s.wait(ctx, res.Returnval)
	}
	if isFault[types.ManagedObjectNotFound](err) {
		return nil
	}
	return err
}
