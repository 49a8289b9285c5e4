package migration_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// world stands in for the activities: it notes what was asked for, and fails
// where a test wants it to.
type world struct {
	calls    []string
	fail     map[string]error // by activity, "Cycle final" for the last cycle, "Cycle warm" for the one before
	health   []string         // answers of the health gate; then healthy
	cycles   []migration.CycleInput
	released bool
	lag      time.Duration // how much older than asked for the snapshots are

	during map[string]func(context.Context) // what goes on in an activity, by name
	left   map[int]string                   // what cycles leave behind, by number
}

// spend lets time pass in an activity; the error says that it was given up.
func (w *world) spend(ctx context.Context, name string) error {
	if f := w.during[name]; f != nil {
		f(ctx)
	}
	return ctx.Err()
}

func (w *world) call(name string) error {
	w.calls = append(w.calls, name)
	return w.fail[name]
}

func (w *world) Preflight(context.Context, migration.Spec) (migration.Machine, error) {
	return migration.Machine{
		Ref: "vm-1", Name: "legacy", Transport: "test",
		Disks: []migration.SourceDisk{{Key: 2000, UUID: "u", CapacityBytes: 1 << 30}},
		MACs:  []string{"00:50:56:00:00:01"},
	}, w.call("Preflight")
}

func (w *world) Provision(context.Context, migration.ProvisionInput) (migration.Target, error) {
	return migration.Target{Ref: "vm-2", Disks: []migration.TargetDisk{{SourceKey: 2000, Key: 2000, Path: "[ds] x.vmdk"}}}, w.call("Provision")
}

func (w *world) Track(context.Context, migration.ProvisionInput) error { return w.call("Track") }

func (w *world) Cycle(ctx context.Context, in migration.CycleInput) (migration.CycleResult, error) {
	w.cycles = append(w.cycles, in)
	name, kind := "Cycle", "delta"
	switch {
	case in.Final:
		name, kind = "Cycle final", "final"
	case in.Urgent:
		name = "Cycle warm"
	case in.Number == 0:
		kind = "seed"
	}
	if err := w.spend(ctx, name); err != nil {
		return migration.CycleResult{}, err
	}
	return migration.CycleResult{
		Left:  w.left[in.Number],
		Cycle: migration.Cycle{Number: in.Number, Kind: kind, SnapshotAt: in.AskedAt.Add(-w.lag), DoneAt: in.AskedAt.Add(time.Second)},
		Disks: []migration.DiskStatus{{Key: 2000, CapacityBytes: 1 << 30, ChangeID: "c", RootHash: "sha256:r"}},
	}, w.call(name)
}

func (w *world) Shutdown(ctx context.Context, in migration.CutoverInput) (time.Time, error) {
	if err := w.spend(ctx, "Shutdown"); err != nil {
		return time.Time{}, err
	}
	return in.Since.Add(5 * time.Second), w.call("Shutdown")
}

func (w *world) Isolate(context.Context, migration.CutoverInput) error { return w.call("Isolate") }

func (w *world) Verify(ctx context.Context, _ migration.CutoverInput) ([]migration.DiskReport, error) {
	if err := w.spend(ctx, "Verify"); err != nil {
		return nil, err
	}
	return []migration.DiskReport{{Key: 2000, SHA256: "sha256:x"}}, w.call("Verify")
}

func (w *world) Activate(context.Context, migration.CutoverInput) error { return w.call("Activate") }

func (w *world) Health(ctx context.Context, _ migration.CutoverInput) (string, error) {
	if err := w.spend(ctx, "Health"); err != nil {
		return "", err
	}
	why := ""
	if len(w.health) > 0 {
		why, w.health = w.health[0], w.health[1:]
	}
	return why, w.call("Health")
}

func (w *world) Back(context.Context, migration.CutoverInput) error { return w.call("Back") }
func (w *world) CleanUp(_ context.Context, in migration.CutoverInput) error {
	w.released = w.released || in.Release
	return w.call("CleanUp")
}

func (w *world) did(name string) bool { return slices.Contains(w.calls, name) }

// stage is a workflow under test with a clock of its own.
type stage struct {
	*testsuite.TestWorkflowEnvironment
	t *testing.T
	*world
	answers map[string]error // of decisions, by name
}

func newStage(t *testing.T) *stage {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s := &stage{suite.NewTestWorkflowEnvironment(), t, &world{fail: map[string]error{}}, map[string]error{}}
	s.RegisterWorkflow(migration.Replica)
	s.RegisterActivity(s.world)
	s.SetTestTimeout(20 * time.Second)
	return s
}

func hourly() migration.Spec {
	return migration.Spec{
		ID: "p_bs/legacy-1", Service: "p_bs/protocollo", Classification: psn.Critical,
		Source: migration.SourceRef{Name: "brescia", VM: "legacy"},
		Target: migration.TargetRef{Site: psn.Acilia, Platform: psn.VSphere, Cluster: "c", StandbySite: psn.Rozzano},
		RPO:    time.Hour, MinDeltas: 2, Verify: migration.VerifyReadback,
		ShutdownAfter: time.Minute, CutoverWithin: time.Hour,
	}
}

// at takes a decision at a time of the workflow's clock.
func (s *stage) at(after time.Duration, label, update, by string) {
	s.RegisterDelayedCallback(func() { s.decide(label, update, by) }, after)
}

// decide takes a decision now.
func (s *stage) decide(label, update, by string) {
	s.UpdateWorkflow(update, label, &testsuite.TestUpdateCallback{
		OnAccept:   func() {},
		OnReject:   func(err error) { s.answers[label] = err },
		OnComplete: func(_ any, err error) { s.answers[label] = err },
	}, migration.Approval{By: by})
}

func (s *stage) status() migration.Status {
	s.t.Helper()
	v, err := s.QueryWorkflow(migration.QueryStatus)
	if err != nil {
		s.t.Fatal(err)
	}
	var st migration.Status
	if err := v.Get(&st); err != nil {
		s.t.Fatal(err)
	}
	return st
}

func (s *stage) run() {
	s.t.Helper()
	s.ExecuteWorkflow(migration.Replica, hourly(), (*migration.Carried)(nil))
	if !s.IsWorkflowCompleted() {
		s.t.Fatal("the workflow did not end")
	}
}

func refused(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want a refusal that says %q", what, err, want)
	}
}

func TestReplicaFromStartToFinalized(t *testing.T) {
	s := newStage(t)
	s.at(40*time.Minute, "early", migration.UpdateApprove, "Anna") // one delta
	s.at(50*time.Minute, "rollback early", migration.UpdateRollback, "Anna")
	s.at(50*time.Minute, "finalize early", migration.UpdateFinalize, "Anna")
	s.at(90*time.Minute, "nobody", migration.UpdateApprove, "")
	s.at(91*time.Minute, "approve", migration.UpdateApprove, "Anna")
	s.at(100*time.Minute, "again", migration.UpdateApprove, "Bruno")
	s.at(3*time.Hour, "finalize", migration.UpdateFinalize, "Carla")
	s.run()
	if err := s.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	refused(t, "approve after one delta", s.answers["early"], "1 of 2 delta cycles")
	refused(t, "rollback before the cutover", s.answers["rollback early"], "nothing was cut over yet")
	refused(t, "finalize before the cutover", s.answers["finalize early"], "only a verified cutover")
	refused(t, "approve by nobody", s.answers["nobody"], "say who decides")
	refused(t, "approve twice", s.answers["again"], "approved already, by Anna")
	if s.answers["approve"] != nil || s.answers["finalize"] != nil {
		t.Errorf("approve %v, finalize %v; want both accepted", s.answers["approve"], s.answers["finalize"])
	}
	want := []string{
		"Preflight", "Provision", "Track", "Cycle", "Cycle", "Cycle", "Cycle",
		"Cycle warm", "Shutdown", "Isolate", "Cycle final", "Verify", "Activate", "Health", "CleanUp",
	}
	if d := cmp.Diff(want, s.calls); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	st := s.status()
	if st.Phase != migration.PhaseFinalized || st.ApprovedBy != "Anna" || st.Reason != "by Carla" {
		t.Errorf("status %+v", st)
	}
	var r migration.Report
	if err := s.GetWorkflowResult(&r); err != nil {
		t.Fatal(err)
	}
	if s.released {
		t.Error("a finalized replica gave its source back")
	}
	if !r.RolledBackAt.IsZero() || r.TargetRef != "vm-2" || len(r.Disks) != 1 || r.SourceOffAt.IsZero() || r.TargetOnAt.Before(r.SourceOffAt.Add(-time.Minute)) {
		t.Errorf("report %+v", r)
	}
}

func TestApprovalNeedsAFreshState(t *testing.T) {
	s := newStage(t)
	s.lag = 2 * time.Hour
	s.at(10*time.Hour, "approve", migration.UpdateApprove, "Anna")
	s.RegisterDelayedCallback(func() { s.CancelWorkflow() }, 11*time.Hour)
	s.run()
	refused(t, "approve with a state of two hours ago", s.answers["approve"], "more than the RPO of 1h0m0s")
}

func TestDaysOfDeltas(t *testing.T) {
	s := newStage(t)
	var seen migration.Status
	s.RegisterDelayedCallback(func() { seen = s.status(); s.CancelWorkflow() }, 7*24*time.Hour+time.Minute)
	s.run()
	if want := 7 * 24 * 2; seen.Deltas < want-2 || seen.Deltas > want+2 {
		t.Errorf("%d deltas in seven days at an RPO of an hour, want about %d", seen.Deltas, want)
	}
	if n := len(seen.Cycles); n != 20 || seen.Cycles[0].Kind != "seed" || seen.Cycles[n-1].Number != seen.Deltas {
		t.Errorf("%d cycles listed, first %+v, last %+v; want the seed and the last 19", n, seen.Cycles[0], seen.Cycles[n-1])
	}
	for i := 1; i < len(s.cycles); i++ {
		if gap := s.cycles[i].AskedAt.Sub(s.cycles[i-1].AskedAt); gap > time.Hour {
			t.Fatalf("cycles %d and %d start %v apart, want at most the RPO", i-1, i, gap)
		}
	}
}

func TestSyncNow(t *testing.T) {
	s := newStage(t)
	s.RegisterDelayedCallback(func() { s.SignalWorkflow(migration.SignalSyncNow, nil) }, time.Minute)
	s.RegisterDelayedCallback(func() { s.CancelWorkflow() }, 2*time.Minute)
	s.run()
	if len(s.cycles) != 2 {
		t.Errorf("%d cycles in two minutes, want the seed and the one asked for", len(s.cycles))
	}
}

func TestFailureBeforeCutoverLeavesTheSourceRunning(t *testing.T) {
	for _, name := range []string{"Preflight", "Provision", "Track", "Cycle"} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.fail[name] = temporal.NewNonRetryableApplicationError("it cannot be", string(psn.Conflict), nil)
			s.run()
			st := s.status()
			stays := map[string]string{
				"Preflight": "it cannot be",
				"Provision": "it cannot be; what may stay: machine p_bs/legacy-1 with empty disks in cluster c of site acilia (vsphere): start the replica again",
			}[name]
			if stays == "" {
				stays = "it cannot be; what stays: machine p_bs/legacy-1 (vm-2) with 1 disks in cluster c of site acilia (vsphere): start the replica again"
			}
			if st.Phase != migration.PhaseFailed || !strings.HasPrefix(st.Reason, stays) || name == "Preflight" && st.Reason != stays {
				t.Errorf("phase %q, reason %q, want %q", st.Phase, st.Reason, stays)
			}
			if !s.released {
				t.Error("the source was not given back")
			}
			if !s.did("CleanUp") || s.did("Back") || s.did("Shutdown") {
				t.Errorf("steps %v: want a clean-up and the source left alone", s.calls)
			}
			var app *temporal.ApplicationError
			if err := s.GetWorkflowError(); !errors.As(err, &app) || app.Type() != string(psn.Conflict) {
				t.Errorf("error %v, want one of type %s", err, psn.Conflict)
			}
		})
	}
}

func TestFailureInCutoverGoesBack(t *testing.T) {
	for name, back := range map[string]bool{
		"Cycle warm": false, "Shutdown": true, "Isolate": true, "Cycle final": true, "Verify": true, "Activate": true,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.fail[name] = temporal.NewNonRetryableApplicationError("it broke", string(psn.Corrupt), nil)
			s.at(2*time.Hour, "approve", migration.UpdateApprove, "Anna")
			s.run()
			st := s.status()
			if st.Phase != migration.PhaseRolledBack || !strings.HasPrefix(st.Reason, "it broke; what stays: machine p_bs/legacy-1 (vm-2)") || strings.Count(st.Reason, "what stays") != 1 || st.Report != nil || !s.released {
				t.Errorf("phase %q, reason %q, report %v", st.Phase, st.Reason, st.Report)
			}
			if s.did("Back") != back || !s.did("CleanUp") || s.did("Health") {
				t.Errorf("steps %v: want Back %t", s.calls, back)
			}
			if s.GetWorkflowError() == nil {
				t.Error("the workflow ended without error")
			}
		})
	}
}

func TestOutageInCutoverGoesBack(t *testing.T) {
	s := newStage(t)
	s.fail["Isolate"] = temporal.NewApplicationError("503 from the vCenter", string(psn.Unavailable))
	s.at(2*time.Hour, "approve", migration.UpdateApprove, "Anna")
	s.run()
	st := s.status()
	if st.Phase != migration.PhaseRolledBack || !strings.Contains(st.Reason, "503 from the vCenter") {
		t.Errorf("phase %q, reason %q; want rolled back for what did not answer", st.Phase, st.Reason)
	}
	if !s.did("Back") {
		t.Errorf("steps %v: want the source brought back", s.calls)
	}
}

func TestRollbackOfAVerifiedCutover(t *testing.T) {
	s := newStage(t)
	s.at(2*time.Hour, "approve", migration.UpdateApprove, "Anna")
	s.at(3*time.Hour, "rollback", migration.UpdateRollback, "Bruno")
	s.run()
	if err := s.GetWorkflowError(); err != nil {
		t.Errorf("a rollback on request ended with %v", err)
	}
	st := s.status()
	if st.Phase != migration.PhaseRolledBack || !strings.HasPrefix(st.Reason, "by Bruno; what stays: ") || !s.did("Back") || !s.released {
		t.Errorf("phase %q, reason %q, steps %v", st.Phase, st.Reason, s.calls)
	}
	if r := st.Report; r == nil || r.RolledBackBy != "Bruno" || r.RolledBackWhy != "by Bruno" || r.RolledBackAt.Before(r.TargetOnAt) {
		t.Errorf("report %+v, want it to say when, by whom and why it was rolled back", r)
	}
}

func TestHealthGateIsLookedAtAgain(t *testing.T) {
	s := newStage(t)
	s.health = []string{"guest has not reported its host name", "guest has not reported its host name"}
	s.at(2*time.Hour, "approve", migration.UpdateApprove, "Anna")
	s.at(2*time.Hour+30*time.Second, "finalize", migration.UpdateFinalize, "Anna")
	var waiting migration.Status
	s.RegisterDelayedCallback(func() { waiting = s.status() }, 2*time.Hour+40*time.Second)
	s.at(3*time.Hour, "finalize later", migration.UpdateFinalize, "Anna")
	s.run()
	refused(t, "finalize of an unhealthy target", s.answers["finalize"], "only a verified cutover")
	if waiting.Phase != migration.PhaseCutover || !strings.Contains(waiting.Reason, "health gate") {
		t.Errorf("while unhealthy: phase %q, reason %q", waiting.Phase, waiting.Reason)
	}
	if st := s.status(); st.Phase != migration.PhaseFinalized {
		t.Errorf("phase %q, want finalized once healthy (%v)", st.Phase, s.GetWorkflowError())
	}
}

func TestUnhealthyTargetCanBeRolledBack(t *testing.T) {
	s := newStage(t)
	s.health = slices.Repeat([]string{"no host name"}, 100)
	s.at(2*time.Hour, "approve", migration.UpdateApprove, "Anna")
	s.at(2*time.Hour+10*time.Minute, "rollback", migration.UpdateRollback, "Bruno")
	s.run()
	if st := s.status(); st.Phase != migration.PhaseRolledBack || !s.did("Back") {
		t.Errorf("phase %q, steps %v", st.Phase, s.calls)
	}
}

func TestCancel(t *testing.T) {
	s := newStage(t)
	s.RegisterDelayedCallback(func() { s.CancelWorkflow() }, 2*time.Hour)
	s.run()
	st := s.status()
	if st.Phase != migration.PhaseFailed || !strings.HasPrefix(st.Reason, "cancelled by request; what stays: machine p_bs/legacy-1 (vm-2) with 1 disks in cluster c of site acilia (vsphere)") || !s.did("CleanUp") || s.did("Back") {
		t.Errorf("phase %q, reason %q, steps %v", st.Phase, st.Reason, s.calls)
	}
}

// The target serves: a cancellation, which nobody should send, does not end it.
func TestCancelOfAVerifiedCutoverChangesNothing(t *testing.T) {
	s := newStage(t)
	s.at(2*time.Hour, "approve", migration.UpdateApprove, "Anna")
	s.RegisterDelayedCallback(func() { s.CancelWorkflow() }, 3*time.Hour)
	s.at(4*time.Hour, "finalize", migration.UpdateFinalize, "Anna")
	s.run()
	if st := s.status(); st.Phase != migration.PhaseFinalized || s.did("Back") {
		t.Errorf("phase %q, steps %v", st.Phase, s.calls)
	}
}

func TestContinueAsNewCarriesTheState(t *testing.T) {
	s := newStage(t)
	s.RegisterDelayedCallback(func() { s.SetContinueAsNewSuggested(true) }, 100*time.Minute)
	s.run()
	var again *workflow.ContinueAsNewError
	if err := s.GetWorkflowError(); !errors.As(err, &again) {
		t.Fatalf("ended with %v, want to continue as new", err)
	}
	var spec migration.Spec
	var carried migration.Carried
	if err := converter.GetDefaultDataConverter().FromPayloads(again.Input, &spec, &carried); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(hourly(), spec); d != "" {
		t.Errorf("request (-want +got):\n%s", d)
	}

	n := newStage(t)
	n.at(40*time.Minute, "approve", migration.UpdateApprove, "Anna")
	n.at(2*time.Hour, "finalize", migration.UpdateFinalize, "Anna")
	n.SetStartTime(carried.Status.LastSyncAt)
	n.ExecuteWorkflow(migration.Replica, spec, &carried)
	if err := n.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if n.did("Preflight") || n.did("Provision") {
		t.Errorf("steps %v: want no preparation again", n.calls)
	}
	if first := n.cycles[0]; first.Number != carried.Next || first.Target.Ref != "vm-2" {
		t.Errorf("first cycle of the next run is %d on %q, want %d on vm-2", first.Number, first.Target.Ref, carried.Next)
	}
	if st := n.status(); st.Phase != migration.PhaseFinalized || st.Deltas <= carried.Status.Deltas || n.answers["approve"] != nil {
		t.Errorf("status %+v, approve %v", st, n.answers["approve"])
	}
}
