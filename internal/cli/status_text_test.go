package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/migration"
)

func TestPrintStatusAndReport(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	s := migration.Status{
		ID: "p_bs/protocollo-1", Phase: migration.PhaseVerified, Transport: "datastore https range", StartedAt: at, LastSyncAt: at.Add(time.Minute),
		ApprovedBy: "mario.rossi", ApprovedAt: at.Add(2 * time.Minute), Deltas: 1,
		Disks: []migration.DiskStatus{
			{Key: 2000, CapacityBytes: 256 << 20, DoneBytes: 1 << 20, TotalBytes: 4 << 20},
			{Key: 2001, CapacityBytes: 64 << 20, RootHash: "sha256:aa"},
		},
		Cycles: []migration.Cycle{{Kind: "seed", SnapshotAt: at, DoneAt: at.Add(90 * time.Second), ChangedBytes: 3 << 19, WrittenBytes: 1 << 20, Resumes: 1}},
		Report: &migration.Report{
			DowntimeSeconds: 2.24, SourceOffAt: at, TargetOnAt: at.Add(2 * time.Second), TargetRef: "vm-103", MACs: []string{"00:50:56:00:00:01"},
			Disks: []migration.DiskReport{{Key: 2000, CapacityBytes: 256 << 20, SourceRoot: "sha256:aa", TargetRoot: "sha256:bb", SHA256: "cc"}},
		},
	}
	var out bytes.Buffer
	if err := printStatus(&out, s); err != nil {
		t.Fatal(err)
	}
	if err := printReport(&out, s); err != nil {
		t.Fatal(err)
	}
	const want = `id         p_bs/protocollo-1
phase      verified
transport  datastore https range
started    2026-11-22T08:00:00Z
last sync  2026-11-22T08:01:00Z
approved   mario.rossi at 2026-11-22T08:02:00Z

DISK  CAPACITY  RUNNING CYCLE  ROOT HASH
2000  256MiB    1MiB of 4MiB   
2001  64MiB     -              sha256:aa

CYCLE  KIND  SNAPSHOT              TOOK   CHANGED  WRITTEN  COPIED AGAIN  RESUMES
0      seed  2026-11-22T08:00:00Z  1m30s  1.5MiB   1MiB     0B            1
id          p_bs/protocollo-1
phase       verified
approved    mario.rossi at 2026-11-22T08:02:00Z
downtime    2.2 s
source off  2026-11-22T08:00:00Z
target on   2026-11-22T08:00:02Z
target      vm-103
MAC         00:50:56:00:00:01

disk 2000, 256MiB
  source, as read     sha256:aa
  target, read back   sha256:bb  DIFFERENT
  target, whole disk  sha256:cc
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// A cutover that was taken back says when, by whom and why; one that never
// started its target says what happened instead of promising a report.
func TestReportOfWhatWasTakenBack(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := migration.Status{ID: "p_bs/a-1", Phase: migration.PhaseRolledBack, Report: &migration.Report{
		RolledBackAt: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), RolledBackBy: "anna.bianchi", RolledBackWhy: "by anna.bianchi: wrong subnet",
	}}
	if err := printReport(&out, s); err != nil {
		t.Fatal(err)
	}
	if want := "rolled back  2026-11-22T09:00:00Z by anna.bianchi: wrong subnet\n"; !strings.Contains(out.String(), want) {
		t.Errorf("report %q, want %q in it", out.String(), want)
	}
	s.Report, s.Reason = nil, "the guest did not shut down"
	if err := noReport(s); strings.Contains(err.Error(), "yet") || !strings.HasSuffix(err.Error(), s.Reason) {
		t.Errorf("without report: %v", err)
	}
}

func TestLateWaitBlamesNoEndpoint(t *testing.T) {
	t.Parallel()
	err := late("p_bs/a-1", target{deltas: 2}, time.Minute)
	if remedy(err) != "" || !strings.Contains(err.Error(), "did not come to 2 delta cycles within 1m: it goes on") {
		t.Errorf("error %v, remedy %q", err, remedy(err))
	}
}
