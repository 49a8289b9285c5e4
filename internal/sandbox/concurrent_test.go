package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
	"golang.org/x/sync/errgroup"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// TestConcurrentClients drives many machines at once while the inventory is
// read, as the provider and a worker do together.
func TestConcurrentClients(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}, WriteRate: 200})
	ctx := testContext(t)
	c := login(t, sb, "brescia", sandbox.Operator)
	f := find.NewFinder(c.Client)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	vms, err := f.SetDatacenter(dc).VirtualMachineList(ctx, "*")
	if err != nil {
		t.Fatal(err)
	}
	v, err := view.NewManager(c.Client).CreateContainerView(ctx, c.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	if err != nil {
		t.Fatal(err)
	}
	on := true
	do := func(task *object.Task, err error) error {
		if err != nil {
			return err
		}
		return task.Wait(ctx)
	}
	var g errgroup.Group
	for _, vm := range vms {
		g.Go(func() error {
			if err := do(vm.Reconfigure(ctx, types.VirtualMachineConfigSpec{ChangeTrackingEnabled: &on})); err != nil {
				return fmt.Errorf("tracking: %w", err)
			}
			for i := range 2 {
				if err := do(vm.CreateSnapshot(ctx, fmt.Sprint("s", i), "", false, false)); err != nil {
					return fmt.Errorf("snapshot: %w", err)
				}
				if err := do(vm.RemoveAllSnapshot(ctx, nil)); err != nil {
					return fmt.Errorf("remove: %w", err)
				}
			}
			return do(vm.PowerOff(ctx))
		})
	}
	for range 2 {
		g.Go(func() error {
			for range 10 {
				var got []mo.VirtualMachine
				if err := v.Retrieve(ctx, []string{"VirtualMachine"}, []string{"name", "config", "guest", "runtime", "snapshot", "summary"}, &got); err != nil {
					return err
				}
				_ = sb.State()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, m := range sb.State().Centers[0].Machines {
		if m.Running || m.Snapshots != 0 {
			t.Errorf("machine %+v: want it off and without snapshots", m)
		}
	}
}

// TestSecondCreateFails asks for the same name from many sides at once.
func TestSecondCreateFails(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"acilia"}})
	c := login(t, sb, "acilia", sandbox.Operator)
	made := make([]error, 6)
	var g errgroup.Group
	for i := range made {
		g.Go(func() error {
			_, made[i] = createVM(t, c, "acilia", newVM{"gemelle", "acilia-cl01-ds01", "psn-acilia", "otherGuest64", 1 << 30})
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range made {
		switch {
		case err == nil:
			n++
		case !fault.Is(err, &types.DuplicateName{}):
			t.Errorf("create: %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d machines of one name were made", n)
	}
}

// TestLockBaseDisks checks that a strict host keeps the base disk of a running
// machine even under a snapshot, and gives it once the machine is off.
func TestLockBaseDisks(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}, LockBaseDisks: true})
	hc := httpClient(t, sb)
	c := login(t, sb, "brescia", sandbox.Migrator)
	vm := vmNamed(t, c, "web")
	_, disks := snapshot(t, c, vm, "s")
	address := fileURL(sb, "brescia", disks[0].name)
	pass := sb.Center("brescia").Password(sandbox.Migrator)
	if got, _ := folder(t, hc, http.MethodGet, address, sandbox.Migrator, pass, nil); got != http.StatusInternalServerError {
		t.Errorf("base disk of a running machine: status %d", got)
	}
	task, err := vm.PowerOff(testContext(t))
	wait(t, task, err)
	if got, _ := folder(t, hc, http.MethodGet, address, sandbox.Migrator, pass, nil); got != http.StatusOK {
		t.Errorf("base disk of a machine that is off: status %d", got)
	}
}

// TestOtherWaysIn tries what the plain simulator lets pass without a password.
func TestOtherWaysIn(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"acilia"}})
	hc := httpClient(t, sb)
	base, _, _ := strings.Cut(sb.Center("acilia").Endpoint(), "/sdk")
	for _, tc := range []struct {
		name, method, path, auth string
		want                     int
	}{
		{"JSON-RPC session", "POST", "/api", "", 404},
		{"REST session by token", "POST", "/rest/com/vmware/cis/session", "SIGN token=x", 401},
		{"REST without a session", "GET", "/rest/com/vmware/cis/tagging/tag", "", 401},
	} {
		r, err := http.NewRequestWithContext(testContext(t), tc.method, base+tc.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", tc.auth)
		res, err := hc.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != tc.want {
			t.Errorf("%s: %s, want %d", tc.name, res.Status, tc.want)
		}
	}
}
