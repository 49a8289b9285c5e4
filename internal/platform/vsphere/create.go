package vsphere

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// defaultGuest is any 64-bit system.
const defaultGuest = "otherGuest64"

// Looking again for a machine whose name is taken while its creation, asked for
// before, may still be under way.
const (
	lookAgainTries = 6
	lookAgainPause = 100 * time.Millisecond // doubles
)

// CreateVM implements driver.Site. The machine carries the instance UUID that
// follows from its id, so that asking twice makes one machine.
func (s *Site) CreateVM(ctx context.Context, spec driver.VMSpec) (string, error) {
	doing := fmt.Sprintf("create virtual machine %s", spec.ID)
	if err := checkSpec(spec); err != nil {
		return "", s.coded(doing, err)
	}
	vm, found, err := s.findByID(ctx, spec.ID)
	if err == nil && !found {
		vm, err = s.create(ctx, spec)
	}
	if err != nil {
		return "", s.coded(doing, err)
	}
	if err := s.tags.label(ctx, vm, spec.ID.Tenant(), spec.Labels, false); err != nil {
		return "", s.coded(doing+": made as "+vm.Value+", attach tags", err)
	}
	return vm.Value, nil
}

func checkSpec(spec driver.VMSpec) error {
	if _, err := psn.ParseVMID(string(spec.ID)); err != nil {
		return err
	}
	switch {
	case spec.VCPUs < 1:
		return psn.Errorf(psn.InvalidInput, "vcpus is %d: use at least 1", spec.VCPUs)
	case spec.MemoryMiB < 4 || spec.MemoryMiB%4 != 0:
		return psn.Errorf(psn.InvalidInput, "memory is %d MiB: use a positive multiple of 4", spec.MemoryMiB)
	case len(spec.Disks) > maxControllers*unitsPerController:
		return psn.Errorf(psn.InvalidInput, "%d disks: a machine takes at most %d", len(spec.Disks), maxControllers*unitsPerController)
	case spec.Firmware != "" && spec.Firmware != "bios" && spec.Firmware != "efi":
		return psn.Errorf(psn.InvalidInput, "firmware %q is unknown: use \"bios\" or \"efi\"", spec.Firmware)
	}
	for i, d := range spec.Disks {
		if d.CapacityBytes <= 0 || d.CapacityBytes%512 != 0 {
			return psn.Errorf(psn.InvalidInput, "disk %d has %d bytes: use a positive multiple of 512", i, d.CapacityBytes)
		}
	}
	return nil
}

// findByID looks for a machine of ours where it is made, by name, and knows it
// by its instance UUID. A machine of the name with another UUID is
// psn.AlreadyExists.
func (s *Site) findByID(ctx context.Context, id psn.VMID) (ref, bool, error) {
	t, err := s.topology(ctx)
	if err != nil {
		return ref{}, false, err
	}
	folder, ok := s.tenantFolder(t, id.Tenant())
	if !ok {
		return ref{}, false, nil // create says what is missing
	}
	res, err := methods.FindChild(ctx, s.conn.vim, &types.FindChild{
		This: *s.conn.vim.ServiceContent.SearchIndex, Entity: folder, Name: id.Name(),
	})
	if isFault[types.ManagedObjectNotFound](err) {
		return ref{}, false, nil // the folder is gone since it was read
	}
	if err != nil || res.Returnval == nil || res.Returnval.Type != "VirtualMachine" {
		return ref{}, false, err
	}
	var m mo.VirtualMachine
	if err := s.readOne(ctx, *res.Returnval, []string{"config.instanceUuid"}, &m); err != nil {
		return ref{}, false, err
	}
	if m.Config == nil || !strings.EqualFold(m.Config.InstanceUuid, id.InstanceUUID()) {
		return ref{}, false, taken(id)
	}
	return *res.Returnval, true, nil
}

func taken(id psn.VMID) error {
	return psn.Errorf(psn.AlreadyExists,
		"folder \"%s/%s\" holds a machine named %q that this project did not make (its instance UUID is not %s): rename or remove it, or choose another name",
		rootFolder, id.Tenant(), id.Name(), id.InstanceUUID())
}

func (s *Site) create(ctx context.Context, spec driver.VMSpec) (ref, error) {
	vm, err := s.createOnce(ctx, spec)
	if isFault[types.ManagedObjectNotFound](err) || errors.Is(err, errUnknownPlace) {
		// The topology may have changed since it was read.
		s.keep(nil)
		vm, err = s.createOnce(ctx, spec)
	}
	if _, dup := duplicate(err); dup {
		return s.nameTaken(ctx, spec.ID, err)
	}
	return vm, err
}

func (s *Site) createOnce(ctx context.Context, spec driver.VMSpec) (ref, error) {
	t, err := s.topology(ctx)
	if err != nil {
		return ref{}, err
	}
	place, err := s.place(ctx, t, spec)
	if err != nil {
		return ref{}, err
	}
	res, err := methods.CreateVM_Task(ctx, s.conn.vim, &types.CreateVM_Task{
		This: place.folder, Pool: place.pool, Config: configSpec(spec, place),
	})
	if err != nil {
		return ref{}, err
	}
	result, err := s.wait(ctx, res.Returnval)
	if err != nil {
		return ref{}, err
	}
	vm, ok := result.(ref)
	if !ok {
		return ref{}, psn.Errorf(psn.Internal, "server finished the task without naming the machine")
	}
	return vm, nil
}

// nameTaken looks again for a machine that another call is just making.
func (s *Site) nameTaken(ctx context.Context, id psn.VMID, cause error) (ref, error) {
	pause := lookAgainPause
	for range lookAgainTries {
		vm, found, err := s.findByID(ctx, id)
		if err != nil || found {
			return vm, err
		}
		if err := sleep(ctx, pause); err != nil {
			return ref{}, err
		}
		pause *= 2
	}
	return ref{}, fmt.Errorf("%w (%w)", taken(id), cause)
}

// DescribeVM implements driver.Site.
func (s *Site) DescribeVM(ctx context.Context, r string) (*psn.VM, error) {
	doing := fmt.Sprintf("describe virtual machine %s", r)
	var m mo.VirtualMachine
	if err := s.readOne(ctx, vmRef(r), append(append([]string{}, vmProps...), deviceProps...), &m); err != nil {
		return nil, s.coded(doing, err)
	}
	t, err := s.topology(ctx)
	if err == nil && m.Parent != nil {
		if _, known := t.folders[*m.Parent]; !known {
			s.keep(nil)
			t, err = s.topology(ctx)
		}
	}
	if err != nil {
		return nil, s.coded(doing, err)
	}
	vm := s.observe(t, m)
	detail(t, &vm, m)
	if tenantOf(vm.Folder) != "" {
		label(&vm, m)
	}
	return &vm, nil
}
