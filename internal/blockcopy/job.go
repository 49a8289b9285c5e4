package blockcopy

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Kind is how a pass decides what to copy.
type Kind string

// The kinds of pass.
const (
	// KindSeed makes the whole target equal to the source. Job.Extents are the
	// allocated areas of the source; everything else is zeroed on the target.
	// Nil means that they are not known and the whole source is read.
	KindSeed Kind = "seed"
	// KindDelta copies Job.Extents, the areas changed since the last committed
	// pass. No extents means that nothing changed.
	KindDelta Kind = "delta"
	// KindCompare reads all of both sides and copies what differs. It trusts
	// no record and no list of areas (Job.Extents is ignored), so it is what
	// to do after a stale change id, a damaged manifest or a target that
	// somebody touched.
	KindCompare Kind = "compare"
)

// DefaultLanes is how many blocks are under way at once when Job.Lanes is 0.
const DefaultLanes = 4

// Job is one pass over one disk.
type Job struct {
	// Dir is the folder of this disk's ledger and manifest. It belongs to one
	// disk; two processes never work in it at once.
	Dir string
	// DiskID is the identity of the source disk; it must not change between passes.
	DiskID string
	// Pass is the identity of the source's frozen state, usually the name of
	// its snapshot. A pass that was interrupted is resumed by a job with the
	// same Pass, Kind, ChangeID and Extents. A job that differs in any of them
	// takes the interrupted pass's areas over into its own. A job whose Pass is
	// already committed changes nothing.
	Pass    string
	Kind    Kind
	Extents []Extent // any order, may overlap and reach past the end
	// ChangeID is stored with the commit: the id from which the next delta starts.
	ChangeID string
	// BaseChangeID, when set, is the id since which Extents were asked for; a
	// delta is refused when it is not the committed one.
	BaseChangeID string
	// Readback reads everything written back from stable storage before it is
	// recorded, and compares hashes.
	Readback bool
	Limiter  *rate.Limiter // bytes read from the source per second; nil means no limit
	Lanes    int           // 1 to 64; 0 means DefaultLanes
	// Progress, when not nil, is called about twice a second and once at the
	// end, never concurrently.
	Progress func(Progress)

	// step lets tests stop a pass at a named step.
	step func(name string) error
	// window is the least that may be in flight, in bytes; 0 means minWindow.
	window int64
}

// Progress is how far a pass is. Done and Total are bytes of the disk that the
// pass has to deal with; Read counts bytes read from the source in this run.
type Progress struct {
	Done, Total int64
	Read        int64
	Rate        float64 // bytes read from the source per second, smoothed over some seconds
	Elapsed     time.Duration
}

// Result is what a pass did. Byte counts are of this run alone, except
// ChangedBytes.
type Result struct {
	// ChangedBytes is what the pass was asked to bring over: the sum of the
	// extents (merged, clipped) of a seed or delta, with those taken over from
	// an interrupted pass; for a compare, what differed.
	ChangedBytes int64
	ReadBytes    int64 // from the source
	WrittenBytes int64 // data written to the target
	ZeroedBytes  int64 // zeroed on the target, without data
	SkippedBytes int64 // read and found equal to what the target holds
	// RecopiedBytes is what an interrupted run had brought to the target
	// without living to record it, and this run read from the source again: in
	// blocks that were declared in flight and are not in the ledger, the
	// granules of 64 KiB that the target already held. It is found by reading
	// them from the target; they are not written again. What the interrupted
	// run had read and not yet written (at most a unit of 1 MiB per lane) is
	// not seen here; what was equal by chance is counted.
	RecopiedBytes int64
	// Resumed says that an interrupted run of the same pass was continued.
	Resumed bool
	// RootHash is "sha256:" and the Merkle root of the disk, see rootHash.
	RootHash string
}

func (r *Result) add(t Result) {
	r.ChangedBytes += t.ChangedBytes
	r.ReadBytes += t.ReadBytes
	r.WrittenBytes += t.WrittenBytes
	r.ZeroedBytes += t.ZeroedBytes
	r.SkippedBytes += t.SkippedBytes
	r.RecopiedBytes += t.RecopiedBytes
}

// maxID bounds the identities stored in headers (bytes).
const maxID = 512

func (j *Job) check(src Source, dst Target) error {
	if j.Dir == "" {
		return psn.Errorf(psn.InvalidInput, "job.Dir is empty: name the folder for the ledger of this disk")
	}
	for _, f := range []struct {
		name, value string
		required    bool
	}{{"DiskID", j.DiskID, true}, {"Pass", j.Pass, true}, {"ChangeID", j.ChangeID, false}} {
		if f.required && f.value == "" {
			return psn.Errorf(psn.InvalidInput, "job.%s is empty: it must identify the disk and its frozen state", f.name)
		}
		if len(f.value) > maxID {
			return psn.Errorf(psn.InvalidInput, "job.%s has %d bytes: at most %d fit in the manifest", f.name, len(f.value), maxID)
		}
	}
	switch j.Kind {
	case KindSeed, KindDelta, KindCompare:
	default:
		return psn.Errorf(psn.InvalidInput, "job.Kind %q is unknown: use %q, %q or %q", j.Kind, KindSeed, KindDelta, KindCompare)
	}
	if j.Lanes == 0 {
		j.Lanes = DefaultLanes
	}
	if j.Lanes < 1 || j.Lanes > 64 {
		return psn.Errorf(psn.InvalidInput, "job.Lanes is %d: use 1 to 64, or 0 for %d", j.Lanes, DefaultLanes)
	}
	if src.Size() < 0 {
		return psn.Errorf(psn.InvalidInput, "the source says its size is %d bytes", src.Size())
	}
	if dst.Size() < src.Size() {
		return psn.Errorf(psn.InvalidInput, "the target has %d bytes, the source %d: give the target at least the source's size", dst.Size(), src.Size())
	}
	for _, e := range j.Extents {
		if e.Start < 0 || e.Length < 0 || e.Start+e.Length < e.Start {
			return psn.Errorf(psn.InvalidInput, "extent start %d length %d is malformed: both must be 0 or more", e.Start, e.Length)
		}
	}
	return nil
}

func (j *Job) at(step string) error {
	if j.step == nil {
		return nil
	}
	return j.step(step)
}

// wait takes n bytes from the limiter, in pieces that its burst allows.
func (j *Job) wait(ctx context.Context, n int64) error {
	if j.Limiter == nil || j.Limiter.Limit() == rate.Inf {
		return ctx.Err()
	}
	for n > 0 {
		piece := min(n, int64(max(1, j.Limiter.Burst())))
		if err := j.Limiter.WaitN(ctx, int(piece)); err != nil {
			return err
		}
		n -= piece
	}
	return nil
}
