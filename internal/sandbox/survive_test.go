package sandbox_test

import (
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// TestDiskOnAnotherClustersDatastore attaches to the worker, which stands in
// the first cluster, a disk of the second: with the site's shared storage it
// comes, without it the vCenter refuses and lives on.
func TestDiskOnAnotherClustersDatastore(t *testing.T) {
	for _, split := range []bool{false, true} {
		sb := start(t, sandbox.Options{Centers: []string{"rozzano"}, SplitStorage: split, ExtraMachines: 2})
		c := login(t, sb, "rozzano", sandbox.Operator)
		other := vmNamed(t, c, "rozzano-extra-00001") // every other one stands in the second cluster
		_, backing := diskOf(t, other)
		worker := vmNamed(t, c, "psn-worker-rozzano")
		err := hotAdd(t, worker, backing.FileName)
		switch {
		case split && !fault.Is(err, &types.InvalidDatastore{}):
			t.Errorf("datastore that the worker's host does not mount: %v", err)
		case !split && err != nil:
			t.Errorf("shared datastore: %v", err)
		}
		if got := freeSpace(t, c, "rozzano-cl02-ds01"); got <= 0 {
			t.Errorf("the vCenter is not as before: %d bytes free", got)
		}
	}
}

func TestAPanicFailsOneCall(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"rozzano"}})
	c := login(t, sb, "rozzano", sandbox.Operator)
	ctx := testContext(t)
	worker := vmNamed(t, c, "psn-worker-rozzano")
	nowhere := types.ManagedObjectReference{Type: "Datastore", Value: "datastore-0"}
	for range 2 { // the first must not leave the machine locked
		task, err := worker.Relocate(ctx, types.VirtualMachineRelocateSpec{Datastore: &nowhere}, types.VirtualMachineMovePriorityDefaultPriority)
		if err != nil {
			t.Fatal(err)
		}
		if err := task.Wait(ctx); !fault.Is(err, &types.SystemError{}) {
			t.Errorf("relocate to a datastore that does not exist: %v", err)
		}
	}
	_, err := methods.RetrieveEntityPermissions(ctx, c.Client, &types.RetrieveEntityPermissions{
		This: *c.ServiceContent.AuthorizationManager, Entity: nowhere,
	})
	if !fault.Is(err, &types.SystemError{}) {
		t.Errorf("permissions of what does not exist: %v", err)
	}
	if properties(t, worker, "runtime").Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		t.Error("worker is off")
	}
}
