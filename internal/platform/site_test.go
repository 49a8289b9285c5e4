package platform_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func site(f *fake, opts ...platform.Option) *platform.Site {
	return platform.New(psn.Acilia, psn.VSphere, "site acilia (vsphere)", func(context.Context) (driver.Site, error) { return f, nil }, opts...)
}

func TestNothingIsOpenedBeforeUse(t *testing.T) {
	opened := false
	s := platform.New(psn.Acilia, psn.VSphere, "x", func(context.Context) (driver.Site, error) {
		opened = true
		return newFake(), nil
	})
	if err := s.Close(t.Context()); err != nil || opened {
		t.Fatalf("Close of an unused site: opened=%v, err=%v", opened, err)
	}
}

func TestOpenIsSharedAndItsRefusalRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opens atomic.Int64
		s := platform.New(psn.Acilia, psn.VSphere, "site acilia (vsphere)", func(context.Context) (driver.Site, error) {
			opens.Add(1)
			time.Sleep(time.Second)
			return nil, psn.Errorf(psn.Unauthenticated, "wrong password")
		})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := s.Inventory(t.Context())
				if !psn.Is(err, psn.Unauthenticated) || !strings.Contains(err.Error(), "site acilia (vsphere): wrong password") {
					t.Errorf("err = %v", err)
				}
			})
		}
		wg.Wait()
		_, _ = s.FindVM(t.Context(), vmID(1))
		if n := opens.Load(); n != 1 {
			t.Errorf("a wrong password was tried %d times: accounts are locked that way", n)
		}
		time.Sleep(31 * time.Second)
		_, _ = s.FindVM(t.Context(), vmID(1))
		if n := opens.Load(); n != 2 {
			t.Errorf("after a while it should be tried again, opens = %d", n)
		}
	})
}

func TestInventoryIsReadOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.hold = make(chan struct{})
		s := site(f)
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				if _, err := s.Inventory(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(f.hold)
		wg.Wait()
		if n := f.count("Inventory"); n != 1 {
			t.Errorf("%d bulk reads for 40 callers", n)
		}
		time.Sleep(platform.DefaultTTL - time.Second)
		_, _ = s.Inventory(t.Context())
		if n := f.count("Inventory"); n != 1 {
			t.Errorf("read again before the TTL: %d", n)
		}
		time.Sleep(2 * time.Second)
		_, _ = s.Inventory(t.Context())
		if n := f.count("Inventory"); n != 2 {
			t.Errorf("not read again after the TTL: %d", n)
		}
	})
}

func TestCallerWhoGivesUpLeavesTheOthersTheRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.hold = make(chan struct{})
		s := site(f)
		gone, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.Inventory(gone); !errors.Is(err, context.Canceled) {
				t.Errorf("err = %v, want canceled", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if _, err := s.Inventory(t.Context()); err != nil {
				t.Errorf("the one who stayed: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(f.hold)
		wg.Wait()
		if n := f.count("Inventory"); n != 1 {
			t.Errorf("%d bulk reads", n)
		}
	})
}

func TestOwnChangesAreSeenWithoutBulkReads(t *testing.T) {
	f := newFake()
	s := site(f)
	ctx := t.Context()
	if _, err := s.Inventory(ctx); err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		ref, err := s.CreateVM(ctx, driver.VMSpec{ID: vmID(n)})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Power(ctx, ref, psn.PoweredOn); err != nil {
			t.Fatal(err)
		}
		vm, err := s.FindVM(ctx, vmID(n))
		if err != nil || vm.Power != psn.PoweredOn {
			t.Fatalf("after create and power on: %+v, %v", vm, err)
		}
		if n%2 == 0 {
			if err := s.DeleteVM(ctx, ref); err != nil {
				t.Fatal(err)
			}
			if _, err := s.FindVM(ctx, vmID(n)); !psn.Is(err, psn.NotFound) {
				t.Fatalf("after delete: %v", err)
			}
		}
	}
	if n := f.count("Inventory"); n != 1 {
		t.Errorf("%d bulk reads, want the first one only", n)
	}
	inv, err := s.Inventory(ctx)
	if err != nil || len(inv.VMs) != 10 || f.count("Inventory") != 2 {
		t.Errorf("the whole inventory after changes: %d machines, %d reads, %v", len(inv.VMs), f.count("Inventory"), err)
	}
}

func TestReadThatBeganBeforeACreateDoesNotHideIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.hold = make(chan struct{})
		s := site(f)
		done := make(chan error)
		go func() { _, err := s.Inventory(t.Context()); done <- err }()
		synctest.Wait() // the read has looked at the machines and is on its way back
		if _, err := s.CreateVM(t.Context(), driver.VMSpec{ID: vmID(1)}); err != nil {
			t.Fatal(err)
		}
		close(f.hold)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if _, err := s.FindVM(t.Context(), vmID(1)); err != nil {
			t.Error(err)
		}
	})
}

func TestAbsenceIsBelievedShortly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := site(f)
		for range 30 {
			if _, err := s.FindVM(t.Context(), vmID(7)); !psn.Is(err, psn.NotFound) {
				t.Fatal(err)
			}
		}
		if n := f.count("Inventory"); n != 1 {
			t.Errorf("%d bulk reads for 30 absences", n)
		}
		f.put(psn.VM{Ref: "vm-x", InstanceUUID: strings.ToUpper(vmID(7).InstanceUUID())})
		time.Sleep(3 * time.Second)
		if vm, err := s.FindVM(t.Context(), vmID(7)); err != nil || vm.Ref != "vm-x" {
			t.Errorf("made by another process: %v, %v", vm, err)
		}
	})
}

func TestUnavailableIsRepeatedOtherFailuresAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.afterErr = true // the server did it, the answer was lost
		f.fail["CreateVM"] = []error{psn.Errorf(psn.Unavailable, "cut"), psn.Errorf(psn.Unavailable, "cut")}
		s := site(f)
		if _, err := s.CreateVM(t.Context(), driver.VMSpec{ID: vmID(1)}); err != nil {
			t.Fatal(err)
		}
		f.fail["CreateVM"] = []error{psn.Errorf(psn.Exhausted, "full")}
		if _, err := s.CreateVM(t.Context(), driver.VMSpec{ID: vmID(2)}); !psn.Is(err, psn.Exhausted) {
			t.Errorf("err = %v", err)
		}
		if n := f.count("CreateVM"); n != 4 {
			t.Errorf("%d calls, want 3 for the first machine and 1 for the second", n)
		}
	})
}

func TestCreatesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.slow = time.Second
		s := site(f, platform.WithCreates(3))
		var wg sync.WaitGroup
		for n := range 12 {
			wg.Go(func() {
				if _, err := s.CreateVM(t.Context(), driver.VMSpec{ID: vmID(n)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if f.most != 3 {
			t.Errorf("%d creates at a time, want 3", f.most)
		}
	})
}

func TestLookup(t *testing.T) {
	f := newFake()
	f.put(psn.VM{Ref: "vm-1", Name: "db", InstanceUUID: "aa", Folder: "a"})
	f.put(psn.VM{Ref: "vm-22", Name: "web", InstanceUUID: "bb"})
	f.put(psn.VM{Ref: "vm-333", Name: "db", InstanceUUID: "cc", Folder: "b"})
	s := site(f)
	for _, c := range []struct {
		in, ref string
		code    psn.Code
	}{
		{"web", "vm-22", ""}, {"CC", "vm-333", ""}, {"db", "", psn.Conflict}, {"nix", "", psn.NotFound},
	} {
		vm, err := s.Lookup(t.Context(), c.in)
		if c.code != "" {
			if !psn.Is(err, c.code) {
				t.Errorf("%s: err = %v, want %s", c.in, err, c.code)
			}
		} else if err != nil || vm.Ref != c.ref {
			t.Errorf("%s: %v, %v", c.in, vm, err)
		}
	}
}

// TestASiteThatHangsIsNotWaitedForAgain: the failure of a try that took long is
// believed as long as the try took.
func TestASiteThatHangsIsNotWaitedForAgain(t *testing.T) {
	now, opens := time.Now(), 0
	s := platform.New(psn.Acilia, psn.VSphere, "site acilia (vsphere)", func(context.Context) (driver.Site, error) {
		opens++
		now = now.Add(20 * time.Second)
		return nil, psn.Errorf(psn.Unavailable, "no answer")
	}, platform.WithClock(func() time.Time { return now }))
	for _, step := range []struct {
		pass time.Duration
		want int
	}{{0, 1}, {19 * time.Second, 1}, {2 * time.Second, 2}} {
		now = now.Add(step.pass)
		if _, err := s.Inventory(t.Context()); !psn.Is(err, psn.Unavailable) || opens != step.want {
			t.Errorf("after %s: %d tries, want %d; %v", step.pass, opens, step.want, err)
		}
	}
}

// finder is a fake that can tell of one machine.
type finder struct{ *fake }

func (f finder) FindVM(_ context.Context, id psn.VMID) (*psn.VM, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("FindVM"); err != nil {
		return nil, err
	}
	for _, vm := range f.vms {
		if strings.EqualFold(vm.InstanceUUID, id.InstanceUUID()) {
			return &vm, nil
		}
	}
	return nil, psn.Errorf(psn.NotFound, "no %s", id)
}

// TestManyCreatesReadTheSiteOnce: each looks first whether its machine stands.
func TestManyCreatesReadTheSiteOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := platform.New(psn.Acilia, psn.VSphere, "site acilia (vsphere)", func(context.Context) (driver.Site, error) { return finder{f}, nil })
		for n := range 9 {
			if _, err := s.FindNewVM(t.Context(), vmID(n)); !psn.Is(err, psn.NotFound) {
				t.Fatal(err)
			}
			if _, err := s.CreateVM(t.Context(), driver.VMSpec{ID: vmID(n)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
		}
		if all, one := f.count("Inventory"), f.count("FindVM"); all != 1 || one != 8 {
			t.Errorf("%d reads of the site and %d of a machine, want 1 and 8", all, one)
		}
		for n := range 9 { // what stands is not asked for one by one
			if _, err := s.FindVM(t.Context(), vmID(n+100)); !psn.Is(err, psn.NotFound) {
				t.Fatal(err)
			}
		}
		if all, one := f.count("Inventory"), f.count("FindVM"); all != 2 || one != 8 {
			t.Errorf("%d reads of the site and %d of a machine, want 2 and 8", all, one)
		}
		time.Sleep(3 * time.Second)
		f.put(psn.VM{Ref: "vm-x", InstanceUUID: strings.ToUpper(vmID(20).InstanceUUID())})
		if vm, err := s.FindNewVM(t.Context(), vmID(20)); err != nil || vm.Ref != "vm-x" {
			t.Errorf("made by another process: %v, %v", vm, err)
		}
		time.Sleep(time.Second)
		f.fail["FindVM"] = []error{psn.Errorf(psn.Forbidden, "no")}
		if _, err := s.FindNewVM(t.Context(), vmID(21)); !psn.Is(err, psn.Forbidden) || !strings.Contains(err.Error(), "acilia") {
			t.Errorf("err = %v", err)
		}
	})
}
