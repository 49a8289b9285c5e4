package openstack

import (
	"context"
	"fmt"
	"time"
)

// wait looks every Config.Poll, the first time at once, until look says that it
// is done or fails. what stands in the error when the context ends first.
func (s *Site) wait(ctx context.Context, what string, look func(context.Context) (done bool, err error)) error {
	for {
		done, err := look(ctx)
		if done || err != nil {
			return err
		}
		if err := sleep(ctx, s.cfg.Poll); err != nil {
			return fmt.Errorf("gave up waiting for %s: %w", what, err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
