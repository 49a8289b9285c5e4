package sandbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/vpx"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"golang.org/x/sync/errgroup"
)

// Hardware of one host: 32 cores, 512 GiB.
const (
	hostCores = 32
	hostMHz   = 2600
	hostBytes = 512 << 30
)

// inventory is what build makes before any machine.
type inventory struct {
	dc       *simulator.Datacenter
	clusters []*simulator.ClusterComputeResource
	stores   []string // by cluster
}

// Network is the name of the center's one network.
func (c *Center) Network() string {
	if c.name == Source {
		return "rete-brescia"
	}
	return "psn-" + c.name
}

// build makes the inventory by calling the simulator's objects directly: no
// HTTP, no XML, no polling of a property collector.
func (c *Center) build(ctx context.Context) error {
	inv, err := c.buildInventory()
	if err != nil {
		return err
	}
	var specs []Machine
	if c.name == Source {
		specs = c.opt.Machines
	} else {
		specs = []Machine{{Name: c.worker, GuestID: "debian11_64Guest", Notes: "Worker di replica", VCPUs: 4, MiB: 8192, Disks: []int64{16 << 30}}}
	}
	g, _ := errgroup.WithContext(ctx)
	g.SetLimit(4 * runtime.GOMAXPROCS(0))
	for i, m := range specs {
		g.Go(func() error {
			vm, err := c.createMachine(inv, i, m)
			if err != nil {
				return err
			}
			if c.name == Source {
				if err := c.fill(m, vm.Self); err != nil {
					return err
				}
			}
			simctx := c.context()
			var res soap.HasFault
			locked(simctx, vm, func() { res = vm.PowerOnVMTask(simctx, &types.PowerOnVM_Task{This: vm.Self}) })
			_, err = c.wait(res.(*methods.PowerOnVM_TaskBody).Res.Returnval)
			return err
		})
	}
	for i := range c.opt.ExtraMachines {
		g.Go(func() error {
			_, err := c.createMachine(inv, i, Machine{
				Name: fmt.Sprintf("%s-extra-%05d", c.name, i), GuestID: "otherGuest64", VCPUs: 2, MiB: 4096, Disks: []int64{20 << 30},
			})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	c.accountSpace(c.context())
	return c.waitReady(ctx, specs)
}

// waitReady waits until the guests have booted.
func (c *Center) waitReady(ctx context.Context, specs []Machine) error {
	defer c.built.Store(true)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, m := range specs {
		for !c.Guest(m.Name).Ready() {
			select {
			case <-ctx.Done():
				return fmt.Errorf("guest of %s does not boot: %w", m.Name, context.Cause(ctx))
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	return nil
}

func (c *Center) buildInventory() (*inventory, error) {
	ctx := c.context()
	root := ctx.Map.Get(vpx.RootFolder.Self).(*simulator.Folder)
	res := root.CreateDatacenter(ctx, &types.CreateDatacenter{This: root.Self, Name: c.datacenter})
	if f := res.Fault(); f != nil {
		return nil, fmt.Errorf("datacenter: %s", f.String)
	}
	inv := &inventory{dc: ctx.Map.Get(res.(*methods.CreateDatacenterBody).Res.Returnval).(*simulator.Datacenter)}
	net := ctx.Map.Get(inv.dc.Network[0]).(*mo.Network)
	net.Name, net.ManagedEntity.Name = c.Network(), c.Network()
	net.Summary.GetNetworkSummary().Name = c.Network()

	clusters, hosts := 2, c.opt.HostsByCluster
	c.capacity = c.opt.PSNDatastore
	if c.name == Source {
		clusters, hosts, c.capacity = 1, 3, 20<<40
	}
	folder := ctx.Map.Get(inv.dc.HostFolder).(*simulator.Folder)
	for n := 1; n <= clusters; n++ {
		name := fmt.Sprintf("%s-cl%02d", c.name, n)
		cluster, err := c.buildCluster(ctx, folder, name, hosts)
		if err != nil {
			return nil, err
		}
		inv.clusters = append(inv.clusters, cluster)
		inv.stores = append(inv.stores, name+"-ds01")
	}
	if c.Switch() != "" {
		if err := c.buildSwitch(ctx, inv); err != nil {
			return nil, err
		}
	}
	for i, store := range inv.stores {
		by := inv.clusters
		if c.opt.SplitStorage {
			by = inv.clusters[i : i+1]
		}
		if err := c.buildStore(ctx, store, by); err != nil {
			return nil, err
		}
	}
	c.accountSpace(ctx)
	return inv, nil
}

// buildStore makes a datastore on a storage network, mounted by every host of
// the clusters.
func (c *Center) buildStore(ctx *simulator.Context, name string, by []*simulator.ClusterComputeResource) error {
	dir := filepath.Join(c.root, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("datastore %s: %w", name, err)
	}
	for _, cluster := range by {
		for _, h := range cluster.Host {
			host := ctx.Map.Get(h).(*simulator.HostSystem)
			dss := ctx.Map.Get(*host.ConfigManager.DatastoreSystem).(*simulator.HostDatastoreSystem)
			made := dss.CreateLocalDatastore(ctx, &types.CreateLocalDatastore{This: dss.Self, Name: name, Path: dir})
			if f := made.Fault(); f != nil {
				return fmt.Errorf("datastore %s: %s", name, f.String)
			}
			// A datastore that exists already comes back without a reference.
			c.stores[name] = ctx.Map.FindByName(name, dss.Datastore).(*simulator.Datastore)
		}
	}
	ds := c.stores[name]
	ds.Summary.Type = "VMFS"
	ds.Summary.MultipleHostAccess = types.NewBool(len(ds.Host) > 1)
	return nil
}

func (c *Center) buildCluster(ctx *simulator.Context, folder *simulator.Folder, name string, hosts int) (*simulator.ClusterComputeResource, error) {
	res := folder.CreateClusterEx(ctx, &types.CreateClusterEx{This: folder.Self, Name: name})
	if f := res.Fault(); f != nil {
		return nil, fmt.Errorf("cluster %s: %s", name, f.String)
	}
	cluster := ctx.Map.Get(res.(*methods.CreateClusterExBody).Res.Returnval).(*simulator.ClusterComputeResource)
	for i := 1; i <= hosts; i++ {
		add := cluster.AddHostTask(ctx, &types.AddHost_Task{
			This:        cluster.Self,
			Spec:        types.HostConnectSpec{HostName: fmt.Sprintf("esx%02d.%s.psn.test", i, name)},
			AsConnected: true,
		})
		ref, err := c.wait(add.(*methods.AddHost_TaskBody).Res.Returnval)
		if err != nil {
			return nil, fmt.Errorf("host of %s: %w", name, err)
		}
		setHardware(ctx.Map.Get(ref).(*simulator.HostSystem))
	}
	s := cluster.Summary.GetComputeResourceSummary()
	s.NumCpuCores, s.NumCpuThreads = int16(hosts*hostCores), int16(hosts*hostCores*2)
	s.TotalCpu, s.EffectiveCpu = int32(hosts*hostCores*hostMHz), int32(hosts*hostCores*hostMHz)
	s.TotalMemory, s.EffectiveMemory = int64(hosts)*hostBytes, int64(hosts)*hostBytes>>20 // effective is in MB
	return cluster, nil
}

func setHardware(h *simulator.HostSystem) {
	s := h.Summary.Hardware
	s.NumCpuPkgs, s.NumCpuCores, s.NumCpuThreads, s.CpuMhz, s.MemorySize = 2, hostCores, 2*hostCores, hostMHz, hostBytes
	h.Hardware.CpuInfo.NumCpuPackages, h.Hardware.CpuInfo.NumCpuCores, h.Hardware.CpuInfo.NumCpuThreads = 2, hostCores, 2*hostCores
	h.Hardware.CpuInfo.Hz = hostMHz * 1_000_000
	h.Hardware.MemorySize = hostBytes
}

// createMachine makes the i-th machine, powered off.
func (c *Center) createMachine(inv *inventory, i int, m Machine) (*simulator.VirtualMachine, error) {
	cluster, store := inv.clusters[i%len(inv.clusters)], inv.stores[i%len(inv.clusters)]
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	devices = append(devices, scsi)
	for _, size := range m.Disks {
		d := devices.CreateDisk(scsi.(types.BaseVirtualController), c.stores[store].Self, "")
		d.CapacityInBytes, d.CapacityInKB = size, size>>10
		flatBacking(d).FileName = "[" + store + "]" // in the machine's folder, named after it
		devices = append(devices, d)
	}
	nic, err := devices.CreateEthernetCard("vmxnet3", &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: c.Network()},
	})
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	card := nic.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
	card.AddressType = string(types.VirtualEthernetCardMacTypeManual)
	card.MacAddress = mac(c.name, m.Name)
	devices = append(devices, nic)
	changes, err := devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	ctx := c.context()
	if fault := c.checkDevices(ctx, nil, cluster.Datastore, store, changes); fault != nil {
		return nil, fmt.Errorf("machine %s: %T", m.Name, fault)
	}
	folder := ctx.Map.Get(inv.dc.VmFolder).(*simulator.Folder)
	var task soap.HasFault
	locked(ctx, folder, func() {
		task = folder.CreateVMTask(ctx, &types.CreateVM_Task{
			This: folder.Self,
			Pool: *cluster.ResourcePool,
			Config: types.VirtualMachineConfigSpec{
				Name: m.Name, GuestId: m.GuestID, Annotation: m.Notes, NumCPUs: m.VCPUs, MemoryMB: m.MiB,
				Files:        &types.VirtualMachineFileInfo{VmPathName: "[" + store + "]"},
				DeviceChange: changes,
			},
		})
	})
	ref, err := c.wait(task.(*methods.CreateVM_TaskBody).Res.Returnval)
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	return ctx.Map.Get(ref).(*simulator.VirtualMachine), nil
}

// mac is an address of VMware's range for manual assignment, by name.
func mac(center, vm string) string {
	var b [3]byte
	noise(0, center+"/"+vm, b[:])
	return fmt.Sprintf("00:50:56:%02x:%02x:%02x", b[0]&0x3f, b[1], b[2])
}

// fill writes the content of a source machine's disks.
func (c *Center) fill(spec Machine, ref types.ManagedObjectReference) error {
	m := c.machine(ref)
	var regions []region
	for n, d := range m.attached() {
		label := "SISTEMA"
		if n > 0 {
			label = fmt.Sprintf("DATI%d", n)
		}
		off, length, err := writeImage(d.path, d.size, label, documents(c.opt.Seed, spec, n))
		if err != nil {
			return fmt.Errorf("machine %s: %w", spec.Name, err)
		}
		regions = append(regions, region{d, off, length})
	}
	m.mu.Lock()
	m.guest.regions = regions
	m.mu.Unlock()
	return nil
}

// wait waits for a task of the simulator.
func (c *Center) wait(ref types.ManagedObjectReference) (types.ManagedObjectReference, error) {
	t := c.svc.Context.Map.Get(ref).(*simulator.Task)
	t.Wait()
	if t.Info.Error != nil {
		return ref, fmt.Errorf("task %s: %T", t.Info.DescriptionId, t.Info.Error.Fault)
	}
	res, _ := t.Info.Result.(types.ManagedObjectReference)
	return res, nil
}
