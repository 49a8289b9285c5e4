package sandbox

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Switch is the name of a PSN site's distributed switch, empty at the source.
func (c *Center) Switch() string {
	if c.name == Source {
		return ""
	}
	return "dvs-" + c.name
}

// buildSwitch makes the distributed switch, which every host is a member of.
func (c *Center) buildSwitch(ctx *simulator.Context, inv *inventory) error {
	folder := ctx.Map.Get(inv.dc.NetworkFolder).(*simulator.Folder)
	res := folder.CreateDVSTask(ctx, &types.CreateDVS_Task{This: folder.Self, Spec: types.DVSCreateSpec{
		ConfigSpec: &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: c.Switch()}},
	}})
	ref, err := c.wait(res.(*methods.CreateDVS_TaskBody).Res.Returnval)
	if err != nil {
		return fmt.Errorf("distributed switch: %w", err)
	}
	dvs := ctx.Map.Get(ref).(*simulator.DistributedVirtualSwitch)
	for _, g := range dvs.Portgroup { // only the one of the uplinks so far
		yes := true
		ctx.Map.Get(g).(*simulator.DistributedVirtualPortgroup).Config.Uplink = &yes
	}
	spec := &types.DVSConfigSpec{}
	for _, cluster := range inv.clusters {
		for _, h := range cluster.Host {
			spec.Host = append(spec.Host, types.DistributedVirtualSwitchHostMemberConfigSpec{
				Operation: string(types.ConfigSpecOperationAdd), Host: h,
			})
		}
	}
	add := dvs.ReconfigureDvsTask(ctx, &types.ReconfigureDvs_Task{This: ref, Spec: spec})
	if _, err := c.wait(add.(*methods.ReconfigureDvs_TaskBody).Res.Returnval); err != nil {
		return fmt.Errorf("hosts of the distributed switch: %w", err)
	}
	return nil
}

// hasPortGroup reports whether a card can be put on the port.
func (c *Center) hasPortGroup(ctx *simulator.Context, p types.DistributedVirtualSwitchPortConnection) bool {
	g, ok := ctx.Map.Get(types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: p.PortgroupKey}).(*simulator.DistributedVirtualPortgroup)
	if !ok || g.Config.DistributedVirtualSwitch == nil {
		return false
	}
	dvs, ok := ctx.Map.Get(*g.Config.DistributedVirtualSwitch).(*simulator.DistributedVirtualSwitch)
	return ok && dvs.Uuid == p.SwitchUuid
}

type portGroupProxy struct{ proxy }

// DestroyTask refuses to remove a port group that cards are on.
func (p *portGroupProxy) DestroyTask(ctx *simulator.Context, r *types.Destroy_Task) soap.HasFault {
	body := &methods.Destroy_TaskBody{}
	g, ok := ctx.Map.Get(r.This).(*simulator.DistributedVirtualPortgroup)
	if !ok {
		body.Fault_ = notFound(r.This)
		return body
	}
	if p.c.onNetwork(g.Key) {
		body.Res = &types.Destroy_TaskResponse{Returnval: failedTask(ctx, g, "destroy", &types.ResourceInUse{Type: r.This.Type, Name: g.Name})}
		return body
	}
	var res soap.HasFault
	locked(ctx, g, func() { res = g.DestroyTask(ctx, r) })
	return res
}

// onNetwork reports whether a machine has a card on the port group.
func (c *Center) onNetwork(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.machines {
		m.mu.Lock()
		on := m.portGroups[key]
		m.mu.Unlock()
		if on {
			return true
		}
	}
	return false
}

// portGroupsOf lists the port groups that a machine's cards are on.
func portGroupsOf(devices []types.BaseVirtualDevice) map[string]bool {
	out := map[string]bool{}
	for _, d := range devices {
		if b, ok := d.GetVirtualDevice().Backing.(*types.VirtualEthernetCardDistributedVirtualPortBackingInfo); ok {
			out[b.Port.PortgroupKey] = true
		}
	}
	return out
}
