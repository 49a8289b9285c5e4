package migration

import (
	"context"
	"errors"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// memoHolder is the memo that names the replica a source machine is held for.
const memoHolder = "holder"

// Source is the workflow that holds a source machine for one replica: while it
// runs, nobody else may start one of its id. It does nothing but last, from the
// preflight until the replica failed or was rolled back; a finalized replica
// keeps it, for its source must never run again.
func Source(ctx workflow.Context, _ psn.VMID) error {
	ctx.Done().Receive(ctx, nil)
	return ctx.Err()
}

// holds says who may take a source machine. Its errors: Conflict, naming the
// other replica, and those of the engine.
type holds interface {
	// look refuses when the source is held for another replica.
	look(ctx context.Context, source string, by psn.VMID) error
	// take holds the source for by; held so already is success.
	take(ctx context.Context, source string, s Spec) error
	// drop ends the hold when it is by's.
	drop(ctx context.Context, source string, by psn.VMID) error
}

// sourceID is the id of the workflow that holds a source machine.
func sourceID(s Spec, uuid string) string {
	return "source/" + s.Source.Name + "/" + strings.ToLower(uuid)
}

// engineHolds keeps holds in the engine, where ids are unique.
type engineHolds struct{ c client.Client }

func (h engineHolds) look(ctx context.Context, source string, by psn.VMID) error {
	_, err := h.judge(ctx, source, by)
	return err
}

func (h engineHolds) take(ctx context.Context, source string, s Spec) error {
	for {
		_, err := h.c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:                                       source,
			TaskQueue:                                TaskQueue(s.Target.Site),
			WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
			WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
			WorkflowExecutionErrorWhenAlreadyStarted: true,
			Memo:                                     map[string]any{memoHolder: s.ID},
		}, Source, s.ID)
		if started := (*serviceerror.WorkflowExecutionAlreadyStarted)(nil); !errors.As(err, &started) {
			return reach(s.ID, err)
		}
		now, err := h.judge(ctx, source, s.ID)
		if err != nil || now.mine {
			return err
		}
		// Nobody's any more. Of all that come here one takes it next, for the
		// run is ended by its own id.
		if now.run != "" {
			if err := h.end(ctx, source, now.run, "its replica has ended"); err != nil {
				return err
			}
		}
	}
}

func (h engineHolds) drop(ctx context.Context, source string, by psn.VMID) error {
	now, err := h.judge(ctx, source, by)
	switch {
	case psn.Is(err, psn.Conflict):
		return nil // another's
	case err != nil || !now.mine:
		return err
	}
	return h.end(ctx, source, now.run, "replica "+string(by)+" leaves the source as it was")
}

func (h engineHolds) end(ctx context.Context, source, run, why string) error {
	err := h.c.TerminateWorkflow(ctx, source, run, why)
	if missing := (*serviceerror.NotFound)(nil); errors.As(err, &missing) {
		return nil
	}
	return reach("", err)
}

// hold is what a source is held by: nothing (no run), the asking replica, or
// one that has ended without giving it back.
type hold struct {
	run  string
	mine bool
}

// judge looks at the hold, and refuses when it is another replica's that lives.
func (h engineHolds) judge(ctx context.Context, source string, by psn.VMID) (hold, error) {
	res, err := h.c.DescribeWorkflowExecution(ctx, source, "")
	if missing := (*serviceerror.NotFound)(nil); errors.As(err, &missing) {
		return hold{}, nil
	}
	if err != nil {
		return hold{}, reach(by, err)
	}
	info := res.GetWorkflowExecutionInfo()
	if !running(info) {
		return hold{}, nil
	}
	now := hold{run: info.GetExecution().GetRunId()}
	var holder psn.VMID
	if err := field(info.GetMemo(), memoHolder, &holder); err != nil {
		return now, err
	}
	if holder == by {
		now.mine = true
		return now, nil
	}
	res, err = h.c.DescribeWorkflowExecution(ctx, WorkflowID(holder), "")
	if missing := (*serviceerror.NotFound)(nil); errors.As(err, &missing) {
		return now, taken("it was taken for replica %s, of which the engine has forgotten how it ended: make sure that its target does not run, then end the engine's workflow %q", holder, source)
	}
	if err != nil {
		return now, reach(by, err)
	}
	info = res.GetWorkflowExecutionInfo()
	var s Status
	if err := field(info.GetMemo(), memoStatus, &s); err != nil {
		return now, err
	}
	switch {
	case s.Phase == PhaseFinalized:
		return now, taken("replica %s is finalized: its target serves in place of this machine, which must not run again", holder)
	case running(info):
		return now, taken("replica %s takes it already and is %s: a source has one replica; cancel that one or roll it back first", holder, s.Phase)
	case s.Phase == PhaseCutover || s.Phase == PhaseVerified:
		return now, taken("replica %s was ended by force while %s: make sure that its target does not run, then end the engine's workflow %q", holder, s.Phase, source)
	}
	return now, nil
}

func taken(format string, args ...any) error {
	return psn.Errorf(psn.Conflict, "source machine is not free: "+format, args...)
}

// mayCutOver refuses a cutover of a source that is held for another replica or
// that somebody switched off since the preflight. It is asked before the source
// is touched, so that refusing has nothing to undo. A machine that was off from
// the beginning may be cut over.
func (a *activities) mayCutOver(ctx context.Context, in CycleInput) error {
	m := in.Machine
	if m.InstanceUUID == "" {
		return nil // began before sources were held
	}
	// A hold that was ended by hand is taken again.
	if err := a.holds.take(ctx, sourceID(in.Spec, m.InstanceUUID), in.Spec); err != nil {
		return err
	}
	src, err := a.source(ctx, in.Spec)
	if err != nil {
		return err
	}
	vm, err := src.DescribeVM(ctx, m.Ref)
	if err != nil {
		return err
	}
	if m.Power == psn.PoweredOn && vm.Power != psn.PoweredOn {
		return psn.Errorf(psn.Conflict, "source machine %q is powered %s and was not switched off by this replica: find out who did it and what serves in its place, power it on, and start the replica again", m.Name, vm.Power)
	}
	return nil
}
