package migration

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// plant is a site or source whose machines live in memory.
type plant struct {
	driver.Site
	tenants  []psn.TenantID
	clusters []psn.Cluster
	slow     func(ctx context.Context, call string) error // called first in each change

	mu    sync.Mutex
	vms   map[string]*psn.VM
	calls []string // changes, in order
}

func newPlant(vms ...psn.VM) *plant {
	p := &plant{tenants: []psn.TenantID{"p_bs"}, vms: map[string]*psn.VM{}}
	for _, vm := range vms {
		p.vms[vm.Ref] = &vm
	}
	return p
}

// change makes one change of a machine and notes it.
func (p *plant) change(ctx context.Context, ref, call string, do func(*psn.VM)) error {
	if p.slow != nil {
		if err := p.slow(ctx, call); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	vm := p.vms[ref]
	if vm == nil {
		return psn.Errorf(psn.NotFound, "no machine %s", ref)
	}
	p.calls = append(p.calls, call)
	do(vm)
	return nil
}

func (p *plant) did() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.calls, ", ")
}

func (p *plant) Inventory(context.Context) (*psn.SiteInventory, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	inv := &psn.SiteInventory{Clusters: p.clusters}
	for _, ref := range slices.Sorted(maps.Keys(p.vms)) {
		inv.VMs = append(inv.VMs, *p.vms[ref])
	}
	return inv, nil
}

func (p *plant) DescribeVM(_ context.Context, ref string) (*psn.VM, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if vm := p.vms[ref]; vm != nil {
		c := *vm
		c.NICs = slices.Clone(vm.NICs)
		return &c, nil
	}
	return nil, psn.Errorf(psn.NotFound, "no machine %s", ref)
}

func (p *plant) TenantExists(_ context.Context, id psn.TenantID) (bool, error) {
	return slices.Contains(p.tenants, id), nil
}

func (p *plant) CreateVM(_ context.Context, s driver.VMSpec) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ref := fmt.Sprintf("made-%d", len(p.vms))
	vm := &psn.VM{
		Ref: ref, ID: s.ID, Role: s.Labels.Role, Service: s.Labels.Service, Classification: s.Labels.Classification, PrimarySite: s.Labels.PrimarySite,
		Power: psn.PoweredOff, Cluster: s.Cluster, VCPUs: s.VCPUs, MemoryMiB: s.MemoryMiB,
	}
	for i, d := range s.Disks {
		vm.Disks = append(vm.Disks, psn.Disk{Key: int32(2000 + i), CapacityBytes: d.CapacityBytes})
	}
	for _, n := range s.NICs {
		vm.NICs = append(vm.NICs, psn.NIC{MAC: n.MAC, Connected: true})
	}
	p.vms[ref] = vm
	p.calls = append(p.calls, "create "+string(s.Labels.Role)+" in "+s.Cluster)
	return ref, nil
}

func (p *plant) UpdateVM(ctx context.Context, ref string, c driver.VMChange) error {
	return p.change(ctx, ref, "update", func(vm *psn.VM) {
		if c.VCPUs != nil {
			vm.VCPUs, vm.MemoryMiB = *c.VCPUs, *c.MemoryMiB
		}
		vm.Role, vm.PrimarySite = c.Labels.Role, c.Labels.PrimarySite
	})
}

func (p *plant) DeleteVM(ctx context.Context, ref string) error {
	return p.change(ctx, ref, "delete", func(*psn.VM) { delete(p.vms, ref) })
}

func (p *plant) Power(ctx context.Context, ref string, want psn.PowerState) error {
	return p.change(ctx, ref, "power "+string(want), func(vm *psn.VM) { vm.Power = want })
}

func (p *plant) SetLinks(ctx context.Context, ref string, on bool, except ...string) error {
	return p.change(ctx, ref, fmt.Sprintf("links %t", on), func(vm *psn.VM) {
		for i, n := range vm.NICs {
			if !slices.Contains(except, n.MAC) {
				vm.NICs[i].Connected = on
			}
		}
	})
}

func (p *plant) ShutdownGuest(ctx context.Context, ref string) error {
	return p.change(ctx, ref, "shutdown", func(vm *psn.VM) { vm.Power = psn.PoweredOff })
}

func (p *plant) AttachDisk(context.Context, string, string, int32) (string, error) {
	return "", psn.Errorf(psn.Internal, "no disk is to be attached")
}

func (p *plant) DetachDisk(ctx context.Context, _, _ string) error {
	if p.slow != nil {
		return p.slow(ctx, "detach")
	}
	return nil
}

// land is an estate of a source, a target site and a standby site.
type land struct{ source, target, standby *plant }

func (l land) Source(context.Context, string) (driver.Site, error) { return l.source, nil }

func (l land) Site(_ context.Context, s psn.Site, _ psn.Platform) (driver.Site, error) {
	if s == psn.Rozzano {
		return l.standby, nil
	}
	return l.target, nil
}

func (l land) Worker(context.Context, psn.Site, psn.Platform) (WorkerPlace, error) {
	return WorkerPlace{VM: "worker"}, nil
}

// cutoverLand is the moment before a target is started: the source off and mute,
// the second of its cards never connected.
func cutoverLand() (land, CutoverInput) {
	in := CutoverInput{
		Spec: Spec{
			ID: replicaID, Service: "p_bs/db", Classification: psn.Critical, Source: SourceRef{Name: "brescia"},
			Target: TargetRef{Site: psn.Acilia, Platform: psn.VSphere, StandbySite: psn.Rozzano},
		},
		Machine: Machine{
			Ref: "s-1", Name: "db", VCPUs: 4, MemoryMiB: 8192, MACs: []string{"m1", "m2"}, Unplugged: []string{"m2"},
			Disks: []SourceDisk{{Key: 2000, CapacityBytes: 10 << 20}},
		},
		Target: Target{Ref: "t-1", Disks: []TargetDisk{{SourceKey: 2000, Key: 2000, DeviceID: "d"}}},
	}
	mute := []psn.NIC{{MAC: "m1"}, {MAC: "m2"}}
	l := land{
		source:  newPlant(psn.VM{Ref: "s-1", Name: "db", Power: psn.PoweredOff, NICs: slices.Clone(mute)}),
		target:  newPlant(psn.VM{Ref: "t-1", Name: "db-1", ID: replicaID, Role: psn.RoleReplica, Power: psn.PoweredOff, NICs: slices.Clone(mute)}, psn.VM{Ref: "w", Name: "worker"}),
		standby: newPlant(),
	}
	return l, in
}
