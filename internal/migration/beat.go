package migration

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
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
	mu   sync.Mutex
	now  progress
	ctx  context.Context
	stop chan struct{}
	done sync.WaitGroup
}

// startBeat takes over what the last attempt told. Call end when done.
func startBeat(ctx context.Context) *beat {
	b := &beat{ctx: ctx, stop: make(chan struct{})}
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
			case <-b.stop:
				return
			}
		}
	})
	return b
}

func (b *beat) end() {
	close(b.stop)
	b.done.Wait()
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
	return b.now.clone()
}

func (b *beat) send() { activity.RecordHeartbeat(b.ctx, b.read()) }
