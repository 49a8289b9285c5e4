package vsphere_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func volumeAt(t *testing.T, s *vsphere.Site, ref string) *driver.Volume {
	t.Helper()
	all, err := s.Volumes(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if v.Ref == ref {
			return &v
		}
	}
	return nil
}

func TestVolumesOutliveMachines(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	spec := driver.VolumeSpec{Tenant: "p_bs", Name: "dati-1", SizeBytes: 16<<20 - 1, StorageClass: "acilia-cl02-ds01"}
	v, err := s.CreateVolume(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	want := driver.Volume{VolumeSpec: spec, Ref: "p_bs/dati-1", Status: "available"}
	want.SizeBytes = 16 << 20
	if d := cmp.Diff(want, *v); d != "" {
		t.Error(d)
	}
	if again, err := s.CreateVolume(ctx, spec); err != nil || again.Ref != v.Ref {
		t.Errorf("made again: %+v, %v", again, err)
	}
	other := spec
	other.SizeBytes = 64 << 20
	_, err = s.CreateVolume(ctx, other)
	refused(t, err, psn.AlreadyExists, "16 MiB")

	a, b := create(t, s, at("p_bs/a")), create(t, s, at("p_bs/b"))
	before := describe(t, s, a)
	for range 2 {
		if err := s.AttachVolume(ctx, v.Ref, a); err != nil {
			t.Fatal(err)
		}
	}
	if got := volumeAt(t, s, v.Ref); got == nil || got.AttachedTo != a || got.Status != "in-use" || got.SizeBytes != 16<<20 {
		t.Errorf("attached: %+v", got)
	}
	if d := cmp.Diff(before, describe(t, s, a)); d != "" {
		t.Errorf("the machine's own disks changed: %s", d)
	}
	if n := len(raw(t, c, a).Config.Hardware.Device) - len(raw(t, c, b).Config.Hardware.Device); n != 1 {
		t.Errorf("the machine has %d devices more", n)
	}
	refused(t, s.AttachVolume(ctx, v.Ref, b), psn.Conflict, a)
	refused(t, s.DeleteVolume(ctx, v.Ref), psn.Conflict, a)
	left, err := s.TenantLeftovers(ctx, "p_bs")
	if d := cmp.Diff([]string{"virtual machine a", "virtual machine b", "volume dati-1 (16 MiB)"}, left); d != "" || err != nil {
		t.Error(d, err)
	}
	spec.SizeBytes = 32 << 20
	if v, err = s.UpdateVolume(ctx, v.Ref, spec); err != nil || v.SizeBytes != 32<<20 {
		t.Fatalf("grown while attached: %+v, %v", v, err)
	}
	file := c.DiskFile("a", 1)
	if err := os.WriteFile(file, append([]byte("bytes of the volume"), make([]byte, 32<<20-19)...), 0o600); err != nil {
		t.Fatal(err)
	}
	// Its machine goes, with its own disks only.
	if err := s.DeleteVM(ctx, a); err != nil {
		t.Fatal(err)
	}
	if got := volumeAt(t, s, v.Ref); got == nil || got.AttachedTo != "" || got.SizeBytes != 32<<20 {
		t.Fatalf("after its machine: %+v", got)
	}
	spec.SizeBytes = 40 << 20
	if v, err = s.UpdateVolume(ctx, v.Ref, spec); err != nil || v.SizeBytes != 40<<20 {
		t.Fatalf("grown while free: %+v, %v", v, err)
	}
	if err := s.AttachVolume(ctx, v.Ref, b); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(c.DiskFile("b", 1))
	if err != nil || len(got) != 40<<20 || string(got[:19]) != "bytes of the volume" {
		t.Errorf("%d bytes beginning with %q, %v", len(got), got[:19], err)
	}
	spec.SizeBytes = 8 << 20
	_, err = s.UpdateVolume(ctx, v.Ref, spec)
	refused(t, err, psn.InvalidInput, "40 MiB")
	for range 2 {
		if err := s.DetachVolume(ctx, v.Ref, b); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.DeleteVolume(ctx, v.Ref); err != nil {
			t.Fatal(err)
		}
	}
	if v := volumeAt(t, s, v.Ref); v != nil {
		t.Errorf("after delete: %+v", v)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("its bytes are still there: %v", err)
	}
	refused(t, s.AttachVolume(ctx, v.Ref, b), psn.NotFound)
}

// A machine that is moved to other storage takes the file of its volume along,
// into its own folder.
func TestAVolumeComesHome(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	v, err := s.CreateVolume(ctx, driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 8 << 20, StorageClass: "acilia-cl01-ds01"})
	if err != nil {
		t.Fatal(err)
	}
	a := create(t, s, at("p_bs/a"))
	if err := s.AttachVolume(ctx, v.Ref, a); err != nil {
		t.Fatal(err)
	}
	moved := filepath.Base(filepath.Dir(c.DiskFile("a", 0))) + "/a_1.vmdk"
	store := describe(t, s, a).Disks[0].StorageClass
	moveDisk(t, c, a, "["+store+"] "+moved)
	if got := volumeAt(t, s, v.Ref); got == nil || got.AttachedTo != a || got.StorageClass != store {
		t.Errorf("while away: %+v", got)
	}
	if err := s.DetachVolume(ctx, v.Ref, a); err != nil {
		t.Fatal(err)
	}
	if got := volumeAt(t, s, v.Ref); got == nil || got.AttachedTo != "" || got.StorageClass != store || got.SizeBytes != 8<<20 {
		t.Errorf("back home: %+v", got)
	}
}

// TestAVolumeIsNeverLostOnItsWay: one that could not be brought home is still
// told, and whoever asks next brings it; the machine does not go before that.
func TestAVolumeIsNeverLostOnItsWay(t *testing.T) {
	for name, off := range map[string]func(*vsphere.Site, string, string) error{
		"detached": func(s *vsphere.Site, ref, vm string) error { return s.DetachVolume(t.Context(), ref, vm) },
		"deleted":  func(s *vsphere.Site, _, vm string) error { return s.DeleteVM(t.Context(), vm) },
	} {
		t.Run(name, func(t *testing.T) {
			s, c := site(t)
			ctx := bounded(t)
			v, err := s.CreateVolume(ctx, driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 8 << 20, StorageClass: "acilia-cl01-ds01"})
			if err != nil {
				t.Fatal(err)
			}
			a := create(t, s, at("p_bs/a"))
			if err := s.AttachVolume(ctx, v.Ref, a); err != nil {
				t.Fatal(err)
			}
			store := describe(t, s, a).Disks[0].StorageClass
			moveDisk(t, c, a, "["+store+"] "+filepath.Base(filepath.Dir(c.DiskFile("a", 0)))+"/a_1.vmdk")
			home := "[" + store + "] psn-volumes/p_bs/dati.vmdk"
			remove := obstacle(t, c, home)
			for range 2 {
				if err := off(s, v.Ref, a); err == nil {
					t.Fatal("something stands where it has to go, and no error")
				}
			}
			if got := volumeAt(t, s, v.Ref); got == nil || got.AttachedTo != "" || got.SizeBytes != 8<<20 {
				t.Errorf("on its way: %+v", got)
			}
			remove()
			if err := off(s, v.Ref, a); err != nil {
				t.Fatal(err)
			}
			if got := volumeAt(t, s, v.Ref); got == nil || got.SizeBytes != 8<<20 || got.StorageClass != store {
				t.Errorf("home: %+v", got)
			}
			if err := s.DeleteVolume(ctx, v.Ref); err != nil {
				t.Error(err)
			}
		})
	}
}

// obstacle puts a disk of another size where a volume has to go.
func obstacle(t *testing.T, c *sandbox.Center, path string) (remove func()) {
	t.Helper()
	ctx, cl := bounded(t), (&admin{c: c}).client(t)
	dc, err := find.NewFinder(cl.Client).DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	do := func(task *object.Task, err error) {
		t.Helper()
		if err == nil {
			err = task.Wait(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := object.NewFileManager(cl.Client).MakeDirectory(ctx, filepath.Dir(path), dc, true); err != nil {
		t.Fatal(err)
	}
	disks := object.NewVirtualDiskManager(cl.Client)
	do(disks.CreateVirtualDisk(ctx, path, dc, &types.FileBackedVirtualDiskSpec{
		VirtualDiskSpec: types.VirtualDiskSpec{DiskType: "thin", AdapterType: "lsiLogic"}, CapacityKb: 4 << 10,
	}))
	return func() { t.Helper(); do(disks.DeleteVirtualDisk(ctx, path, dc)) }
}

// moveDisk does to a machine's last disk what moving its storage does.
func moveDisk(t *testing.T, c *sandbox.Center, ref, to string) {
	t.Helper()
	ctx, cl := bounded(t), (&admin{c: c}).client(t)
	vm := object.NewVirtualMachine(cl.Client, types.ManagedObjectReference{Type: "VirtualMachine", Value: ref})
	devices, err := vm.Device(ctx)
	if err != nil {
		t.Fatal(err)
	}
	disks := devices.SelectByType((*types.VirtualDisk)(nil))
	disk := disks[len(disks)-1].(*types.VirtualDisk)
	if err := vm.RemoveDevice(ctx, true, disk); err != nil {
		t.Fatal(err)
	}
	b := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	dc, err := find.NewFinder(cl.Client).DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	task, err := object.NewVirtualDiskManager(cl.Client).MoveVirtualDisk(ctx, b.FileName, dc, to, dc, false)
	if err == nil {
		err = task.Wait(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.FileName, b.Datastore, disk.Key = to, nil, -1
	disk.CapacityInBytes, disk.CapacityInKB = 0, 0 // a disk that exists
	if err := vm.AddDevice(ctx, disk); err != nil {
		t.Fatal(err)
	}
}

func TestVolumesAreCheckedFirst(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	if err := c.AddTemplate("debian-12", 16<<20); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]struct {
		spec driver.VolumeSpec
		code psn.Code
	}{
		"name":        {driver.VolumeSpec{Tenant: "p_bs", Name: "Dati", SizeBytes: 1}, psn.InvalidInput},
		"delta":       {driver.VolumeSpec{Tenant: "p_bs", Name: "dati-000001", SizeBytes: 1}, psn.InvalidInput},
		"size":        {driver.VolumeSpec{Tenant: "p_bs", Name: "dati"}, psn.InvalidInput},
		"tenant":      {driver.VolumeSpec{Tenant: "c_b157", Name: "dati", SizeBytes: 1}, psn.NotFound},
		"store":       {driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 1, StorageClass: "nix"}, psn.InvalidInput},
		"zone":        {driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 1, Zone: "nix"}, psn.InvalidInput},
		"too big":     {driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 1 << 59}, psn.Exhausted},
		"image":       {driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 1, Image: "nix"}, psn.InvalidInput},
		"image large": {driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 8 << 20, Image: "debian-12"}, psn.InvalidInput},
	} {
		if _, err := s.CreateVolume(ctx, v.spec); !psn.Is(err, v.code) {
			t.Errorf("%s: %v, want code %s", name, err, v.code)
		}
	}
	if all, err := s.Volumes(ctx); err != nil || len(all) != 0 {
		t.Errorf("left: %+v, %v", all, err)
	}
	v, err := s.CreateVolume(ctx, driver.VolumeSpec{Tenant: "p_bs", Name: "sistema", SizeBytes: 24 << 20, Image: "debian-12", Zone: "acilia-cl02"})
	if err != nil || v.SizeBytes != 24<<20 {
		t.Fatalf("of an image: %+v, %v", v, err)
	}
	a := create(t, s, at("p_bs/a"))
	if err := s.AttachVolume(ctx, v.Ref, a); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(c.DiskFile("debian-12", 0))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(c.DiskFile("a", 1))
	if err != nil || len(got) != 24<<20 || string(got[:len(image)]) != string(image) {
		t.Errorf("the volume has not the image's content: %d bytes, %v", len(got), err)
	}
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "c_b157"}); err != nil {
		t.Fatal(err)
	}
	foreign := at("c_b157/a")
	refused(t, s.AttachVolume(ctx, v.Ref, create(t, s, foreign)), psn.Conflict)
	if err := s.DetachVolume(ctx, v.Ref, a); err != nil {
		t.Fatal(err)
	}
	refused(t, s.AttachVolume(ctx, v.Ref, create(t, s, foreign)), psn.InvalidInput, "c_b157")
}
