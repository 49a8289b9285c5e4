package sandbox_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diskfs/go-diskfs"
	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// newVM is a machine with one disk, as a client would ask for it.
type newVM struct {
	name, store, network, guestID string
	bytes                         int64
}

func createVM(t *testing.T, c *govmomi.Client, center string, v newVM) (*object.VirtualMachine, error) {
	t.Helper()
	ctx := testContext(t)
	f := find.NewFinder(c.Client)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f.SetDatacenter(dc)
	folders, err := dc.Folders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := f.ResourcePool(ctx, center+"-cl01/Resources")
	if err != nil {
		t.Fatal(err)
	}
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		t.Fatal(err)
	}
	devices = append(devices, scsi)
	disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
	disk.CapacityInBytes, disk.CapacityInKB = v.bytes, v.bytes>>10
	disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo).FileName = "[" + v.store + "]"
	nic, err := devices.CreateEthernetCard("vmxnet3", &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: v.network},
	})
	if err != nil {
		t.Fatal(err)
	}
	devices = append(devices, disk, nic)
	changes, err := devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	if err != nil {
		t.Fatal(err)
	}
	task, err := folders.VmFolder.CreateVM(ctx, types.VirtualMachineConfigSpec{
		Name: v.name, GuestId: v.guestID, NumCPUs: 2, MemoryMB: 2048, DeviceChange: changes,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[" + v.store + "]"},
	}, pool, nil)
	if err != nil {
		return nil, err
	}
	info, err := task.WaitForResult(ctx, nil)
	if err != nil {
		return nil, err
	}
	return object.NewVirtualMachine(c.Client, info.Result.(types.ManagedObjectReference)), nil
}

func diskOf(t *testing.T, vm *object.VirtualMachine) (*types.VirtualDisk, *types.VirtualDiskFlatVer2BackingInfo) {
	t.Helper()
	devices := object.VirtualDeviceList(properties(t, vm, "config").Config.Hardware.Device)
	d := devices.SelectByType((*types.VirtualDisk)(nil))[0].(*types.VirtualDisk)
	return d, d.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
}

// hotAdd attaches the disk file to the worker, naming nothing but the file.
func hotAdd(t *testing.T, worker *object.VirtualMachine, file string) error {
	t.Helper()
	ctx := testContext(t)
	devices, err := worker.Device(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ctl, err := devices.FindDiskController("")
	if err != nil {
		t.Fatal(err)
	}
	d := devices.CreateDisk(ctl, types.ManagedObjectReference{}, file)
	devices.AssignController(d, ctl)
	task, err := worker.Reconfigure(ctx, types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{
		&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: d},
	}})
	if err != nil {
		return err
	}
	return task.Wait(ctx)
}

func hotRemove(t *testing.T, worker *object.VirtualMachine, uuid string) {
	t.Helper()
	ctx := testContext(t)
	devices, err := worker.Device(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices.SelectByType((*types.VirtualDisk)(nil)) {
		if d.GetVirtualDevice().Backing.(*types.VirtualDiskFlatVer2BackingInfo).Uuid == uuid {
			if err := worker.RemoveDevice(ctx, true, d); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("the worker has no disk %s", uuid)
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range es {
		names = append(names, e.Name())
	}
	return names
}

// TestMigratedDiskBoots writes a source disk through the worker's device into a
// new machine's dirty disk, and boots it there.
func TestMigratedDiskBoots(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"acilia", "brescia"}, DirtyDisks: true})
	ctx := testContext(t)
	site := sb.Center("acilia")
	c := login(t, sb, "acilia", sandbox.Operator)
	vm, err := createVM(t, c, "acilia", newVM{"p-bs-web", "acilia-cl01-ds01", "psn-acilia", "debian11_64Guest", 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	disk, backing := diskOf(t, vm)
	if backing.Uuid == "" {
		t.Fatal("the new disk has no UUID")
	}
	content, err := os.ReadFile(site.DiskFile("p-bs-web", 0))
	if err != nil {
		t.Fatal(err)
	}
	if want := bytes.Repeat([]byte{0xAA}, int(disk.CapacityInBytes)); !bytes.Equal(content, want) {
		t.Error("the new disk is not dirty all over")
	}
	task, err := vm.PowerOn(ctx)
	wait(t, task, err)
	time.Sleep(100 * time.Millisecond) // five times the boot delay
	if p := properties(t, vm, "guest"); p.Guest.ToolsRunningStatus == "guestToolsRunning" {
		t.Error("a disk without a file system booted")
	}
	worker := vmNamed(t, c, site.Worker())
	if err := hotAdd(t, worker, backing.FileName); !fault.Is(err, &types.FileLocked{}) {
		t.Errorf("disk of a running machine attached to the worker: %v", err)
	}
	task, err = vm.PowerOff(ctx)
	wait(t, task, err)

	if err := hotAdd(t, worker, backing.FileName); err != nil {
		t.Fatal(err)
	}
	device := "wwn-0x" + strings.ReplaceAll(backing.Uuid, "-", "")
	if diff := cmp.Diff([]string{device}, entries(t, site.Devices())); diff != "" {
		t.Fatalf("devices of the worker (-want +got):\n%s", diff)
	}
	task, err = vm.PowerOn(ctx)
	if err == nil {
		err = task.Wait(ctx)
	}
	if !fault.Is(err, &types.FileLocked{}) {
		t.Errorf("machine powered on while the worker has its disk: %v", err)
	}
	source, err := os.ReadFile(sb.Center("brescia").DiskFile("web", 0))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(site.Devices(), device), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(source, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	hotRemove(t, worker, backing.Uuid)
	if got := entries(t, site.Devices()); len(got) != 0 {
		t.Errorf("devices after the removal: %v", got)
	}
	task, err = vm.PowerOn(ctx)
	wait(t, task, err)
	eventually(t, "migrated machine runs", func() bool {
		p := properties(t, vm, "guest")
		return p.Guest.HostName == "web" && p.Guest.ToolsRunningStatus == "guestToolsRunning" && p.Guest.IpAddress != ""
	})

	// Deleting a machine gives its space back.
	free := func() int64 { return freeSpace(t, c, "acilia-cl01-ds01") }
	before := free()
	task, err = vm.PowerOff(ctx)
	wait(t, task, err)
	task, err = vm.Destroy(ctx)
	wait(t, task, err)
	if got := free() - before; got != 8<<20 {
		t.Errorf("deleting an 8 MiB machine freed %d bytes", got)
	}
	if site.DiskFile("p-bs-web", 0) != "" {
		t.Error("the deleted machine still has a disk")
	}
}

func freeSpace(t *testing.T, c *govmomi.Client, store string) int64 {
	t.Helper()
	ctx := testContext(t)
	f := find.NewFinder(c.Client)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ds, err := f.SetDatacenter(dc).Datastore(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	var p mo.Datastore
	if err := ds.Properties(ctx, ds.Reference(), []string{"summary"}, &p); err != nil {
		t.Fatal(err)
	}
	return p.Summary.FreeSpace
}

func TestGuards(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"rozzano"}, PSNDatastore: 64 << 30, SplitStorage: true})
	c := login(t, sb, "rozzano", sandbox.Operator)
	ok := newVM{"a", "rozzano-cl01-ds01", "psn-rozzano", "debian11_64Guest", 1 << 30}
	if _, err := createVM(t, c, "rozzano", ok); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		edit func(*newVM)
		want types.BaseMethodFault
	}{
		{"name taken", func(v *newVM) { v.name = "a" }, &types.DuplicateName{}},
		{"too large", func(v *newVM) { v.bytes = 65 << 30 }, &types.NoDiskSpace{}},
		{"unknown network", func(v *newVM) { v.network = "VM Network" }, &types.InvalidDeviceSpec{}},
		{"unknown guest id", func(v *newVM) { v.guestID = "amiga" }, &types.InvalidArgument{}},
		{"unknown datastore", func(v *newVM) { v.store = "nowhere" }, &types.InvalidDatastorePath{}},
		{"datastore of the other cluster", func(v *newVM) { v.store = "rozzano-cl02-ds01" }, &types.InvalidDatastore{}},
	} {
		v := ok
		v.name = "b"
		tc.edit(&v)
		if _, err := createVM(t, c, "rozzano", v); !fault.Is(err, tc.want) {
			t.Errorf("%s: %v, want %T", tc.name, err, tc.want)
		}
	}
	// Attaching and detaching does not eat space.
	free := freeSpace(t, c, ok.store)
	_, backing := diskOf(t, vmNamed(t, c, "a"))
	worker := vmNamed(t, c, "psn-worker-rozzano")
	for range 2 {
		if err := hotAdd(t, worker, backing.FileName); err != nil {
			t.Fatal(err)
		}
		hotRemove(t, worker, backing.Uuid)
	}
	if got := freeSpace(t, c, ok.store); got != free {
		t.Errorf("free space went from %d to %d by attaching and detaching", free, got)
	}
	if err := hotAdd(t, worker, "[rozzano-cl01-ds01] a/none.vmdk"); !fault.Is(err, &types.FileNotFound{}) {
		t.Errorf("missing disk attached: %v", err)
	}
}

func TestShutdown(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}, BootDelay: 500 * time.Millisecond})
	c := login(t, sb, "brescia", sandbox.Migrator)
	ctx := testContext(t)
	vm := vmNamed(t, c, "bilancio")
	on := func() bool {
		return properties(t, vm, "runtime").Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	}
	sb.Center("brescia").Guest("bilancio").IgnoreShutdown(true)
	if err := vm.ShutdownGuest(ctx); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // five times the shutdown delay
	if !on() {
		t.Error("a guest that ignores the request went off")
	}
	sb.Center("brescia").Guest("bilancio").IgnoreShutdown(false)
	if err := vm.ShutdownGuest(ctx); err != nil {
		t.Fatal(err)
	}
	eventually(t, "machine off", func() bool { return !on() })
	if p := properties(t, vm, "guest"); p.Guest.ToolsRunningStatus == "guestToolsRunning" || p.Guest.IpAddress != "" {
		t.Errorf("tools of a machine that is off: %s, %q", p.Guest.ToolsRunningStatus, p.Guest.IpAddress)
	}
	if err := vm.ShutdownGuest(ctx); !fault.Is(err, &types.InvalidPowerState{}) {
		t.Errorf("shutdown of a machine that is off: %v", err)
	}
	task, err := vm.PowerOn(ctx)
	wait(t, task, err)
	if err := vm.ShutdownGuest(ctx); !fault.Is(err, &types.ToolsUnavailable{}) {
		t.Errorf("shutdown of a guest that is still booting: %v", err)
	}
	eventually(t, "machine back", func() bool { return properties(t, vm, "guest").Guest.HostName == "bilancio" })
}

// TestFileSystem reads the documents back with the library's reader after the
// guest has written for a while.
func TestFileSystem(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}})
	center := sb.Center("brescia")
	if err := center.Guest("protocollo").Write(500); err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"etc", "documenti"} {
		raw, err := os.ReadFile(center.DiskFile("protocollo", n))
		if err != nil {
			t.Fatal(err)
		}
		parents := 0
		for i := 0; i+32 <= len(raw); i += 32 {
			if e := raw[i : i+32]; string(e[:11]) == "..         " && e[11] == 0x10 {
				if parents++; e[26] == 2 && e[27] == 0 {
					t.Errorf("disk %d: the link to the parent at byte %d names the root by its cluster: checkers refuse that", n, i)
				}
			}
		}
		if parents == 0 {
			t.Errorf("disk %d: no directories", n)
		}
		d, err := diskfs.Open(center.DiskFile("protocollo", n), diskfs.WithOpenMode(diskfs.ReadOnly))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		fs, err := d.GetFilesystem(1)
		if err != nil {
			t.Fatal(err)
		}
		dir, err := fs.ReadDir(".")
		if err != nil {
			if dir, err = fs.ReadDir("/"); err != nil {
				t.Fatal(err)
			}
		}
		var names []string
		for _, e := range dir {
			names = append(names, e.Name())
		}
		if !strings.Contains(strings.Join(names, " "), want) {
			t.Errorf("disk %d: no %q among %v", n, want, names)
		}
		letters, err := fs.ReadDir("documenti/2024")
		if err != nil || len(letters) == 0 {
			t.Fatalf("disk %d: letters: %v, %v", n, letters, err)
		}
		f, err := fs.OpenFile("/documenti/2024/"+letters[len(letters)-1].Name(), os.O_RDONLY)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err != nil || !strings.HasPrefix(string(b), "PROVINCIA DI BRESCIA\n") {
			t.Errorf("disk %d: letter %.40q, %v", n, b, err)
		}
	}
}

// TestTwoSandboxes runs two at once and checks that equal seeds give equal disks.
func TestTwoSandboxes(t *testing.T) {
	a := start(t, sandbox.Options{Centers: []string{"brescia"}})
	b := start(t, sandbox.Options{Centers: []string{"brescia"}})
	other := start(t, sandbox.Options{Centers: []string{"brescia"}, Seed: 2})
	read := func(sb *sandbox.Sandbox) []byte {
		c, err := os.ReadFile(sb.Center("brescia").DiskFile("documentale", 0))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ra, rb := read(a), read(b)
	for i := range ra {
		if ra[i] != rb[i] {
			t.Errorf("equal seeds gave different disks, first at byte %d", i)
			break
		}
	}
	if bytes.Equal(read(a), read(other)) {
		t.Error("different seeds gave equal disks")
	}
	if _, err := sandbox.Start(testContext(t), sandbox.Options{Dir: a.Dir(), Centers: []string{"acilia"}}); err == nil {
		t.Error("a second sandbox started in a folder in use")
	}
}
