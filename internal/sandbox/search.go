package sandbox

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type searchProxy struct{ proxy }

// FindAllByUuid finds machines by instance UUID in what the sandbox knows of
// them: the simulator looks at machines that are being changed.
func (p *searchProxy) FindAllByUuid(ctx *simulator.Context, r *types.FindAllByUuid) soap.HasFault {
	if !r.VmSearch || r.InstanceUuid == nil || !*r.InstanceUuid {
		return ctx.Map.SearchIndex().FindAllByUuid(ctx, r)
	}
	body := &methods.FindAllByUuidBody{Res: &types.FindAllByUuidResponse{}}
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	for ref, m := range p.c.machines {
		m.mu.Lock()
		if m.instance == r.Uuid {
			body.Res.Returnval = append(body.Res.Returnval, ref)
		}
		m.mu.Unlock()
	}
	return body
}
