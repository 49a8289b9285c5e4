package migration_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// A machine of two disks is replicated while its guest writes. The worker is
// killed in the middle of the seed and the engine in the middle of the
// replication; then it is cut over, verified and accepted.
func TestMigrationSurvivesKills(t *testing.T) {
	l := newLab(t, 100*time.Second)
	s := spec("protocollo-db-1", "protocollo")
	s.BytesPerSecond = 6 << 20 // some eight seconds for what is allocated
	s = l.must(s)

	half := l.until(s.ID, "the middle of the seed", func(st migration.Status) bool {
		return st.Phase == migration.PhaseSeeding && len(st.Disks) > 0 && st.Disks[0].DoneBytes > 12<<20
	})
	kill(t, l.worker)
	t.Logf("worker killed at %d of %d bytes", half.Disks[0].DoneBytes, half.Disks[0].TotalBytes)
	alone, cancel := context.WithTimeout(l.ctx, time.Second)
	if err := l.Approve(alone, s.ID, migration.Approval{By: "x"}); !psn.Is(err, psn.Unavailable) {
		t.Errorf("approval while no worker runs: %v, want unavailable", err)
	}
	cancel()
	l.startWorker()
	seeded := l.untilPhase(s.ID, migration.PhaseReplicating)
	seed := seeded.Cycles[0]
	t.Logf("seed: %+v", seed)
	if seed.Kind != "seed" || seed.Resumes < 1 {
		t.Errorf("seed %+v, want one that was resumed", seed)
	}
	const inFlight = 4 * 2 * (4 << 20) // lanes of two disks, one unit each
	if seed.RecopiedBytes > inFlight {
		t.Errorf("%d bytes were copied again, want at most what was in flight (%d)", seed.RecopiedBytes, inFlight)
	}
	if err := l.Approve(l.ctx, s.ID, migration.Approval{}); !psn.Is(err, psn.Conflict) {
		t.Errorf("approval by nobody: %v, want a refusal", err)
	}
	if err := l.Start(l.ctx, s); err != nil {
		t.Errorf("start again with the same request: %v, want nothing to happen", err)
	}
	other := s
	other.RPO *= 2
	if err := l.Start(l.ctx, other); !psn.Is(err, psn.Conflict) {
		t.Errorf("start with another request: %v, want a refusal", err)
	}
	if err := l.Finalize(l.ctx, s.ID, migration.Approval{By: "x"}); !psn.Is(err, psn.Conflict) {
		t.Errorf("finalize while replicating: %v, want a refusal", err)
	}

	kill(t, l.engine)
	l.startEngine()
	if err := l.SyncNow(l.ctx, s.ID); err != nil {
		t.Fatal(err)
	}
	l.approve(s)
	done := l.untilPhase(s.ID, migration.PhaseVerified)
	t.Logf("cutover: %+v", *done.Report)
	source, target := l.hashes(sandbox.Source, "protocollo"), l.hashes("acilia", s.ID.Name())
	if d := cmp.Diff(source, target); d != "" {
		t.Errorf("target differs from the source's last state (-source +target):\n%s", d)
	}
	var reported []string
	for _, d := range done.Report.Disks {
		reported = append(reported, d.SHA256)
		if d.SourceRoot != d.TargetRoot {
			t.Errorf("disk %d: roots %s and %s differ", d.Key, d.SourceRoot, d.TargetRoot)
		}
	}
	if d := cmp.Diff(source, reported); d != "" {
		t.Errorf("report differs from the files (-file +report):\n%s", d)
	}
	if len(source) != 2 {
		t.Errorf("compared %d disks, want 2", len(source))
	}
	l.checkServing(s, true)
	if err := l.Finalize(l.ctx, s.ID, migration.Approval{By: "Anna Bianchi"}); err != nil {
		t.Fatal(err)
	}
	l.untilPhase(s.ID, migration.PhaseFinalized)
	if sb := l.standby(s.ID); sb == nil || sb.Role != psn.RoleStandby || sb.Power != psn.PoweredOff || sb.PrimarySite != psn.Acilia || len(sb.Disks) != 2 || len(sb.NICs) != 0 {
		t.Errorf("standby %+v, want one that is off, with two disks and no cards", sb)
	}
	if err := l.Rollback(l.ctx, s.ID, migration.Approval{By: "x"}); !psn.Is(err, psn.Conflict) {
		t.Errorf("rollback after finalize: %v, want a refusal", err)
	}
	if err := l.Start(l.ctx, s); !psn.Is(err, psn.Conflict) {
		t.Errorf("start after finalize: %v, want a refusal", err)
	}
	record(t, l, s.ID, "finalized")
}

// standby is the machine's standby, nil when there is none.
func (l *lab) standby(id psn.VMID) *psn.VM {
	l.t.Helper()
	site, err := l.fleet.Site(psn.Rozzano, psn.VSphere)
	if err != nil {
		l.t.Fatal(err)
	}
	site.Refresh()
	vm, err := site.FindVM(l.ctx, id)
	if psn.Is(err, psn.NotFound) {
		return nil
	}
	if err == nil {
		vm, err = site.DescribeVM(l.ctx, vm.Ref)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return vm
}

// checkServing asserts that exactly one of source and target serves, and that
// the other can disturb nobody.
func (l *lab) checkServing(s migration.Spec, target bool) {
	l.t.Helper()
	site, err := l.fleet.Site(psn.Acilia, psn.VSphere)
	if err != nil {
		l.t.Fatal(err)
	}
	source, err := l.fleet.Source(sandbox.Source)
	if err != nil {
		l.t.Fatal(err)
	}
	got := map[string]any{}
	look := func(name string, h interface {
		Refresh()
		Inventory(context.Context) (*psn.SiteInventory, error)
		DescribeVM(context.Context, string) (*psn.VM, error)
	}, vm string) *psn.VM {
		h.Refresh()
		inv, err := h.Inventory(l.ctx)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, v := range inv.VMs {
			if v.Name != vm {
				continue
			}
			full, err := h.DescribeVM(l.ctx, v.Ref)
			if err != nil {
				l.t.Fatal(err)
			}
			got[name+" power"], got[name+" snapshots"] = full.Power, full.Snapshots
			for _, n := range full.NICs {
				got[name+" connected"] = n.Connected
			}
			return full
		}
		l.t.Fatalf("%s: no machine %s", name, vm)
		return nil
	}
	src := look("source", source, s.Source.VM)
	dst := look("target", site, s.ID.Name())
	want := map[string]any{
		"source power": psn.PoweredOn, "source connected": true, "source snapshots": 0,
		"target power": psn.PoweredOff, "target connected": false, "target snapshots": 0,
	}
	role := psn.RoleReplica
	if target {
		want["source power"], want["source connected"] = psn.PoweredOff, false
		want["target power"], want["target connected"] = psn.PoweredOn, true
		role = psn.RoleActive
	}
	if d := cmp.Diff(want, got); d != "" {
		l.t.Errorf("who serves (-want +got):\n%s", d)
	}
	if dst.Role != role {
		l.t.Errorf("role of the target is %q, want %q", dst.Role, role)
	}
	if src.NICs[0].MAC != dst.NICs[0].MAC {
		l.t.Errorf("MAC of the target is %s, want the source's %s", dst.NICs[0].MAC, src.NICs[0].MAC)
	}
}

// A cutover is verified, used, and taken back: the source serves again. Started
// anew, the replica trusts nothing of its old target and compares.
func TestRollbackAndStartAnew(t *testing.T) {
	l := newLab(t, 3*time.Minute)
	s := l.must(spec("web-1", "web"))
	l.approve(s)
	done := l.untilPhase(s.ID, migration.PhaseVerified)
	l.checkServing(s, true)
	if err := l.Cancel(l.ctx, s.ID); !psn.Is(err, psn.Conflict) {
		t.Errorf("cancel of a verified cutover: %v, want a refusal", err)
	}
	if err := l.sb.Center("acilia").Guest(s.ID.Name()).WriteAt(0, []byte("written by the target"), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := l.Rollback(l.ctx, s.ID, migration.Approval{By: "Anna Bianchi", Note: "wrong subnet"}); err != nil {
		t.Fatal(err)
	}
	back := l.untilPhase(s.ID, migration.PhaseRolledBack)
	if want := "by Anna Bianchi: wrong subnet; what stays: machine "; !strings.HasPrefix(back.Reason, want) {
		t.Errorf("reason %q, want %q", back.Reason, want)
	}
	l.checkServing(s, false)
	record(t, l, s.ID, "rolled-back")

	l.must(s)
	again := l.untilPhase(s.ID, migration.PhaseReplicating)
	if k := again.Cycles[0].Kind; k != "compare" {
		t.Errorf("first cycle after a rollback is a %s, want a compare: the target was written to", k)
	}
	l.approve(s)
	second := l.untilPhase(s.ID, migration.PhaseVerified)
	if d := cmp.Diff(l.hashes(sandbox.Source, "web"), l.hashes("acilia", s.ID.Name())); d != "" {
		t.Errorf("target differs from the source's last state (-source +target):\n%s", d)
	}
	if second.Report.Disks[0].SHA256 == done.Report.Disks[0].SHA256 {
		t.Error("the source wrote nothing between the two cutovers: the test proves little")
	}
}

// A guest that ignores the request to shut down and a policy that forbids to
// switch it off: the cutover goes back by itself, and the source never stopped.
func TestIgnoredShutdownRollsBack(t *testing.T) {
	l := newLab(t, 2*time.Minute)
	guest := l.sb.Center(sandbox.Source).Guest("bilancio")
	guest.IgnoreShutdown(true)
	s := spec("bilancio-1", "bilancio")
	s.ShutdownAfter = 2 * time.Second
	s = l.must(s)
	l.approve(s)
	back := l.untilPhase(s.ID, migration.PhaseRolledBack)
	if want := "did not shut down within 2s"; !strings.Contains(back.Reason, want) {
		t.Errorf("reason %q, want %q in it", back.Reason, want)
	}
	if back.Report != nil {
		t.Errorf("report %+v of a cutover that did not happen", back.Report)
	}
	l.checkServing(s, false)
	record(t, l, s.ID, "shutdown-ignored")
	if err := l.Rollback(l.ctx, s.ID, migration.Approval{By: "x"}); !psn.Is(err, psn.Conflict) {
		t.Errorf("rollback of what is rolled back: %v, want a refusal", err)
	}
}

// The same guest under a policy that allows it is switched off. Before that its
// change tracking is reset, as a host's crash does: the next cycle compares.
func TestStaleTrackingComparesAndHardPowerOff(t *testing.T) {
	l := newLab(t, 2*time.Minute)
	center := l.sb.Center(sandbox.Source)
	center.Guest("personale").IgnoreShutdown(true)
	s := spec("personale-1", "personale")
	s.ShutdownAfter, s.HardPowerOff, s.MinDeltas = 2*time.Second, true, 2
	s = l.must(s)
	l.until(s.ID, "a delta", func(st migration.Status) bool { return st.Deltas > 0 })
	center.ResetChangeTracking("personale")
	l.until(s.ID, "a compare", func(st migration.Status) bool { return st.Cycles[len(st.Cycles)-1].Kind == "compare" })
	l.approve(s)
	l.untilPhase(s.ID, migration.PhaseVerified)
	if d := cmp.Diff(l.hashes(sandbox.Source, "personale"), l.hashes("acilia", s.ID.Name())); d != "" {
		t.Errorf("target differs from the source's last state (-source +target):\n%s", d)
	}
	all, err := l.List(l.ctx)
	if err != nil || len(all) != 1 || all[0].ID != s.ID {
		t.Errorf("list = %+v, %v; want the one replica", all, err)
	}
}

// What cannot be replicated is refused before anything is made, in words.
func TestPreflightRefusals(t *testing.T) {
	l := newLab(t, 2*time.Minute)
	for name, tc := range map[string]struct {
		change func(*migration.Spec)
		want   string
	}{
		"no such machine": {func(s *migration.Spec) { s.Source.VM = "nobody" }, `no machine has the name or instance UUID "nobody"`},
		"no such tenant":  {func(s *migration.Spec) { s.ID, s.Service = "c_b157/web-1", "c_b157/web" }, `tenant "c_b157" was not made at this site: declare it with psn_tenant`},
		"no such source":  {func(s *migration.Spec) { s.Source.Name = "bergamo" }, `source "bergamo" is not in the configuration`},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec("web-1", "web")
			tc.change(&s)
			l.must(s)
			st := l.untilPhase(s.ID, migration.PhaseFailed)
			if !strings.Contains(st.Reason, tc.want) {
				t.Errorf("reason %q, want %q in it", st.Reason, tc.want)
			}
		})
	}
	if _, err := l.Status(l.ctx, "p_bs/unknown-1"); !psn.Is(err, psn.NotFound) {
		t.Errorf("status of an unknown replica: %v, want not found", err)
	}
	bad := spec("web-1", "web")
	bad.Target.Cluster, bad.MinDeltas = "any", 0
	if err := l.Start(l.ctx, bad); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "min_deltas") {
		t.Errorf("start with min_deltas 0: %v, want the field named", err)
	}
}

// A replication cancelled in the middle of its seed leaves the source as it
// was; the vCenter being away before that is told, and survived.
func TestOutageAndCancelInTheSeed(t *testing.T) {
	l := newLab(t, 2*time.Minute)
	center := l.sb.Center(sandbox.Source)
	s := spec("protocollo-db-1", "protocollo")
	s.BytesPerSecond = 4 << 20
	s = l.must(s)
	copying := func(from int64) func(migration.Status) bool {
		return func(st migration.Status) bool {
			return st.Phase == migration.PhaseSeeding && len(st.Disks) > 0 && st.Disks[0].DoneBytes > from
		}
	}
	before := l.until(s.ID, "bytes copied", copying(0)).Disks[0].DoneBytes
	center.Stop()
	told := l.until(s.ID, "the outage told", func(st migration.Status) bool { return strings.Contains(st.Reason, "source brescia") })
	t.Logf("during the outage: %s", told.Reason)
	if err := center.Resume(); err != nil {
		t.Fatal(err)
	}
	l.until(s.ID, "more bytes copied", copying(before+2<<20))
	if err := l.Cancel(l.ctx, s.ID); err != nil {
		t.Fatal(err)
	}
	st := l.untilPhase(s.ID, migration.PhaseFailed)
	if sb := l.standby(s.ID); sb != nil {
		t.Errorf("standby %+v stays of a replica that never served", sb)
	}
	if !strings.HasPrefix(st.Reason, "cancelled by request; what stays: machine ") {
		t.Errorf("reason %q", st.Reason)
	}
	l.checkServing(s, false)
}

// A worker that is asked to stop gives its work up at once; another one goes on.
func TestWorkerStopsInOrder(t *testing.T) {
	l := newLab(t, 2*time.Minute)
	s := spec("protocollo-db-1", "protocollo")
	s.BytesPerSecond = 6 << 20
	s = l.must(s)
	l.until(s.ID, "bytes copied", func(st migration.Status) bool {
		return st.Phase == migration.PhaseSeeding && len(st.Disks) > 0 && st.Disks[0].DoneBytes > 0
	})
	begin := time.Now()
	if err := l.worker.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := l.worker.Wait(); err != nil {
		t.Errorf("worker ended with %v", err)
	}
	took := time.Since(begin)
	t.Logf("worker stopped in %v", took)
	if took > 10*time.Second {
		t.Errorf("worker took %v to stop, want it to drop its copies", took)
	}
	l.startWorker()
	seed := l.untilPhase(s.ID, migration.PhaseReplicating).Cycles[0]
	if seed.Resumes < 1 {
		t.Errorf("seed %+v, want one that was resumed", seed)
	}
}

// A worker that no datastore of the target's cluster is shared with would fail
// at the first attachment, after everything was made: it is told before.
func TestWorkerThatReachesNoDatastore(t *testing.T) {
	l := newLab(t, time.Minute, func(o *sandbox.Options) { o.SplitStorage = true })
	site, err := l.fleet.Site(psn.Acilia, psn.VSphere)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := site.Inventory(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	place, err := l.fleet.WorkerAt(psn.Acilia)
	if err != nil {
		t.Fatal(err)
	}
	home := ""
	for _, vm := range inv.VMs {
		if vm.Name == place.VM {
			home = vm.Cluster
		}
	}
	s := spec("web-1", "web")
	for _, c := range inv.Clusters {
		if c.Name != home {
			s.Target.Cluster = c.Name
		}
	}
	if err := l.Start(l.ctx, s); err != nil {
		t.Fatal(err)
	}
	st := l.untilPhase(s.ID, migration.PhaseFailed)
	if want := fmt.Sprintf("worker %q cannot reach the datastores of cluster %q", place.VM, s.Target.Cluster); !strings.Contains(st.Reason, want) {
		t.Errorf("reason %q, want %q in it", st.Reason, want)
	}
}
