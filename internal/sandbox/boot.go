package sandbox

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/diskfs/go-diskfs"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// hostnameFile names the guest, in the first file system of its first disk.
const hostnameFile = "/etc/hostname"

// boot brings the guest up when its first disk holds a partition table and a
// file system with a host name. Otherwise its tools never run: that is the
// check that a migrated disk is whole enough to boot.
func (m *machine) boot(stop <-chan struct{}) bool {
	m.mu.Lock()
	name := m.name
	m.mu.Unlock()
	host := name
	if name != m.c.worker {
		disks := m.attached()
		if len(disks) == 0 {
			return false
		}
		var err error
		if host, err = readHostname(disks[0].path); err != nil {
			return false
		}
	}
	m.c.mu.Lock()
	m.c.lastIP++
	ip := fmt.Sprintf("10.%d.%d.%d", 20+slices.Index(CenterNames(), m.c.name), m.c.lastIP/250, 10+m.c.lastIP%240)
	m.c.mu.Unlock()
	m.mu.Lock()
	m.guest.ready = m.on
	m.mu.Unlock()
	select {
	case <-stop:
		return false
	default:
	}
	m.c.showGuest(m.c.context(), m.ref, &guestInfo{host: host, ip: ip})
	return true
}

// readHostname reads the host name from a disk image.
func readHostname(path string) (name string, err error) {
	defer func() {
		if r := recover(); r != nil { // the reader trusts what it parses
			err = fmt.Errorf("boot: unreadable file system: %v", r)
		}
	}()
	d, err := diskfs.Open(path, diskfs.WithOpenMode(diskfs.ReadOnly))
	if err != nil {
		return "", fmt.Errorf("boot: %w", err)
	}
	defer func() { _ = d.Close() }()
	fs, err := d.GetFilesystem(1)
	if err != nil {
		return "", fmt.Errorf("boot: %w", err)
	}
	f, err := fs.OpenFile(hostnameFile, os.O_RDONLY)
	if err != nil {
		return "", fmt.Errorf("boot: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return "", fmt.Errorf("boot: %w", err)
	}
	if name = strings.TrimSpace(string(b)); name == "" {
		return "", fmt.Errorf("boot: %s is empty", hostnameFile)
	}
	return name, nil
}

// guestInfo is what tools report.
type guestInfo struct{ host, ip string }

// showGuest publishes what tools report; nil means that they do not run.
func (c *Center) showGuest(ctx *simulator.Context, ref types.ManagedObjectReference, g *guestInfo) {
	vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	locked(ctx, vm, func() {
		on := vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
		if vm.Guest == nil || vm.Summary.Guest == nil || g != nil && !on {
			return
		}
		running, state, heartbeat := types.VirtualMachineToolsRunningStatusGuestToolsNotRunning, "notRunning", types.ManagedEntityStatusGray
		status := types.VirtualMachineToolsStatusToolsNotRunning
		var ip []string
		if g == nil {
			g = &guestInfo{}
		} else {
			running, state, heartbeat = types.VirtualMachineToolsRunningStatusGuestToolsRunning, "running", types.ManagedEntityStatusGreen
			status, ip = types.VirtualMachineToolsStatusToolsOk, []string{g.ip}
		}
		net := slices.Clone(vm.Guest.Net)
		if len(net) > 0 {
			net[0].IpAddress = ip
		}
		ctx.Update(vm, []types.PropertyChange{
			{Name: "guest.toolsRunningStatus", Val: string(running)},
			{Name: "guest.toolsStatus", Val: status},
			{Name: "guest.guestState", Val: state},
			{Name: "guest.hostName", Val: g.host},
			{Name: "guest.ipAddress", Val: g.ip},
			{Name: "guest.net", Val: net},
			{Name: "summary.guest.toolsRunningStatus", Val: string(running)},
			{Name: "summary.guest.toolsStatus", Val: status},
			{Name: "summary.guest.hostName", Val: g.host},
			{Name: "summary.guest.ipAddress", Val: g.ip},
			{Name: "summary.quickStats.guestHeartbeatStatus", Val: heartbeat},
		})
	})
}

// ShutdownGuest asks the guest and returns at once; the machine is off when the
// guest has stopped, if it does.
func (p *vmProxy) ShutdownGuest(ctx *simulator.Context, r *types.ShutdownGuest) soap.HasFault {
	body := &methods.ShutdownGuestBody{}
	vm, ok := ctx.Map.Get(r.This).(*simulator.VirtualMachine)
	m := p.c.machine(r.This)
	if !ok || m == nil {
		body.Fault_ = notFound(r.This)
		return body
	}
	var power types.VirtualMachinePowerState
	locked(ctx, vm, func() { power = vm.Runtime.PowerState })
	if power != types.VirtualMachinePowerStatePoweredOn {
		body.Fault_ = simulator.Fault("", &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: power})
		return body
	}
	if !(&Guest{m}).Ready() {
		body.Fault_ = simulator.Fault("", &types.ToolsUnavailable{})
		return body
	}
	m.shutdown(func() {
		ctx := p.c.context()
		locked(ctx, vm, func() {
			if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
				vm.PowerOffVMTask(ctx, &types.PowerOffVM_Task{This: vm.Self})
			}
		})
	})
	body.Res = &types.ShutdownGuestResponse{}
	return body
}
