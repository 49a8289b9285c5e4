package vsphere

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// stray is a volume that was taken off a machine and is not in its folder yet.
// The machine remembers it from the request that takes it off until it is home,
// so that one whose way was cut short is never lost from sight.
type stray struct {
	vm   ref
	id   string // the disk's UUID
	ref  string // the volume's
	size int64  // bytes
	from string // path of the file
}

func (s stray) mark() string { return s.ref + " " + strconv.FormatInt(s.size, 10) + " " + s.from }

func (s stray) observed() driver.Volume {
	owner, name, _ := strings.Cut(s.ref, "/")
	return driver.Volume{Ref: s.ref, Status: volumeFree, VolumeSpec: driver.VolumeSpec{
		Tenant: psn.TenantID(owner), Name: name, SizeBytes: s.size, StorageClass: storeOf(s.from),
	}}
}

// straysOf are the volumes on their way home from a machine, by ref.
func straysOf(m mo.VirtualMachine) map[string]stray {
	out := map[string]stray{}
	for key, value := range marks(m) {
		id, is := strings.CutPrefix(key, keyStray)
		if !is {
			continue
		}
		parts := strings.SplitN(value, " ", 3)
		if len(parts) != 3 {
			continue
		}
		size, err := strconv.ParseInt(parts[1], 10, 64)
		if err == nil {
			out[parts[0]] = stray{m.Self, id, parts[0], size, parts[2]}
		}
	}
	return out
}

// setOff is what the request that takes a volume off says of it, and the way it
// has to go then, nil when it is at home.
func setOff(m mo.VirtualMachine, ref string, d *types.VirtualDisk) ([]types.BaseOptionValue, *stray) {
	off := options(keyVolume+deviceID(d), "")
	way := &stray{m.Self, deviceID(d), ref, capacityOf(d), backingOf(d).path}
	if way.from == way.home() {
		return off, nil
	}
	return append(off, options(keyStray+way.id, way.mark())...), way
}

func (s stray) home() string {
	owner, name, _ := strings.Cut(s.ref, "/")
	return volumePath(storeOf(s.from), psn.TenantID(owner), name)
}

// bringHome moves the file of a volume that was taken off back to its folder, on
// the datastore where it is now. One that an earlier call moved is home.
func (s *Site) bringHome(ctx context.Context, v stray) error {
	owner, _, _ := strings.Cut(v.ref, "/")
	err := s.makeHome(ctx, storeOf(v.from), psn.TenantID(owner))
	if err == nil {
		err = s.moveFile(ctx, v.from, v.home())
	}
	if isFault[types.FileNotFound](err) {
		if _, lookErr := s.fileUUID(ctx, v.home()); lookErr == nil {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("volume %s was taken off and is at %s; it is moved to %s by the next try: %w", v.ref, v.from, v.home(), err)
	}
	err = s.reconfigure(ctx, v.vm, types.VirtualMachineConfigSpec{ExtraConfig: options(keyStray+v.id, "")})
	if isFault[types.ManagedObjectNotFound](err) {
		return nil
	}
	return err
}

// bringAllHome goes on when one cannot be brought.
func (s *Site) bringAllHome(ctx context.Context, all map[string]stray) error {
	var errs []error
	for _, v := range all {
		errs = append(errs, s.bringHome(ctx, v))
	}
	return errors.Join(errs...)
}

func (s *Site) moveFile(ctx context.Context, from, to string) error {
	res, err := methods.MoveVirtualDisk_Task(ctx, s.conn.vim, &types.MoveVirtualDisk_Task{
		This: *s.conn.vim.ServiceContent.VirtualDiskManager, SourceName: from, SourceDatacenter: &s.dc.Self, DestName: to, DestDatacenter: &s.dc.Self,
	})
	if err == nil {
		_, err = s.wait(ctx, res.Returnval)
	}
	return err
}
