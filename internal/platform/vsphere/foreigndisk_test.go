package vsphere_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// addByHand puts a new disk at that path on a machine, as people do in the client.
func addByHand(t *testing.T, c *sandbox.Center, ref, file string, edit func(*types.VirtualDisk)) {
	t.Helper()
	ctx, cl := bounded(t), (&admin{c: c}).client(t)
	_ = obstacle(t, c, file)
	vm := object.NewVirtualMachine(cl.Client, types.ManagedObjectReference{Type: "VirtualMachine", Value: ref})
	devices, err := vm.Device(ctx)
	if err != nil {
		t.Fatal(err)
	}
	controller, err := devices.FindDiskController("")
	if err != nil {
		t.Fatal(err)
	}
	disk := devices.CreateDisk(controller, types.ManagedObjectReference{}, file)
	disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo).Datastore = nil
	if edit != nil {
		edit(disk)
	}
	if err := vm.AddDevice(ctx, disk); err != nil {
		t.Fatal(err)
	}
}

// told is a machine's disks in few words: MiB, and whose.
func told(t *testing.T, s *vsphere.Site, ref string) []string {
	t.Helper()
	var out []string
	for _, d := range describe(t, s, ref).Disks {
		whose := "own"
		if d.Foreign {
			whose = "foreign"
		}
		out = append(out, fmt.Sprintf("%d %s", d.CapacityBytes>>20, whose))
	}
	return out
}

// TestPeoplesDisksAreLeftAlone: a disk that somebody added by hand is told as
// such, does not grow, is not counted, and outlives the machine.
func TestPeoplesDisksAreLeftAlone(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	a := create(t, s, at("p_bs/a"))
	store := describe(t, s, a).Disks[0].StorageClass
	addByHand(t, c, a, "["+store+"] people/dati.vmdk", nil)
	if d := cmp.Diff([]string{"16 own", "4 foreign"}, told(t, s, a)); d != "" {
		t.Fatal(d)
	}
	file := c.DiskFile("a", 1)
	// A second disk of its own comes behind the one that stands between.
	for range 2 {
		if err := s.UpdateVM(ctx, a, driver.VMChange{Disks: []driver.DiskSpec{{CapacityBytes: 24 << 20}, {CapacityBytes: 8 << 20}}}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"24 own", "4 foreign", "8 own"}, told(t, s, a)); d != "" {
			t.Fatal(d)
		}
	}
	if _, err := s.CreateSnapshot(ctx, a, "backup", nil); err != nil {
		t.Fatal(err)
	}
	refused(t, s.DeleteVM(ctx, a), psn.Conflict, "backup")
	snaps, err := s.Snapshots(ctx, a)
	if err != nil || len(snaps) != 1 {
		t.Fatal(snaps, err)
	}
	if err := s.RemoveSnapshot(ctx, a, snaps[0].Ref); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteVM(ctx, a); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil || filepath.Base(filepath.Dir(file)) != "people" {
		t.Errorf("the disk of somebody else went with the machine: %v", err)
	}
}

// TestTakenOverWithoutSharedStorage: of a machine that people made, disks that
// several machines write to are not the machine's own; all others are.
func TestTakenOverWithoutSharedStorage(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	a := create(t, s, at("p_bs/a"))
	store := describe(t, s, a).Disks[0].StorageClass
	byHand(t, c, a, types.VirtualMachineConfigSpec{ExtraConfig: setting("psn.id", "", "psn.own_disks", "")})
	addByHand(t, c, a, "["+store+"] people/shared.vmdk", func(d *types.VirtualDisk) {
		d.Backing.(*types.VirtualDiskFlatVer2BackingInfo).Sharing = string(types.VirtualDiskSharingSharingMultiWriter)
	})
	addByHand(t, c, a, "["+store+"] people/plain.vmdk", nil)
	want := []string{"16 own", "4 foreign", "4 own"}
	if d := cmp.Diff(want, told(t, s, a)); d != "" {
		t.Fatalf("before: %s", d)
	}
	if err := s.AdoptVM(ctx, a, "p_bs/a", driver.Labels{Service: "p_bs/protocollo", Role: psn.RoleActive}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, told(t, s, a)); d != "" {
		t.Fatalf("after: %s", d)
	}
	// What comes later is not.
	addByHand(t, c, a, "["+store+"] people/later.vmdk", nil)
	if d := cmp.Diff(append(want, "4 foreign"), told(t, s, a)); d != "" {
		t.Errorf("later: %s", d)
	}
}
