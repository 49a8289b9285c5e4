package migration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// pollEvery is how often power and guest are looked at while waiting for them.
const pollEvery = time.Second

// CutoverInput is what the steps of a cutover work on.
type CutoverInput struct {
	Spec    Spec      `json:"spec"`
	Machine Machine   `json:"machine"`
	Target  Target    `json:"target"`
	Since   time.Time `json:"since"`             // deadlines are counted from here
	Unused  bool      `json:"unused,omitempty"`  // CleanUp removes the standby: the target never ran
	Release bool      `json:"release,omitempty"` // CleanUp gives the source back: no target of it runs
}

// Shutdown brings the source down: it asks the guest, waits, and then does what
// the policy says. It returns when it first saw the machine off.
func (a *activities) Shutdown(ctx context.Context, in CutoverInput) (time.Time, error) {
	ctx, b := startBeat(ctx)
	defer b.end()
	release, err := a.claim(ctx, in.Spec.ID)
	if err != nil {
		return time.Time{}, err
	}
	defer release()
	at, err := a.shutdown(ctx, in, b)
	return at, wire(ctx, psn.At(whereSource(in.Spec), err))
}

func (a *activities) shutdown(ctx context.Context, in CutoverInput, b *beat) (time.Time, error) {
	src, err := a.source(ctx, in.Spec)
	if err != nil {
		return time.Time{}, err
	}
	guest, err := capability[driver.Guest](src, whereSource(in.Spec), "shut a guest down")
	if err != nil {
		return time.Time{}, err
	}
	b.update(func(p *progress) { p.Doing = "shut the guest down" })
	deadline := in.Since.Add(in.Spec.ShutdownAfter)
	asked := false
	var why error
	for {
		vm, err := src.DescribeVM(ctx, in.Machine.Ref)
		if err != nil {
			return time.Time{}, err
		}
		if vm.Power == psn.PoweredOff {
			return time.Now().UTC(), nil
		}
		if !asked {
			// A guest that cannot be asked, for example without tools, is a
			// guest that does not answer: the policy decides.
			err := a.settle(ctx, func(ctx context.Context) error {
				why = guest.ShutdownGuest(ctx, in.Machine.Ref)
				return nil
			})
			if err != nil {
				return time.Time{}, err
			}
			asked = true
		}
		if why != nil && hopeless[psn.CodeOf(why)] || !time.Now().Before(deadline) {
			break
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return time.Time{}, err
		}
	}
	if !in.Spec.HardPowerOff {
		return time.Time{}, psn.Errorf(psn.Conflict, "%w", errors.Join(fmt.Errorf(
			"guest of machine %q did not shut down within %v and hard power-off is not allowed: start the replication again with hard_power_off or a longer shutdown_after", in.Machine.Name, in.Spec.ShutdownAfter), why))
	}
	b.update(func(p *progress) { p.Doing = "power off" })
	err = a.settle(ctx, func(ctx context.Context) error { return src.Power(ctx, in.Machine.Ref, psn.PoweredOff) })
	if err != nil {
		return time.Time{}, err
	}
	return time.Now().UTC(), nil
}

// settleWithin bounds a change that is waited for whatever happens meanwhile.
const settleWithin = 2 * time.Minute

// settle makes one change of a machine, unless the step was given up. A worker
// that is cut off from the engine cannot know, so it makes none. Once asked for,
// the change is waited for even if the step is given up meanwhile: what follows,
// like going back, must not be overtaken by it.
func (a *activities) settle(ctx context.Context, change func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.wanted != nil {
		if err := a.wanted(ctx); err != nil {
			return psn.Errorf(psn.Unavailable, "the engine does not confirm that this step is still wanted: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	return change(ctx)
}

// Isolate disconnects the source's cards and asserts that the machine is off
// and cannot reach anybody if someone starts it.
func (a *activities) Isolate(ctx context.Context, in CutoverInput) error {
	ctx, b := startBeat(ctx)
	defer b.end()
	release, err := a.claim(ctx, in.Spec.ID)
	if err != nil {
		return err
	}
	defer release()
	return wire(ctx, psn.At(whereSource(in.Spec), a.isolate(ctx, in)))
}

func (a *activities) isolate(ctx context.Context, in CutoverInput) error {
	src, err := a.source(ctx, in.Spec)
	if err != nil {
		return err
	}
	links, err := capability[driver.Links](src, whereSource(in.Spec), "disconnect network cards")
	if err != nil {
		return err
	}
	err = a.settle(ctx, func(ctx context.Context) error { return links.SetLinks(ctx, in.Machine.Ref, false) })
	if err != nil {
		return err
	}
	return silent(ctx, src, in.Machine)
}

// silent refuses unless the source is off and could reach nobody if it ran.
func silent(ctx context.Context, src driver.Site, m Machine) error {
	vm, err := src.DescribeVM(ctx, m.Ref)
	if err != nil {
		return err
	}
	if vm.Power != psn.PoweredOff {
		return psn.Errorf(psn.Conflict, "source machine %q is powered %s after its shutdown: somebody started it", vm.Name, vm.Power)
	}
	for _, n := range vm.NICs {
		if n.Connected {
			return psn.Errorf(psn.Conflict, "network card %s of source machine %q is still connected, or somebody connected it again", n.MAC, vm.Name)
		}
	}
	return nil
}

// Verify reads every target disk whole, from the first byte to the last, and
// compares it with what was read from the source.
func (a *activities) Verify(ctx context.Context, in CutoverInput) ([]DiskReport, error) {
	ctx, b := startBeat(ctx)
	defer b.end()
	release, err := a.claim(ctx, in.Spec.ID)
	if err != nil {
		return nil, err
	}
	defer release()
	r, err := a.verify(ctx, in, b)
	return r, wire(ctx, psn.At(whereTarget(in.Spec), err))
}

func (a *activities) verify(ctx context.Context, in CutoverInput, b *beat) ([]DiskReport, error) {
	site, err := a.target(ctx, in.Spec)
	if err != nil {
		return nil, err
	}
	dst, err := capability[driver.DiskAttacher](site, whereTarget(in.Spec), "attach a disk to a worker")
	if err != nil {
		return nil, err
	}
	worker, place, err := a.workerRef(ctx, in.Spec, site)
	if err != nil {
		return nil, err
	}
	b.tell(func(p *progress) { p.Doing = "verify"; p.Disks = nil })
	b.moves(true)
	defer b.moves(false)
	out := make([]DiskReport, 0, len(in.Machine.Disks))
	for i, d := range in.Machine.Disks {
		dev, err := openAttached(ctx, a.open, dst, worker, place, in.Target.Ref, in.Target.Disks[i].Key, d.CapacityBytes)
		if err != nil {
			return nil, err
		}
		r, err := verifyDisk(ctx, dev, a.recordsDir(in.Spec.ID, d.Key), d, b)
		if err := errors.Join(err, dev.Close()); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func verifyDisk(ctx context.Context, dev blockcopy.Target, dir string, d SourceDisk, b *beat) (DiskReport, error) {
	last, err := blockcopy.Committed(dir)
	if err != nil {
		return DiskReport{}, err
	}
	v, err := blockcopy.VerifyTarget(ctx, dev, dir, func(g blockcopy.Progress) {
		b.disk(d.Key, g.Done, g.Total)
	})
	if psn.Is(err, psn.Conflict) {
		// An attempt of another process still holds the folder.
		err = psn.Errorf(psn.Unavailable, "%w", err)
	}
	if err != nil {
		return DiskReport{}, err
	}
	if !v.Intact() || last == nil || v.TargetRoot != last.RootHash {
		return DiskReport{}, psn.Errorf(psn.Corrupt, "disk %d of the target differs from what was read from the source in %d blocks, the first at %v: the target is not used", d.Key, v.Mismatches, first(v.MismatchedBlocks))
	}
	return DiskReport{Key: d.Key, CapacityBytes: d.CapacityBytes, SourceRoot: last.RootHash, TargetRoot: v.TargetRoot, SHA256: v.SHA256}, nil
}

func first(blocks []int64) int64 {
	if len(blocks) == 0 {
		return -1
	}
	return blocks[0]
}

// Activate detaches the target's disks from the worker, makes the machine the
// active one and powers it on. The source is seen silent just before that: two
// machines with one address must never run.
func (a *activities) Activate(ctx context.Context, in CutoverInput) error {
	ctx, b := startBeat(ctx)
	defer b.end()
	release, err := a.claim(ctx, in.Spec.ID)
	if err != nil {
		return err
	}
	defer release()
	return wire(ctx, a.activate(ctx, in))
}

func (a *activities) activate(ctx context.Context, in CutoverInput) error {
	src, err := a.source(ctx, in.Spec)
	if err != nil {
		return err
	}
	dst, err := a.target(ctx, in.Spec)
	if err != nil {
		return err
	}
	links, err := capability[driver.Links](dst, whereTarget(in.Spec), "connect network cards")
	if err != nil {
		return err
	}
	if err := silent(ctx, src, in.Machine); err != nil {
		return psn.At(whereSource(in.Spec), err)
	}
	if err := a.detach(ctx, in, dst); err != nil {
		return psn.At(whereTarget(in.Spec), err)
	}
	active := labels(in.Spec, psn.RoleActive)
	for _, change := range []func(context.Context) error{
		func(ctx context.Context) error {
			return dst.UpdateVM(ctx, in.Target.Ref, driver.VMChange{Labels: &active})
		},
		func(ctx context.Context) error {
			return links.SetLinks(ctx, in.Target.Ref, true, in.Machine.Unplugged...)
		},
	} {
		if err := a.settle(ctx, change); err != nil {
			return psn.At(whereTarget(in.Spec), err)
		}
	}
	if err := silent(ctx, src, in.Machine); err != nil {
		return psn.At(whereSource(in.Spec), err) // somebody started it meanwhile
	}
	return psn.At(whereTarget(in.Spec), a.settle(ctx, func(ctx context.Context) error {
		return dst.Power(ctx, in.Target.Ref, psn.PoweredOn)
	}))
}

// detach takes the target's disks off the worker.
func (a *activities) detach(ctx context.Context, in CutoverInput, site driver.Site) error {
	dst, err := capability[driver.DiskAttacher](site, whereTarget(in.Spec), "detach a disk from a worker")
	if err != nil {
		return err
	}
	worker, _, err := a.workerRef(ctx, in.Spec, site)
	if err != nil {
		return err
	}
	for _, t := range in.Target.Disks {
		if err := dst.DetachDisk(ctx, worker, t.DeviceID); err != nil {
			return err
		}
	}
	return nil
}

// Health waits for the target to pass its gate. An empty answer says that it
// did; otherwise the answer says what is missing.
func (a *activities) Health(ctx context.Context, in CutoverInput) (string, error) {
	ctx, b := startBeat(ctx)
	defer b.end()
	why, err := a.health(ctx, in, b)
	return why, wire(ctx, psn.At(whereTarget(in.Spec), err))
}

func (a *activities) health(ctx context.Context, in CutoverInput, b *beat) (string, error) {
	dst, err := a.target(ctx, in.Spec)
	if err != nil {
		return "", err
	}
	deadline := in.Since.Add(in.Spec.healthWithin())
	for {
		vm, err := dst.DescribeVM(ctx, in.Target.Ref)
		if err != nil {
			return "", err
		}
		why := ""
		switch {
		case vm.Power != psn.PoweredOn:
			why = fmt.Sprintf("machine is powered %s", vm.Power)
		case in.Spec.Health != HealthPower && vm.Hostname == "":
			why = "guest has not reported its host name"
		}
		if why == "" || !time.Now().Before(deadline) {
			return why, nil
		}
		b.update(func(p *progress) { p.Doing = "health gate: " + why })
		if err := sleep(ctx, pollEvery); err != nil {
			return "", err
		}
	}
}

// sleep waits d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
