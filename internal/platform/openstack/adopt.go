package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// AdoptVM makes a server that stands in the tenant's project one of ours: it,
// its volumes and its ports bear our marks, and nothing else of it changes.
// Idempotent. psn.Conflict when it bears the marks of another id or stands in
// another project, which OpenStack cannot change; psn.Unsupported when its first
// disk is not a volume.
func (s *Site) AdoptVM(ctx context.Context, ref string, id psn.VMID, l driver.Labels) error {
	doing := fmt.Sprintf("take over virtual machine %s as %s", ref, id)
	unlock, err := s.servers.lock(ctx, ref)
	if err != nil {
		return s.fault(err, doing)
	}
	defer unlock()
	return s.fault(s.adopt(ctx, ref, id, l), doing)
}

func (s *Site) adopt(ctx context.Context, ref string, id psn.VMID, l driver.Labels) error {
	if _, err := psn.ParseVMID(string(id)); err != nil {
		return err
	}
	project, err := s.projectOf(ctx, id.Tenant())
	if err != nil {
		return err
	}
	sv, err := s.server(ctx, ref)
	if err != nil {
		return err
	}
	switch other := sv.Metadata[keyID]; {
	case other != "" && other != string(id):
		return psn.Errorf(psn.Conflict, "server %q bears the marks of %q", sv.Name, other)
	case sv.Project != project:
		return psn.Errorf(psn.Conflict, "server %q is in project %s, tenant %s has project %s, and OpenStack moves no server between projects: make it anew in the tenant's project", sv.Name, sv.Project, id.Tenant(), project)
	case sv.booted():
		return psn.Errorf(psn.Unsupported, "server %q has its first disk on its host and not on a volume, where it is lost with the host: make a volume of it and a server from that, then take that one over", sv.Name)
	}
	// Disks and cards first: a machine of ours always has marked ones.
	vm, err := s.describe(ctx, ref)
	if err != nil {
		return err
	}
	if err := s.adoptDisks(ctx, project, id, vm.Disks); err != nil {
		return err
	}
	if err := s.adoptCards(ctx, sv, id); err != nil {
		return err
	}
	c, err := s.compute(ctx, project)
	if err != nil {
		return err
	}
	server := "servers/" + url.PathEscape(ref)
	if err := send(ctx, c, http.MethodPut, server+"/tags/"+url.PathEscape(machineTag(id)), nil, nil); err != nil {
		return err
	}
	meta := labelled(l)
	meta[keyID] = string(id)
	return send(ctx, c, http.MethodPost, server+"/metadata", map[string]any{"metadata": meta}, nil)
}

// adoptDisks numbers the volumes in the order in which they are told.
func (s *Site) adoptDisks(ctx context.Context, project string, id psn.VMID, disks []psn.Disk) error {
	c, err := s.volume(ctx, project)
	if err != nil {
		return err
	}
	for n, d := range disks {
		mark := map[string]string{keyID: string(id), keyDisk: strconv.Itoa(n)}
		if err := send(ctx, c, http.MethodPost, "volumes/"+url.PathEscape(d.UUID)+"/metadata", map[string]any{"metadata": mark}, nil); err != nil {
			return err
		}
	}
	return nil
}

// adoptCards numbers the ports in the order in which they are told.
func (s *Site) adoptCards(ctx context.Context, sv *server, id psn.VMID) error {
	c, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	cards, err := s.cardsOf(ctx, sv.ID)
	if err != nil {
		return err
	}
	for n, k := range inOrder(id, cards) {
		if err := send(ctx, c, http.MethodPut, "ports/"+url.PathEscape(k.ID), map[string]any{"port": map[string]any{"name": portName(id, n)}}, nil); err != nil {
			return err
		}
	}
	return nil
}

// inOrder sorts ports as a machine tells its cards.
func inOrder(id psn.VMID, cards []card) []card {
	byMAC := map[string]card{}
	for _, k := range cards {
		byMAC[strings.ToLower(k.MAC)] = k
	}
	p := parts{cards: map[string][]card{"": cards}}
	out := make([]card, 0, len(cards))
	for _, n := range p.nics(id, server{}) {
		out = append(out, byMAC[n.MAC])
	}
	return out
}
