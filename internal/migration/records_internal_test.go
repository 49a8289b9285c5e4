package migration

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const replicaID psn.VMID = "p_bs/db-1"

// mustRecords finds the records of a disk.
func mustRecords(t *testing.T, a *activities, d driver.SnapshotDisk) (string, *blockcopy.Commit, bool) {
	t.Helper()
	dir, last, doubtful, err := a.records(replicaID, d)
	if err != nil {
		t.Fatal(err)
	}
	return dir, last, doubtful
}

func mustSeed(t *testing.T, dir string, src, dst *memory, disk, pass, change string) {
	t.Helper()
	_, err := blockcopy.Copy(t.Context(), src, dst, blockcopy.Job{Dir: dir, DiskID: disk, Pass: pass, Kind: blockcopy.KindSeed, ChangeID: change})
	if err != nil {
		t.Fatal(err)
	}
}

// The records of a disk that was replaced are set aside, never used for the new
// one, also when that happens a second time.
func TestRecordsOfAReplacedDisk(t *testing.T) {
	a := &activities{stateDir: t.TempDir()}
	d := driver.SnapshotDisk{Key: 2000, UUID: "u-1", CapacityBytes: 1 << 20}
	dir, _, _ := mustRecords(t, a, d)
	if want := filepath.Join(a.stateDir, "p_bs", "db-1", "disk-2000"); dir != want {
		t.Errorf("folder %s, want %s", dir, want)
	}
	disk := &memory{data: make([]byte, d.CapacityBytes)}
	for _, pass := range []string{"p", "q"} {
		mustSeed(t, dir, disk, disk, "u-1", pass, "")
		d.UUID = "u-2"
		if _, last, doubtful := mustRecords(t, a, d); last != nil || doubtful {
			t.Errorf("records for the new disk: %+v, doubtful %t; want none", last, doubtful)
		}
		if c, err := blockcopy.Committed(dir + ".u-1"); err != nil || c == nil || c.Pass != pass {
			t.Errorf("records of the old disk: %+v, %v; want those of pass %s kept", c, err, pass)
		}
	}
}

// A disk that grew after its first seed was cancelled has only a ledger.
func TestRecordsOfADiskThatGrewInItsSeed(t *testing.T) {
	a := &activities{stateDir: t.TempDir()}
	d := driver.SnapshotDisk{Key: 2000, UUID: "u-1", CapacityBytes: 8 << 20}
	dir, _, _ := mustRecords(t, a, d)
	disk := &memory{data: make([]byte, d.CapacityBytes)}
	cut := &failing{memory: disk, after: 1 << 20}
	if _, err := blockcopy.Copy(t.Context(), cut, disk, blockcopy.Job{Dir: dir, DiskID: "u-1", Pass: "p", Kind: blockcopy.KindSeed}); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	if f, err := blockcopy.PassInFlight(dir); err != nil || f == nil {
		t.Fatalf("in flight: %+v, %v; want the seed", f, err)
	}
	d.CapacityBytes *= 2
	mustRecords(t, a, d)
	grown := &memory{data: bytes.Repeat([]byte{7}, int(d.CapacityBytes))}
	dst := &memory{data: make([]byte, d.CapacityBytes)}
	mustSeed(t, dir, grown, dst, "u-1", "p", "")
	if !bytes.Equal(grown.data, dst.data) {
		t.Error("the grown disk was not copied")
	}
}

// Damaged records cost a compare, not the replica.
func TestDamagedRecordsLeadToACompare(t *testing.T) {
	for _, file := range []string{"manifest", "ledger"} {
		t.Run(file, func(t *testing.T) {
			a := &activities{stateDir: t.TempDir()}
			d := driver.SnapshotDisk{Key: 2000, UUID: "u-1", CapacityBytes: 1 << 20, ChangeID: "c1"}
			dir, _, _ := mustRecords(t, a, d)
			src, dst := &memory{data: bytes.Repeat([]byte{7}, 1<<20)}, &memory{data: make([]byte, 1<<20)}
			mustSeed(t, dir, src, dst, "u-1", "p0", "c0")
			for range 2 { // the second time over what was set aside
				if err := os.WriteFile(filepath.Join(dir, file), []byte("not what was written"), 0o600); err != nil {
					t.Fatal(err)
				}
				_, last, doubtful := mustRecords(t, a, d)
				if last != nil || !doubtful {
					t.Fatalf("last %+v, doubtful %t; want no base and a doubt", last, doubtful)
				}
				for _, first := range []bool{true, false} {
					todo, err := planDisk(t.Context(), &fakeSite{}, "vm", first && !doubtful, "snap", d, "p1", last)
					if err != nil || todo.kind != blockcopy.KindCompare {
						t.Errorf("first %t: plan %+v, %v; want a compare", first, todo, err)
					}
				}
				_, kind, err := bring(t.Context(), src, dst, blockcopy.Job{Dir: dir, DiskID: "u-1", Pass: "p1", Kind: blockcopy.KindCompare, ChangeID: "c1"})
				if err != nil || kind != blockcopy.KindCompare {
					t.Errorf("%s, %v; want a compare", kind, err)
				}
			}
		})
	}
}

// What a delta finds not to fit is compared at once.
func TestBringComparesWhatDoesNotFit(t *testing.T) {
	const size = 1 << 20
	for name, spoil := range map[string]func(t *testing.T, job *blockcopy.Job, dst *memory){
		"target written to by others": func(_ *testing.T, _ *blockcopy.Job, dst *memory) {
			copy(dst.data, bytes.Repeat([]byte{9}, size))
		},
		"base committed since": func(_ *testing.T, job *blockcopy.Job, _ *memory) { job.BaseChangeID = "c7" },
		"no base":              func(t *testing.T, job *blockcopy.Job, _ *memory) { job.Dir = t.TempDir() },
		"hashes damaged": func(t *testing.T, job *blockcopy.Job, _ *memory) {
			path := filepath.Join(job.Dir, "manifest")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)-1] ^= 1
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			src, dst := &memory{data: bytes.Repeat([]byte{7}, size)}, &memory{data: make([]byte, size)}
			job := blockcopy.Job{Dir: t.TempDir(), DiskID: "u-1", Pass: "p1", Kind: blockcopy.KindDelta, ChangeID: "c1", BaseChangeID: "c0"}
			mustSeed(t, job.Dir, src, dst, "u-1", "p0", "c0")
			src.data[5] = 8
			job.Extents = []blockcopy.Extent{{Start: 0, Length: 4096}}
			spoil(t, &job, dst)
			_, kind, err := bring(t.Context(), src, dst, job)
			if err != nil || kind != blockcopy.KindCompare {
				t.Fatalf("%s, %v; want a compare", kind, err)
			}
			if !bytes.Equal(src.data, dst.data) {
				t.Error("target differs from the source")
			}
			if c, err := blockcopy.Committed(job.Dir); err != nil || c == nil || c.Pass != "p1" || c.ChangeID != "c1" {
				t.Errorf("committed %+v, %v; want p1 at c1", c, err)
			}
		})
	}
}

// What nothing helps against is an error, after one more try.
func TestBringGivesUp(t *testing.T) {
	src, dst := &memory{data: bytes.Repeat([]byte{7}, 1<<20)}, &lying{memory: &memory{data: make([]byte, 1<<20)}}
	_, kind, err := bring(t.Context(), src, dst, blockcopy.Job{Dir: t.TempDir(), DiskID: "u", Pass: "p", Kind: blockcopy.KindSeed, Readback: true})
	if !psn.Is(err, psn.Corrupt) || kind != blockcopy.KindCompare {
		t.Errorf("%s, %v; want a compare that found the target corrupt", kind, err)
	}
}

var errCut = errors.New("cut off")

// failing stops answering after some bytes.
type failing struct {
	*memory
	after int64
}

func (f *failing) ReadAt(ctx context.Context, p []byte, off int64) error {
	if off >= f.after {
		return errCut
	}
	return f.memory.ReadAt(ctx, p, off)
}

// lying keeps nothing of what is written.
type lying struct{ *memory }

func (l *lying) WriteAt(context.Context, []byte, int64) error { return nil }
