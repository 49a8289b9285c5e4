package migration

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Bounds of one cycle.
const (
	disksAtOnce    = 4               // of one machine: hosts serve few streams well
	deviceWait     = time.Minute     // for an attached disk to appear
	removalWait    = 5 * time.Minute // for a snapshot to be removed; longer is left to the next cycle
	limiterBurst   = 4 << 20         // bytes that may pass at once under a rate limit
	limiterMinimum = 64 << 10
)

// CycleInput is the request for one pass over all disks.
type CycleInput struct {
	Spec    Spec      `json:"spec"`
	Machine Machine   `json:"machine"`
	Target  Target    `json:"target"`
	Number  int       `json:"number"`
	Urgent  bool      `json:"urgent"` // part of a cutover: it does not queue behind others' cycles
	Final   bool      `json:"final"`  // the source is off: it must be, and the pass is called final
	AskedAt time.Time `json:"asked_at"`
}

// CycleResult is a committed cycle.
type CycleResult struct {
	Cycle Cycle        `json:"cycle"`
	Disks []DiskStatus `json:"disks"`
	// Left says what could not be tidied up; the data is safe.
	Left string `json:"left,omitempty"`
}

// Cycle brings all disks to one instant of the source: a snapshot of all of
// them, the changed areas of each, copy, commit, snapshot removed. Killed
// anywhere, its next attempt goes on from the ledgers with the same snapshot.
func (a *activities) Cycle(ctx context.Context, in CycleInput) (CycleResult, error) {
	ctx, b := startBeat(ctx)
	defer b.end()
	release, err := a.claim(ctx, in.Spec.ID)
	if err != nil {
		return CycleResult{}, err
	}
	defer release()
	if !in.Urgent {
		b.update(func(g *progress) { g.Doing = "wait for a free place in this worker" })
		if err := a.places.Acquire(ctx, 1); err != nil {
			return CycleResult{}, wire(ctx, err)
		}
		defer a.places.Release(1)
	}
	res, err := a.cycle(ctx, in, b)
	return res, wire(ctx, err)
}

// pass is one cycle under way.
type pass struct {
	CycleInput
	a       *activities
	b       *beat
	src     driver.Site
	reader  driver.DiskReader
	tracker driver.ChangeTracker // nil when the platform tracks nothing
	dst     driver.DiskAttacher
	worker  string
	place   WorkerPlace
	snap    *driver.Snapshot
	limiter *rate.Limiter

	mu    sync.Mutex
	total Cycle
}

func (a *activities) cycle(ctx context.Context, in CycleInput, b *beat) (CycleResult, error) {
	if in.Urgent && !in.Final {
		if err := a.mayCutOver(ctx, in); err != nil {
			return CycleResult{}, psn.At(whereSource(in.Spec), err)
		}
	}
	p, snapper, err := a.openPass(ctx, in, b)
	if err != nil {
		return CycleResult{}, err
	}
	where := whereSource(in.Spec)
	if err := p.freeze(ctx, snapper); err != nil {
		return CycleResult{}, psn.At(where, err)
	}
	disks, err := match(in.Machine.Disks, p.snap.Disks)
	if err != nil {
		return CycleResult{}, psn.At(where, err)
	}
	b.tell(func(g *progress) { g.Doing = "copy" })
	b.moves(true)
	out := make([]DiskStatus, len(disks))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(disksAtOnce)
	for i, d := range disks {
		g.Go(func() (err error) {
			out[i], err = p.copyDisk(gctx, d, in.Target.Disks[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return CycleResult{}, err
	}
	left := p.thaw(ctx, snapper)
	return CycleResult{Cycle: p.summary(), Disks: out, Left: left}, nil
}

// openPass gets hold of everything the pass needs.
func (a *activities) openPass(ctx context.Context, in CycleInput, b *beat) (*pass, driver.Snapshotter, error) {
	s := in.Spec
	p := &pass{CycleInput: in, a: a, b: b}
	var err error
	if p.src, err = a.source(ctx, s); err != nil {
		return nil, nil, err
	}
	snapper, err := capability[driver.Snapshotter](p.src, whereSource(s), "make snapshots")
	if err != nil {
		return nil, nil, err
	}
	if p.reader, err = capability[driver.DiskReader](p.src, whereSource(s), "read disks"); err != nil {
		return nil, nil, err
	}
	p.tracker, _ = p.src.(driver.ChangeTracker)
	dst, err := a.target(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	if p.dst, err = capability[driver.DiskAttacher](dst, whereTarget(s), "attach a disk to a worker"); err != nil {
		return nil, nil, err
	}
	if p.worker, p.place, err = a.workerRef(ctx, s, dst); err != nil {
		return nil, nil, err
	}
	vm, err := dst.DescribeVM(ctx, in.Target.Ref)
	if err == nil && vm.Power != psn.PoweredOff {
		err = psn.Errorf(psn.Conflict, "replica %q was powered %s by somebody: its disks cannot be kept in step while it runs; power it off and start the replication again", s.ID, vm.Power)
	}
	if err != nil {
		return nil, nil, psn.At(whereTarget(s), err)
	}
	if s.BytesPerSecond > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(s.BytesPerSecond), int(min(max(s.BytesPerSecond/4, limiterMinimum), limiterBurst)))
	}
	return p, snapper, nil
}

// freeze makes the cycle's snapshot, or finds it when an earlier attempt made
// it. The platform's task is told before it is waited for.
func (p *pass) freeze(ctx context.Context, snapper driver.Snapshotter) error {
	name := fmt.Sprintf("%s%d", snapshotPrefix(p.Spec.ID), p.Number)
	if err := removeSnapshots(ctx, snapper, p.Spec, p.Machine.Ref, name); err != nil {
		return err // what an earlier cycle could not remove in time
	}
	if p.Final {
		vm, err := p.src.DescribeVM(ctx, p.Machine.Ref)
		if err != nil {
			return err
		}
		if vm.Power != psn.PoweredOff {
			return psn.Errorf(psn.Conflict, "source machine %q is powered %s in the middle of its cutover: somebody started it", p.Machine.Name, vm.Power)
		}
	}
	before := p.b.read()
	asked := time.Now().UTC()
	p.b.tell(func(g *progress) { g.Doing = "snapshot " + name })
	snap, err := snapper.CreateSnapshot(ctx, p.Machine.Ref, name, func(task string) {
		p.b.tell(func(g *progress) { g.Task = task; g.SnapshotAt = asked })
	})
	if err != nil {
		return err
	}
	p.snap = snap
	p.b.tell(func(g *progress) {
		if before.Snapshot == snap.Ref {
			g.Resumes++
		}
		if g.SnapshotAt.IsZero() {
			// An earlier attempt made it and died before it could say when:
			// not before this cycle was asked for.
			g.SnapshotAt = p.AskedAt
		}
		g.Snapshot = snap.Ref
	})
	return nil
}

// thaw removes the snapshot. What cannot be removed in time is removed by the
// next cycle or at the end: the data is safe, so it is no failure. But it is
// told, for a snapshot that stays grows and slows its machine down.
func (p *pass) thaw(ctx context.Context, snapper driver.Snapshotter) (left string) {
	p.b.moves(false)
	p.b.tell(func(g *progress) { g.Doing = "remove snapshot" })
	ctx, cancel := context.WithTimeout(ctx, removalWait)
	defer cancel()
	if err := snapper.RemoveSnapshot(ctx, p.Machine.Ref, p.snap.Ref); err != nil {
		return fmt.Sprintf("snapshot %q of machine %q could not be removed and grows until the next cycle removes it: %v", p.snap.Name, p.Machine.Name, psn.At(whereSource(p.Spec), err))
	}
	return ""
}

// match pairs the known disks with the frozen ones by key. A disk whose UUID
// changed is another disk in the same place and is compared whole; a disk that
// came, went or was resized has no counterpart at the target.
func match(known []SourceDisk, frozen []driver.SnapshotDisk) ([]driver.SnapshotDisk, error) {
	byKey := map[int32]driver.SnapshotDisk{}
	for _, d := range frozen {
		byKey[d.Key] = d
	}
	out := make([]driver.SnapshotDisk, len(known))
	for i, k := range known {
		d, ok := byKey[k.Key]
		switch {
		case !ok:
			return nil, psn.Errorf(psn.Conflict, "disk %d was removed from the machine: the replica was made with it; delete the replica to have it made again", k.Key)
		case d.CapacityBytes != k.CapacityBytes:
			return nil, psn.Errorf(psn.Conflict, "disk %d was resized from %d to %d bytes: the replica's disk has the old size; delete the replica to have it made again", k.Key, k.CapacityBytes, d.CapacityBytes)
		}
		out[i] = d
		delete(byKey, k.Key)
	}
	for key := range byKey {
		return nil, psn.Errorf(psn.Conflict, "disk %d was added to the machine: the replica has none for it; delete the replica to have it made again", key)
	}
	return out, nil
}

// copyDisk runs one pass over one disk and reports its committed state.
func (p *pass) copyDisk(ctx context.Context, d driver.SnapshotDisk, t TargetDisk) (DiskStatus, error) {
	where := fmt.Sprintf("disk %d", d.Key)
	dir, last, doubtful, err := p.a.records(p.Spec.ID, d)
	if err != nil {
		return DiskStatus{}, psn.At(where, err)
	}
	// The name alone is not enough: a snapshot that was removed and made again
	// under its name is another state of the disk.
	id := p.snap.Name + "@" + p.snap.Ref
	todo, err := planDisk(ctx, p.tracker, p.Machine.Ref, p.Number == 0 && !doubtful, p.snap.Ref, d, id, last)
	if err != nil {
		return DiskStatus{}, psn.At(where, psn.At(whereSource(p.Spec), err))
	}
	status := DiskStatus{Key: d.Key, CapacityBytes: d.CapacityBytes, ChangeID: d.ChangeID, TargetPath: t.Path}
	if todo.done != nil {
		status.RootHash = todo.done.RootHash
		p.count(d.Key, todo.kind, blockcopy.Result{ChangedBytes: todo.done.ChangedBytes})
		return status, nil
	}
	src, err := p.reader.OpenDisk(ctx, p.Machine.Ref, p.snap.Ref, d)
	if err != nil {
		return status, psn.At(where, psn.At(whereSource(p.Spec), err))
	}
	defer func() { _ = src.Close() }() // only read from
	dst, err := p.attach(ctx, d, t)
	if err != nil {
		return status, psn.At(where, psn.At(whereTarget(p.Spec), err))
	}
	defer func() { _ = dst.Close() }() // flushed by the copy
	res, kind, err := bring(ctx, src, dst, blockcopy.Job{
		Dir: dir, DiskID: diskID(d), Pass: id, Kind: todo.kind, Extents: todo.extents,
		ChangeID: d.ChangeID, BaseChangeID: todo.base,
		Readback: p.Spec.Verify == VerifyReadback, Limiter: p.limiter,
		Progress: func(g blockcopy.Progress) {
			p.b.disk(d.Key, g.Done, g.Total)
		},
	})
	p.count(d.Key, kind, res)
	if err != nil {
		if psn.Is(err, psn.Conflict) {
			// An attempt of another process still holds the folder.
			err = psn.Errorf(psn.Unavailable, "%w", err)
		}
		return status, err
	}
	status.RootHash = res.RootHash
	return status, nil
}

// count adds one disk's result to the cycle's.
func (p *pass) count(key int32, kind blockcopy.Kind, r blockcopy.Result) {
	p.mu.Lock()
	p.total.ChangedBytes += r.ChangedBytes
	p.total.WrittenBytes += r.WrittenBytes + r.ZeroedBytes
	if kind == blockcopy.KindCompare {
		p.total.Kind = string(blockcopy.KindCompare)
	}
	if r.Resumed {
		p.total.Resumes = 1
	}
	p.mu.Unlock()
	p.b.update(func(g *progress) { g.disk(key).Recopied += r.RecopiedBytes })
}

func (p *pass) summary() Cycle {
	told := p.b.read()
	c := p.total
	c.Number, c.SnapshotAt, c.DoneAt = p.Number, told.SnapshotAt, time.Now().UTC()
	c.Resumes = max(c.Resumes, told.Resumes)
	for _, d := range told.Disks {
		c.RecopiedBytes += d.Recopied
	}
	switch {
	case p.Final:
		c.Kind = "final"
	case c.Kind != "":
	case p.Number == 0:
		c.Kind = string(blockcopy.KindSeed)
	default:
		c.Kind = string(blockcopy.KindDelta)
	}
	return c
}

// attach makes the target's disk a device of this machine and opens it. It
// stays attached during the replication.
func (p *pass) attach(ctx context.Context, d driver.SnapshotDisk, t TargetDisk) (blockcopy.Target, error) {
	return openAttached(ctx, p.a.open, p.dst, p.worker, p.place, p.Target.Ref, t.Key, d.CapacityBytes)
}

func openAttached(ctx context.Context, open OpenDevice, dst driver.DiskAttacher, worker string, place WorkerPlace, ref string, key int32, size int64) (blockcopy.Target, error) {
	id, err := dst.AttachDisk(ctx, worker, ref, key)
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, deviceWait)
	defer cancel()
	t, err := open(wait, place.Devices, id, size)
	if err != nil && (psn.Is(err, psn.NotFound) || psn.Is(err, psn.Conflict)) {
		// It may still appear, or be let go by an attempt that is ending.
		err = psn.Errorf(psn.Unavailable, "%w", err)
	}
	return t, err
}
