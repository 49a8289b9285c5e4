package vsphere_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func sizeOf(t *testing.T, file string) int64 {
	t.Helper()
	fi, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return fi.Size()
}

func TestAMachineStartsFromATemplate(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	if err := c.AddTemplate("debian-12", 16<<20); err != nil {
		t.Fatal(err)
	}
	images, err := s.Images(ctx)
	if err != nil || len(images) != 1 || images[0].Name != "debian-12" || images[0].Status != "active" || images[0].Tenant != "" || images[0].MinDiskGiB != 1 || images[0].Format != "vmdk" {
		t.Fatalf("images: %+v, %v", images, err)
	}
	v := at("p_bs/a")
	v.Image, v.Cluster = "debian-12", "acilia-cl02"
	v.Disks = []driver.DiskSpec{{CapacityBytes: 32 << 20}, {CapacityBytes: 8 << 20}}
	v.Metadata, v.UserData = map[string]string{"a": "b"}, []byte("#cloud-config\n")
	ref := create(t, s, v)
	if again := create(t, s, v); again != ref {
		t.Errorf("made twice: %s, %s", ref, again)
	}
	vm := describe(t, s, ref)
	if vm.ID != v.ID || vm.Image != images[0].Ref || vm.Cluster != v.Cluster || vm.VCPUs != v.VCPUs || vm.MemoryMiB != v.MemoryMiB || vm.Power != psn.PoweredOff || vm.Metadata["a"] != "b" {
		t.Errorf("machine: %+v", vm)
	}
	if len(vm.Disks) != 2 || vm.Disks[0].CapacityBytes != 32<<20 || vm.Disks[1].CapacityBytes != 8<<20 || len(vm.NICs) != 1 || vm.NICs[0].Network != "psn-acilia" {
		t.Errorf("devices: %+v %+v", vm.Disks, vm.NICs)
	}
	template, err := os.ReadFile(c.DiskFile("debian-12", 0))
	if err != nil {
		t.Fatal(err)
	}
	disk, err := os.ReadFile(c.DiskFile("a", 0))
	if err != nil {
		t.Fatal(err)
	}
	if len(disk) != 32<<20 || !bytes.Equal(disk[:len(template)], template) || bytes.Equal(template, make([]byte, len(template))) {
		t.Error("the first disk has not the template's content")
	}
	if err := s.Power(ctx, ref, psn.PoweredOn); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteVM(ctx, ref); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(c.DiskFile("debian-12", 0)); err != nil || !bytes.Equal(template, after) {
		t.Errorf("the template changed, %v", err)
	}
	for name, change := range map[string]func(*driver.VMSpec){
		"no such image": func(v *driver.VMSpec) { v.Image = "debian-13" },
		"small disk":    func(v *driver.VMSpec) { v.Disks[0].CapacityBytes = 8 << 20 },
		"no disk":       func(v *driver.VMSpec) { v.Disks = nil },
		"firmware":      func(v *driver.VMSpec) { v.Firmware = "efi" },
	} {
		v := at("p_bs/b")
		v.Image = "debian-12"
		change(&v)
		_, err := s.CreateVM(ctx, v)
		refused(t, err, psn.InvalidInput, "debian-12")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	if inv, err := s.Inventory(ctx); err != nil || len(inv.VMs) != 2 { // worker and template
		t.Errorf("machines left: %+v, %v", inv.VMs, err)
	}
}
