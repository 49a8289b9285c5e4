package migration_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// Of several replicas of one source machine, however it is named and whenever
// they start, one lives: a second one could bring the source back while the
// first one's target serves.
func TestOneReplicaPerSource(t *testing.T) {
	l := newLab(t, 4*time.Minute)
	source, err := l.fleet.Source(sandbox.Source)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := source.Inventory(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	uuid := ""
	for _, vm := range inv.VMs {
		if vm.Name == "web" {
			uuid = vm.InstanceUUID
		}
	}
	specs := []migration.Spec{spec("n-1", "web"), spec("n-2", uuid), spec("n-3", strings.ToUpper(uuid))}
	var wg sync.WaitGroup
	for i := range specs {
		wg.Go(func() { specs[i] = l.must(specs[i]) })
	}
	wg.Wait()
	var lives migration.Spec
	var others []migration.Spec
	for _, s := range specs {
		st := l.settled(s.ID)
		if st.Phase == migration.PhaseReplicating {
			lives = s
			continue
		}
		others = append(others, s)
	}
	if len(others) != 2 {
		t.Fatalf("%d of 3 replicas of one machine were refused, want 2", len(others))
	}
	refusedFor := func(s migration.Spec, want string) {
		t.Helper()
		st := l.settled(s.ID)
		if st.Phase != migration.PhaseFailed || !strings.Contains(st.Reason, "source machine is not free: replica "+string(lives.ID)+" "+want) {
			t.Errorf("%s is %s: %q; want it refused because %s %s", s.ID, st.Phase, st.Reason, lives.ID, want)
		}
	}
	for _, s := range others {
		refusedFor(s, "takes it already")
	}

	l.approve(lives)
	l.untilPhase(lives.ID, migration.PhaseVerified)
	l.must(others[0])
	refusedFor(others[0], "takes it already and is verified")
	if err := l.Rollback(l.ctx, lives.ID, migration.Approval{By: "Anna Bianchi"}); err != nil {
		t.Fatal(err)
	}
	l.untilPhase(lives.ID, migration.PhaseRolledBack)
	s := lives
	s.Source.VM = "web"
	l.checkServing(s, false)

	// Given back, it is another's to take, for good.
	lives, others[0] = others[0], lives
	l.must(lives)
	l.approve(lives)
	l.untilPhase(lives.ID, migration.PhaseVerified)
	if err := l.Finalize(l.ctx, lives.ID, migration.Approval{By: "Anna Bianchi"}); err != nil {
		t.Fatal(err)
	}
	l.untilPhase(lives.ID, migration.PhaseFinalized)
	l.must(others[1])
	refusedFor(others[1], "is finalized")
}

// A hold whose replica was ended by force is nobody's, unless it was cutting over.
func TestHoldOfAnEndedReplica(t *testing.T) {
	l := newLab(t, 3*time.Minute)
	first, second, third := l.must(spec("n-1", "web")), spec("n-2", "web"), spec("n-3", "web")
	c, err := l.fleet.Engine(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l.untilPhase(first.ID, migration.PhaseReplicating)
	if err := c.TerminateWorkflow(l.ctx, migration.WorkflowID(first.ID), "", "test"); err != nil {
		t.Fatal(err)
	}
	// A cycle of the first one may be running still; its snapshot is refused
	// in other words.
	deadline := time.Now().Add(30 * time.Second)
	for {
		second = l.must(second)
		st := l.settled(second.ID)
		if st.Phase == migration.PhaseReplicating {
			break
		}
		if strings.Contains(st.Reason, "not free") || time.Now().After(deadline) {
			t.Fatalf("second replica is %s: %s", st.Phase, st.Reason)
		}
		time.Sleep(time.Second)
	}
	l.approve(second)
	l.untilPhase(second.ID, migration.PhaseVerified)
	if err := c.TerminateWorkflow(l.ctx, migration.WorkflowID(second.ID), "", "test"); err != nil {
		t.Fatal(err)
	}
	third = l.must(third)
	st := l.settled(third.ID)
	if st.Phase != migration.PhaseFailed || !strings.Contains(st.Reason, "replica p_bs/n-2 was ended by force while verified: make sure that its target does not run") {
		t.Errorf("third replica is %s: %q", st.Phase, st.Reason)
	}
}

// A source that somebody switched off is not cut over, nor switched on again.
func TestSourceSwitchedOffByAnother(t *testing.T) {
	l := newLab(t, 2*time.Minute)
	s := l.must(spec("web-1", "web"))
	l.until(s.ID, "a delta", func(st migration.Status) bool { return st.Deltas > 0 })
	source, err := l.fleet.Source(sandbox.Source)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := source.Inventory(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	ref := ""
	for _, vm := range inv.VMs {
		if vm.Name == "web" {
			ref = vm.Ref
		}
	}
	if err := source.Power(l.ctx, ref, psn.PoweredOff); err != nil {
		t.Fatal(err)
	}
	l.approve(s)
	st := l.untilPhase(s.ID, migration.PhaseRolledBack)
	if want := `source machine "web" is powered off and was not switched off by this replica`; !strings.Contains(st.Reason, want) {
		t.Errorf("reason %q, want %q in it", st.Reason, want)
	}
	vm, err := source.DescribeVM(l.ctx, ref)
	if err != nil || vm.Power != psn.PoweredOff {
		t.Errorf("source is powered %v, %v; want it left off", vm, err)
	}
}

// settled waits until a replica replicates or has ended.
func (l *lab) settled(id psn.VMID) migration.Status {
	l.t.Helper()
	return l.until(id, "a preflight", func(s migration.Status) bool {
		return s.Phase.Final() || s.Phase == migration.PhaseReplicating
	})
}
