package vsphere

import (
	"context"
	"crypto/rand"
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

// partsFolder, in a tenant's folder, is where a volume's file is made, or an image's
// disk copied to. Nothing in it is a volume: one becomes a volume by being moved out
// of it, whole and of its size. Every try has a file of its own: two processes that
// make the same volume do not take each other's away, and the one that moves first
// makes it.
const partsFolder = ".parts"

// partAge is how old a part is that nobody is at any more.
const partAge = 24 * time.Hour

// copyWait bounds removing what a failed try left, which goes on when the caller
// has given up.
const copyWait = time.Minute

func partPath(store string, tenant psn.TenantID, file string) string {
	return (&object.DatastorePath{Datastore: store, Path: path.Join(volumesFolder, string(tenant), partsFolder, file)}).String()
}

// makeVolume makes a volume of zeros or of an image's first disk. Until all of it is
// there, nothing stands under the volume's name.
func (s *Site) makeVolume(ctx context.Context, spec driver.VolumeSpec, store string) (*driver.Volume, error) {
	var source string
	var filled int64
	if spec.Image != "" {
		var err error
		if source, filled, err = s.imageDisk(ctx, spec); err != nil {
			return nil, err
		}
	}
	part := partPath(store, spec.Tenant, spec.Name+"."+strings.ToLower(rand.Text())+".vmdk")
	if err := s.makeDirectory(ctx, path.Dir(part)); err != nil {
		return nil, err
	}
	if err := s.clearParts(ctx, spec.Tenant, store); err != nil {
		return nil, err
	}
	var err error
	if spec.Image != "" {
		err = s.fillPart(ctx, spec, source, filled, part)
	} else {
		err = s.makeFile(ctx, part, spec.SizeBytes)
	}
	if err == nil {
		err = s.claim(ctx, spec, part)
	}
	if err == nil {
		err = s.moveFile(ctx, part, volumePath(store, spec.Tenant, spec.Name))
		s.unmade(spec, err)
	}
	if err == nil {
		return s.onlyOne(ctx, spec, store)
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), copyWait)
	defer cancel()
	if left := s.deleteFile(short, part); left != nil {
		return nil, fmt.Errorf("%w; and what was made is left at %s, which one made another day removes: %w", err, part, left)
	}
	return nil, err
}

// clearParts removes what tries left that were cut off. One that cannot be removed
// stays listed with what the tenant has.
func (s *Site) clearParts(ctx context.Context, tenant psn.TenantID, store string) error {
	t, err := s.topology(ctx)
	if err != nil {
		return err
	}
	for _, ds := range t.datastores {
		if ds.Name != store {
			continue
		}
		found, err := s.searchDisks(ctx, ds, path.Join(volumesFolder, string(tenant), partsFolder))
		if err != nil {
			return err
		}
		for _, folder := range found {
			for _, f := range folder.File {
				info := f.GetFileInfo()
				if info.Modification == nil || time.Since(*info.Modification) < partAge {
					continue
				}
				// A server that is still at it has the file locked.
				if err := s.deleteFile(ctx, partPath(store, tenant, info.Path)); ctx.Err() != nil {
					return err
				}
			}
		}
	}
	return nil
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

// parts names the files of the tenant's volumes whose making was cut off, or is under way.
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
				out = append(out, partPath(ds.Name, tenant, f.GetFileInfo().Path))
			}
		}
	}
	slices.Sort(out)
	return out, nil
}
