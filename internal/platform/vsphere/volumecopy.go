package vsphere

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// partsFolder, in a tenant's folder, is where an image's disk is copied to. Nothing
// in it is a volume: one becomes a volume by being moved out of it, whole and of
// its size. What stands in it when a copy begins is of one that was cut off.
const partsFolder = ".parts"

// copyWait bounds removing what a failed copy left, which goes on when the caller
// has given up.
const copyWait = time.Minute

func partPath(store string, tenant psn.TenantID, name string) string {
	return (&object.DatastorePath{Datastore: store, Path: path.Join(volumesFolder, string(tenant), partsFolder, name+".vmdk")}).String()
}

// copyImage makes a volume of an image's first disk. Until all of it is there,
// nothing stands under the volume's name.
func (s *Site) copyImage(ctx context.Context, spec driver.VolumeSpec, store string) error {
	source, filled, err := s.imageDisk(ctx, spec)
	if err != nil {
		return err
	}
	part := partPath(store, spec.Tenant, spec.Name)
	if err := s.makeDirectory(ctx, path.Dir(part)); err != nil {
		return err
	}
	// A server that is still at it has the file locked.
	if err := s.deleteFile(ctx, part); err != nil {
		return psn.Errorf(psn.Conflict, "%s is of an earlier copy that was cut off, and cannot be removed; when the vCenter is still at it, apply again once its task has ended: %w", part, err)
	}
	err = s.fillPart(ctx, spec, source, filled, part)
	if err == nil {
		err = s.moveFile(ctx, part, volumePath(store, spec.Tenant, spec.Name))
	}
	if err == nil {
		return nil
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), copyWait)
	defer cancel()
	if left := s.deleteFile(short, part); left != nil {
		return fmt.Errorf("%w; and what was copied is left at %s, which the next try removes: %w", err, part, left)
	}
	return err
}

// fillPart copies the image's disk and brings it to the volume's size.
func (s *Site) fillPart(ctx context.Context, spec driver.VolumeSpec, source string, filled int64, part string) error {
	res, err := methods.CopyVirtualDisk_Task(ctx, s.conn.vim, &types.CopyVirtualDisk_Task{
		This: *s.conn.vim.ServiceContent.VirtualDiskManager, SourceName: source, SourceDatacenter: &s.dc.Self, DestName: part, DestDatacenter: &s.dc.Self,
	})
	if err != nil {
		return err
	}
	if _, err := s.wait(ctx, res.Returnval); err != nil {
		if ctx.Err() != nil {
			s.cancelTask(ctx, res.Returnval)
		}
		return err
	}
	if filled == spec.SizeBytes {
		return nil
	}
	return s.extendFile(ctx, part, spec.SizeBytes)
}

// cancelTask ends a task that nobody waits for any more, as far as the server can.
func (s *Site) cancelTask(ctx context.Context, task ref) {
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), copyWait)
	defer cancel()
	_, _ = methods.CancelTask(short, s.conn.vim, &types.CancelTask{This: task})
	_, _ = s.wait(short, task)
}

// deleteFile deletes a disk that no machine has; a missing one is success.
func (s *Site) deleteFile(ctx context.Context, file string) error {
	res, err := methods.DeleteVirtualDisk_Task(ctx, s.conn.vim, &types.DeleteVirtualDisk_Task{
		This: *s.conn.vim.ServiceContent.VirtualDiskManager, Name: file, Datacenter: &s.dc.Self,
	})
	if err == nil {
		_, err = s.wait(ctx, res.Returnval)
	}
	if isFault[types.FileNotFound](err) {
		return nil
	}
	return err
}

// parts names the files of the tenant's copies that were cut off, or are under way.
func (s *Site) parts(ctx context.Context, t *topology, tenant psn.TenantID) ([]string, error) {
	var out []string
	for _, ds := range t.datastores {
		if !ds.Summary.Accessible {
			continue
		}
		found, err := s.searchDisks(ctx, ds, path.Join(volumesFolder, string(tenant), partsFolder))
		if err != nil {
			return nil, err
		}
		for _, folder := range found {
			for _, f := range folder.File {
				out = append(out, partPath(ds.Name, tenant, strings.TrimSuffix(f.GetFileInfo().Path, ".vmdk")))
			}
		}
	}
	slices.Sort(out)
	return out, nil
}
