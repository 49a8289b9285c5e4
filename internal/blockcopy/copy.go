package blockcopy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Copy runs one pass of job over a disk and commits it. It may be killed at
// any moment: a call with the same job continues, and reads from the source
// again only blocks that are not in the ledger.
//
// Errors: InvalidInput (the job), Conflict (another process works on the disk),
// Stale (a delta without a committed base or since another id: compare), Corrupt
// (records or target do not match the disk, or read-back found other bytes), and
// what source and target return.
func Copy(ctx context.Context, src Source, dst Target, job Job) (Result, error) {
	res, err := run(ctx, src, dst, job)
	if err != nil {
		return res, psn.At(fmt.Sprintf("disk %q, pass %q", job.DiskID, job.Pass), err)
	}
	return res, nil
}

func run(ctx context.Context, src Source, dst Target, job Job) (Result, error) {
	if err := job.check(src, dst); err != nil {
		return Result{}, err
	}
	if err := os.MkdirAll(job.Dir, 0o700); err != nil {
		return Result{}, err
	}
	unlock, err := lockDir(job.Dir)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	rec, err := openRecords(&job, src.Size())
	if err != nil {
		return Result{}, err
	}
	defer rec.close()
	if rec.settled {
		return Result{ChangedBytes: rec.base.ChangedBytes, RootHash: rec.base.RootHash}, nil
	}
	resumed, err := rec.declare(&job)
	if err != nil {
		return Result{}, err
	}
	if err := rec.state.spotCheck(ctx, dst, job.Dir); err != nil {
		return Result{}, err
	}
	p := newPass(src, dst, &job, rec)
	err = p.copyAll(ctx)
	res := p.total
	res.Resumed = resumed
	if job.Kind != KindCompare {
		res.ChangedBytes = sum(rec.state.intent.Extents)
	}
	if err != nil {
		return res, err
	}
	res.RootHash, err = rec.commit(&job, res.ChangedBytes)
	return res, err
}

// records are the files of one disk, opened for a pass.
type records struct {
	dir     string
	base    *Commit // nil before the first commit
	state   *state
	ledger  *ledger // nil before declare when no pass is in flight
	settled bool    // the job's pass is already committed
}

func (r *records) close() {
	if r.ledger != nil {
		_ = r.ledger.Close() // every frame was synced when it was written
	}
	if r.state != nil {
		_ = r.state.next.Close() // synced before a commit, made again without one
	}
}

// openRecords reads what is on disk. A seed or compare sets damaged records
// aside, since it trusts none.
func openRecords(job *Job, size int64) (*records, error) {
	r, err := readRecords(job, size)
	if psn.Is(err, psn.Corrupt) && job.Kind != KindDelta && !errors.As(err, new(*otherDisk)) {
		for _, name := range []string{manifestName, ledgerName} {
			path := filepath.Join(job.Dir, name)
			if err := os.Rename(path, path+".damaged"); err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, err
			}
		}
		return readRecords(job, size)
	}
	return r, err
}

// otherDisk says that the records in a folder are of another disk.
type otherDisk struct{ error }

func sameDisk(dir, diskID string, size int64, job *Job, srcSize int64) error {
	if diskID == job.DiskID && size == srcSize {
		return nil
	}
	return psn.Errorf(psn.Corrupt, "%w", &otherDisk{fmt.Errorf(
		"the records in %s are of disk %q with %d bytes, the job is for disk %q with %d bytes: use another folder for a disk that is new, replaced or resized, and seed it",
		dir, diskID, size, job.DiskID, srcSize)})
}

func readRecords(job *Job, size int64) (_ *records, err error) {
	r := &records{dir: job.Dir}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	base, hashes, err := loadManifest(job.Dir)
	if err != nil {
		return nil, err
	}
	if hashes != nil {
		defer func() { _ = hashes.Close() }()
		if err := sameDisk(job.Dir, base.DiskID, base.Size, job, size); err != nil {
			return nil, err
		}
		r.base = base
	}
	inFlight, err := r.findLedger(job, size)
	if err != nil {
		return nil, err
	}
	if !inFlight && base != nil && base.Pass == job.Pass && base.Kind == job.Kind && base.ChangeID == job.ChangeID {
		r.settled = true
		return r, nil
	}
	next, err := newHashFile(job.Dir, size, hashes)
	if err != nil {
		return nil, err
	}
	r.state = newState(size, base != nil, next)
	if !inFlight {
		return r, nil
	}
	if r.ledger, err = openLedger(job.Dir, r.state.sink()); err != nil {
		return nil, err
	}
	r.state.interrupt()
	return r, nil
}

// findLedger reports whether a pass is in flight, and removes a ledger whose
// pass was committed just before its process died.
func (r *records) findLedger(job *Job, size int64) (bool, error) {
	h, _, ok, err := lastIntent(job.Dir)
	if err != nil || !ok {
		return false, err
	}
	if err := sameDisk(job.Dir, h.DiskID, h.Size, job, size); err != nil {
		return false, err
	}
	var generation uint64
	var root string
	if r.base != nil {
		generation, root = r.base.Generation, r.base.RootHash
	}
	if generation >= h.Generation {
		return false, removeLedger(job.Dir)
	}
	if h.Generation != generation+1 || h.BaseRoot != root {
		return false, damaged(filepath.Join(job.Dir, ledgerName), "it continues commit %d (%q), the manifest is commit %d (%q)", h.Generation-1, h.BaseRoot, generation, root)
	}
	return true, nil
}

// declare writes what the pass is about to change, before its first write, or
// finds that an interrupted run declared it already.
func (r *records) declare(job *Job) (resumed bool, err error) {
	want := intent{intentMeta: intentMeta{Pass: job.Pass, Kind: job.Kind, ChangeID: job.ChangeID}}
	if job.Kind == KindDelta {
		if err := r.checkBase(job); err != nil {
			return false, err
		}
		want.FromChangeID = r.base.ChangeID
	}
	want.Extents = Normalize(job.Extents, r.state.size)
	if job.Kind == KindCompare || job.Kind == KindSeed && job.Extents == nil {
		want.Extents = wholeDisk(r.state.size)
	}
	if r.ledger != nil {
		last := r.state.intent
		if last.covers(want) {
			return true, nil
		}
		if job.Kind == KindDelta { // the others deal with the whole disk anyway
			if last.Kind == KindDelta {
				want.Extents = Normalize(append(want.Extents, last.Extents...), r.state.size)
			} else {
				want.Extents = wholeDisk(r.state.size)
			}
		}
	}
	var payload []byte
	if r.ledger == nil {
		h := ledgerHeader{formatVersion, Algorithm, LeafSize, job.DiskID, r.state.size, 1, ""}
		if r.base != nil {
			h.Generation, h.BaseRoot = r.base.Generation+1, r.base.RootHash
		}
		if payload, err = appendHeader(nil, h); err != nil {
			return false, err
		}
		r.state.header = h
	}
	if payload, err = appendIntent(payload, want); err != nil {
		return false, err
	}
	if r.ledger == nil {
		r.ledger, err = createLedger(job.Dir, payload)
	} else {
		err = r.ledger.append(payload, true, job.at)
	}
	if err != nil {
		return false, err
	}
	r.state.begin(want)
	return false, job.at("intent declared")
}

func (r *records) checkBase(job *Job) error {
	if r.base == nil {
		return psn.Errorf(psn.Stale, "a delta needs a committed pass and %s has none: finish the seed, or run a seed or compare pass", job.Dir)
	}
	if job.BaseChangeID != "" && job.BaseChangeID != r.base.ChangeID {
		return psn.Errorf(psn.Stale, "the delta's areas are those since change id %q, the committed one is %q: ask for the areas since the committed id", job.BaseChangeID, r.base.ChangeID)
	}
	return nil
}

// commit makes the pass the disk's committed state and returns its root.
func (r *records) commit(job *Job, changed int64) (string, error) {
	root, err := r.state.next.root()
	if err != nil {
		return "", err
	}
	c := Commit{
		Pass: job.Pass, Kind: job.Kind, ChangeID: job.ChangeID, DiskID: job.DiskID, Size: r.state.size,
		RootHash: root, ChangedBytes: changed, Generation: r.state.header.Generation, At: time.Now().UTC(),
	}
	if err := r.state.next.commit(r.dir, c, job.at); err != nil {
		return "", err
	}
	if err := job.at("manifest committed"); err != nil {
		return "", err
	}
	return root, removeLedger(r.dir)
}

// Committed returns the last committed pass of the folder, nil when there is
// none. It takes no lock and may be called while a pass runs.
func Committed(dir string) (*Commit, error) {
	c, err := readCommit(dir)
	if c == nil || err != nil {
		return nil, err
	}
	c.InFlight, err = inFlight(dir, c.Generation)
	return c, err
}

// PassInFlight returns the pass that began to write and has not committed, nil
// when there is none. It takes no lock.
func PassInFlight(dir string) (*InFlight, error) {
	c, err := readCommit(dir)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return inFlight(dir, 0)
	}
	return inFlight(dir, c.Generation)
}

func inFlight(dir string, committed uint64) (*InFlight, error) {
	h, in, ok, err := lastIntent(dir)
	if err != nil || !ok || h.Generation <= committed {
		return nil, err
	}
	return &InFlight{Pass: in.Pass, Kind: in.Kind, ChangeID: in.ChangeID, DiskID: h.DiskID, Size: h.Size}, nil
}
