package vsphere

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// defaultGuest is any 64-bit system.
const defaultGuest = "otherGuest64"

// CreateVM implements driver.Site. The machine carries the instance UUID that
// follows from its id: whatever its name is now, it is found again by it. Two
// processes that make it at the same time are told apart by the name, which is
// unique in a folder: the server refuses the second and says who bears it.
func (s *Site) CreateVM(ctx context.Context, spec driver.VMSpec) (string, error) {
	doing := fmt.Sprintf("create virtual machine %s", spec.ID)
	if err := checkSpec(spec); err != nil {
		return "", s.coded(doing, err)
	}
	vm, err := s.create(ctx, spec)
	if err != nil {
		return "", s.coded(doing, err)
	}
	if err := s.nameDisks(ctx, vm); err != nil {
		return "", s.coded(doing+": made as "+vm.Value+", name its disks on it", err)
	}
	if err := s.tags.label(ctx, vm, spec.ID.Tenant(), spec.Labels, false); err != nil {
		return "", s.coded(doing+": made as "+vm.Value+", label it at the tagging service", err)
	}
	if spec.Group != "" {
		if err := s.syncGroup(ctx, spec.ID.Tenant(), spec.Group, ref{}); err != nil {
			return "", s.coded(doing+": made as "+vm.Value+", join group "+spec.Group, err)
		}
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
	if len(spec.SecurityGroups) > 0 {
		return driver.NotionSecurityGroup.On(psn.VSphere)
	}
	if err := checkDisplayName(spec.DisplayName); err != nil {
		return err
	}
	if err := checkMetadata(spec.Metadata); err != nil {
		return err
	}
	if err := checkPolicy(spec.Group, spec.GroupPolicy); err != nil {
		return err
	}
	return checkDisks(0, spec.Disks)
}

// maxName is how many bytes a vCenter takes of a machine's name.
const maxName = 80

func checkDisplayName(name string) error {
	if strings.ContainsAny(name, "/\\%") || len(name) > maxName {
		return psn.Errorf(psn.InvalidInput, "display name %q is not one for a vCenter: use at most %d bytes without slash, backslash and percent sign", name, maxName)
	}
	return nil
}

// checkDisks checks disks to make, the first of which has the index given.
func checkDisks(first int, disks []driver.DiskSpec) error {
	for i, d := range disks {
		if d.CapacityBytes <= 0 || d.CapacityBytes%512 != 0 {
			return psn.Errorf(psn.InvalidInput, "disk %d has %d bytes: use a positive multiple of 512", first+i, d.CapacityBytes)
		}
	}
	return nil
}

func (s *Site) create(ctx context.Context, spec driver.VMSpec) (ref, error) {
	if bearer, found, err := s.bearer(ctx, spec.ID); err != nil || found {
		if err == nil {
			return s.sameMachine(ctx, spec, bearer)
		}
		return ref{}, err
	}
	vm, err := s.createOnce(ctx, spec)
	if isFault[types.ManagedObjectNotFound](err) || errors.Is(err, errUnknownPlace) {
		// The topology may have changed since it was read.
		s.keep(nil)
		vm, err = s.createOnce(ctx, spec)
	}
	if bearer, dup := duplicate(err); dup {
		return s.sameMachine(ctx, spec, bearer)
	}
	if psn.Is(err, psn.Exhausted) || isFault[types.NoDiskSpace](err) {
		// What is missing may be what this very machine, made meanwhile, has taken.
		if bearer, found, lookErr := s.bearer(ctx, spec.ID); lookErr == nil && found {
			return s.sameMachine(ctx, spec, bearer)
		}
	}
	return vm, err
}

// bearer finds the machine with the instance UUID of the id, whatever its name.
func (s *Site) bearer(ctx context.Context, id psn.VMID) (ref, bool, error) {
	instance := true
	res, err := methods.FindAllByUuid(ctx, s.conn.vim, &types.FindAllByUuid{
		This: *s.conn.vim.ServiceContent.SearchIndex, Datacenter: &s.dc.Self,
		Uuid: id.InstanceUUID(), VmSearch: true, InstanceUuid: &instance,
	})
	if err != nil || len(res.Returnval) == 0 {
		return ref{}, false, err
	}
	return res.Returnval[0], true, nil
}

// sameMachine returns the machine that bears the name when it is the one of
// this id in the same role, and psn.AlreadyExists when it is somebody else's or
// serves another purpose: a machine being replicated is not the standby asked
// for, nor the other way round.
func (s *Site) sameMachine(ctx context.Context, spec driver.VMSpec, bearer ref) (ref, error) {
	id := spec.ID
	if bearer.Type == "VirtualMachine" {
		var m mo.VirtualMachine
		if err := s.readOne(ctx, bearer, []string{"config.instanceUuid", "config.extraConfig"}, &m); err != nil {
			return ref{}, err
		}
		if m.Config != nil && strings.EqualFold(m.Config.InstanceUuid, id.InstanceUUID()) {
			var found psn.VM
			label(&found, m)
			switch {
			case found.Role != spec.Labels.Role:
			case spec.Maker != "" && marks(m)[keyMaker] != spec.Maker:
				return ref{}, psn.Errorf(psn.AlreadyExists, "another has made virtual machine %s (%s)", id, bearer.Value)
			default:
				return bearer, nil
			}
			return ref{}, psn.Errorf(psn.AlreadyExists,
				"virtual machine %s stands here already as %q and is asked for as %q: one site holds one machine of an id", id, found.Role, spec.Labels.Role)
		}
	}
	return ref{}, psn.Errorf(psn.AlreadyExists,
		"folder \"%s/%s\" holds an object named %q that this project did not make (its instance UUID is not %s): rename or remove it, or choose another name",
		rootFolder, id.Tenant(), displayName(id, spec.DisplayName), id.InstanceUUID())
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
	task, err := s.startCreate(ctx, spec, place)
	if err != nil {
		return ref{}, err
	}
	result, err := s.wait(ctx, task)
	if err != nil {
		return ref{}, err
	}
	vm, ok := result.(ref)
	if !ok {
		return ref{}, psn.Errorf(psn.Internal, "server finished the task without naming the machine")
	}
	return vm, nil
}

// startCreate starts the one task that makes the machine whole.
func (s *Site) startCreate(ctx context.Context, spec driver.VMSpec, p *place) (ref, error) {
	if p.image != nil {
		return s.clone(ctx, spec, p)
	}
	cfg, err := configSpec(spec, p)
	if err != nil {
		return ref{}, err
	}
	res, err := methods.CreateVM_Task(ctx, s.conn.vim, &types.CreateVM_Task{This: p.folder, Pool: p.pool, Config: cfg})
	if err != nil {
		return ref{}, err
	}
	return res.Returnval, nil
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
	if tenantOf(vm.Folder) != "" && !m.Summary.Config.Template {
		label(&vm, m)
	}
	return &vm, nil
}
