package openstack

import (
	"context"
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
)

// waitLongest is the longest pause between two looks, in units of Config.Poll.
const waitLongest = 5

// wait looks, the first time at once, until look says that it is done or fails.
// The pauses begin with Config.Poll and grow: a cloud that is slow because it is
// asked much is not helped by being asked more. what stands in the error when
// the context ends first.
func (s *Site) wait(ctx context.Context, what string, look func(context.Context) (done bool, err error)) error {
	for pause := s.cfg.Poll; ; pause = min(pause+pause/4, waitLongest*s.cfg.Poll) {
		done, err := look(ctx)
		if done || err != nil {
			return err
		}
		if err := patience.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("gave up waiting for %s: %w", what, err)
		}
	}
}
