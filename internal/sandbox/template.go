package sandbox

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// AddTemplate makes a virtual machine template with one disk of that many bytes
// (at least MinDisk), which holds a file system.
func (c *Center) AddTemplate(name string, disk int64) error {
	ctx := c.context()
	dc, ok := ctx.Map.Any("Datacenter").(*simulator.Datacenter)
	if !ok {
		return fmt.Errorf("template %s: no datacenter", name)
	}
	inv := &inventory{dc: dc}
	for _, e := range ctx.Map.All("ClusterComputeResource") {
		inv.clusters = append(inv.clusters, e.(*simulator.ClusterComputeResource))
	}
	slices.SortFunc(inv.clusters, func(a, b *simulator.ClusterComputeResource) int { return cmp.Compare(a.Name, b.Name) })
	for _, cluster := range inv.clusters {
		inv.stores = append(inv.stores, cluster.Name+"-ds01")
	}
	spec := Machine{Name: name, GuestID: "debian11_64Guest", Notes: "Modello", VCPUs: 1, MiB: 1024, Disks: []int64{disk}}
	vm, err := c.createMachine(inv, 0, spec)
	if err != nil {
		return err
	}
	if err := c.fill(spec, vm.Self); err != nil {
		return err
	}
	var fault bool
	locked(ctx, vm, func() {
		fault = vm.MarkAsTemplate(&types.MarkAsTemplate{This: vm.Self}).(*methods.MarkAsTemplateBody).Fault_ != nil
	})
	if fault {
		return fmt.Errorf("template %s: not marked", name)
	}
	return nil
}
