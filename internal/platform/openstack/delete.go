package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// DeleteVM implements driver.Site: the server, then the volumes and ports that
// were made as its disks and cards. Volumes of others that it has are left. Of a
// server that is gone it removes what an earlier call had yet to remove.
func (s *Site) DeleteVM(ctx context.Context, ref string) error {
	doing := fmt.Sprintf("delete virtual machine %s", ref)
	unlock, err := s.servers.lock(ctx, ref)
	if err != nil {
		return s.fault(err, doing)
	}
	defer unlock()
	m, err := s.machine(ctx, ref)
	if gone(err) {
		return s.fault(s.sweep(ctx, ref), doing)
	}
	if err != nil {
		return s.fault(err, doing)
	}
	if id := m.ours(); id != "" {
		err = s.deleteOurs(ctx, m, id)
	} else {
		err = s.removeServer(ctx, m.scope, ref)
	}
	return s.fault(err, doing)
}

func (s *Site) deleteOurs(ctx context.Context, m *machine, id psn.VMID) error {
	disks, err := s.notLent(ctx, m, id)
	if err != nil {
		return err
	}
	if err := s.markLeaving(ctx, m, id, disks); err != nil {
		return err
	}
	if err := s.removeServer(ctx, m.scope, m.ID); err != nil {
		return err
	}
	if err := s.removeParts(ctx, m.Project, id); err != nil {
		return err
	}
	if name := m.Metadata[keyGroup]; name != "" {
		return s.removeGroup(ctx, m.Project, name)
	}
	return nil
}

// notLent returns the machine's disks, and refuses to take it away while another
// has one of them.
func (s *Site) notLent(ctx context.Context, m *machine, id psn.VMID) (map[int]diskOfVolume, error) {
	c, err := s.volume(ctx, m.Project)
	if err != nil {
		return nil, err
	}
	disks, _, err := s.diskVolumes(ctx, c, id)
	if err != nil {
		return nil, err
	}
	for n, v := range disks {
		for _, a := range v.Attached {
			if a.Server != "" && a.Server != m.ID {
				return nil, psn.Errorf(psn.Conflict, "disk %d (volume %s) is on server %s: take it off there first", n, v.ID, a.Server)
			}
		}
	}
	return disks, nil
}

// removeServer deletes a server and waits until it is gone; a missing one is
// success.
func (s *Site) removeServer(ctx context.Context, scope, ref string) error {
	c, err := s.compute(ctx, scope)
	if err != nil {
		return err
	}
	path := "servers/" + url.PathEscape(ref)
	if err := send(ctx, c, http.MethodDelete, path, nil, nil); gone(err) {
		return nil
	} else if err != nil && !hasStatus(err, http.StatusConflict) { // conflict: already at it
		return err
	}
	asked := 0
	err = s.wait(ctx, "server "+ref+" to be gone", func(ctx context.Context) (bool, error) {
		var page struct {
			Server server `json:"server"`
		}
		if err := get(ctx, c, path, &page); err != nil {
			return false, err
		}
		sv := page.Server
		switch sv.Status {
		case "SOFT_DELETED": // the cloud keeps it for a while, so that it can be restored
			return true, nil
		case "DELETED": // the host is done; lists show it until Nova is, too
			return false, nil
		}
		// A deletion that failed leaves the server as it was, or in error.
		if sv.TaskState != "deleting" && asked < 3 {
			asked++
			return false, ignoring(send(ctx, c, http.MethodDelete, path, nil, nil), http.StatusConflict)
		}
		if sv.TaskState == "" && sv.Status == "ERROR" {
			return false, psn.Errorf(psn.Internal, "server %s cannot be deleted: %s", ref, sv.Fault.Message)
		}
		return false, nil
	})
	return ignoring(err, http.StatusNotFound)
}

// ignoring returns nil for an answer of that status.
func ignoring(err error, status int) error {
	if hasStatus(err, status) {
		return nil
	}
	return err
}
