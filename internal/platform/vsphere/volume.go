package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A volume is the virtual disk [datastore] psn-volumes/<tenant>/<name>.vmdk. Its
// ref is <tenant>/<name>, which stays when its file does not: a machine that is
// moved to other storage takes its volumes along. So a machine remembers, by the
// disk's UUID, which of its disks are volumes, and a volume that is taken off
// goes back to its folder.

// Words for the state of a volume, those of OpenStack.
const (
	volumeFree  = "available"
	volumeInUse = "in-use"
)

// Volumes implements driver.Volumes. It costs two requests or more per datastore
// (a search is a task) and three besides, whatever the number of volumes.
func (s *Site) Volumes(ctx context.Context) ([]driver.Volume, error) {
	all, _, err := s.volumes(ctx, "")
	for i := range all {
		// Of one whose disk cannot be asked nothing is known to be ours, and it is
		// listed as the others are.
		all[i].Maker, _ = s.unanswered(ctx, all[i])
	}
	return all, s.coded("list volumes", err)
}

// volumes lists the volumes of one tenant, or of all, and tells which of them are
// not in their folder though no machine has them.
func (s *Site) volumes(ctx context.Context, tenant psn.TenantID) ([]driver.Volume, map[string]stray, error) {
	t, err := s.topology(ctx)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.volumeFiles(ctx, t, tenant)
	if err != nil {
		return nil, nil, err
	}
	byRef := map[string]driver.Volume{}
	for _, v := range found {
		byRef[v.Ref] = v
	}
	root, ok := t.child(s.dc.VmFolder, rootFolder)
	if !ok {
		return found, nil, nil
	}
	content, err := s.readView(ctx, root, map[string][]string{"VirtualMachine": {"config.hardware.device", "config.extraConfig"}})
	if err != nil {
		return nil, nil, err
	}
	machines, err := load[mo.VirtualMachine](content, "VirtualMachine")
	if err != nil {
		return nil, nil, err
	}
	strays := map[string]stray{}
	for _, m := range machines {
		for ref, v := range straysOf(m) {
			if owner, _, _ := strings.Cut(ref, "/"); tenant == "" || psn.TenantID(owner) == tenant {
				strays[ref], byRef[ref] = v, v.observed()
			}
		}
	}
	for _, m := range machines {
		for ref, d := range volumesOf(m) {
			owner, name, _ := strings.Cut(ref, "/")
			if tenant != "" && psn.TenantID(owner) != tenant {
				continue
			}
			v, known := byRef[ref]
			if !known { // it was moved with its machine
				v = driver.Volume{Ref: ref, VolumeSpec: driver.VolumeSpec{Tenant: psn.TenantID(owner), Name: name, Zone: ""}}
			}
			v.SizeBytes, v.StorageClass = capacityOf(d), storeOf(backingOf(d).path)
			v.AttachedTo, v.Status = m.Self.Value, volumeInUse
			byRef[ref] = v
		}
	}
	out := []driver.Volume{}
	for _, v := range byRef {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b driver.Volume) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name))
	})
	return out, strays, nil
}

// volumesOf are the volumes attached to a machine, by ref.
func volumesOf(m mo.VirtualMachine) map[string]*types.VirtualDisk {
	out := map[string]*types.VirtualDisk{}
	for key, ref := range marks(m) {
		if id, is := strings.CutPrefix(key, keyVolume); is {
			if d := diskByID(m, id); d != nil {
				out[ref] = d
			}
		}
	}
	return out
}

// volume finds one volume and brings it home when it is on its way; nil when
// there is none.
func (s *Site) volume(ctx context.Context, ref string) (*driver.Volume, error) {
	owner, _, _ := strings.Cut(ref, "/")
	all, strays, err := s.volumes(ctx, psn.TenantID(owner))
	if err != nil {
		return nil, err
	}
	if way, ok := strays[ref]; ok {
		if err := s.bringHome(ctx, way); err != nil {
			return nil, err
		}
	}
	for _, v := range all {
		if v.Ref == ref {
			return &v, nil
		}
	}
	return nil, nil
}

// CreateVolume implements driver.Volumes.
func (s *Site) CreateVolume(ctx context.Context, spec driver.VolumeSpec) (*driver.Volume, error) {
	v, err := s.createVolume(ctx, spec)
	return v, s.coded(fmt.Sprintf("create volume %s of tenant %s", spec.Name, spec.Tenant), err)
}

func (s *Site) createVolume(ctx context.Context, spec driver.VolumeSpec) (*driver.Volume, error) {
	if err := checkVolume(spec); err != nil {
		return nil, err
	}
	if ok, err := s.TenantExists(ctx, spec.Tenant); err != nil || !ok {
		return nil, cmp.Or(err, psn.Errorf(psn.NotFound, "tenant %s is not at this site: make it first", spec.Tenant))
	}
	spec.SizeBytes = ceilMiB(spec.SizeBytes) << 20
	defer s.tenants.lock(string(spec.Tenant))()
	v, err := s.sameVolume(ctx, spec)
	if v == nil && err == nil {
		var store string
		if store, err = s.volumeStore(ctx, spec); err != nil {
			return nil, err
		}
		v, err = s.makeVolume(ctx, spec, store)
		if isFault[types.FileAlreadyExists](err) { // by another process meanwhile
			v, err = s.sameVolume(ctx, spec)
		}
		if v == nil && err == nil {
			err = psn.Errorf(psn.Unavailable, "volume was removed while it was being made")
		}
	}
	if err != nil {
		return nil, err
	}
	s.claims.end(v.Ref)
	return v, nil
}

// sameVolume is the volume of spec's tenant and name, when there is one. Whoever
// names itself as the maker gets its own, or an error.
func (s *Site) sameVolume(ctx context.Context, spec driver.VolumeSpec) (*driver.Volume, error) {
	v, err := s.volume(ctx, volumeRef(spec.Tenant, spec.Name))
	if err != nil || v == nil {
		return nil, err
	}
	maker := spec.Maker
	if maker != "" {
		if maker, err = s.unanswered(ctx, *v); err != nil {
			return nil, fmt.Errorf("find out who made the one that stands: %w", err)
		}
	}
	if maker != spec.Maker {
		return nil, psn.Errorf(psn.AlreadyExists, "volume %s of tenant %s stands already, with %d MiB on datastore %q", spec.Name, spec.Tenant, v.SizeBytes>>20, v.StorageClass)
	}
	if v.SizeBytes != spec.SizeBytes || spec.StorageClass != "" && v.StorageClass != spec.StorageClass {
		return nil, psn.Errorf(psn.AlreadyExists, "volume %s of tenant %s stands here already with a size of %d MiB on datastore %q: use another name", spec.Name, spec.Tenant, v.SizeBytes>>20, v.StorageClass)
	}
	return v, nil
}

// UpdateVolume implements driver.Volumes.
func (s *Site) UpdateVolume(ctx context.Context, ref string, spec driver.VolumeSpec) (*driver.Volume, error) {
	v, err := s.updateVolume(ctx, ref, spec)
	return v, s.coded(fmt.Sprintf("update volume %s", ref), err)
}

func (s *Site) updateVolume(ctx context.Context, ref string, spec driver.VolumeSpec) (*driver.Volume, error) {
	v, err := s.volume(ctx, ref)
	if err != nil {
		return nil, err
	}
	want := ceilMiB(spec.SizeBytes) << 20
	switch {
	case v == nil:
		return nil, psn.Errorf(psn.NotFound, "volume does not exist")
	case want < v.SizeBytes:
		return nil, psn.Errorf(psn.InvalidInput, "volume has %d MiB and cannot shrink to %d MiB: give at least what it has", v.SizeBytes>>20, want>>20)
	case spec.StorageClass != "" && spec.StorageClass != v.StorageClass:
		return nil, psn.Errorf(psn.InvalidInput, "volume is on datastore %q and is not moved to %q by this: make another there", v.StorageClass, spec.StorageClass)
	case want == v.SizeBytes:
		return v, nil
	}
	if err := s.roomFor(ctx, v.StorageClass, want-v.SizeBytes); err != nil {
		return nil, err
	}
	if v.AttachedTo == "" {
		err = s.extendFile(ctx, volumePath(v.StorageClass, v.Tenant, v.Name), want)
	} else {
		err = s.growAttached(ctx, v, want)
	}
	if err != nil {
		return nil, err
	}
	v.SizeBytes = want
	return v, nil
}

// growAttached grows the disk of the machine that has the volume.
func (s *Site) growAttached(ctx context.Context, v *driver.Volume, want int64) error {
	defer s.workers.lock(v.AttachedTo)()
	m, err := s.holder(ctx, v.AttachedTo)
	if err != nil {
		return err
	}
	d := volumesOf(m)[v.Ref]
	if d == nil {
		return psn.Errorf(psn.Unavailable, "volume was taken off machine %q meanwhile: try again", m.Name)
	}
	if err := noSnapshots(m, "its volume cannot grow"); err != nil {
		return err
	}
	return s.reconfigure(ctx, m.Self, types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{grown(d, want)}})
}

// holder reads a machine that has or is to have volumes.
func (s *Site) holder(ctx context.Context, vm string) (m mo.VirtualMachine, err error) {
	err = s.readOne(ctx, vmRef(vm), []string{"name", "snapshot", "config.hardware.device", "config.extraConfig"}, &m)
	return m, err
}

// called is a machine's name and ref, for a message.
func (s *Site) called(ctx context.Context, vm string) string {
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vmRef(vm), []string{"name"}, &m); err != nil {
		return vm
	}
	return fmt.Sprintf("%q (%s)", m.Name, vm)
}

func noSnapshots(m mo.VirtualMachine, what string) error {
	if tree := snapshotTree(m); len(tree) > 0 {
		return psn.Errorf(psn.Conflict, "machine %q has snapshot %q: %s until it is removed", m.Name, tree[0].Name, what)
	}
	return nil
}

// AttachVolume implements driver.Volumes.
func (s *Site) AttachVolume(ctx context.Context, ref, vm string) error {
	return s.coded(fmt.Sprintf("attach volume %s to virtual machine %s", ref, vm), s.attachVolume(ctx, ref, vm))
}

func (s *Site) attachVolume(ctx context.Context, ref, vm string) error {
	defer s.workers.lock(vm)()
	v, err := s.volume(ctx, ref)
	if err != nil {
		return err
	}
	m, err := s.holder(ctx, vm)
	if err != nil {
		return err
	}
	switch owner := psn.VMID(marks(m)[keyID]).Tenant(); {
	case v == nil:
		return psn.Errorf(psn.NotFound, "volume does not exist")
	case v.AttachedTo == vm:
		return nil
	case v.AttachedTo != "":
		return psn.Errorf(psn.Conflict, "virtual machine %s has it: detach it there first", s.called(ctx, v.AttachedTo))
	case owner != v.Tenant:
		return psn.Errorf(psn.InvalidInput, "volume is of tenant %s and machine %q of %q: use one of the same tenant", v.Tenant, m.Name, owner)
	}
	path := volumePath(v.StorageClass, v.Tenant, v.Name)
	id, err := s.fileUUID(ctx, path)
	if err != nil {
		return err
	}
	u := newUnits(m.Config.Hardware.Device)
	controller, unit, err := u.next()
	if err != nil {
		return err
	}
	d := newDisk(0, v.SizeBytes, v.StorageClass, controller, unit)
	d.Backing = &types.VirtualDiskFlatVer2BackingInfo{
		VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: path},
		DiskMode:                     string(types.VirtualDiskModePersistent),
	}
	err = s.reconfigure(ctx, m.Self, types.VirtualMachineConfigSpec{
		DeviceChange: append(u.added, addDevice(d)),
		ExtraConfig:  options(keyVolume+id, ref),
	})
	if isFault[types.InvalidDatastore](err) {
		return psn.Errorf(psn.InvalidInput, "host of machine %q does not mount datastore %q of the volume (InvalidDatastore): make the volume with the machine's cluster as zone", m.Name, v.StorageClass)
	}
	return err
}

// DetachVolume implements driver.Volumes.
func (s *Site) DetachVolume(ctx context.Context, ref, vm string) error {
	err := s.detachVolume(ctx, ref, vm)
	if isFault[types.ManagedObjectNotFound](err) {
		return nil
	}
	return s.coded(fmt.Sprintf("detach volume %s from virtual machine %s", ref, vm), err)
}

func (s *Site) detachVolume(ctx context.Context, ref, vm string) error {
	defer s.workers.lock(vm)()
	m, err := s.holder(ctx, vm)
	if err != nil {
		return err
	}
	d := volumesOf(m)[ref]
	if d == nil {
		if way, cut := straysOf(m)[ref]; cut {
			return s.bringHome(ctx, way)
		}
		return nil
	}
	if err := noSnapshots(m, "its volume cannot be taken off"); err != nil {
		return err
	}
	off, way := setOff(m, ref, d)
	err = s.reconfigure(ctx, m.Self, types.VirtualMachineConfigSpec{
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{removeDevice(d)}, ExtraConfig: off,
	})
	if err != nil || way == nil {
		return err
	}
	return s.bringHome(ctx, *way)
}

// DeleteVolume implements driver.Volumes.
func (s *Site) DeleteVolume(ctx context.Context, ref string) error {
	return s.coded(fmt.Sprintf("delete volume %s", ref), s.deleteVolume(ctx, ref))
}

func (s *Site) deleteVolume(ctx context.Context, ref string) error {
	v, err := s.volume(ctx, ref)
	if err != nil || v == nil {
		return err
	}
	if v.AttachedTo != "" {
		return psn.Errorf(psn.Conflict, "virtual machine %s has it: detach it first", s.called(ctx, v.AttachedTo))
	}
	err = s.deleteFile(ctx, volumePath(v.StorageClass, v.Tenant, v.Name))
	if err == nil {
		s.claims.end(ref)
	}
	return err
}
