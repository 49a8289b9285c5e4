package blockcopy_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
)

// TestPassSequences runs random sequences of seeds, deltas, compares, power
// cuts and lost snapshots, and holds the target against the source after every
// committed pass.
func TestPassSequences(t *testing.T) {
	sequences := 260
	if testing.Short() {
		sequences = 60
	}
	const seed = 20261122
	passes, cuts, steps := 0, 0, map[string]int{}
	for i := range sequences {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		p, c := runSequence(t, rng, fmt.Sprintf("sequence %d of seed %d", i, seed), steps)
		passes, cuts = passes+p, cuts+c
		if t.Failed() {
			return
		}
	}
	t.Logf("%d sequences, %d passes committed, %d power cuts, of them at steps: %v", sequences, passes, cuts, steps)
	if !testing.Short() && passes < 1000 {
		t.Errorf("%d passes: at least 1000 are wanted", passes)
	}
}

func runSequence(t *testing.T, rng *rand.Rand, name string, steps map[string]int) (passes, cuts int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	size := 1 + rng.Int64N(3<<20) // rarely a multiple of anything
	if rng.IntN(4) == 0 {
		size = (1 + rng.Int64N(12)) * leaf
	}
	d := newDisk(rng, size)
	dst := newMemTarget(size+rng.Int64N(2)*4096, 0xAA, rng.Uint64())
	dir := fastDir(t)
	files := &folder{t: t, dir: dir, dst: dst, rng: rng}
	last := -1 // generation committed
	for pass := range 4 {
		job := blockcopy.Job{Dir: dir, DiskID: "disk-1", Lanes: 1 + rng.IntN(4), Readback: rng.IntN(2) == 0}
		job = blockcopy.WithWindow(job, 1+rng.Int64N(2<<20))
		freeze := func() *memSource {
			job.Pass = fmt.Sprintf("pass-%d-generation-%d", pass, d.generation())
			job.ChangeID = fmt.Sprint(d.generation())
			job.Extents = nil
			switch {
			case job.Kind == blockcopy.KindDelta:
				job.Extents = d.since(last)
				job.BaseChangeID = fmt.Sprint(last)
			case job.Kind == blockcopy.KindSeed && rng.IntN(4) > 0:
				job.Extents = append([]blockcopy.Extent{}, d.allocated...)
			}
			return d.frozen()
		}
		switch n := rng.IntN(6); {
		case last < 0 && n == 0:
			job.Kind = blockcopy.KindCompare
		case last < 0:
			job.Kind = blockcopy.KindSeed
		case n == 0:
			job.Kind = blockcopy.KindCompare
		case n == 1 && pass == 3:
			job.Kind = blockcopy.KindSeed
		default:
			job.Kind = blockcopy.KindDelta
		}
		src := freeze()
		for {
			dst.powerOn(0)
			files.steps = 0
			switch rng.IntN(4) {
			case 0:
				dst.powerOn(1 + rng.IntN(20))
			case 1:
				files.steps = 1 + rng.IntN(12)
			}
			res, err := blockcopy.Copy(ctx, src, dst, files.watch(job))
			if err == nil {
				check(t, name, src, dst, job, res)
				break
			}
			if !errors.Is(err, errCut) {
				t.Fatalf("%s: %s %s: %v", name, job.Kind, job.Pass, err)
			}
			cuts++
			if files.steps == 0 && files.at != "" {
				steps[files.at]++
				files.at = ""
			}
			files.lose()
			if rng.IntN(4) == 0 { // the snapshot is gone: another one is made
				d.change(1 + rng.IntN(3))
				last = committedGeneration(t, dir) // the cut may have come after the commit
				src = freeze()
			}
		}
		passes++
		last = d.generation()
		d.change(rng.IntN(5))
	}
	return passes, cuts
}

// fastDir is a folder in memory where there is one: these tests lose data on
// purpose and need no disk to do it.
func fastDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "blockcopy")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func committedGeneration(t *testing.T, dir string) int {
	c, err := blockcopy.Committed(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c == nil {
		return -1
	}
	g, err := strconv.Atoi(c.ChangeID)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// check holds target, manifest and result against the source.
func check(t *testing.T, name string, src *memSource, dst *memTarget, job blockcopy.Job, res blockcopy.Result) {
	t.Helper()
	if got := dst.content()[:src.Size()]; !bytes.Equal(got, src.data) {
		at := 0
		for got[at] == src.data[at] {
			at++
		}
		t.Fatalf("%s: %s %s: target differs from source at byte %d", name, job.Kind, job.Pass, at)
	}
	v, err := blockcopy.VerifyTarget(context.Background(), dst, job.Dir, nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	c, err := blockcopy.Committed(job.Dir)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	want := fmt.Sprintf("sha256:%x", sha256.Sum256(src.data))
	if v.SHA256 != want || !v.Intact() || v.TargetRoot != res.RootHash || c.RootHash != res.RootHash {
		t.Fatalf("%s: verification %+v, commit %+v, result %+v, want hash %s", name, v, c, res, want)
	}
	if c.Pass != job.Pass || c.ChangeID != job.ChangeID || c.Size != src.Size() || c.InFlight != nil {
		t.Fatalf("%s: commit %+v is not of job %+v", name, c, job)
	}
	if res.ReadBytes > src.Size() || res.RecopiedBytes > res.ReadBytes {
		t.Fatalf("%s: read %d bytes of a disk of %d, %d of them again", name, res.ReadBytes, src.Size(), res.RecopiedBytes)
	}
}
