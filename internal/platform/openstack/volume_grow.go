package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Status of a volume that is growing, and of one that could not grow.
const (
	volumeGrowing  = "extending"
	volumeNotGrown = "error_extending"
)

// growVolume makes the volume so large, attached or not; being so large is
// success. A volume that could not grow is what it was before, and so is one
// whose growth failed after the process that asked for it was killed.
func (s *Site) growVolume(ctx context.Context, c *gophercloud.ServiceClient, v *cinderVolume, want int64) (*cinderVolume, error) {
	before, err := s.volumeAtRest(ctx, c, v.ID)
	if err != nil {
		return nil, s.stillGrowing(before, err)
	}
	if err := s.putRight(ctx, before); err != nil {
		return nil, err
	}
	switch {
	case want < before.SizeGiB:
		return nil, psn.Errorf(psn.InvalidInput, "size is %d GiB and cannot shrink to %d GiB: use at least %d GiB", before.SizeGiB, want, before.SizeGiB)
	case want == before.SizeGiB:
		return before, nil
	}
	if len(before.servers()) > 0 {
		if online, err := s.growsAttached(ctx, v.ID); err != nil {
			return nil, err
		} else if !online {
			return nil, attachedGrowth(psn.Errorf(psn.Conflict, "volume %s could not be grown to %d GiB", v.ID, want))
		}
	}
	err = s.free(ctx, func() error {
		return send(ctx, c, http.MethodPost, "volumes/"+v.ID+"/action", map[string]any{"os-extend": map[string]any{"new_size": want}}, nil)
	})
	if err != nil {
		return nil, err
	}
	after, err := s.volumeAtRest(ctx, c, v.ID)
	if err != nil {
		return nil, s.stillGrowing(after, err)
	}
	if after.SizeGiB >= want {
		return after, nil
	}
	return nil, s.notGrown(ctx, c, before, after, want)
}

// notGrown says why the volume did not grow, and takes it out of the status in
// which Cinder leaves it: its storage gave it nothing, its bytes are there, and
// in that status it could be neither used nor taken off its machine.
func (s *Site) notGrown(ctx context.Context, c *gophercloud.ServiceClient, before, after *cinderVolume, want int64) error {
	said := s.volumeError(ctx, c, after.ID, fmt.Sprintf("grown to %d GiB", want))
	if len(before.servers()) > 0 && !psn.Is(said, psn.Exhausted) {
		said = attachedGrowth(said)
	}
	if after.Status != volumeNotGrown {
		return said
	}
	err := s.cleanUp(ctx, func(ctx context.Context) error { return s.resetStatus(ctx, after.ID, before.Status) })
	if err != nil {
		said = fmt.Errorf("%w; and it is left in status %q: %w", said, after.Status, err)
	}
	return said
}

// attachedGrowth says what helps where a volume in use did not grow.
func attachedGrowth(said error) error {
	return psn.Errorf(psn.Conflict, "%w: %w: take it off, grow it, and attach it again", said, errAttached)
}

// usable is the status of a volume that nothing is wrong with.
func (v cinderVolume) usable() string {
	if len(v.servers()) > 0 {
		return "in-use"
	}
	return "available"
}

// resetStatus takes a volume out of a status in which nothing can be done with
// it. Cinder lets the operator do so, not the tenant.
func (s *Site) resetStatus(ctx context.Context, id, status string) error {
	admin, err := s.volume(ctx, "")
	if err != nil {
		return err
	}
	return send(ctx, admin, http.MethodPost, "volumes/"+url.PathEscape(id)+"/action", map[string]any{"os-reset_status": map[string]any{"status": status}}, nil)
}

// putRight takes a volume out of the status in which a growth that failed left it
// after whoever asked for it was gone; any other is left as it is.
func (s *Site) putRight(ctx context.Context, v *cinderVolume) error {
	if v.Status != volumeNotGrown {
		return nil
	}
	v.Status = v.usable()
	if err := s.resetStatus(ctx, v.ID, v.Status); err != nil {
		return s.adding(err, fmt.Sprintf("volume %s was left in status %q by an earlier growth, and its bytes are whole: an administrator can put it back (openstack volume set --state %s %s)",
			v.ID, volumeNotGrown, v.Status, v.ID))
	}
	return nil
}

// stillGrowing says what to do about a volume that did not come to rest: one that
// is really growing must not be put into another status.
func (s *Site) stillGrowing(v *cinderVolume, err error) error {
	if v.Status != volumeGrowing {
		return err
	}
	return s.adding(err, fmt.Sprintf("it is in status %q: apply again when that has ended; when it does not end, make sure that no cinder-volume is at it, "+
		"have an administrator put it back (openstack volume set --state %s %s), and apply again", volumeGrowing, v.usable(), v.ID))
}
