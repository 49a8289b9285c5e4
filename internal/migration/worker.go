package migration

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/semaphore"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/transport/localdisk"
)

// Concurrency of one worker per site. Cycles queue for few places; what belongs
// to a cutover or a decision is short or urgent and never waits for them.
const (
	cyclesAtOnce     = 20
	activitiesAtOnce = 500
)

// stopWithin is how long a worker that stops waits for its activities, which
// see their context end and leave their ledgers behind.
const stopWithin = 20 * time.Second

// Worker runs workflows and activities of some sites.
type Worker struct{ workers []worker.Worker }

// NewWorker prepares a worker for the sites. stateDir holds ledgers and
// manifests and must outlive the worker: what is lost there is copied again.
func NewWorker(c client.Client, estate Estate, stateDir string, sites ...psn.Site) (*Worker, error) {
	if len(sites) == 0 {
		return nil, invalid("no site is named: name the sites whose disks this worker can reach")
	}
	dir, err := filepath.Abs(stateDir)
	if err != nil || stateDir == "" {
		return nil, invalid("state folder %q cannot be used: name a folder that outlives the worker", stateDir)
	}
	w := &Worker{}
	for _, s := range sites {
		if _, err := psn.ParseSite(string(s)); err != nil {
			return nil, err
		}
		sw := worker.New(c, TaskQueue(s), worker.Options{
			MaxConcurrentActivityExecutionSize: activitiesAtOnce,
			MaxHeartbeatThrottleInterval:       beatEvery,
			WorkerStopTimeout:                  stopWithin,
		})
		register(sw, &activities{estate: estate, holds: engineHolds{c}, open: openLocal, wanted: stillWanted(c), stateDir: dir, places: semaphore.NewWeighted(cyclesAtOnce)})
		w.workers = append(w.workers, sw)
	}
	return w, nil
}

// stillWanted asks with a heartbeat, which the engine refuses to an attempt that
// is over or is to stop.
func stillWanted(c client.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, heartbeatTimeout)
		defer cancel()
		return c.RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken)
	}
}

func register(r worker.Registry, a *activities) {
	r.RegisterWorkflow(Replica)
	r.RegisterWorkflow(Source)
	r.RegisterActivity(a)
}

// Run works until ctx ends, then stops in order.
func (w *Worker) Run(ctx context.Context) error {
	var errs []error
	for i, sw := range w.workers {
		if err := sw.Start(); err != nil {
			errs = append(errs, fmt.Errorf("start worker: %w", err))
			w.workers = w.workers[:i]
			break
		}
	}
	if errs == nil {
		<-ctx.Done()
	}
	for _, sw := range w.workers {
		sw.Stop()
	}
	return errors.Join(errs...)
}

func openLocal(ctx context.Context, folder, deviceID string, size int64) (blockcopy.Target, error) {
	d, err := localdisk.OpenDevice(ctx, folder, deviceID, size, localdisk.Options{})
	if err != nil {
		return nil, err
	}
	return d, nil
}
