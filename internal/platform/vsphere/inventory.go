package vsphere

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// vmProps is what is read of every machine, ours or not. Device lists are not
// here: they cost more than all the rest together.
var vmProps = []string{
	"name", "parent", "resourcePool", "runtime.host", "runtime.powerState",
	"config.instanceUuid", "config.uuid", "config.guestId", "config.firmware", "config.changeTrackingEnabled",
	"summary.config.numCpu", "summary.config.memorySizeMB", "summary.config.template", "summary.storage",
	"guest.ipAddress", "guest.hostName",
}

// deviceProps is read in addition for machines of ours.
var deviceProps = []string{"config.hardware.device", "config.extraConfig", "config.files.vmPathName", "snapshot"}

// Inventory implements driver.Site: one read of all machines and of the
// topology, and one of the devices and labels of the machines in our folders.
func (s *Site) Inventory(ctx context.Context) (*psn.SiteInventory, error) {
	inv, err := s.inventory(ctx)
	return inv, s.coded("read inventory", err)
}

func (s *Site) inventory(ctx context.Context) (*psn.SiteInventory, error) {
	props := maps.Clone(topologyProps)
	props["VirtualMachine"] = vmProps
	content, err := s.readView(ctx, s.dc.Self, props)
	if err != nil {
		return nil, err
	}
	t, err := newTopology(content)
	if err != nil {
		return nil, err
	}
	s.keep(t)
	machines, err := load[mo.VirtualMachine](content, "VirtualMachine")
	if err != nil {
		return nil, err
	}
	details, err := s.details(ctx, t, machines)
	if err != nil {
		return nil, err
	}
	inv := &psn.SiteInventory{Site: s.cfg.Site, Platform: psn.VSphere}
	commitments := psn.Commitments{}
	for _, m := range machines {
		vm := s.observe(t, m)
		if d, ok := details[m.Self]; ok {
			detail(t, &vm, d)
			if !m.Summary.Config.Template { // it may bear the marks of the machine it was made of
				label(&vm, d)
			}
		}
		inv.VMs = append(inv.VMs, vm)
		if m.Summary.Config.Template {
			commitments.AddStorage(vm)
		} else {
			commitments.Add(vm)
		}
	}
	slices.SortFunc(inv.VMs, func(a, b psn.VM) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
	})
	inv.Clusters = s.clusters(t, commitments)
	return inv, nil
}

// details reads devices and labels of the machines in the folders of tenants.
func (s *Site) details(ctx context.Context, t *topology, machines []mo.VirtualMachine) (map[ref]mo.VirtualMachine, error) {
	var ours []ref
	for _, m := range machines {
		if m.Parent != nil && tenantOf(t.path(s.dc.VmFolder, *m.Parent)) != "" {
			ours = append(ours, m.Self)
		}
	}
	content, err := s.readObjects(ctx, "VirtualMachine", deviceProps, ours)
	if err != nil {
		return nil, err
	}
	read, err := load[mo.VirtualMachine](content, "VirtualMachine")
	if err != nil {
		return nil, err
	}
	out := make(map[ref]mo.VirtualMachine, len(read))
	for _, m := range read {
		out[m.Self] = m
	}
	return out, nil
}

// observe turns the cheap properties into a psn.VM.
func (s *Site) observe(t *topology, m mo.VirtualMachine) psn.VM {
	vm := psn.VM{
		Ref:       m.Self.Value,
		Name:      m.Name,
		Power:     power(m.Runtime.PowerState),
		VCPUs:     int64(m.Summary.Config.NumCpu),
		MemoryMiB: int64(m.Summary.Config.MemorySizeMB),
	}
	if m.Parent != nil {
		vm.Folder = t.path(s.dc.VmFolder, *m.Parent)
	}
	if c := clusterOf(t, m); c != nil {
		vm.Cluster = c.name
	}
	if c := m.Config; c != nil {
		vm.InstanceUUID, vm.BIOSUUID = c.InstanceUuid, c.Uuid
		vm.GuestOS, vm.Firmware = c.GuestId, c.Firmware
		vm.ChangeTracking = c.ChangeTrackingEnabled != nil && *c.ChangeTrackingEnabled
	}
	if st := m.Summary.Storage; st != nil {
		vm.StorageMiB = ceilMiB(st.Committed + st.Uncommitted)
	}
	if g := m.Guest; g != nil {
		vm.Hostname = g.HostName
		if g.IpAddress != "" {
			vm.IPs = []string{g.IpAddress}
		}
	}
	return vm
}

func clusterOf(t *topology, m mo.VirtualMachine) *cluster {
	if m.Runtime.Host != nil {
		if c := t.hostOf[*m.Runtime.Host]; c != nil {
			return c
		}
	}
	if m.ResourcePool != nil {
		return t.poolOf[*m.ResourcePool]
	}
	return nil
}

func power(p types.VirtualMachinePowerState) psn.PowerState {
	switch p {
	case types.VirtualMachinePowerStatePoweredOn:
		return psn.PoweredOn
	case types.VirtualMachinePowerStateSuspended:
		return psn.Suspended
	}
	return psn.PoweredOff
}

func ceilMiB(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }
