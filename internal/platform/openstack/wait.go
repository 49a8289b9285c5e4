package openstack

import (
	"context"
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
)

// wait looks every Config.Poll, the first time at once, until look says that it
// is done or fails. what stands in the error when the context ends first.
func (s *Site) wait(ctx context.Context, what string, look func(context.Context) (done bool, err error)) error {
	for {
		done, err := look(ctx)
		if done || err != nil {
			return err
		}
		if err := patience.Sleep(ctx, s.cfg.Poll); err != nil {
			return fmt.Errorf("gave up waiting for %s: %w", what, err)
		}
	}
}
