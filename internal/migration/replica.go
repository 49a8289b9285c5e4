package migration

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// keepCycles bounds how many cycles a status lists: the seed and the last ones.
const keepCycles = 20

// memoStatus is the memo that carries the status, so that it can be read while
// no worker runs.
const (
	memoStatus = "status"
	memoSpec   = "spec"
)

// Carried is what a replica's workflow hands to its next run when its history
// has grown long.
type Carried struct {
	Status  Status  `json:"status"`
	Machine Machine `json:"machine"`
	Target  Target  `json:"target"`
	Next    int     `json:"next"` // number of the next cycle
	SyncNow bool    `json:"sync_now"`
}

// replica is the state of one run of the workflow.
type replica struct {
	spec Spec
	Carried
	approval *Approval
	undo     *Approval // rollback asked for
	accept   *Approval // finalize asked for
	touched  bool      // the source is not as it was: going back has something to do
	active   bool      // the target was told to start
	abort    func()    // stops what a rollback need not wait for; nil when nothing is
	report   Report
}

// Replica keeps a machine in step with its source until it is approved, cuts it
// over, and waits for the decision to keep the result or to go back. carried is
// nil but for runs that continue an earlier one.
//
// It ends without error when finalized or rolled back on request, and with the
// reason when it failed, was cancelled, or rolled back by itself.
func Replica(ctx workflow.Context, spec Spec, carried *Carried) (Report, error) {
	r := &replica{spec: spec}
	if carried != nil {
		r.Carried = *carried
	} else {
		r.Status = Status{ID: spec.ID, Phase: PhasePreflight, StartedAt: workflow.Now(ctx), Derogations: spec.Derogations}
	}
	if err := r.listen(ctx); err != nil {
		return Report{}, err
	}
	if carried == nil {
		if err := r.prepare(ctx); err != nil {
			return Report{}, r.fail(ctx, err)
		}
	}
	switch err := r.replicate(ctx); {
	case workflow.IsContinueAsNewError(err):
		return Report{}, err
	case err != nil:
		return Report{}, r.fail(ctx, err)
	}
	if err := r.cutover(ctx); err != nil {
		return Report{}, r.rollback(ctx, err)
	}
	return r.decide(ctx)
}

// prepare brings the replica to its first committed cycle.
func (r *replica) prepare(ctx workflow.Context) error {
	if err := r.publish(ctx); err != nil {
		return err
	}
	if err := r.do(ctx, quick, step.Preflight, r.spec, &r.Machine); err != nil {
		return err
	}
	r.Status.Transport = r.Machine.Transport
	if err := r.enter(ctx, PhaseProvision); err != nil {
		return err
	}
	in := ProvisionInput{Spec: r.spec, Machine: r.Machine}
	if err := r.do(ctx, quick, step.Provision, in, &r.Target); err != nil {
		return err
	}
	for i, d := range r.Machine.Disks {
		r.Status.Disks = append(r.Status.Disks, DiskStatus{Key: d.Key, CapacityBytes: d.CapacityBytes, TargetPath: r.Target.Disks[i].Path})
	}
	if err := r.do(ctx, quick, step.Track, in, nil); err != nil {
		return err
	}
	if err := r.enter(ctx, PhaseSeeding); err != nil {
		return err
	}
	if err := r.cycle(ctx, bulk, CycleInput{}); err != nil {
		return err
	}
	return r.enter(ctx, PhaseReplicating)
}

// replicate runs delta cycles until the cutover is approved.
func (r *replica) replicate(ctx workflow.Context) error {
	due := r.Status.LastSyncAt.Add(r.spec.interval())
	for r.approval == nil {
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx) {
			return workflow.NewContinueAsNewError(ctx, Replica, r.spec, &r.Carried)
		}
		wait := due.Sub(workflow.Now(ctx))
		if wait > 0 {
			if _, err := workflow.AwaitWithTimeout(ctx, wait, func() bool { return r.SyncNow || r.approval != nil }); err != nil {
				return err
			}
			if r.approval != nil {
				return nil
			}
		}
		r.SyncNow = false
		due = workflow.Now(ctx).Add(r.spec.interval())
		if err := r.cycle(ctx, bulk, CycleInput{}); err != nil {
			return err
		}
		r.Status.Deltas++
		if err := r.publish(ctx); err != nil {
			return err
		}
	}
	return nil
}

// cycle runs one pass over all disks and notes what it did.
func (r *replica) cycle(ctx workflow.Context, opts workflow.ActivityOptions, in CycleInput) error {
	var res CycleResult
	in.Spec, in.Machine, in.Target = r.spec, r.Machine, r.Target
	in.Number, in.AskedAt = r.Next, workflow.Now(ctx)
	if err := r.do(ctx, opts, step.Cycle, in, &res); err != nil {
		return err
	}
	r.Next++
	r.Status.LastSyncAt = res.Cycle.SnapshotAt
	r.Status.Disks = res.Disks
	r.Status.Reason = res.Left
	r.Status.Cycles = append(r.Status.Cycles, res.Cycle)
	if n := len(r.Status.Cycles); n > keepCycles {
		r.Status.Cycles = slices.Delete(r.Status.Cycles, 1, n-keepCycles+1)
	}
	return nil
}

// fail ends a replica whose cutover had not begun: the source runs on, without
// our snapshots.
func (r *replica) fail(ctx workflow.Context, cause error) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	reason, code := r.reason(cause)
	left := r.cleanUp(ctx, true)
	return r.end(ctx, PhaseFailed, reason+left, code)
}

// cleanUp does what it can and gives the source back when told to. It returns
// words for what stays, to be added to a reason; what is left at the source is
// removed by the next run, or named by its preflight.
func (r *replica) cleanUp(ctx workflow.Context, release bool) string {
	in := r.input(ctx)
	in.Release, in.Unused = release, release && !r.active
	left := ""
	if err := r.do(ctx, tidy, step.CleanUp, in, nil); err != nil {
		workflow.GetLogger(ctx).Warn("clean up", "replica", r.spec.ID, "error", err)
		why, _ := unwire(err)
		left = "; not everything could be tidied up: " + why
	}
	return left + r.stays()
}

// stays says what remains at the target of a replica that came to nothing, and
// how it is removed.
func (r *replica) stays() string {
	where := fmt.Sprintf("in cluster %s of %s", r.spec.Target.Cluster, whereTarget(r.spec))
	const remove = "start the replica again to use it, or remove it: destroy its psn_replica with delete_target = true, or delete the machine at the site"
	switch {
	case r.Target.Ref != "":
		standby := ""
		if t := r.Target.Standby; t != nil && (r.active || !t.Made) {
			standby = " and its standby at " + string(r.spec.Target.StandbySite)
		}
		return fmt.Sprintf("; what stays: machine %s (%s) with %d disks %s%s: %s", r.spec.ID, r.Target.Ref, len(r.Target.Disks), where, standby, remove)
	case r.Status.Phase == PhaseProvision:
		return fmt.Sprintf("; what may stay: machine %s with empty disks %s: %s", r.spec.ID, where, remove)
	}
	return ""
}

// end states the final phase and is the error the workflow closes with.
func (r *replica) end(ctx workflow.Context, phase Phase, reason string, code psn.Code) error {
	r.Status.Reason = reason
	if err := r.enter(ctx, phase); err != nil {
		return err
	}
	r.settle(ctx)
	return temporal.NewNonRetryableApplicationError(string(phase)+": "+reason, string(code), nil)
}

// settle lets update handlers answer before the workflow closes.
func (r *replica) settle(ctx workflow.Context) {
	// It cannot fail: the context is disconnected and handlers never block.
	_ = workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

func (r *replica) reason(cause error) (string, psn.Code) {
	if temporal.IsCanceledError(cause) {
		return "cancelled by request", psn.Conflict
	}
	return unwire(cause)
}

// enter states a phase.
func (r *replica) enter(ctx workflow.Context, p Phase) error {
	r.Status.Phase = p
	return r.publish(ctx)
}

// publish writes the status where it can be read without a worker.
func (r *replica) publish(ctx workflow.Context) error {
	return workflow.UpsertMemo(ctx, map[string]any{memoStatus: r.Status})
}

func (r *replica) input(ctx workflow.Context) CutoverInput {
	return CutoverInput{Spec: r.spec, Machine: r.Machine, Target: r.Target, Since: workflow.Now(ctx)}
}

// Options of activities. All are tried again until they succeed, fail for good
// or run out of time.
var (
	retry = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second}

	quick = workflow.ActivityOptions{StartToCloseTimeout: time.Hour, HeartbeatTimeout: heartbeatTimeout, RetryPolicy: retry}
	bulk  = workflow.ActivityOptions{StartToCloseTimeout: 30 * 24 * time.Hour, HeartbeatTimeout: heartbeatTimeout, RetryPolicy: retry}
	tidy  = workflow.ActivityOptions{StartToCloseTimeout: time.Hour, ScheduleToCloseTimeout: 2 * time.Hour, HeartbeatTimeout: heartbeatTimeout, RetryPolicy: retry}
)

// do runs an activity on the target site's workers.
func (r *replica) do(ctx workflow.Context, opts workflow.ActivityOptions, activity, in, out any) error {
	opts.TaskQueue = TaskQueue(r.spec.Target.Site)
	if r.Status.Phase == PhaseCutover || r.Status.Phase == PhaseVerified {
		opts.Priority.PriorityKey = 1 // before everybody's cycles
	}
	opts.WaitForCancellation = true // what runs must have stopped before it is undone
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), activity, in).Get(ctx, out)
}

// step names activities by their methods; it is never called through.
var step *activities

// errUndo is a rollback that was asked for during the cutover.
var errUndo = errors.New("rollback asked for")
