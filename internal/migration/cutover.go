package migration

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// gateAgain is how often a target that missed its health gate is looked at.
const gateAgain = time.Minute

// cutover brings the last bytes over and starts the target. It returns with
// the target powered on, or with the reason why it was not; then everything
// can still go back, for the target's disks have no life of their own yet.
func (r *replica) cutover(ctx workflow.Context) error {
	ctx, stop := r.undoable(ctx)
	defer stop()
	if err := r.enter(ctx, PhaseCutover); err != nil {
		return err
	}
	// Warm, so that little is left to copy while nobody is served.
	if err := r.cycle(ctx, bulk, CycleInput{Urgent: true}); err != nil {
		return err
	}
	r.Status.Deltas++
	if err := r.publish(ctx); err != nil {
		return err
	}
	if r.undo != nil {
		return errUndo
	}
	in := r.input(ctx)
	r.touched = true
	r.report = Report{TargetRef: r.Target.Ref, MACs: r.Machine.MACs, Derogations: r.spec.Derogations}
	steps := []struct {
		activity any
		out      any
		starts   bool // the target
	}{
		{step.Shutdown, &r.report.SourceOffAt, false},
		{step.Isolate, nil, false},
		{nil, nil, false}, // the final cycle
		{step.Verify, &r.report.Disks, false},
		{step.Activate, nil, true},
	}
	for _, s := range steps {
		left := in.Since.Add(r.spec.cutoverWithin()).Sub(workflow.Now(ctx))
		if left <= 0 {
			return temporal.NewApplicationError(fmt.Sprintf("the cutover took longer than %v", r.spec.cutoverWithin()), string(psn.Unavailable))
		}
		opts := bulk
		opts.ScheduleToCloseTimeout = left
		r.active = r.active || s.starts
		var err error
		if s.activity == nil {
			err = r.cycle(ctx, opts, CycleInput{Urgent: true, Final: true})
		} else {
			err = r.do(ctx, opts, s.activity, in, s.out)
		}
		if err != nil {
			return err
		}
		if err := r.publish(ctx); err != nil {
			return err
		}
		if r.undo != nil {
			return errUndo
		}
	}
	r.report.TargetOnAt = workflow.Now(ctx)
	r.report.DowntimeSeconds = r.report.TargetOnAt.Sub(in.Since).Seconds()
	r.Status.Report = &r.report
	return r.publish(ctx)
}

// decide waits for the health gate and then for a decision. The target serves
// now: neither a cancellation nor time ends this but by a decision.
func (r *replica) decide(ctx workflow.Context) (Report, error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := r.gate(ctx); err != nil {
		return r.report, err
	}
	if err := workflow.Await(ctx, func() bool { return r.undo != nil || r.accept != nil }); err != nil {
		return r.report, err
	}
	if r.undo != nil {
		if err := r.goBack(ctx, "by "+decided(*r.undo)); err != nil {
			return r.report, err
		}
		r.settle(ctx)
		return r.report, nil
	}
	r.cleanUp(ctx, false)
	r.Status.Reason = "by " + decided(*r.accept)
	if err := r.enter(ctx, PhaseFinalized); err != nil {
		return r.report, err
	}
	r.settle(ctx)
	return r.report, nil
}

// undoable is a context that ends when the rollback is asked for: what runs
// under it stops then, however long it would take.
func (r *replica) undoable(ctx workflow.Context) (_ workflow.Context, stop func()) {
	ctx, cancel := workflow.WithCancel(ctx)
	r.abort = cancel
	return ctx, func() {
		r.abort = nil
		cancel()
	}
}

// gate looks at the target until it is healthy or the rollback is asked for.
func (r *replica) gate(ctx workflow.Context) error {
	looking, stop := r.undoable(ctx)
	defer stop()
	for r.undo == nil {
		var why string
		err := r.do(looking, quick, step.Health, r.input(ctx), &why)
		if r.undo != nil {
			return nil
		}
		if err != nil {
			why, _ = unwire(err)
		}
		if why == "" {
			r.Status.Reason = ""
			return r.enter(ctx, PhaseVerified)
		}
		r.Status.Reason = fmt.Sprintf("the target did not pass its health gate within %v: %s; roll back, or repair it (it is looked at every minute)", r.spec.healthWithin(), why)
		if err := r.publish(ctx); err != nil {
			return err
		}
		if _, err := workflow.AwaitWithTimeout(ctx, gateAgain, func() bool { return r.undo != nil }); err != nil {
			return err
		}
	}
	return nil
}

// rollback ends a cutover that failed before the target was powered on.
func (r *replica) rollback(ctx workflow.Context, cause error) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	reason, code := r.reason(cause)
	if r.undo != nil {
		reason, code = "by "+decided(*r.undo), psn.Conflict
	}
	if err := r.goBack(ctx, reason); err != nil {
		return err // the end is stated
	}
	return r.end(ctx, PhaseRolledBack, r.Status.Reason, code)
}

// goBack brings the source back into service. When it cannot, the replica has
// failed: the error is the one the workflow closes with.
func (r *replica) goBack(ctx workflow.Context, reason string) error {
	r.Status.Reason = "rolling back: " + reason
	if err := r.publish(ctx); err != nil {
		return err
	}
	if r.touched {
		if err := r.do(ctx, bulk, step.Back, r.input(ctx), nil); err != nil {
			why, code := unwire(err)
			reason += "; the source could not be brought back: " + why
			// Not given up to others: what serves now has to be found out.
			return r.end(ctx, PhaseFailed, reason+r.cleanUp(ctx, false), code)
		}
	}
	r.Status.Reason = reason + r.cleanUp(ctx, true)
	if s := r.Status.Report; s != nil {
		s.RolledBackAt, s.RolledBackWhy = workflow.Now(ctx), reason
		if r.undo != nil {
			s.RolledBackBy = r.undo.By
		}
	}
	return r.enter(ctx, PhaseRolledBack)
}

func decided(a Approval) string {
	if a.Note == "" {
		return a.By
	}
	return a.By + ": " + a.Note
}
