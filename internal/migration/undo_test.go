package migration_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A step that would take long does not hold a rollback up.
func TestRollbackStopsTheStepThatRuns(t *testing.T) {
	for name, back := range map[string]bool{
		"Cycle warm": false, "Shutdown": true, "Cycle final": true, "Verify": true, "Health": true,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.during = map[string]func(context.Context){name: func(ctx context.Context) {
				s.decide("rollback", migration.UpdateRollback, "Bruno")
				for end := time.Now().Add(10 * time.Second); ctx.Err() == nil && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
					activity.RecordHeartbeat(ctx)
				}
				if ctx.Err() == nil {
					t.Errorf("%s was not told to stop", name)
				}
			}}
			s.at(2*time.Hour, "approve", migration.UpdateApprove, "Anna")
			s.run()
			if err := s.answers["rollback"]; err != nil {
				t.Fatalf("rollback: %v", err)
			}
			st := s.status()
			if st.Phase != migration.PhaseRolledBack || !strings.HasPrefix(st.Reason, "by Bruno") || s.did("Back") != back {
				t.Errorf("phase %q, reason %q, steps %v; want Back %t", st.Phase, st.Reason, s.calls, back)
			}
			if s.did("Activate") && name != "Health" {
				t.Errorf("steps %v: want none after %s but those that go back", s.calls, name)
			}
		})
	}
}

// A source that could not be brought back is not called rolled back.
func TestFailureToGoBackIsAFailure(t *testing.T) {
	for name, approvedOnly := range map[string]bool{"in the cutover": true, "once verified": false} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.fail["Back"] = temporal.NewNonRetryableApplicationError("no such machine", string(psn.NotFound), nil)
			s.at(2*time.Hour, "approve", migration.UpdateApprove, "Anna")
			if approvedOnly {
				s.fail["Verify"] = temporal.NewNonRetryableApplicationError("it broke", string(psn.Corrupt), nil)
			} else {
				s.at(3*time.Hour, "rollback", migration.UpdateRollback, "Bruno")
			}
			s.run()
			st := s.status()
			if st.Phase != migration.PhaseFailed || !strings.Contains(st.Reason, "the source could not be brought back: no such machine") {
				t.Errorf("phase %q, reason %q; want a failure that says why", st.Phase, st.Reason)
			}
			if s.GetWorkflowError() == nil {
				t.Error("the workflow ended without error")
			}
			if s.released {
				t.Error("the source was given back to others")
			}
		})
	}
}

// A snapshot that stays is told until it is gone.
func TestSnapshotThatStaysIsTold(t *testing.T) {
	s := newStage(t)
	s.left = map[int]string{1: "snapshot 1 stays"}
	var told, gone string
	s.RegisterDelayedCallback(func() { told = s.status().Reason }, 45*time.Minute)
	s.RegisterDelayedCallback(func() { gone = s.status().Reason; s.CancelWorkflow() }, 75*time.Minute)
	s.run()
	if told != "snapshot 1 stays" || gone != "" {
		t.Errorf("reasons %q and then %q, want the first to say what stays and the second nothing", told, gone)
	}
}
