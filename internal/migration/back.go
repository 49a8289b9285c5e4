package migration

import (
	"context"
	"errors"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Back undoes a cutover: the target off and a replica again, the source with
// its cards connected and running. Every part is tried until it is done.
func (a *activities) Back(ctx context.Context, in CutoverInput) error {
	ctx, b := startBeat(ctx)
	defer b.end()
	release, err := a.claim(ctx, in.Spec.ID)
	if err != nil {
		return err
	}
	defer release()
	b.update(func(p *progress) { p.Doing = "stop the target" })
	// The target first: two machines with one address must never run.
	if err := a.standDown(ctx, in); err != nil {
		return stubborn(ctx, psn.At(whereTarget(in.Spec), err))
	}
	b.update(func(p *progress) { p.Doing = "bring the source back" })
	if err := a.ours(ctx, in.Spec, in.Machine); err != nil {
		// Held for another replica, whose target may run.
		return wire(ctx, psn.At(whereSource(in.Spec), err))
	}
	return stubborn(ctx, psn.At(whereSource(in.Spec), a.revive(ctx, in)))
}

func (a *activities) standDown(ctx context.Context, in CutoverInput) error {
	dst, err := a.target(ctx, in.Spec)
	if err != nil {
		return err
	}
	if err := dst.Power(ctx, in.Target.Ref, psn.PoweredOff); err != nil {
		if psn.Is(err, psn.NotFound) {
			return nil // a target that is gone does not run
		}
		return err
	}
	if links, ok := dst.(driver.Links); ok {
		if err := links.SetLinks(ctx, in.Target.Ref, false); err != nil {
			return err
		}
	}
	replica := labels(in.Spec, psn.RoleReplica)
	return dst.UpdateVM(ctx, in.Target.Ref, driver.VMChange{Labels: &replica})
}

func (a *activities) revive(ctx context.Context, in CutoverInput) error {
	src, err := a.source(ctx, in.Spec)
	if err != nil {
		return err
	}
	links, err := capability[driver.Links](src, whereSource(in.Spec), "connect network cards")
	if err != nil {
		return err
	}
	if err := links.SetLinks(ctx, in.Machine.Ref, true, in.Machine.Unplugged...); err != nil {
		return err
	}
	if in.Machine.Power == psn.PoweredOff {
		return nil // it was off before we came
	}
	return src.Power(ctx, in.Machine.Ref, psn.PoweredOn)
}

// ours refuses when the source is held for another replica. A run that began
// before sources were held knows no UUID and has nothing to ask for.
func (a *activities) ours(ctx context.Context, s Spec, m Machine) error {
	if m.InstanceUUID == "" {
		return nil
	}
	return a.holds.look(ctx, sourceID(s, m.InstanceUUID), s.ID)
}

// CleanUp removes the replica's snapshots from the source, takes the target's
// disks off the worker and, when told to, gives the source back to others. All
// are tried, whatever the others do.
func (a *activities) CleanUp(ctx context.Context, in CutoverInput) error {
	ctx, b := startBeat(ctx)
	defer b.end()
	release, err := a.claim(ctx, in.Spec.ID)
	if err != nil {
		return err
	}
	defer release()
	return wire(ctx, errors.Join(a.unsnap(ctx, in), a.unplug(ctx, in), a.dropStandby(ctx, in), a.release(ctx, in)))
}

func (a *activities) unsnap(ctx context.Context, in CutoverInput) error {
	if in.Machine.Ref == "" {
		return nil
	}
	src, err := a.source(ctx, in.Spec)
	if err != nil {
		return err
	}
	snapper, ok := src.(driver.Snapshotter)
	if !ok {
		return nil
	}
	return psn.At(whereSource(in.Spec), removeSnapshots(ctx, snapper, in.Spec, in.Machine.Ref, ""))
}

func (a *activities) release(ctx context.Context, in CutoverInput) error {
	if !in.Release || in.Machine.InstanceUUID == "" {
		return nil
	}
	return a.holds.drop(ctx, sourceID(in.Spec, in.Machine.InstanceUUID), in.Spec.ID)
}

func (a *activities) unplug(ctx context.Context, in CutoverInput) error {
	if in.Target.Ref == "" {
		return nil
	}
	dst, err := a.target(ctx, in.Spec)
	if err != nil {
		return err
	}
	err = a.detach(ctx, in, dst)
	if psn.Is(err, psn.NotFound) {
		err = nil // no target, nothing attached
	}
	return psn.At(whereTarget(in.Spec), err)
}
