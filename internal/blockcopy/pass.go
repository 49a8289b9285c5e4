package blockcopy

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Writes are allowed in a window that the ledger has declared beforehand, so
// that after a crash the blocks in doubt are few and known. The window holds
// about a second of work.
const (
	minWindow        = 4 << 20
	maxWindow        = 128 << 20
	checkpointEvery  = 500 * time.Millisecond
	progressEvery    = 500 * time.Millisecond
	lastCheckpointIn = 30 * time.Second
)

// pass is one run over the units of a disk. Lanes share nothing but the
// cursor; one checkpointer makes their work durable:
//
//	flush target → read back → append records and the next window → fsync → open the window
type pass struct {
	src    Source
	dst    Target
	job    *Job
	state  *state
	ledger *ledger

	start     time.Time
	workTotal int64
	kick      chan struct{}

	mu      sync.Mutex
	cond    *sync.Cond
	units   cursor // what lanes take next
	scout   cursor // runs ahead to the end of the window
	head    *unit  // taken from units, not yet inside the window
	ahead   int64  // weight between units and scout
	window  int64
	mark    int64 // durable end of the window
	scouted bool  // scout is at the end, or the window shall not move any more
	starved bool  // a lane had to wait for the window
	stopped bool
	pending []outcome
	total   Result
	worked  int64 // bytes of the pass dealt with, those of earlier runs included
}

// outcome is what a lane did with one unit.
type outcome struct {
	unit   unit
	runs   []doneRun
	wrote  uint8 // bit per run: the target was changed
	result Result
}

func newPass(src Source, dst Target, job *Job, rec *records) *pass {
	s := rec.state
	c := cursor{ranges: leafRanges(s.intent.Extents, s.size), size: s.size, zeroGaps: job.Kind == KindSeed, done: s.done}
	p := &pass{
		src: src, dst: dst, job: job, state: s, ledger: rec.ledger,
		start: time.Now(), kick: make(chan struct{}, 1),
		units: c, scout: c, window: job.leastWindow(), worked: s.doneBytes(),
	}
	p.workTotal = sum(c.ranges)
	if c.zeroGaps {
		p.workTotal = s.size
	}
	p.cond = sync.NewCond(&p.mu)
	return p
}

func (j *Job) leastWindow() int64 {
	if j.window > 0 {
		return j.window
	}
	return minWindow
}

// copyAll runs the lanes to the end of the disk; when it returns without error
// everything is durable and recorded.
func (p *pass) copyAll(ctx context.Context) error {
	stopProgress := p.reportProgress()
	defer stopProgress()
	lanes, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, p.stop)()
	for range p.job.Lanes {
		lanes.Go(func() error { return newLane(p).run(ctx) })
	}
	end := make(chan struct{})
	checkpoints := make(chan error, 1)
	go func() {
		err := p.checkpointUntil(context.WithoutCancel(ctx), end)
		p.stop()
		checkpoints <- err
	}()
	err := lanes.Wait()
	close(end)
	if cerr := <-checkpoints; cerr != nil {
		return cerr // it is why the lanes stopped, or at least as bad
	}
	// Even after a failed source or a cancelled context, what was copied is
	// worth recording. After a failed checkpoint nothing is.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastCheckpointIn)
	defer cancel()
	p.scouted = true
	if err == nil {
		return p.checkpoint(context.WithoutCancel(ctx))
	}
	if cerr := p.checkpoint(last); cerr != nil {
		return cerr
	}
	return err
}

func (p *pass) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.cond.Broadcast()
}

// take gives a lane its next unit, when the window has reached it.
func (p *pass) take() (u unit, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.stopped {
		if p.head == nil {
			next, more := p.units.next()
			if !more {
				return u, false
			}
			p.head = &next
		}
		if p.head.End() <= p.mark {
			u, p.head = *p.head, nil
			p.ahead -= u.weight()
			if p.ahead < p.window/2 && !p.scouted {
				p.wake()
			}
			p.flags(&u)
			return u, true
		}
		p.starved = true
		p.wake()
		p.cond.Wait()
	}
	return u, false
}

func (p *pass) flags(u *unit) {
	if u.zero {
		return
	}
	for i := u.firstLeaf(); i < u.endLeaf(); i++ {
		bit := uint8(1) << (i - u.firstLeaf())
		if p.state.known.get(i) {
			u.known |= bit
		}
		if p.state.doubt.get(i) {
			u.doubt |= bit
		}
	}
}

func (p *pass) finish(o outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = append(p.pending, o)
	p.total.add(o.result)
	p.worked += o.unit.Length
}

func (p *pass) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// reportProgress calls job.Progress until the returned function is called.
func (p *pass) reportProgress() (stop func()) {
	if p.job.Progress == nil {
		return func() {}
	}
	var rate float64
	var read int64
	at := p.start
	report := func() {
		p.mu.Lock()
		now := time.Now()
		pr := Progress{Done: min(p.worked, p.workTotal), Total: p.workTotal, Read: p.total.ReadBytes, Elapsed: now.Sub(p.start)}
		p.mu.Unlock()
		if dt := now.Sub(at).Seconds(); dt > 0 {
			sample := float64(pr.Read-read) / dt
			if rate == 0 {
				rate = sample
			}
			rate += (sample - rate) * min(1, dt/5)
			read, at = pr.Read, now
		}
		pr.Rate = rate
		p.job.Progress(pr)
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(progressEvery)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				report()
			case <-end:
				report()
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}
