package sandbox

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// QueryChangedDiskAreas answers one page. "*" means the allocated areas. A
// change id of another disk, or from before a reset, is a FileFault.
func (p *vmProxy) QueryChangedDiskAreas(ctx *simulator.Context, r *types.QueryChangedDiskAreas) soap.HasFault {
	body := &methods.QueryChangedDiskAreasBody{}
	m := p.c.machine(r.This)
	if m == nil {
		body.Fault_ = notFound(r.This)
		return body
	}
	info, fault := m.changedAreas(r)
	if fault != nil {
		body.Fault_ = simulator.Fault("query of changed disk areas failed", fault)
		return body
	}
	body.Res = &types.QueryChangedDiskAreasResponse{Returnval: *info}
	return body
}

func (m *machine) changedAreas(r *types.QueryChangedDiskAreas) (*types.DiskChangeInfo, types.BaseMethodFault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.disks[r.DeviceKey]
	if d == nil {
		return nil, &types.InvalidArgument{InvalidProperty: "deviceKey"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.StartOffset < 0 || r.StartOffset >= d.size {
		return nil, &types.InvalidArgument{InvalidProperty: "startOffset"}
	}
	stale := &types.FileFault{File: d.name}
	var now *changes
	file := d.path
	switch {
	case r.Snapshot != nil:
		l := d.layerOf(*r.Snapshot)
		if l == nil {
			return nil, &types.ManagedObjectNotFound{Obj: *r.Snapshot}
		}
		now, file = l.changed, l.path
	case m.on:
		return nil, &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: types.VirtualMachinePowerStatePoweredOn}
	case d.track != nil:
		now = &changes{uuid: d.track.uuid, seq: d.track.seq, last: d.track.last}
	}
	if now == nil {
		return nil, stale // nothing was tracked when the snapshot was taken
	}
	var has func(block int64) bool
	if r.ChangeId == "*" {
		blocks, err := allocated(file, d.size)
		if err != nil {
			return nil, stale
		}
		if r.Snapshot == nil {
			for _, l := range d.layers {
				for b := range l.blocks {
					blocks[b] = struct{}{}
				}
			}
		}
		has = func(b int64) bool { _, ok := blocks[b]; return ok }
	} else {
		blocks, ok := now.since(r.ChangeId)
		if !ok {
			return nil, stale
		}
		set := make(map[int64]struct{}, len(blocks))
		for _, b := range blocks {
			set[b] = struct{}{}
		}
		has = func(b int64) bool { _, ok := set[b]; return ok }
	}
	return page(r.StartOffset, d.size, m.c.opt.BytesPerPage, m.c.opt.AreasPerPage, has), nil
}

// page lists areas from start on, as many as one answer may hold. Its length
// says how far it looked.
func page(start, size, maxBytes int64, maxAreas int, has func(block int64) bool) *types.DiskChangeInfo {
	end := size
	if maxBytes > 0 {
		end = min(size, start+maxBytes)
	}
	info := &types.DiskChangeInfo{StartOffset: start}
	var open *types.DiskChangeExtent
	for b := start / blockSize; b*blockSize < end; b++ {
		if !has(b) {
			open = nil
			continue
		}
		from, to := max(start, b*blockSize), min(end, (b+1)*blockSize)
		if open != nil {
			open.Length = to - open.Start
			continue
		}
		if len(info.ChangedArea) == maxAreas {
			end = from
			break
		}
		info.ChangedArea = append(info.ChangedArea, types.DiskChangeExtent{Start: from, Length: to - from})
		open = &info.ChangedArea[len(info.ChangedArea)-1]
	}
	info.Length = end - start
	return info
}
