package platformtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// each runs f n times in parallel.
func each(t testing.TB, n int, f func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

func wantText(t testing.TB, err error, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("err = %v; it should say %q", err, s)
		}
	}
}

func testMachine(t *testing.T, h *Harness) {
	s := h.open(t)
	ctx := within(t)
	h.tenant(t, s)
	spec := h.spec("db-1")
	spec.Disks = append(spec.Disks, driver.DiskSpec{CapacityBytes: 2 * h.DiskUnit})
	spec.NICs[0].MAC = "00:50:56:3f:00:01"
	ref, err := s.CreateVM(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := s.DescribeVM(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	if vm.ID != spec.ID || vm.InstanceUUID != spec.ID.InstanceUUID() || vm.Cluster != h.Cluster || vm.Power != psn.PoweredOff {
		t.Errorf("made: %+v", vm)
	}
	if len(vm.Disks) != 2 || vm.Disks[0].CapacityBytes != h.DiskUnit || vm.Disks[1].CapacityBytes != 2*h.DiskUnit || vm.Disks[0].Key == vm.Disks[1].Key || vm.StorageMiB != 3*h.DiskUnit>>20 {
		t.Errorf("disks: %+v, storage %d MiB", vm.Disks, vm.StorageMiB)
	}
	if len(vm.NICs) != 1 || vm.NICs[0].MAC != "00:50:56:3f:00:01" || vm.NICs[0].Network != h.Network {
		t.Errorf("NICs: %+v", vm.NICs)
	}
	for _, want := range []psn.PowerState{psn.PoweredOn, psn.PoweredOn, psn.PoweredOff, psn.PoweredOff} {
		if err := s.Power(ctx, ref, want); err != nil {
			t.Fatalf("power %s: %v", want, err)
		}
		if vm, err = s.DescribeVM(ctx, ref); err != nil || vm.Power != want {
			t.Fatalf("after power %s: %v, %v", want, vm.Power, err)
		}
	}
	cpus, memory := int64(4), int64(2048)
	labels := spec.Labels
	labels.Classification, labels.Role = psn.Strategic, psn.RoleReplica
	if err := s.UpdateVM(ctx, ref, driver.VMChange{VCPUs: &cpus, MemoryMiB: &memory, Labels: &labels}); err != nil {
		t.Fatal(err)
	}
	if vm, err = s.DescribeVM(ctx, ref); err != nil {
		t.Fatal(err)
	}
	got := driver.Labels{Service: vm.Service, Classification: vm.Classification, Role: vm.Role, PrimarySite: vm.PrimarySite}
	if d := cmp.Diff(labels, got); d != "" || vm.VCPUs != 4 || vm.MemoryMiB != 2048 || vm.ID != spec.ID {
		t.Errorf("after update: %+v %s", vm, d)
	}
	inv := h.named(t, s, "db-1")
	if len(inv) != 1 {
		t.Fatalf("inventory has %d machines of the name", len(inv))
	}
	if d := cmp.Diff(*vm, inv[0]); d != "" {
		t.Errorf("inventory and description disagree: %s", d)
	}
	if err := s.Power(ctx, ref, psn.PoweredOn); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.DeleteVM(ctx, ref); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	_, err = s.DescribeVM(ctx, ref)
	wantCode(t, err, psn.NotFound)
}

func testMachineChecks(t *testing.T, h *Harness) {
	s := h.open(t)
	ctx := within(t)
	_, err := s.CreateVM(ctx, h.spec("x"))
	wantCode(t, err, psn.NotFound) // no tenant yet
	h.tenant(t, s)
	for name, c := range map[string]struct {
		change func(*driver.VMSpec)
		code   psn.Code
		says   []string
	}{
		"cluster": {func(v *driver.VMSpec) { v.Cluster = "nix" }, psn.InvalidInput, []string{`"nix"`, h.Cluster}},
		"network": {func(v *driver.VMSpec) { v.NICs[0].Network = "nix" }, psn.InvalidInput, []string{`"nix"`, h.Network}},
		"storage": {func(v *driver.VMSpec) { v.Disks[0].StorageClass = "nix" }, psn.InvalidInput, []string{`"nix"`}},
		"too big": {func(v *driver.VMSpec) { v.Disks[0].CapacityBytes = 1 << 59 }, psn.Exhausted, []string{"free"}},
		"vcpus":   {func(v *driver.VMSpec) { v.VCPUs = 0 }, psn.InvalidInput, []string{"vcpus"}},
		"memory":  {func(v *driver.VMSpec) { v.MemoryMiB = 0 }, psn.InvalidInput, []string{"memory"}},
		"disk":    {func(v *driver.VMSpec) { v.Disks[0].CapacityBytes = 1 }, psn.InvalidInput, []string{"disk 0"}},
		"id":      {func(v *driver.VMSpec) { v.ID = "No Tenant" }, psn.InvalidInput, []string{"No Tenant"}},
	} {
		spec := h.spec("x")
		c.change(&spec)
		_, err := s.CreateVM(ctx, spec)
		if !psn.Is(err, c.code) {
			t.Errorf("%s: err = %v, want code %s", name, err, c.code)
		}
		wantText(t, err, c.says...)
	}
	if n := len(h.named(t, s, "x")); n != 0 {
		t.Errorf("refused specifications left %d machines", n)
	}
}

func testCreateTwice(t *testing.T, h *Harness) {
	s := h.open(t)
	h.tenant(t, s)
	first, second := h.create(t, s, "twice"), h.create(t, s, "twice")
	// Another process, which remembers nothing.
	third := h.create(t, h.open(t), "twice")
	if first != second || first != third {
		t.Errorf("refs %s, %s, %s", first, second, third)
	}
	if n := len(h.named(t, s, "twice")); n != 1 {
		t.Errorf("%d machines", n)
	}
}

func testParallelCreates(t *testing.T, h *Harness) {
	s := h.open(t)
	h.tenant(t, s)
	n := 20
	if h.Slow {
		n = 8 // still more than a backend makes at a time
	}
	each(t, n, func(i int) error {
		_, err := s.CreateVM(within(t), h.spec(fmt.Sprintf("many-%02d", i)))
		return err
	})
	inv, err := s.Inventory(within(t))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[psn.VMID]int{}
	for _, vm := range inv.VMs {
		if vm.ID.Tenant() == h.Tenant {
			seen[vm.ID]++
		}
	}
	if len(seen) != n {
		t.Errorf("%d machines of ours: %v", len(seen), seen)
	}
	// The same one many times at once must be one.
	refs := make([]string, 6)
	each(t, len(refs), func(i int) (err error) {
		refs[i], err = s.CreateVM(within(t), h.spec("same"))
		return err
	})
	if n := len(h.named(t, s, "same")); n != 1 {
		t.Errorf("%d machines from simultaneous calls of one id: %v", n, refs)
	}
}

// testMadeAtOnce: of several that name themselves as the maker of one machine one
// has made it, and it is told apart from who asks again.
func testMadeAtOnce(t *testing.T, h *Harness) {
	h.tenant(t, h.open(t))
	spec := func(n int) driver.VMSpec {
		out := h.spec("twin")
		out.Maker = fmt.Sprintf("process-%d", n)
		return out
	}
	sites := []driver.Site{h.open(t), h.open(t)}
	var refs [2]string
	errs := [2]error{}
	var both sync.WaitGroup
	for n, s := range sites {
		both.Go(func() { refs[n], errs[n] = s.CreateVM(within(t), spec(n)) })
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("made by %q: %v", refs, errs)
	}
	wantCode(t, errors.Join(errs[:]...), psn.AlreadyExists)
	first := 0
	if errs[0] != nil {
		first = 1
	}
	if vms := h.named(t, sites[first], "twin"); len(vms) != 1 || vms[0].Ref != refs[first] {
		t.Errorf("made by %q: %+v", refs, vms)
	}
	for range 2 {
		if again, err := sites[first].CreateVM(within(t), spec(first)); err != nil || again != refs[first] {
			t.Errorf("asked again by its maker: %q, %v", again, err)
		}
	}
	_, err := sites[1-first].CreateVM(within(t), spec(1-first))
	wantCode(t, err, psn.AlreadyExists)
	if ref, err := sites[1-first].CreateVM(within(t), h.spec("twin")); err != nil || ref != refs[first] {
		t.Errorf("asked for by anybody: %q, %v", ref, err)
	}
}

func testNameTaken(t *testing.T, h *Harness) {
	s := h.open(t)
	h.tenant(t, s)
	h.Foreign(t, h.Tenant, "taken")
	_, err := s.CreateVM(within(t), h.spec("taken"))
	wantCode(t, err, psn.AlreadyExists)
	wantText(t, err, "taken")
	vms := h.named(t, s, "taken")
	if len(vms) != 1 || vms[0].ID != "" {
		t.Errorf("the other's machine: %+v", vms)
	}
}

// testOtherRole: a machine being filled by a replica must not be handed out as
// somebody's standby, nor taken over as an active one.
func testOtherRole(t *testing.T, h *Harness) {
	s := h.open(t)
	h.tenant(t, s)
	spec := h.spec("filled")
	spec.Labels.Role = psn.RoleReplica
	if _, err := s.CreateVM(within(t), spec); err != nil {
		t.Fatal(err)
	}
	for _, role := range []psn.Role{psn.RoleStandby, psn.RoleActive} {
		spec.Labels.Role = role
		_, err := s.CreateVM(within(t), spec)
		wantCode(t, err, psn.AlreadyExists)
		wantText(t, err, string(psn.RoleReplica), string(role))
	}
}

func testDeletedOutside(t *testing.T, h *Harness) {
	s := h.open(t)
	ctx := within(t)
	h.tenant(t, s)
	ref := h.create(t, s, "gone")
	h.Destroy(t, ref)
	_, err := s.DescribeVM(ctx, ref)
	wantCode(t, err, psn.NotFound)
	wantCode(t, s.Power(ctx, ref, psn.PoweredOn), psn.NotFound)
	cpus := int64(2)
	wantCode(t, s.UpdateVM(ctx, ref, driver.VMChange{VCPUs: &cpus}), psn.NotFound)
	if err := s.DeleteVM(ctx, ref); err != nil {
		t.Errorf("delete of what is gone: %v", err)
	}
	if again := h.create(t, s, "gone"); again == ref {
		t.Error("the machine that is gone was found again")
	}
}

func testLinks(t *testing.T, h *Harness) {
	s := h.open(t)
	links, ok := s.(driver.Links)
	if !ok {
		t.Fatal("backend has no Links")
	}
	ctx := within(t)
	h.tenant(t, s)
	ref := h.create(t, s, "linked")
	for _, on := range []psn.PowerState{psn.PoweredOff, psn.PoweredOn} {
		if err := s.Power(ctx, ref, on); err != nil {
			t.Fatal(err)
		}
		for _, want := range []bool{false, false, true} {
			if err := links.SetLinks(ctx, ref, want); err != nil {
				t.Fatalf("power %s, links %v: %v", on, want, err)
			}
			vm, err := s.DescribeVM(ctx, ref)
			if err != nil || len(vm.NICs) != 1 || vm.NICs[0].Connected != want {
				t.Fatalf("power %s, links %v: %+v, %v", on, want, vm, err)
			}
			if err := links.SetLinks(ctx, ref, !want, strings.ToUpper(vm.NICs[0].MAC)); err != nil {
				t.Fatalf("power %s, links of all but one: %v", on, err)
			}
			vm, err = s.DescribeVM(ctx, ref)
			if err != nil || vm.NICs[0].Connected != want {
				t.Fatalf("power %s, the one left out is connected: %+v, %v; want %v", on, vm, err, want)
			}
		}
	}
}
