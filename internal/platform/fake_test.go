package platform_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// fake is a site in memory that counts what it is asked and can be slow or fail.
type fake struct {
	driver.Site // only what the tests need is implemented

	mu       sync.Mutex
	vms      map[string]psn.VM
	calls    map[string]int
	fail     map[string][]error // per method, one error per call
	running  int
	most     int           // creates that ran at a time
	slow     time.Duration // of creates
	hold     chan struct{} // Inventory waits for it when not nil
	afterErr bool          // a failing CreateVM makes the machine all the same
}

func newFake() *fake {
	return &fake{vms: map[string]psn.VM{}, calls: map[string]int{}, fail: map[string][]error{}}
}

func (f *fake) called(method string) error {
	f.calls[method]++
	if errs := f.fail[method]; len(errs) > 0 {
		f.fail[method] = errs[1:]
		return errs[0]
	}
	return nil
}

func (f *fake) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

func (f *fake) put(vm psn.VM) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.vms[vm.Ref] = vm
}

func (f *fake) Inventory(ctx context.Context) (*psn.SiteInventory, error) {
	f.mu.Lock()
	err := f.called("Inventory")
	inv := &psn.SiteInventory{Site: psn.Acilia, Platform: psn.VSphere}
	for _, vm := range f.vms {
		inv.VMs = append(inv.VMs, vm)
	}
	hold := f.hold
	f.mu.Unlock()
	slices.SortFunc(inv.VMs, func(a, b psn.VM) int { return len(a.Ref) - len(b.Ref) })
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	return inv, nil
}

func (f *fake) CreateVM(_ context.Context, spec driver.VMSpec) (string, error) {
	f.mu.Lock()
	f.running++
	f.most = max(f.most, f.running)
	err := f.called("CreateVM")
	slow := f.slow
	f.mu.Unlock()
	time.Sleep(slow)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running--
	ref := "vm-" + spec.ID.Name()
	if err == nil || f.afterErr {
		f.vms[ref] = psn.VM{ID: spec.ID, Ref: ref, Name: spec.ID.Name(), InstanceUUID: spec.ID.InstanceUUID()}
	}
	if err != nil {
		return "", err
	}
	return ref, nil
}

func (f *fake) DescribeVM(_ context.Context, ref string) (*psn.VM, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("DescribeVM"); err != nil {
		return nil, err
	}
	vm, ok := f.vms[ref]
	if !ok {
		return nil, psn.Errorf(psn.NotFound, "no %s", ref)
	}
	return &vm, nil
}

func (f *fake) Power(_ context.Context, ref string, want psn.PowerState) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	vm, ok := f.vms[ref]
	if !ok {
		return psn.Errorf(psn.NotFound, "no %s", ref)
	}
	vm.Power = want
	f.vms[ref] = vm
	return f.called("Power")
}

func (f *fake) DeleteVM(_ context.Context, ref string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.vms, ref)
	return f.called("DeleteVM")
}

func (f *fake) Close(context.Context) error { return nil }

func vmID(n int) psn.VMID { return psn.VMID(fmt.Sprintf("p_bs/vm-%d", n)) }
