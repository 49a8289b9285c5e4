package sandbox_test

import (
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// TestMachineWithoutDisksHasAName: a standby has no disks of its own.
func TestMachineWithoutDisksHasAName(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"rozzano"}})
	c := login(t, sb, "rozzano", sandbox.Operator)
	ctx := testContext(t)
	f := find.NewFinder(c.Client)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := dc.Folders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := f.SetDatacenter(dc).ResourcePool(ctx, "rozzano-cl01/Resources")
	if err != nil {
		t.Fatal(err)
	}
	task, err := folders.VmFolder.CreateVM(ctx, types.VirtualMachineConfigSpec{
		Name: "standby-1", GuestId: "otherGuest64", NumCPUs: 1, MemoryMB: 1024,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[rozzano-cl01-ds01]"},
	}, pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range sb.State().Centers[0].Machines {
		names = append(names, m.Name)
	}
	if len(names) != 2 || names[1] != "standby-1" {
		t.Errorf("machines %q", names)
	}
}
