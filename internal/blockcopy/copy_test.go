package blockcopy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func mustCopy(t *testing.T, src blockcopy.Source, dst blockcopy.Target, job blockcopy.Job) blockcopy.Result {
	t.Helper()
	res, err := blockcopy.Copy(testContext(t), src, dst, job)
	if err != nil {
		t.Fatalf("%s %s: %v", job.Kind, job.Pass, err)
	}
	return res
}

func wantCode(t *testing.T, err error, code psn.Code, words ...string) {
	t.Helper()
	if !psn.Is(err, code) {
		t.Fatalf("error %v: want code %s", err, code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func wantEqual(t *testing.T, src *memSource, dst *memTarget) {
	t.Helper()
	if !bytes.Equal(dst.content()[:src.Size()], src.data) {
		t.Fatal("target differs from source")
	}
}

func randomSource(size int64, seed uint64) *memSource {
	rng := rand.New(rand.NewPCG(seed, 2))
	p := make([]byte, size)
	fill(rng, p)
	return &memSource{data: p}
}

func (s *memSource) with(off int64, p ...byte) *memSource {
	d := bytes.Clone(s.data)
	copy(d[off:], p)
	return &memSource{data: d}
}

func seedJob(dir string) blockcopy.Job {
	return blockcopy.Job{Dir: dir, DiskID: "d", Pass: "p0", Kind: blockcopy.KindSeed, ChangeID: "c0"}
}

func deltaJob(dir string, n int, extents ...blockcopy.Extent) blockcopy.Job {
	return blockcopy.Job{Dir: dir, DiskID: "d", Pass: fmt.Sprint("p", n), Kind: blockcopy.KindDelta, ChangeID: fmt.Sprint("c", n), Extents: extents}
}

func TestSettledPassIsNotCopiedAgain(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(3*leaf+5, 1), newMemTarget(4*leaf, 0xAA, 1)
	first := mustCopy(t, src, dst, seedJob(dir))
	writes := dst.writes
	src.read = nil
	again := mustCopy(t, src, dst, seedJob(dir))
	want := blockcopy.Result{ChangedBytes: first.ChangedBytes, RootHash: first.RootHash}
	if d := cmp.Diff(want, again); d != "" || dst.writes != writes || len(src.read) > 0 {
		t.Errorf("a settled pass copied again: %s", d)
	}
}

// An interrupted delta wrote an area that the next snapshot, a reverted one,
// does not call changed. Its areas must be brought over all the same.
func TestInterruptedAreasAreTakenOver(t *testing.T) {
	for _, window := range []int64{leaf, 64 << 20} {
		dir, base, dst := t.TempDir(), randomSource(40*leaf+77, 2), newMemTarget(41*leaf, 0xAA, 2)
		mustCopy(t, base, dst, seedJob(dir))
		changed := base.with(10, bytes.Repeat([]byte{7}, 39*leaf)...)
		die := func(job blockcopy.Job, after int) {
			n := 0
			job = blockcopy.WithStep(blockcopy.WithWindow(job, window), func(step string) error {
				if step == "ledger synced" {
					if n++; n == after {
						return errCut
					}
				}
				return nil
			})
			if _, err := blockcopy.Copy(testContext(t), changed, dst, job); !errors.Is(err, errCut) {
				t.Fatalf("got %v, want the cut", err)
			}
		}
		one := deltaJob(dir, 1, blockcopy.Extent{Start: 10, Length: 39 * leaf})
		one.Lanes = 1
		die(one, 6-5*int(window/(64<<20)))
		die(one, 2) // further back than the first time
		if f, err := blockcopy.PassInFlight(dir); err != nil || f == nil || f.Pass != "p1" {
			t.Fatalf("in flight %+v, %v: want p1", f, err)
		}
		reverted := base.with(40*leaf, 1, 2, 3)
		res := mustCopy(t, reverted, dst, deltaJob(dir, 2, blockcopy.Extent{Start: 40 * leaf, Length: 3}))
		wantEqual(t, reverted, dst)
		if res.ChangedBytes != 39*leaf+3 {
			t.Errorf("%d bytes asked for: want those of both passes, %d", res.ChangedBytes, 39*leaf+3)
		}
	}
}

func TestSeedAgainTrustsNothing(t *testing.T) {
	dir, src := t.TempDir(), randomSource(9*leaf, 3)
	mustCopy(t, src, newMemTarget(9*leaf, 0, 3), seedJob(dir))
	other := newMemTarget(9*leaf, 0x55, 4) // a new volume, dirty
	job := seedJob(dir)
	job.Pass = "p-again"
	job.Extents = []blockcopy.Extent{}
	src = &memSource{data: make([]byte, 9*leaf)}
	mustCopy(t, src, other, job)
	wantEqual(t, src, other)
}

func TestDeltaNeedsItsBase(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(2*leaf, 3), newMemTarget(2*leaf, 0xAA, 3)
	_, err := blockcopy.Copy(testContext(t), src, dst, deltaJob(dir, 1))
	wantCode(t, err, psn.Stale, "needs a committed pass", dir)

	job := seedJob(dir)
	stopped := blockcopy.WithStep(job, func(string) error { return errCut })
	if _, err := blockcopy.Copy(testContext(t), src, dst, stopped); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	_, err = blockcopy.Copy(testContext(t), src, dst, deltaJob(dir, 1))
	wantCode(t, err, psn.Stale, "finish the seed") // a seed half done is no base

	mustCopy(t, src, dst, job)
	delta := deltaJob(dir, 1)
	delta.BaseChangeID = "c7"
	_, err = blockcopy.Copy(testContext(t), src, dst, delta)
	wantCode(t, err, psn.Stale, `"c7"`, `"c0"`)
}

func TestOtherDiskIsRefused(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(2*leaf, 4), newMemTarget(3*leaf, 0xAA, 4)
	mustCopy(t, src, dst, seedJob(dir))
	before := dst.content()
	for _, kind := range []blockcopy.Kind{blockcopy.KindSeed, blockcopy.KindDelta, blockcopy.KindCompare} {
		job := deltaJob(dir, 1, blockcopy.Extent{Start: 0, Length: leaf})
		job.Kind = kind
		job.DiskID = "other"
		_, err := blockcopy.Copy(testContext(t), src, dst, job)
		wantCode(t, err, psn.Corrupt, `"d"`, `"other"`, "another folder")

		job.DiskID = "d"
		_, err = blockcopy.Copy(testContext(t), randomSource(3*leaf, 5), dst, job)
		wantCode(t, err, psn.Corrupt, "resized")
	}
	if !bytes.Equal(before, dst.content()) {
		t.Error("a refused job wrote to the target")
	}
}

func TestOtherTargetIsRefused(t *testing.T) {
	dir, src := t.TempDir(), randomSource(64*leaf, 4)
	mustCopy(t, src, newMemTarget(64*leaf, 0xAA, 4), seedJob(dir))
	blank := newMemTarget(64*leaf, 0, 5)
	_, err := blockcopy.Copy(testContext(t), src, blank, deltaJob(dir, 1, blockcopy.Extent{Start: 0, Length: leaf}))
	wantCode(t, err, psn.Corrupt, "another disk's target", "compare")
	if blank.writes > 0 {
		t.Error("the refused delta wrote to the target")
	}
	job := deltaJob(dir, 1)
	job.Kind = blockcopy.KindCompare
	mustCopy(t, src, blank, job) // the remedy
	wantEqual(t, src, blank)
}

// Somebody wrote to the target. A delta that has to complete a block from
// there must notice rather than give the block a hash of its own.
func TestTouchedTargetIsNoticed(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(2*leaf, 4), newMemTarget(2*leaf, 0xAA, 4)
	mustCopy(t, src, dst, seedJob(dir))
	dst.stable[100]++
	_, err := blockcopy.Copy(testContext(t), src.with(5000, 1), dst, deltaJob(dir, 1, blockcopy.Extent{Start: 5000, Length: 1}))
	wantCode(t, err, psn.Corrupt, "block 0", "compare")
}

func TestReadbackFindsWhatStorageLost(t *testing.T) {
	src := randomSource(8*leaf, 6)
	lie := func(off int64) bool { return off == 4*leaf }
	job := seedJob(t.TempDir())
	job.Readback = true
	dst := newMemTarget(8*leaf, 0xAA, 6)
	dst.lie = lie
	_, err := blockcopy.Copy(testContext(t), src, dst, job)
	wantCode(t, err, psn.Corrupt, "read-back of block 4")
	dst.lie = nil
	job.Pass = "p0"
	mustCopy(t, src, dst, job) // continues, and the bad block was not recorded
	wantEqual(t, src, dst)

	// Without read-back only the full verification sees it.
	job = seedJob(t.TempDir())
	dst = newMemTarget(8*leaf, 0xAA, 6)
	dst.lie = lie
	mustCopy(t, src, dst, job)
	v, err := blockcopy.VerifyTarget(testContext(t), dst, job.Dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int64{4}, v.MismatchedBlocks); d != "" || v.Intact() {
		t.Errorf("mismatched blocks: %s", d)
	}
}

func TestOverReportedAreasAreSkipped(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(40*leaf, 7), newMemTarget(40*leaf, 0xAA, 7)
	mustCopy(t, src, dst, seedJob(dir))
	before := dst.writes
	changed := src.with(10*leaf+1000, bytes.Repeat([]byte{1}, 5000)...)
	res := mustCopy(t, changed, dst, deltaJob(dir, 1, blockcopy.Extent{Start: 0, Length: 1 << 60}))
	wantEqual(t, changed, dst)
	if res.SkippedBytes != 39*leaf || dst.writes-before != leaf || res.WrittenBytes != leaf {
		t.Errorf("%+v, %d bytes written: want one block written, 39 skipped", res, dst.writes-before)
	}
}

func TestDeltaReadsOnlyWhatChanged(t *testing.T) {
	const n, apart = 2100, 40 * kib // more areas than one page of a change query holds
	const end = n * apart
	dir, src, dst := t.TempDir(), randomSource(end+333, 8), newMemTarget(end+leaf, 0xAA, 8)
	mustCopy(t, src, dst, seedJob(dir))
	changed := src.with(end+332, ^src.data[end+332]) // the last byte of a short last block
	extents := []blockcopy.Extent{{Start: end + 320, Length: 64 * kib}}
	for i := range int64(n) {
		at := i*apart + i%7*4096
		changed.data[at] ^= 0xFF
		extents = append(extents, blockcopy.Extent{Start: at, Length: 512})
	}
	res := mustCopy(t, changed, dst, deltaJob(dir, 1, extents...))
	wantEqual(t, changed, dst)
	if want := int64(n*512 + 13); res.ReadBytes != want || res.ChangedBytes != want {
		t.Errorf("read %d, changed %d: want %d", res.ReadBytes, res.ChangedBytes, want)
	}
	if res.WrittenBytes > n*64*kib+leaf {
		t.Errorf("wrote %d bytes for %d areas: want at most one granule each", res.WrittenBytes, n)
	}
}

func TestCompareSendsOnlyDifferences(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(20*leaf+1, 9), newMemTarget(21*leaf, 0xAA, 9)
	copy(dst.stable, src.data)
	dst.stable[7*leaf+3]++
	dst.stable[20*leaf]++
	job := seedJob(dir)
	job.Kind = blockcopy.KindCompare
	job.Extents = []blockcopy.Extent{{Start: 0, Length: 1}} // must not matter
	res := mustCopy(t, src, dst, job)
	wantEqual(t, src, dst)
	if want := int64(64*kib + 1); res.WrittenBytes != want || res.ChangedBytes != want {
		t.Errorf("%+v: want %d bytes written", res, want)
	}
}

func TestCompareSetsDamagedRecordsAside(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(6*leaf, 9), newMemTarget(6*leaf, 0xAA, 9)
	mustCopy(t, src, dst, seedJob(dir))
	path := filepath.Join(dir, "manifest")
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p[len(p)-1] ^= 1 // a bit of a hash
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = blockcopy.Copy(testContext(t), src, dst, deltaJob(dir, 1))
	wantCode(t, err, psn.Corrupt, path, "root", "compare")
	job := deltaJob(dir, 1)
	job.Kind = blockcopy.KindCompare
	mustCopy(t, src, dst, job)
	if _, err := os.Stat(path + ".damaged"); err != nil {
		t.Error(err)
	}
}

func TestFailingSourceKeepsWhatWasCopied(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(64*leaf, 10), newMemTarget(64*leaf, 0xAA, 10)
	job := blockcopy.WithWindow(seedJob(dir), 2<<20)
	broken := &brokenSource{memSource: src, from: 40 * leaf, err: psn.Errorf(psn.Unavailable, "connection reset")}
	_, err := blockcopy.Copy(testContext(t), broken, dst, job)
	wantCode(t, err, psn.Unavailable, `disk "d"`, "connection reset")
	res := mustCopy(t, src, dst, job)
	wantEqual(t, src, dst)
	// What the lanes had under way (a window, and what waited for a checkpoint)
	// may be read again; how much that is depends on their pace.
	if !res.Resumed || res.ReadBytes > 44*leaf || res.RecopiedBytes > 4<<20 {
		t.Errorf("%+v: want most of the first 40 blocks kept", res)
	}
}

type brokenSource struct {
	*memSource
	from int64
	err  error
}

func (s *brokenSource) ReadAt(ctx context.Context, p []byte, off int64) error {
	if off+int64(len(p)) > s.from {
		return s.err
	}
	return s.memSource.ReadAt(ctx, p, off)
}

func TestCancelledCopyResumes(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(64*leaf, 11), newMemTarget(64*leaf, 0xAA, 11)
	ctx, cancel := context.WithCancel(testContext(t))
	job := seedJob(dir)
	job.Limiter = rate.NewLimiter(8<<20, 64*kib)
	job.Progress = func(p blockcopy.Progress) {
		if p.Read > 0 {
			cancel()
		}
	}
	_, err := blockcopy.Copy(ctx, src, dst, job)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	job.Limiter, job.Progress = nil, nil
	res := mustCopy(t, src, dst, job)
	wantEqual(t, src, dst)
	if !res.Resumed || res.ReadBytes == src.Size() {
		t.Errorf("%+v: want less than the whole disk read again", res)
	}
}

func TestLimiterHoldsTheRate(t *testing.T) {
	src, dst := randomSource(4<<20, 12), newMemTarget(4<<20, 0xAA, 12)
	job := seedJob(t.TempDir())
	job.Limiter = rate.NewLimiter(8<<20, 256*kib)
	start := time.Now()
	mustCopy(t, src, dst, job)
	// 4 MiB less the burst at 8 MiB/s; a loaded machine only makes it longer.
	if took := time.Since(start); took < 450*time.Millisecond {
		t.Errorf("took %v: the limiter was not asked", took)
	}
}

func TestProgressEndsComplete(t *testing.T) {
	src, dst := randomSource(5<<20, 13), newMemTarget(5<<20, 0xAA, 13)
	job := seedJob(t.TempDir())
	var last blockcopy.Progress
	job.Progress = func(p blockcopy.Progress) { last = p }
	mustCopy(t, src, dst, job)
	if last.Done != 5<<20 || last.Total != 5<<20 || last.Read != 5<<20 || last.Rate <= 0 {
		t.Errorf("last progress %+v: want all of 5 MiB", last)
	}
}

func TestMalformedJobsAreRefused(t *testing.T) {
	src, dst := randomSource(leaf, 14), newMemTarget(leaf, 0xAA, 14)
	for _, c := range []struct {
		break_ func(*blockcopy.Job)
		word   string
	}{
		{func(j *blockcopy.Job) { j.Dir = "" }, "job.Dir"},
		{func(j *blockcopy.Job) { j.DiskID = "" }, "job.DiskID"},
		{func(j *blockcopy.Job) { j.Pass = "" }, "job.Pass"},
		{func(j *blockcopy.Job) { j.ChangeID = strings.Repeat("x", 513) }, "513 bytes"},
		{func(j *blockcopy.Job) { j.Kind = "full" }, `"full"`},
		{func(j *blockcopy.Job) { j.Lanes = 65 }, "65"},
		{func(j *blockcopy.Job) { j.Extents = []blockcopy.Extent{{Start: -1, Length: 4}} }, "-1"},
		{func(j *blockcopy.Job) { j.Extents = []blockcopy.Extent{{Start: 1 << 62, Length: 1 << 62}} }, "malformed"},
	} {
		dir := t.TempDir()
		job := seedJob(dir)
		c.break_(&job)
		_, err := blockcopy.Copy(testContext(t), src, dst, job)
		wantCode(t, err, psn.InvalidInput, c.word)
		if names, _ := os.ReadDir(dir); len(names) > 0 || dst.writes > 0 {
			t.Errorf("%s: the refused job left %v", c.word, names)
		}
	}
	_, err := blockcopy.Copy(testContext(t), src, newMemTarget(leaf-1, 0, 0), seedJob(t.TempDir()))
	wantCode(t, err, psn.InvalidInput, "at least the source's size")
}

func TestEmptyDisk(t *testing.T) {
	job := seedJob(t.TempDir())
	dst := newMemTarget(0, 0, 0)
	res := mustCopy(t, &memSource{}, dst, job)
	v, err := blockcopy.VerifyTarget(testContext(t), dst, job.Dir, nil)
	if err != nil || v.TargetRoot != res.RootHash {
		t.Errorf("%+v, %v: want root %s", v, err, res.RootHash)
	}
}

func TestVerifyWhileInFlightIsRefused(t *testing.T) {
	dir, src, dst := t.TempDir(), randomSource(leaf, 15), newMemTarget(leaf, 0xAA, 15)
	_, err := blockcopy.VerifyTarget(testContext(t), dst, dir, nil)
	wantCode(t, err, psn.NotFound, "no pass was committed")
	mustCopy(t, src, dst, seedJob(dir))
	stopped := blockcopy.WithStep(deltaJob(dir, 1), func(string) error { return errCut })
	if _, err := blockcopy.Copy(testContext(t), src, dst, stopped); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	_, err = blockcopy.VerifyTarget(testContext(t), dst, dir, nil)
	wantCode(t, err, psn.Conflict, `"p1"`)
	c, err := blockcopy.Committed(dir)
	if err != nil || c.Pass != "p0" || c.InFlight == nil || c.InFlight.Pass != "p1" {
		t.Errorf("%+v, %v: want p0 committed and p1 in flight", c, err)
	}
}
