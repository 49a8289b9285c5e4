package vsphere_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestCreatedMachineIsInTheInventory(t *testing.T) {
	s := open(t, config(t, sim(t, 2)))
	ctx := bounded(t)
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	ref, err := s.CreateVM(ctx, spec("p_bs/protocollo-1"))
	if err != nil {
		t.Fatal(err)
	}
	inv, err := s.Inventory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got *psn.VM
	for i := range inv.VMs {
		if inv.VMs[i].Ref == ref {
			got = &inv.VMs[i]
		}
	}
	if got == nil {
		t.Fatalf("machine %s is not in the inventory", ref)
	}
	id := psn.VMID("p_bs/protocollo-1")
	want := &psn.VM{
		ID: id, Service: "p_bs/protocollo", Classification: psn.Critical, Role: psn.RoleActive,
		Ref: ref, Name: "protocollo-1", InstanceUUID: id.InstanceUUID(), Cluster: "DC0_C0", Folder: "psn/p_bs",
		GuestOS: "otherGuest64", Firmware: "bios", Power: psn.PoweredOff, VCPUs: 2, MemoryMiB: 4096, StorageMiB: 1024,
		Disks: []psn.Disk{{CapacityBytes: 1 << 30, Mode: "persistent", StorageClass: "LocalDS_0"}},
		NICs:  []psn.NIC{{MAC: "00:50:56:00:00:01", Network: "DC0_DVPG0", Connected: true}},
	}
	opts := cmp.Options{
		cmpopts.IgnoreFields(psn.VM{}, "BIOSUUID"),
		cmpopts.IgnoreFields(psn.Disk{}, "Key", "UUID", "Path", "Sharing"),
		cmpopts.IgnoreFields(psn.NIC{}, "Key"),
	}
	if d := cmp.Diff(want, got, opts); d != "" {
		t.Error(d)
	}
	one, err := s.DescribeVM(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, one); d != "" {
		t.Errorf("DescribeVM and Inventory disagree: %s", d)
	}
}
