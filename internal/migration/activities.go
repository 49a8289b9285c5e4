package migration

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// activities are the steps that touch the world. Each may run again after it
// was done, in whole or in part.
type activities struct {
	estate   Estate
	holds    holds
	open     OpenDevice
	stateDir string
	wanted   func(context.Context) error // asks the engine whether the attempt that ctx is of still counts; nil is yes
	places   *semaphore.Weighted         // for cycles that are not urgent

	mu      sync.Mutex
	workers map[string]string // reference of the worker's machine by site and platform, a hint
	busy    map[psn.VMID]chan struct{}
}

// claim waits until no earlier attempt for the machine runs in this process: one
// that was given up because its heartbeat was late may still be ending.
func (a *activities) claim(ctx context.Context, id psn.VMID) (release func(), err error) {
	a.mu.Lock()
	if a.busy == nil {
		a.busy = map[psn.VMID]chan struct{}{}
	}
	c := a.busy[id]
	if c == nil {
		c = make(chan struct{}, 1)
		a.busy[id] = c
	}
	a.mu.Unlock()
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (a *activities) source(ctx context.Context, s Spec) (driver.Site, error) {
	d, err := a.estate.Source(ctx, s.Source.Name)
	return d, psn.At("source "+s.Source.Name, err)
}

func (a *activities) target(ctx context.Context, s Spec) (driver.Site, error) {
	d, err := a.estate.Site(ctx, s.Target.Site, s.Target.Platform)
	return d, psn.At(whereTarget(s), err)
}

func whereSource(s Spec) string { return "source " + s.Source.Name }

func whereTarget(s Spec) string {
	return "site " + string(s.Target.Site) + " (" + string(s.Target.Platform) + ")"
}

// workerRef finds the worker's machine at the target site. The reference is
// remembered and checked by name, so that an inventory is read rarely.
func (a *activities) workerRef(ctx context.Context, s Spec, d driver.Site) (string, WorkerPlace, error) {
	place, err := a.estate.Worker(ctx, s.Target.Site, s.Target.Platform)
	if err != nil {
		return "", place, psn.At(whereTarget(s), err)
	}
	where := whereTarget(s)
	a.mu.Lock()
	hint := a.workers[where]
	a.mu.Unlock()
	if hint != "" {
		if vm, err := d.DescribeVM(ctx, hint); err == nil && vm.Name == place.VM {
			return hint, place, nil
		}
	}
	inv, err := d.Inventory(ctx)
	if err != nil {
		return "", place, psn.At(where, err)
	}
	var found []psn.VM
	for _, vm := range inv.VMs {
		if vm.Name == place.VM {
			found = append(found, vm)
		}
	}
	if len(found) != 1 {
		return "", place, psn.Errorf(psn.InvalidInput, "%s has %d machines named %q: set the worker's vm in the configuration to the one machine that the worker runs in", where, len(found), place.VM)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.workers == nil {
		a.workers = map[string]string{}
	}
	a.workers[where] = found[0].Ref
	return found[0].Ref, place, nil
}
