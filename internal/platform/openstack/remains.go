package openstack

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Remains = (*Site)(nil)

// VMRemains implements driver.Remains: the volumes and ports that were made as
// disks and cards of a machine whose server is gone.
func (s *Site) VMRemains(ctx context.Context, id psn.VMID) ([]string, error) {
	out, err := s.remains(ctx, id)
	return out, s.fault(err, fmt.Sprintf("look what is left of virtual machine %s", id))
}

func (s *Site) remains(ctx context.Context, id psn.VMID) ([]string, error) {
	project, sv, err := s.without(ctx, id)
	switch {
	case err != nil || project == "":
		return nil, err
	case sv != nil:
		return nil, sv.restorable()
	}
	r, err := s.remnants(ctx, project, id)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, v := range r.disks {
		what := fmt.Sprintf("volume %s %q (%d GiB)", v.ID, v.Name, v.SizeGiB)
		for _, a := range v.Attached {
			what += ", which server " + a.Server + " has"
		}
		out = append(out, what)
	}
	for _, k := range r.cards {
		if k.Server == "" {
			out = append(out, fmt.Sprintf("port %s (%s)", k.ID, k.MAC))
		}
	}
	slices.Sort(out)
	return out, nil
}

// DeleteVMRemains implements driver.Remains: all of it, or nothing when somebody
// has a part of it.
func (s *Site) DeleteVMRemains(ctx context.Context, id psn.VMID) error {
	doing := fmt.Sprintf("remove what is left of virtual machine %s", id)
	unlock, err := s.machines.lock(ctx, string(id))
	if err != nil {
		return s.fault(err, doing)
	}
	defer unlock()
	project, sv, err := s.without(ctx, id)
	switch {
	case err != nil || project == "":
		return s.fault(err, doing)
	case sv != nil && sv.restorable() != nil:
		return s.fault(sv.restorable(), doing)
	case sv != nil:
		return s.fault(psn.Errorf(psn.Conflict, "the machine itself stands (server %s): delete that", sv.ID), doing)
	}
	r, err := s.remnants(ctx, project, id)
	if err == nil {
		err = r.free()
	}
	if err == nil {
		err = s.removeParts(ctx, project, id)
	}
	return s.fault(err, doing)
}

// remnants are the volumes and ports that were made for a machine.
type remnants struct {
	disks []diskOfVolume
	cards []card
}

func (s *Site) remnants(ctx context.Context, project string, id psn.VMID) (remnants, error) {
	c, err := s.volume(ctx, project)
	if err != nil {
		return remnants{}, err
	}
	disks, surplus, err := s.diskVolumes(ctx, c, id)
	if err != nil {
		return remnants{}, err
	}
	r := remnants{disks: slices.AppendSeq(surplus, maps.Values(disks))}
	cards, err := s.cardPorts(ctx, project, id)
	for _, same := range cards {
		for _, k := range same {
			if _, made := cardNumber(id, k.Name); made {
				r.cards = append(r.cards, k)
			}
		}
	}
	return r, err
}

// free refuses remnants of which somebody has one.
func (r remnants) free() error {
	for _, v := range r.disks {
		if len(v.Attached) > 0 {
			return psn.Errorf(psn.Conflict, "volume %s, a disk of it, is on server %s: take it off there first", v.ID, v.Attached[0].Server)
		}
	}
	for _, k := range r.cards {
		if k.Server != "" {
			return psn.Errorf(psn.Conflict, "port %s, a card of it, is on %s: take it off there first", k.ID, k.Server)
		}
	}
	return nil
}

// without finds the project of a machine, empty when the tenant has none here,
// and its server when that stands there after all.
func (s *Site) without(ctx context.Context, id psn.VMID) (project string, sv *server, err error) {
	p, err := s.findProject(ctx, id.Tenant())
	if err != nil || p == nil || !p.at(s.cfg.Region) {
		return "", nil, err
	}
	sv, err = s.standing(ctx, p.ID, id)
	return p.ID, sv, err
}

// softDeleted is the status of a server that was deleted and can be restored.
const softDeleted = "SOFT_DELETED"

// restorable says how a server that was deleted is restored, nil of one that
// stands.
func (s *server) restorable() error {
	if s.Status != softDeleted {
		return nil
	}
	return psn.Errorf(psn.Conflict, "the cloud keeps the deleted server %s for a while, with its volumes and ports, so that it can be restored: restore it (openstack server restore %s), or have an administrator delete it for good", s.ID, s.ID)
}

// standing returns the server of a machine in its project, nil when there is none.
// The tag by which others look can be taken off by anybody who may change the
// server, and lists leave out what can be restored: here all servers are read.
func (s *Site) standing(ctx context.Context, project string, id psn.VMID) (*server, error) {
	of := func(project string, q url.Values) (*server, error) {
		c, err := s.compute(ctx, project)
		if err != nil {
			return nil, err
		}
		found, err := list(ctx, c, "servers/detail", q, "servers", server.id)
		for i, sv := range found {
			if (sv.Metadata[keyID] == string(id) || slices.Contains(sv.Tags, machineTag(id))) && sv.Status != "DELETED" {
				return &found[i], err
			}
		}
		return nil, err
	}
	if sv, err := of(project, nil); err != nil || sv != nil {
		return sv, err
	}
	// Nova tells what it has deleted to administrators.
	sv, err := of("", url.Values{"all_tenants": {"1"}, "project_id": {project}, "deleted": {"true"}, "status": {softDeleted}})
	if sv == nil || sv.Status != softDeleted {
		return nil, ignoring(err, http.StatusForbidden)
	}
	return sv, err
}
