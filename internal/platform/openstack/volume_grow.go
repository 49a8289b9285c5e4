package openstack

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// growVolume makes the volume so large, attached or not; being so large is
// success. A volume that could not grow is what it was before.
func (s *Site) growVolume(ctx context.Context, c *gophercloud.ServiceClient, v *cinderVolume, want int64) (*cinderVolume, error) {
	before, err := s.volumeAtRest(ctx, c, v.ID)
	if err != nil {
		return nil, err
	}
	switch {
	case want < before.SizeGiB:
		return nil, psn.Errorf(psn.InvalidInput, "size is %d GiB and cannot shrink to %d GiB: use at least %d GiB", before.SizeGiB, want, before.SizeGiB)
	case want == before.SizeGiB:
		return before, nil
	}
	err = s.free(ctx, func() error {
		return send(ctx, c, http.MethodPost, "volumes/"+v.ID+"/action", map[string]any{"os-extend": map[string]any{"new_size": want}}, nil)
	})
	if err != nil {
		return nil, err
	}
	after, err := s.volumeAtRest(ctx, c, v.ID)
	if err != nil || after.SizeGiB >= want {
		return after, err
	}
	return nil, s.notGrown(ctx, c, before, after, want)
}

// notGrown says why the volume did not grow, and takes it out of the status in
// which Cinder leaves it: its storage gave it nothing, its bytes are there, and
// in that status it could be neither used nor taken off its machine.
func (s *Site) notGrown(ctx context.Context, c *gophercloud.ServiceClient, before, after *cinderVolume, want int64) error {
	said := s.volumeError(ctx, c, after.ID, fmt.Sprintf("grown to %d GiB", want))
	if len(before.servers()) > 0 && !psn.Is(said, psn.Exhausted) {
		said = psn.Errorf(psn.Conflict, "%w: some storage cannot grow a volume that a machine has: take it off, grow it, and attach it again", said)
	}
	if after.Status != "error_extending" {
		return said
	}
	err := s.cleanUp(ctx, func(ctx context.Context) error {
		admin, err := s.volume(ctx, "")
		if err != nil {
			return err
		}
		return send(ctx, admin, http.MethodPost, "volumes/"+after.ID+"/action", map[string]any{"os-reset_status": map[string]any{"status": before.Status}}, nil)
	})
	if err != nil {
		said = fmt.Errorf("%w; and it is left in status %q: %w", said, after.Status, err)
	}
	return said
}
