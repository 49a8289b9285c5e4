package migration

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Timing of heartbeats. A worker that is killed is noticed after
// heartbeatTimeout, and another attempt begins.
const (
	beatEvery        = time.Second
	heartbeatTimeout = 5 * time.Second
)

// progress is what a running activity tells, and what its next attempt knows.
type progress struct {
	Doing      string                  `json:"doing,omitempty"`
	Task       string                  `json:"task,omitempty"`     // of the platform, being waited for
	Snapshot   string                  `json:"snapshot,omitempty"` // being copied from
	SnapshotAt time.Time               `json:"snapshot_at"`
	Resumes    int                     `json:"resumes,omitempty"`
	Disks      map[int32]*diskProgress `json:"disks,omitempty"`
	Standby    bool                    `json:"standby,omitempty"` // being made by this run
	Stalled    int                     `json:"stalled,omitempty"` // seconds without a byte while copying or verifying
}

// diskProgress is one disk of a running cycle.
type diskProgress struct {
	Done     int64 `json:"done"`
	Total    int64 `json:"total"`
	Recopied int64 `json:"recopied,omitempty"` // by finished and failed attempts of this cycle
}

func (p *progress) disk(key int32) *diskProgress {
	if p.Disks == nil {
		p.Disks = map[int32]*diskProgress{}
	}
	if p.Disks[key] == nil {
		p.Disks[key] = &diskProgress{}
	}
	return p.Disks[key]
}

func (p *progress) clone() progress {
	c := *p
	c.Disks = make(map[int32]*diskProgress, len(p.Disks))
	for k, d := range p.Disks {
		v := *d
		c.Disks[k] = &v
	}
	return c
}

// beat keeps telling the engine that the activity lives and how far it is.
type beat struct {
	mu     sync.Mutex
	now    progress
	moving bool      // bytes should be moving
	moved  time.Time // when they last did
	ctx    context.Context
	cancel context.CancelCauseFunc
	stop   chan struct{}
	done   sync.WaitGroup
}

// errStopping ends an attempt because its worker stops; another one goes on.
var errStopping = psn.Errorf(psn.Unavailable, "worker is stopping")

// startBeat takes over what the last attempt told. The context it returns ends
// also when the worker stops. Call end when done.
func startBeat(ctx context.Context) (context.Context, *beat) {
	b := &beat{ctx: ctx, stop: make(chan struct{})}
	stopping := activity.GetWorkerStopChannel(ctx)
	ctx, b.cancel = context.WithCancelCause(ctx)
	if activity.HasHeartbeatDetails(ctx) {
		// Unreadable details are those of an older version: start afresh.
		if err := activity.GetHeartbeatDetails(ctx, &b.now); err != nil {
			b.now = progress{}
		}
	}
	b.send()
	b.done.Go(func() {
		t := time.NewTicker(beatEvery)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				b.send()
			case <-stopping:
				b.cancel(errStopping)
				stopping = nil
			case <-b.stop:
				return
			}
		}
	})
	return ctx, b
}

func (b *beat) end() {
	close(b.stop)
	b.done.Wait()
	b.cancel(nil)
}

// moves says that bytes should be moving from now on, or no more.
func (b *beat) moves(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.moving, b.moved = on, time.Now()
}

// disk tells how far a disk is.
func (b *beat) disk(key int32, done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.now.disk(key)
	if d.Done != done {
		b.moved = time.Now()
	}
	d.Done, d.Total = done, total
}

// update changes what is told with the next beat.
func (b *beat) update(change func(*progress)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.now)
}

// tell changes what is told and says so at once, for what the next attempt must know.
func (b *beat) tell(change func(*progress)) {
	b.update(change)
	b.send()
}

func (b *beat) read() progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now.Stalled = 0
	if b.moving {
		b.now.Stalled = int(time.Since(b.moved).Seconds())
	}
	return b.now.clone()
}

func (b *beat) send() { activity.RecordHeartbeat(b.ctx, b.read()) }
