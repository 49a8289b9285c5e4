package openstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// volumeOf reads a volume of a tenant of ours, and opens its project.
func (s *Site) volumeOf(ctx context.Context, ref string) (v *cinderVolume, vol, nova *gophercloud.ServiceClient, err error) {
	c, err := s.volume(ctx, "")
	if err != nil {
		return nil, nil, nil, err
	}
	if v, err = s.getVolume(ctx, c, ref); err != nil {
		return nil, nil, nil, err
	}
	if _, err := s.tenantOf(ctx, v.ProjectID); err != nil {
		return nil, nil, nil, err
	}
	if vol, err = s.volume(ctx, v.ProjectID); err != nil {
		return nil, nil, nil, err
	}
	nova, err = s.compute(ctx, v.ProjectID)
	return v, vol, nova, err
}

// AttachVolume implements driver.Volumes.
func (s *Site) AttachVolume(ctx context.Context, ref, vm string) error {
	return s.fault(s.attachVolume(ctx, ref, vm), fmt.Sprintf("attach volume %s to machine %s", ref, vm))
}

func (s *Site) attachVolume(ctx context.Context, ref, vm string) error {
	v, vol, nova, err := s.volumeOf(ctx, ref)
	if err != nil {
		return err
	}
	unlock, err := s.servers.lock(ctx, vm)
	if err != nil {
		return err
	}
	defer unlock()
	if v, err = s.volumeAtRest(ctx, vol, v.ID); err != nil {
		return err
	}
	if err := s.putRight(ctx, v); err != nil {
		return err
	}
	switch at := v.servers(); {
	case v.on(vm):
		return nil
	case len(at) > 0:
		return psn.Errorf(psn.Conflict, "volume %q is on %s: take it off there first", v.Name, strings.Join(s.serverNames(ctx, v.ProjectID, at), ", "))
	case v.Status != "available":
		return psn.Errorf(psn.Conflict, "volume %q is in status %q: it must be \"available\"", v.Name, v.Status)
	}
	if err := s.volumeWhole(ctx, vol, v); err != nil {
		return err
	}
	return s.plug(ctx, vol, nova, vm, v.ID, nil)
}

// plug gives a machine a volume that no other has, and makes sure that it has it:
// Nova answers before the hypervisor has done anything. how is what the attachment
// has besides the volume.
func (s *Site) plug(ctx context.Context, vol, nova *gophercloud.ServiceClient, vm, id string, how map[string]any) error {
	attachment := map[string]any{"volumeId": id}
	maps.Copy(attachment, how)
	err := s.free(ctx, func() error {
		return send(ctx, nova, http.MethodPost, "servers/"+url.PathEscape(vm)+"/os-volume_attachments", map[string]any{"volumeAttachment": attachment}, nil)
	})
	if err != nil {
		return err
	}
	v, err := s.volumeAtRest(ctx, vol, id)
	if err != nil || v.on(vm) {
		return err
	}
	return s.volumeError(ctx, vol, id, "attached")
}

// DetachVolume implements driver.Volumes.
func (s *Site) DetachVolume(ctx context.Context, ref, vm string) error {
	err := s.detachVolume(ctx, ref, vm)
	if gone(err) {
		return nil // what is not there is on no machine
	}
	return s.fault(err, fmt.Sprintf("detach volume %s from machine %s", ref, vm))
}

func (s *Site) detachVolume(ctx context.Context, ref, vm string) error {
	v, vol, nova, err := s.volumeOf(ctx, ref)
	if err != nil {
		return err
	}
	unlock, err := s.servers.lock(ctx, vm)
	if err != nil {
		return err
	}
	defer unlock()
	if v, err = s.volumeAtRest(ctx, vol, v.ID); err != nil || !v.on(vm) {
		return err
	}
	err = s.free(ctx, func() error {
		return send(ctx, nova, http.MethodDelete, "servers/"+url.PathEscape(vm)+"/os-volume_attachments/"+v.ID, nil, nil)
	})
	switch {
	case gone(err):
		return psn.Errorf(psn.Conflict, "Cinder says that volume %q is on machine %s, and Nova that it is not: an administrator must remove the attachment", v.Name, vm)
	case hasStatus(err, http.StatusBadRequest, http.StatusForbidden):
		return &psn.Error{Code: psn.Conflict, Err: fmt.Errorf("the machine does not let go of it: %w", s.words(err))}
	case err != nil:
		return err
	}
	// Cinder may show the volume as it was until Nova comes to it.
	return s.wait(ctx, "volume "+v.ID+" to leave the machine", func(ctx context.Context) (bool, error) {
		v, err := s.volumeAtRest(ctx, vol, v.ID)
		return err == nil && !v.on(vm), err
	})
}

// DeleteVolume implements driver.Volumes.
func (s *Site) DeleteVolume(ctx context.Context, ref string) error {
	err := s.deleteVolume(ctx, ref)
	if gone(err) {
		return nil
	}
	return s.fault(err, fmt.Sprintf("delete volume %s", ref))
}

func (s *Site) deleteVolume(ctx context.Context, ref string) error {
	v, vol, _, err := s.volumeOf(ctx, ref)
	if err != nil {
		return err
	}
	if at := v.servers(); len(at) > 0 {
		return psn.Errorf(psn.Conflict, "volume %q is on %s: take it off first", v.Name, strings.Join(s.serverNames(ctx, v.ProjectID, at), ", "))
	}
	return s.removeVolume(ctx, vol, v.ID)
}

// removeVolume deletes a volume and waits until it is gone; a missing one is
// success.
func (s *Site) removeVolume(ctx context.Context, c *gophercloud.ServiceClient, id string) error {
	asked := false
	err := s.wait(ctx, "volume "+id+" to be gone", func(ctx context.Context) (bool, error) {
		v, err := s.getVolume(ctx, c, id)
		switch {
		case err != nil:
			return false, err
		case asked && v.Status == "error_deleting":
			return false, s.volumeError(ctx, c, id, "deleted")
		case asked || !v.atRest():
			return false, nil
		}
		asked = true
		err = send(ctx, c, http.MethodDelete, "volumes/"+id, nil, nil)
		if !hasStatus(err, http.StatusBadRequest) {
			return false, err
		}
		if v, lookErr := s.getVolume(ctx, c, id); lookErr == nil && v.Status != "deleting" {
			return false, &psn.Error{Code: psn.Conflict, Err: s.words(err)} // attached, or with snapshots
		}
		return false, nil // it was sent again after a lost answer, and had been served before
	})
	if gone(err) {
		return nil
	}
	return err
}

// words are a service's own, for an error whose code is not that of its status.
func (s *Site) words(err error) error {
	_, reason := s.classify(err)
	var r *refusal
	if errors.As(reason, &r) {
		return r.err // the status would speak louder than the new code
	}
	return reason
}
