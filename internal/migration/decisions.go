package migration

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// listen answers the query and takes decisions and signals. Handlers only note
// what was decided; the main flow acts on it.
func (r *replica) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, QueryStatus, func() (Status, error) { return r.Status, nil }); err != nil {
		return err
	}
	decisions := []struct {
		name string
		may  func(workflow.Context, Approval) error
		note func(workflow.Context, Approval)
	}{
		{UpdateApprove, r.mayApprove, r.noteApproval},
		{UpdateRollback, r.mayRollBack, r.noteRollback},
		{UpdateFinalize, r.mayFinalize, func(_ workflow.Context, a Approval) { r.accept = &a }},
	}
	for _, d := range decisions {
		handler := func(ctx workflow.Context, a Approval) error { d.note(ctx, a); return nil }
		validator := func(ctx workflow.Context, a Approval) error {
			if a.By == "" {
				return refuse("nobody is named as deciding: say who decides")
			}
			return d.may(ctx, a)
		}
		err := workflow.SetUpdateHandlerWithOptions(ctx, d.name, handler, workflow.UpdateHandlerOptions{Validator: validator})
		if err != nil {
			return err
		}
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		syncs := workflow.GetSignalChannel(ctx, SignalSyncNow)
		for syncs.Receive(ctx, nil) {
			r.SyncNow = true
		}
	})
	return nil
}

func (r *replica) noteApproval(ctx workflow.Context, a Approval) {
	r.approval = &a
	if len(a.Derogations) > 0 {
		r.spec.Derogations, r.Status.Derogations = a.Derogations, a.Derogations
	}
	r.Status.ApprovedBy, r.Status.ApprovedAt = a.By, workflow.Now(ctx)
}

// noteRollback also stops the step that runs: it is about to be undone.
func (r *replica) noteRollback(_ workflow.Context, a Approval) {
	r.undo = &a
	if r.abort != nil {
		r.abort()
	}
}

// refuse is a validator's answer.
func refuse(format string, args ...any) error {
	return temporal.NewApplicationError(fmt.Sprintf(format, args...), string(psn.Conflict))
}

func (r *replica) mayApprove(ctx workflow.Context, a Approval) error {
	if r.approval != nil {
		return refuse("the cutover is approved already, by %s", r.approval.By)
	}
	if r.Status.Phase != PhaseReplicating {
		return refuse("the replica is %s: a cutover can be approved only while it is %s", r.Status.Phase, PhaseReplicating)
	}
	if r.Status.Deltas < r.spec.MinDeltas {
		return refuse("%d of %d delta cycles are done: wait, or ask for a cycle now", r.Status.Deltas, r.spec.MinDeltas)
	}
	if lag := workflow.Now(ctx).Sub(r.Status.LastSyncAt); lag > r.spec.RPO {
		return refuse("the last committed state is %v old, more than the RPO of %v: wait for a cycle within it, or ask for one now", lag.Round(time.Second), r.spec.RPO)
	}
	return r.mayDerogate(ctx, a)
}

// mayDerogate judges once more, on the day of the cutover, what is set aside.
func (r *replica) mayDerogate(ctx workflow.Context, a Approval) error {
	spec := r.spec
	if len(a.Derogations) > 0 {
		spec.Derogations = a.Derogations
	}
	if len(spec.Derogations) == 0 {
		return nil // nothing about its place depends on the day
	}
	if err := spec.checkRules(workflow.Now(ctx)); err != nil {
		return refuse("%s; approve with the derogation renewed, or cancel the replica and place the machine anew", err)
	}
	return nil
}

func (r *replica) mayRollBack(workflow.Context, Approval) error {
	switch r.Status.Phase {
	case PhaseCutover, PhaseVerified:
	case PhaseFinalized, PhaseRolledBack, PhaseFailed:
		return refuse("the replica is %s: nothing can be rolled back any more", r.Status.Phase)
	default:
		return refuse("the replica is %s: nothing was cut over yet; cancel it instead", r.Status.Phase)
	}
	switch {
	case r.undo != nil:
		return refuse("the rollback is asked for already, by %s", r.undo.By)
	case r.accept != nil:
		return refuse("the cutover is finalized already, by %s", r.accept.By)
	}
	return nil
}

func (r *replica) mayFinalize(workflow.Context, Approval) error {
	switch {
	case r.Status.Phase != PhaseVerified:
		return refuse("the replica is %s: only a %s cutover can be finalized", r.Status.Phase, PhaseVerified)
	case r.undo != nil:
		return refuse("a rollback is asked for already, by %s", r.undo.By)
	case r.accept != nil:
		return refuse("the cutover is finalized already, by %s", r.accept.By)
	}
	return nil
}
