package platform

import (
	"cmp"
	"context"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newVolumes() *listing[driver.Volume] {
	return &listing[driver.Volume]{
		ref: func(v driver.Volume) string { return v.Ref },
		order: func(a, b driver.Volume) int {
			return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
		},
	}
}

func (s *Site) volumeKind() kind[driver.Volumes, driver.Volume] {
	return kind[driver.Volumes, driver.Volume]{
		what: "volume", notions: []driver.Notion{driver.NotionVolume},
		kept: s.volumes, read: driver.Volumes.Volumes,
	}
}

// Volumes lists the volumes of all tenants, read at most once per TTL. Callers
// must not change it.
func (s *Site) Volumes(ctx context.Context) ([]driver.Volume, error) {
	return s.volumeKind().list(ctx, s)
}

// FindVolume returns the tenant's volume of that name, or psn.NotFound. A disk
// that was made with a machine is not looked for; ref is as of FindNetwork.
func (s *Site) FindVolume(ctx context.Context, t psn.TenantID, name, ref string) (*driver.Volume, error) {
	return s.volumeKind().find(ctx, s, name, ref, func(v driver.Volume) bool { return v.Tenant == t && v.Name == name && v.VM == "" })
}

// CreateVolume makes a volume and waits until it can be used.
func (s *Site) CreateVolume(ctx context.Context, spec driver.VolumeSpec) (*driver.Volume, error) {
	return s.volumeKind().write(ctx, s, func(d driver.Volumes) (*driver.Volume, error) { return d.CreateVolume(ctx, spec) })
}

// UpdateVolume grows a volume.
func (s *Site) UpdateVolume(ctx context.Context, ref string, spec driver.VolumeSpec) (*driver.Volume, error) {
	return s.volumeKind().write(ctx, s, func(d driver.Volumes) (*driver.Volume, error) { return d.UpdateVolume(ctx, ref, spec) })
}

// AttachVolume gives the volume to the machine of that ref.
func (s *Site) AttachVolume(ctx context.Context, ref, vm string) error {
	return s.moveVolume(ctx, ref, vm, vm, func(d driver.Volumes) error { return d.AttachVolume(ctx, ref, vm) })
}

// DetachVolume takes it off the machine of that ref.
func (s *Site) DetachVolume(ctx context.Context, ref, vm string) error {
	return s.moveVolume(ctx, ref, vm, "", func(d driver.Volumes) error { return d.DetachVolume(ctx, ref, vm) })
}

func (s *Site) moveVolume(ctx context.Context, ref, vm, to string, f func(driver.Volumes) error) error {
	err := capable(ctx, s, "volume", f, driver.NotionVolume)
	if err == nil {
		s.volumes.edit(ref, func(v *driver.Volume) { v.AttachedTo = to })
	} else {
		s.volumes.drop()
	}
	s.reread(ctx, vm) // its disks are not the same any more
	return err
}

// DeleteVolume removes the volume and its bytes; one that is gone is success,
// one that a machine has psn.Conflict.
func (s *Site) DeleteVolume(ctx context.Context, ref string) error {
	return s.volumeKind().remove(ctx, s, ref, func(d driver.Volumes) error { return d.DeleteVolume(ctx, ref) })
}

// FindRef returns the machine of that ref, or psn.NotFound.
func (s *Site) FindRef(ctx context.Context, ref string) (*psn.VM, error) {
	vm, ok := s.cache.byRef(ref, s.now(), s.ttl)
	if !ok {
		if _, err := s.Inventory(ctx); err != nil {
			return nil, err
		}
		vm, ok = s.cache.byRef(ref, s.now(), 1<<62)
	}
	if !ok {
		return nil, s.at(psn.Errorf(psn.NotFound, "no virtual machine has the reference %q", ref))
	}
	return vm, nil
}

func newClasses() *listing[driver.StorageClass] {
	return &listing[driver.StorageClass]{
		ref:   func(c driver.StorageClass) string { return c.Name },
		order: func(a, b driver.StorageClass) int { return cmp.Compare(a.Name, b.Name) },
	}
}

// StorageClasses lists what disks can be made of, sorted by name, read at most
// once per TTL. Callers must not change it.
func (s *Site) StorageClasses(ctx context.Context) ([]driver.StorageClass, error) {
	return kind[driver.StorageClasses, driver.StorageClass]{
		what: "storage class", kept: s.classes, read: driver.StorageClasses.StorageClasses,
	}.list(ctx, s)
}
