package sandbox

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// virtualDiskProxy makes, grows, moves, copies and deletes disks that no machine
// has, with their bytes, space and identity.
type virtualDiskProxy struct{ proxy }

// task runs f as a task of the simulator's disk manager.
func (p *virtualDiskProxy) task(ctx *simulator.Context, name string, f func(simulator.VirtualDiskManagerInterface) types.BaseMethodFault) types.ManagedObjectReference {
	m := ctx.Map.VirtualDiskManager()
	return simulator.CreateTask(m, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		fault := f(m)
		p.c.dropMissing()
		p.c.accountSpace(ctx)
		return nil, fault
	}).Run(ctx)
}

// CreateVirtualDiskTask makes a disk of zeros.
func (p *virtualDiskProxy) CreateVirtualDiskTask(ctx *simulator.Context, r *types.CreateVirtualDisk_Task) soap.HasFault {
	return &methods.CreateVirtualDisk_TaskBody{Res: &types.CreateVirtualDisk_TaskResponse{Returnval: p.task(ctx, "createVirtualDisk", func(m simulator.VirtualDiskManagerInterface) types.BaseMethodFault {
		spec, ok := r.Spec.(types.BaseFileBackedVirtualDiskSpec)
		if !ok {
			return &types.InvalidArgument{InvalidProperty: "spec"}
		}
		return p.c.makeDisk(ctx, m, r.Name, r.Datacenter, spec.GetFileBackedVirtualDiskSpec().CapacityKb<<10)
	})}}
}

// makeDisk makes a disk's files and knows it from then on.
func (c *Center) makeDisk(ctx *simulator.Context, m simulator.VirtualDiskManagerInterface, name string, dc *types.ManagedObjectReference, size int64) types.BaseMethodFault {
	if fault := c.room(ctx, name, size); fault != nil {
		return fault
	}
	made := m.CreateVirtualDiskTask(ctx, &types.CreateVirtualDisk_Task{
		This: m.Reference(), Name: name, Datacenter: dc, Spec: &types.FileBackedVirtualDiskSpec{CapacityKb: size >> 10},
	})
	if _, fault := c.finish(ctx, made.(*methods.CreateVirtualDisk_TaskBody).Res.Returnval); fault != nil {
		return fault
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	b := &types.VirtualDiskFlatVer2BackingInfo{Uuid: uuid.NewString()}
	b.FileName = name
	d := c.openDisk(b, size, "")
	if d == nil {
		return &types.InvalidDatastorePath{DatastorePath: name}
	}
	c.loose[d.path] = d
	return nil
}

// room is the fault of a datastore that is not there or has not so many bytes free.
func (c *Center) room(ctx *simulator.Context, name string, size int64) types.BaseMethodFault {
	var p object.DatastorePath
	if !p.FromString(name) || c.stores[p.Datastore] == nil {
		return &types.InvalidDatastorePath{DatastorePath: name}
	}
	var free int64
	locked(ctx, c.stores[p.Datastore], func() { free = c.stores[p.Datastore].Summary.FreeSpace })
	if size > free {
		return &types.NoDiskSpace{FileFault: types.FileFault{File: name}, Datastore: p.Datastore}
	}
	return nil
}

// idle returns the disk of that name, and the fault of using one that is not
// there or that a machine has.
func (c *Center) idle(name string) (*disk, types.BaseMethodFault) {
	d := c.disk(name)
	if d == nil {
		return nil, &types.FileNotFound{FileFault: types.FileFault{File: name}}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(d.users) > 0 {
		return nil, &types.FileLocked{FileFault: types.FileFault{File: name}}
	}
	return d, nil
}

// ExtendVirtualDiskTask grows a disk that no machine has.
func (p *virtualDiskProxy) ExtendVirtualDiskTask(ctx *simulator.Context, r *types.ExtendVirtualDisk_Task) soap.HasFault {
	return &methods.ExtendVirtualDisk_TaskBody{Res: &types.ExtendVirtualDisk_TaskResponse{Returnval: p.task(ctx, "extendVirtualDisk", func(simulator.VirtualDiskManagerInterface) types.BaseMethodFault {
		d, fault := p.c.idle(r.Name)
		if fault != nil {
			return fault
		}
		size := r.NewCapacityKb << 10
		if size <= d.size {
			return &types.InvalidArgument{InvalidProperty: "newCapacityKb"}
		}
		if fault := p.c.room(ctx, r.Name, size-d.size); fault != nil {
			return fault
		}
		p.c.mu.Lock()
		defer p.c.mu.Unlock()
		b := &types.VirtualDiskFlatVer2BackingInfo{}
		b.FileName = r.Name
		p.c.openDisk(b, size, "")
		return nil
	})}}
}

// DeleteVirtualDiskTask deletes a disk that no machine has.
func (p *virtualDiskProxy) DeleteVirtualDiskTask(ctx *simulator.Context, r *types.DeleteVirtualDisk_Task) soap.HasFault {
	return &methods.DeleteVirtualDisk_TaskBody{Res: &types.DeleteVirtualDisk_TaskResponse{Returnval: p.task(ctx, "deleteVirtualDisk", func(m simulator.VirtualDiskManagerInterface) types.BaseMethodFault {
		if _, fault := p.c.idle(r.Name); fault != nil {
			return fault
		}
		_, fault := p.c.finish(ctx, m.DeleteVirtualDiskTask(ctx, r).(*methods.DeleteVirtualDisk_TaskBody).Res.Returnval)
		return fault
	})}}
}

// MoveVirtualDiskTask moves a disk that no machine has, within the center.
func (p *virtualDiskProxy) MoveVirtualDiskTask(ctx *simulator.Context, r *types.MoveVirtualDisk_Task) soap.HasFault {
	return &methods.MoveVirtualDisk_TaskBody{Res: &types.MoveVirtualDisk_TaskResponse{Returnval: p.task(ctx, "moveVirtualDisk", func(m simulator.VirtualDiskManagerInterface) types.BaseMethodFault {
		d, fault := p.c.idle(r.SourceName)
		if fault != nil {
			return fault
		}
		var to object.DatastorePath
		to.FromString(r.DestName)
		file := p.c.flatPath(r.DestName)
		if file == "" {
			return &types.InvalidDatastorePath{DatastorePath: r.DestName}
		}
		if _, fault := p.c.finish(ctx, m.MoveVirtualDiskTask(ctx, r).(*methods.MoveVirtualDisk_TaskBody).Res.Returnval); fault != nil {
			return fault
		}
		p.c.mu.Lock()
		defer p.c.mu.Unlock()
		delete(p.c.disks, d.path)
		delete(p.c.loose, d.path)
		p.c.used[d.store] -= d.size
		d.mu.Lock()
		d.name, d.path, d.store = r.DestName, file, to.Datastore
		d.mu.Unlock()
		p.c.used[d.store] += d.size
		p.c.disks[file], p.c.loose[file] = d, d
		return nil
	})}}
}

// CopyVirtualDiskTask copies the live content of a disk to a new one.
func (p *virtualDiskProxy) CopyVirtualDiskTask(ctx *simulator.Context, r *types.CopyVirtualDisk_Task) soap.HasFault {
	return &methods.CopyVirtualDisk_TaskBody{Res: &types.CopyVirtualDisk_TaskResponse{Returnval: p.task(ctx, "copyVirtualDisk", func(m simulator.VirtualDiskManagerInterface) types.BaseMethodFault {
		d := p.c.disk(r.SourceName)
		if d == nil {
			return &types.FileNotFound{FileFault: types.FileFault{File: r.SourceName}}
		}
		if fault := p.c.makeDisk(ctx, m, r.DestName, r.DestDatacenter, d.size); fault != nil {
			return fault
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if err := d.copyLive(p.c.flatPath(r.DestName)); err != nil {
			return &types.FileFault{File: r.DestName}
		}
		return nil
	})}}
}

// QueryVirtualDiskUuid tells the identity that a machine shows of the disk.
func (p *virtualDiskProxy) QueryVirtualDiskUuid(ctx *simulator.Context, r *types.QueryVirtualDiskUuid) soap.HasFault {
	d := p.c.disk(r.Name)
	if d == nil {
		fault := &types.FileNotFound{FileFault: types.FileFault{File: r.Name}}
		return &methods.QueryVirtualDiskUuidBody{Fault_: simulator.Fault(fmt.Sprintf("File %s was not found", r.Name), fault)}
	}
	return &methods.QueryVirtualDiskUuidBody{Res: &types.QueryVirtualDiskUuidResponse{Returnval: d.uuid}}
}

// browserProxy adds to a search what the simulator leaves out: capacities.
type browserProxy struct{ proxy }

// SearchDatastoreSubFoldersTask searches with capacities.
func (p *browserProxy) SearchDatastoreSubFoldersTask(ctx *simulator.Context, r *types.SearchDatastoreSubFolders_Task) soap.HasFault {
	body := &methods.SearchDatastoreSubFolders_TaskBody{}
	b, ok := ctx.Map.Get(r.This).(*simulator.HostDatastoreBrowser)
	if !ok {
		body.Fault_ = notFound(r.This)
		return body
	}
	task := simulator.CreateTask(b, "searchDatastoreSubFolders", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		res, fault := p.c.finish(ctx, b.SearchDatastoreSubFoldersTask(ctx, r).(*methods.SearchDatastoreSubFolders_TaskBody).Res.Returnval)
		found, ok := res.(types.ArrayOfHostDatastoreBrowserSearchResults)
		if fault != nil || !ok {
			return res, fault
		}
		for _, folder := range found.HostDatastoreBrowserSearchResults {
			for _, f := range folder.File {
				if v, ok := f.(*types.VmDiskFileInfo); ok {
					if d := p.c.disk(path.Join(folder.FolderPath, v.Path)); d != nil {
						v.CapacityKb = d.size >> 10
					}
				}
			}
		}
		return found, nil
	})
	body.Res = &types.SearchDatastoreSubFolders_TaskResponse{Returnval: task.Run(ctx)}
	return body
}

// extentRe is the one extent of a flat disk's descriptor.
var extentRe = regexp.MustCompile(`(?m)^RW \d+ VMFS`)

// describe writes the size in bytes of a disk that grew into its descriptor.
func describe(flat string, size int64) error {
	file := strings.TrimSuffix(flat, "-flat.vmdk") + ".vmdk"
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil // the disk's file is being made
	}
	if err != nil {
		return fmt.Errorf("descriptor: %w", err)
	}
	return writeFile(file, extentRe.ReplaceAll(text, fmt.Appendf(nil, "RW %d VMFS", size/sector)), 0o644)
}
