package cli

import (
	"context"
	"time"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// statusSource is what follow asks.
type statusSource interface {
	Status(ctx context.Context, id psn.VMID) (migration.Status, error)
}

// follow shows progress on standard error until reached says yes or the
// migration has ended, and returns the last status. An engine that does not
// answer for a moment is asked again: the migration goes on without us.
func (a *app) follow(ctx context.Context, m statusSource, id psn.VMID, reached func(migration.Status) bool) (migration.Status, error) {
	const patience = 30 * time.Second
	p := newProgress(a.Stderr, a.Now)
	defer p.done()
	silent := time.Time{}
	for {
		s, err := m.Status(ctx, id)
		switch {
		case err == nil:
			silent = time.Time{}
			p.show(summary(s))
			if reached(s) || s.Phase.Final() {
				return s, nil
			}
		case ctx.Err() != nil:
			return s, context.Cause(ctx)
		case !psn.Is(err, psn.Unavailable):
			return s, err
		case silent.IsZero():
			silent = a.Now()
		case a.Now().Sub(silent) > patience:
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, context.Cause(ctx)
		case <-time.After(watchEvery):
		}
	}
}
