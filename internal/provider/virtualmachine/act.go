package virtualmachine

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// How long a guest may take to shut down before the power is taken away, and how
// often it is looked at meanwhile.
const (
	shutdownWait = 2 * time.Minute
	shutdownPoll = 500 * time.Millisecond // at first, then ever more seldom
	shutdownRest = 5 * time.Second        // at last
)

// makeActive makes the machine at home and brings it to its power state. One that
// somebody else made since the sites were looked at is theirs; only one that stood
// then, as an interrupted create leaves it, is gone on with.
func (r *vmResource) makeActive(ctx context.Context, m model, boot firstBoot, stood bool) (*psn.VM, error) {
	home := m.home()
	at, err := r.places.Site(home.site, home.platform)
	if err != nil {
		return nil, err
	}
	spec := m.expandActive()
	spec.UserData, spec.VendorData = boot.user, boot.vendor
	if !stood {
		spec.Maker = rand.Text()
	}
	ref, err := at.CreateVM(ctx, spec)
	if psn.Is(err, psn.AlreadyExists) && spec.Maker != "" {
		at.Refresh()
		if vm, lookErr := at.FindVM(ctx, m.vmid()); lookErr == nil {
			return nil, &taken{theirs(seen{at, vm})}
		}
	}
	if err != nil {
		return nil, err
	}
	if stood {
		vm, err := at.FindVM(ctx, m.vmid())
		if err != nil {
			return nil, err
		}
		if f := (seen{at, vm}); !m.leftover(f) {
			return nil, &taken{m.exists(f)}
		}
	}
	if err := at.Power(ctx, ref, psn.PowerState(m.PowerState.ValueString())); err != nil {
		return nil, err
	}
	return at.DescribeVM(ctx, ref)
}

// taken says that a machine somebody else made stands where one was to be made.
type taken struct{ text string }

func (t *taken) Error() string { return t.text }

// makeStandby makes the standby, when the place has one. With a maker it is
// psn.AlreadyExists when another makes it at the same time.
func (r *vmResource) makeStandby(ctx context.Context, m model, maker string) error {
	to := m.standby()
	if to == (spot{}) {
		return nil
	}
	at, err := r.places.Site(to.site, to.platform)
	if err != nil {
		return err
	}
	spec := m.expandStandby()
	spec.Maker = maker
	_, err = at.CreateVM(ctx, spec)
	return err
}

// change brings the machine that was found to what m declares. What needs no
// restart comes first, so that it never waits for one. A machine that is to be off
// is off before its size changes, lest it be started in between, and sooner where
// the platform changes something on no running machine; one that is to be on
// starts when all is changed.
func (r *vmResource) change(ctx context.Context, m, state model, active seen) error {
	want := psn.PowerState(m.PowerState.ValueString())
	if active.vm.Power == psn.Unsettled { // first things first: between two sizes a machine takes no card
		if err := active.at.Power(ctx, active.vm.Ref, want); err != nil {
			return err
		}
		vm, err := active.at.DescribeVM(ctx, active.vm.Ref)
		if err != nil {
			return err
		}
		active.vm = vm
	}
	goesOff := active.vm.Power == psn.PoweredOn && want == psn.PoweredOff
	c, err := m.quietChange(active, len(disksOf(state.Disks)))
	if err == nil {
		err = active.alter(ctx, c, goesOff)
	}
	if err == nil && goesOff {
		err = stop(ctx, active)
	}
	if err == nil {
		err = active.alter(ctx, m.sizeChange(*active.vm), active.vm.Power == psn.PoweredOn)
	}
	if err != nil {
		return err
	}
	return active.at.Power(ctx, active.vm.Ref, want)
}

// alter changes the machine; when the platform refuses that for what the machine
// is doing, and it may be stopped, once more after it was.
func (s seen) alter(ctx context.Context, c driver.VMChange, mayStop bool) error {
	if c.IsZero() {
		return nil
	}
	err := s.at.UpdateVM(ctx, s.vm.Ref, c)
	if !mayStop || !psn.Is(err, psn.Conflict) {
		return err
	}
	if err := stop(ctx, s); err != nil {
		return err
	}
	return s.at.UpdateVM(ctx, s.vm.Ref, c)
}

// stop shuts the guest down where the platform can ask it to, and powers the
// machine off when it does not comply in time.
func stop(ctx context.Context, s seen) error {
	drv, err := s.at.Driver(ctx)
	if err != nil {
		return err
	}
	guest, ok := drv.(driver.Guest)
	if !ok || guest.ShutdownGuest(ctx, s.vm.Ref) != nil {
		return s.at.Power(ctx, s.vm.Ref, psn.PoweredOff)
	}
	deadline := time.NewTimer(shutdownWait)
	defer deadline.Stop()
	pause := shutdownPoll
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return s.at.Power(ctx, s.vm.Ref, psn.PoweredOff)
		case <-tick.C:
			vm, err := s.at.DescribeVM(ctx, s.vm.Ref)
			if err != nil {
				return err
			}
			if vm.Power == psn.PoweredOff {
				return nil
			}
			pause = min(2*pause, shutdownRest)
			tick.Reset(pause)
		}
	}
}

// changeStandby makes the standby stand where m says, in the size m says. The
// old one goes after the new one stands: the reserve is never given up first.
func (r *vmResource) changeStandby(ctx context.Context, m model, old *seen) error {
	to := m.standby()
	if old != nil && old.spot() == to {
		c := m.standbyChange(*old.vm)
		if c.IsZero() {
			return nil
		}
		return old.at.UpdateVM(ctx, old.vm.Ref, c)
	}
	// At one site an id names one machine: there the old one has to go first.
	same := old != nil && old.at.ID() == to.site && old.at.Platform() == to.platform
	if old != nil && same {
		if err := old.at.DeleteVM(ctx, old.vm.Ref); err != nil {
			return err
		}
	}
	if err := r.makeStandby(ctx, m, ""); err != nil {
		return err
	}
	if old != nil && !same {
		return old.at.DeleteVM(ctx, old.vm.Ref)
	}
	return nil
}
