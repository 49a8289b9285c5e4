package migration

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// decisionWithin bounds how long a decision waits for a worker to judge it.
const decisionWithin = 30 * time.Second

// stallTold is after how many seconds without a byte a status says so. A rate
// limit lets the smallest piece pass more often than that.
const stallTold = 10

// closingPoll is how often a workflow about to close is looked at.
const closingPoll = 100 * time.Millisecond

// Client starts, watches and steers replicas. Its errors carry a psn.Code:
// NotFound (no such replica), Conflict (refused, with the reason), Unavailable
// (engine or worker not reached).
type Client struct{ c client.Client }

// NewClient wraps a client of the engine.
func NewClient(c client.Client) *Client { return &Client{c} }

// Start registers a replica. Asked again for the same request while it runs, it
// changes nothing; for another request it fails with Conflict. A replica that
// failed or was rolled back starts anew, a finalized one is refused.
func (c *Client) Start(ctx context.Context, s Spec) error {
	if err := s.Check(); err != nil {
		return err
	}
	before, desc, err := c.closing(ctx, s.ID)
	switch {
	case psn.Is(err, psn.NotFound):
	case err != nil:
		return err
	case running(desc):
		return sameSpec(desc.GetMemo(), s)
	case before.Phase == PhaseFinalized:
		return psn.Errorf(psn.Conflict, "replica %s is finalized: its target serves; a new migration needs another machine", s.ID)
	}
	first := Status{ID: s.ID, Phase: PhasePreflight, StartedAt: time.Now().UTC(), Derogations: s.Derogations}
	_, err = c.c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       WorkflowID(s.ID),
		TaskQueue:                                TaskQueue(s.Target.Site),
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		Memo:                                     map[string]any{memoSpec: s, memoStatus: first},
	}, Replica, s, (*Carried)(nil))
	if started := (*serviceerror.WorkflowExecutionAlreadyStarted)(nil); errors.As(err, &started) {
		_, desc, err := c.describe(ctx, s.ID) // somebody was faster
		if err != nil {
			return err
		}
		return sameSpec(desc.GetMemo(), s)
	}
	return reach(s.ID, err)
}

// closing describes a replica; one that stated a final phase and is about to
// close is given the moment that takes.
func (c *Client) closing(ctx context.Context, id psn.VMID) (Status, *workflowpb.WorkflowExecutionInfo, error) {
	for {
		s, info, err := c.describe(ctx, id)
		if err != nil || !running(info) || !s.Phase.Final() {
			return s, info, err
		}
		if err := sleep(ctx, closingPoll); err != nil {
			return s, info, psn.Errorf(psn.Unavailable, "replica %s is %s and does not close: start a worker for its target site: %w", id, s.Phase, err)
		}
	}
}

func running(info *workflowpb.WorkflowExecutionInfo) bool {
	return info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
}

func sameSpec(memo *commonpb.Memo, want Spec) error {
	var have Spec
	if err := field(memo, memoSpec, &have); err != nil {
		return err
	}
	if !reflect.DeepEqual(have, want) {
		return psn.Errorf(psn.Conflict, "replica %s runs already, for another request (source %s/%s to site %s): cancel it first, or leave the request as it is", want.ID, have.Source.Name, have.Source.VM, have.Target.Site)
	}
	return nil
}

// Spec returns the request a replica was started with.
func (c *Client) Spec(ctx context.Context, id psn.VMID) (Spec, error) {
	_, desc, err := c.describe(ctx, id)
	if err != nil {
		return Spec{}, err
	}
	var s Spec
	return s, field(desc.GetMemo(), memoSpec, &s)
}

// Status answers where a replica stands. It needs no worker: it is what the
// workflow last stated, with the live progress of what runs now.
func (c *Client) Status(ctx context.Context, id psn.VMID) (Status, error) {
	s, _, err := c.describe(ctx, id)
	return s, err
}

func (c *Client) describe(ctx context.Context, id psn.VMID) (Status, *workflowpb.WorkflowExecutionInfo, error) {
	res, err := c.c.DescribeWorkflowExecution(ctx, WorkflowID(id), "")
	if err != nil {
		return Status{}, nil, reach(id, err)
	}
	info := res.GetWorkflowExecutionInfo()
	s, err := stated(info)
	if err != nil {
		return Status{}, nil, err
	}
	var spec Spec
	if err := field(info.GetMemo(), memoSpec, &spec); err != nil {
		return Status{}, nil, err
	}
	live(&s, spec.Source.Name, res)
	return s, info, nil
}

// stated is the status in the memo, corrected by how the workflow ended when
// it could not say so itself.
func stated(info *workflowpb.WorkflowExecutionInfo) (Status, error) {
	var s Status
	if err := field(info.GetMemo(), memoStatus, &s); err != nil {
		return s, err
	}
	if !running(info) && !s.Phase.Final() {
		s.Reason = fmt.Sprintf("the workflow ended while %s (%s)", s.Phase, strings.ToLower(info.GetStatus().String()))
		s.Phase = PhaseFailed
	}
	return s, nil
}

// live adds what pending activities tell: how far the disks are, and what keeps
// them from getting further.
func live(s *Status, source string, res *workflowservice.DescribeWorkflowExecutionResponse) {
	for _, act := range res.GetPendingActivities() {
		var p progress
		if act.GetHeartbeatDetails() != nil && converter.GetDefaultDataConverter().FromPayloads(act.GetHeartbeatDetails(), &p) == nil {
			for i := range s.Disks {
				if d := p.Disks[s.Disks[i].Key]; d != nil {
					s.Disks[i].DoneBytes, s.Disks[i].TotalBytes = d.Done, d.Total
				}
			}
		}
		name := act.GetActivityType().GetName()
		switch f := act.GetLastFailure(); {
		case p.Stalled >= stallTold && act.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED:
			s.Reason = fmt.Sprintf("%s: no byte moved for %d seconds; source %s or the target's site may be away", name, p.Stalled, source)
		case f != nil && act.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED:
			s.Reason = fmt.Sprintf("%s is at attempt %d; the one before: %s", name, act.GetAttempt(), f.GetMessage())
		case f != nil:
			s.Reason = fmt.Sprintf("%s waits for attempt %d; the one before: %s", name, act.GetAttempt(), f.GetMessage())
		case act.GetState() == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED && act.GetLastStartedTime() == nil && s.Reason == "":
			s.Reason = name + " waits for a worker of the target site"
		}
	}
	switch task := res.GetPendingWorkflowTask(); {
	case task.GetAttempt() > 1:
		s.Reason = fmt.Sprintf("the workers cannot carry the workflow on (attempt %d): their logs say why", task.GetAttempt())
	case s.Reason == "" && task.GetState() == enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED:
		s.Reason = "waits for a worker of the target site"
	}
}

func field(memo *commonpb.Memo, name string, to any) error {
	p, ok := memo.GetFields()[name]
	if !ok {
		return psn.Errorf(psn.Internal, "workflow carries no %q: it was not started by this project", name)
	}
	if err := converter.GetDefaultDataConverter().FromPayload(p, to); err != nil {
		return psn.Errorf(psn.Internal, "read %q of the workflow: %w", name, err)
	}
	return nil
}

// List returns the latest run of every replica, sorted by id. The engine's
// index may be some moments behind.
func (c *Client) List(ctx context.Context) ([]Status, error) {
	latest := map[string]*workflowpb.WorkflowExecutionInfo{}
	var page []byte
	for {
		res, err := c.c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: "WorkflowType = 'Replica'", NextPageToken: page,
		})
		if err != nil {
			return nil, reach("", err)
		}
		for _, info := range res.GetExecutions() {
			id := info.GetExecution().GetWorkflowId()
			if was := latest[id]; was == nil || info.GetStartTime().AsTime().After(was.GetStartTime().AsTime()) {
				latest[id] = info
			}
		}
		if page = res.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	out := make([]Status, 0, len(latest))
	for _, info := range latest {
		s, err := stated(info)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

// Approve starts the cutover. It is refused unless the replica is replicating,
// has done its delta cycles and is within its RPO.
func (c *Client) Approve(ctx context.Context, id psn.VMID, a Approval) error {
	return c.decide(ctx, id, UpdateApprove, a)
}

// Rollback takes a cutover back, until it is finalized.
func (c *Client) Rollback(ctx context.Context, id psn.VMID, a Approval) error {
	return c.decide(ctx, id, UpdateRollback, a)
}

// Finalize accepts a verified cutover for good.
func (c *Client) Finalize(ctx context.Context, id psn.VMID, a Approval) error {
	return c.decide(ctx, id, UpdateFinalize, a)
}

func (c *Client) decide(ctx context.Context, id psn.VMID, name string, a Approval) error {
	s, info, err := c.describe(ctx, id)
	if err != nil {
		return err
	}
	if !running(info) {
		return psn.Errorf(psn.Conflict, "%s replica %s: refused: it is %s (%s)", name, id, s.Phase, s.Reason)
	}
	ctx, cancel := context.WithTimeout(ctx, decisionWithin)
	defer cancel()
	h, err := c.c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: WorkflowID(id), UpdateName: name, Args: []any{a}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = h.Get(ctx, nil)
	}
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	if errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded) {
		return psn.Errorf(psn.Unavailable, "%s replica %s: no worker judged it in time: start a worker for its target site and look at the status, the decision may be taken then: %w", name, id, err)
	}
	if app := (*temporal.ApplicationError)(nil); errors.As(err, &app) {
		return psn.Errorf(psn.Code(app.Type()), "%s replica %s: refused: %s", name, id, app.Message())
	}
	return reach(id, err)
}

// SyncNow starts the next delta cycle at once.
func (c *Client) SyncNow(ctx context.Context, id psn.VMID) error {
	return reach(id, c.c.SignalWorkflow(ctx, WorkflowID(id), "", SignalSyncNow, nil))
}

// Cancel ends a replication that was not cut over; the source runs on. During a
// cutover it rolls back.
func (c *Client) Cancel(ctx context.Context, id psn.VMID) error {
	s, _, err := c.describe(ctx, id)
	if err != nil {
		return err
	}
	if s.Report != nil {
		return psn.Errorf(psn.Conflict, "cancel replica %s: refused: its target runs (%s): roll it back or finalize it", id, s.Phase)
	}
	return reach(id, c.c.CancelWorkflow(ctx, WorkflowID(id), ""))
}

// Await returns when the replica is in one of the phases, or in a final one, or
// when ctx ends. It asks every second.
func (c *Client) Await(ctx context.Context, id psn.VMID, phases ...Phase) (Status, error) {
	for {
		s, err := c.Status(ctx, id)
		if err != nil || s.Phase.Final() || slices.Contains(phases, s.Phase) {
			return s, err
		}
		if err := sleep(ctx, time.Second); err != nil {
			return s, psn.Errorf(psn.Unavailable, "replica %s is still %s (%s): %w", id, s.Phase, s.Reason, err)
		}
	}
}

// reach gives errors of the engine a code and words.
func reach(id psn.VMID, err error) error {
	if err == nil {
		return nil
	}
	if missing := (*serviceerror.NotFound)(nil); errors.As(err, &missing) {
		if strings.Contains(missing.Error(), "already completed") {
			return psn.Errorf(psn.Conflict, "replica %s has ended already", id)
		}
		return psn.Errorf(psn.NotFound, "no replica %s is known to the engine: start it first", id)
	}
	code := psn.Internal
	if away := (*serviceerror.Unavailable)(nil); errors.As(err, &away) || errors.Is(err, context.DeadlineExceeded) {
		code = psn.Unavailable
	}
	if id == "" {
		return psn.Errorf(code, "engine: %w", err)
	}
	return psn.Errorf(code, "engine, replica %s: %w", id, err)
}
