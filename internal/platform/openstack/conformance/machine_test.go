package conformance_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestMachineOfImage: the first disk of a machine that starts from an image
// begins with the image's bytes, and the second does not.
func TestMachineOfImage(t *testing.T) {
	cfg := labConfig(t, claim(t))
	s := openLab(t, cfg)
	id := tenantOn(t, cfg, s)
	ctx := bounded(t)
	at := openstacklab.Find(t).Site(t, cfg.Site)
	all, err := s.Images(ctx)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(i driver.Image) bool { return i.Name == at.Image })
	if i < 0 {
		t.Fatalf("image %q of the lab is not listed", at.Image)
	}
	want, err := os.ReadFile(at.ImageFile(all[i].Ref))
	if err != nil || len(want) < 1<<20 {
		t.Fatalf("file of the image: %d bytes, %v", len(want), err)
	}
	spec := small(t, cfg.Site, id, "imaged")
	spec.Image = at.Image
	spec.Disks = append(spec.Disks, driver.DiskSpec{CapacityBytes: 1 << 30})
	ref, err := s.CreateVM(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := s.DescribeVM(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	if vm.Power != psn.PoweredOff || len(vm.Disks) != 2 {
		t.Fatalf("made: %+v", vm)
	}
	for n, want := range [][]byte{want, make([]byte, len(want))} {
		file, err := at.VolumeFile(vm.Disks[n].UUID)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(begin(t, file, len(want)), want) {
			t.Errorf("disk %d does not begin with what it should", n)
		}
	}
	for _, power := range []psn.PowerState{psn.PoweredOn, psn.PoweredOff} {
		if err := s.Power(ctx, ref, power); err != nil {
			t.Fatal(err)
		}
		if vm, err = s.DescribeVM(ctx, ref); err != nil || vm.Power != power {
			t.Fatalf("after power %s: %+v, %v", power, vm, err)
		}
	}
	if again, err := s.CreateVM(ctx, spec); err != nil || again != ref {
		t.Errorf("made again: %s, %v; want %s", again, err, ref)
	}
}

// begin reads the first n bytes of a file.
func begin(t testing.TB, path string, n int) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, n)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTakeOver: a server made by hand in the tenant's project becomes one of
// ours and nothing else of it changes.
func TestTakeOver(t *testing.T) {
	cfg := labConfig(t, claim(t))
	s := openLab(t, cfg)
	id := tenantOn(t, cfg, s)
	ctx := bounded(t)
	(&admin{cfg: cfg}).foreign(t, id, "by-hand")
	found := func() *psn.VM {
		t.Helper()
		inv, err := s.Inventory(ctx)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(inv.VMs, func(vm psn.VM) bool { return vm.Name == "by-hand" && vm.Folder == string(id) })
		if i < 0 {
			t.Fatal("the inventory has no such machine")
		}
		return &inv.VMs[i]
	}
	before, err := s.DescribeVM(ctx, found().Ref) // which tells devices of others, too
	if err != nil || len(before.Disks) != 1 {
		t.Fatalf("made by hand: %+v, %v", before, err)
	}
	vmID := psn.VMID(string(id) + "/taken")
	labels := driver.Labels{Service: psn.ServiceID(string(id) + "/s"), Classification: psn.Ordinary, Role: psn.RoleActive}
	for range 2 {
		if err := s.AdoptVM(ctx, before.Ref, vmID, labels); err != nil {
			t.Fatal(err)
		}
	}
	want := *before
	want.ID, want.InstanceUUID = vmID, vmID.InstanceUUID()
	want.Service, want.Classification, want.Role = labels.Service, labels.Classification, labels.Role
	want.Disks = slices.Clone(before.Disks)
	want.Disks[0].Key = 0
	if d := cmp.Diff(&want, found()); d != "" {
		t.Errorf("taken over: %s", d)
	}
	err = s.AdoptVM(ctx, before.Ref, psn.VMID(string(id)+"/another"), labels)
	if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), string(vmID)) {
		t.Errorf("taken over as another: %v", err)
	}
	spec := small(t, cfg.Site, id, "taken")
	if ref, err := s.CreateVM(ctx, spec); err != nil || ref != before.Ref {
		t.Errorf("asked for by its id: %s, %v; want %s", ref, err, before.Ref)
	}
	if err := s.AdoptVM(ctx, "00000000-0000-4000-8000-000000000000", vmID, labels); !psn.Is(err, psn.NotFound) {
		t.Errorf("a server that there is not: %v", err)
	}
}
