package openstack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// keyLeaving is metadata of a machine's volumes, and the beginning of a tag of
// its ports, that says with which server they are being removed: when that is
// gone nothing else leads from it to them.
const keyLeaving = "psn.leaving"

func leavingTag(ref string) string { return keyLeaving + ":" + ref }

// markLeaving marks what is to be removed once the server is gone.
func (s *Site) markLeaving(ctx context.Context, m *machine, id psn.VMID, disks map[int]diskOfVolume) error {
	c, err := s.volume(ctx, m.Project)
	if err != nil {
		return err
	}
	for _, v := range disks {
		mark := map[string]string{keyLeaving: m.ID}
		err := send(ctx, c, http.MethodPost, "volumes/"+v.ID+"/metadata", map[string]any{"metadata": mark}, nil)
		if err != nil && !gone(err) {
			return err
		}
	}
	cards, err := s.cardsOf(ctx, m.ID)
	if err != nil {
		return err
	}
	n, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	for _, k := range cards {
		if _, made := cardNumber(id, k.Name); !made {
			continue
		}
		err := send(ctx, n, http.MethodPut, "ports/"+k.ID+"/tags/"+url.PathEscape(leavingTag(m.ID)), nil, nil)
		if err != nil && !gone(err) {
			return err
		}
	}
	return nil
}

// staying takes the mark off a volume that a new machine of the id uses again.
func (s *Site) staying(ctx context.Context, project string, v diskOfVolume) error {
	if v.Metadata[keyLeaving] == "" {
		return nil
	}
	c, err := s.volume(ctx, project)
	if err != nil {
		return err
	}
	return ignoring(send(ctx, c, http.MethodDelete, "volumes/"+v.ID+"/metadata/"+keyLeaving, nil, nil), http.StatusNotFound)
}

// sweep removes what a deletion left that was cut off after its server was gone.
func (s *Site) sweep(ctx context.Context, ref string) error {
	c, err := s.volume(ctx, "")
	if err != nil {
		return err
	}
	mark, err := json.Marshal(map[string]string{keyLeaving: ref})
	if err != nil {
		return err
	}
	volumes, err := list(ctx, c, "volumes/detail", url.Values{"all_tenants": {"1"}, "metadata": {string(mark)}}, "volumes", diskOfVolume.id)
	if err != nil {
		return err
	}
	for _, v := range volumes {
		if _, made := diskNumber(v.Metadata); !made || v.Metadata[keyLeaving] != ref {
			continue
		}
		if err := s.sweepVolume(ctx, v); err != nil {
			return fmt.Errorf("volume %s, a disk of it: %w", v.ID, err)
		}
	}
	n, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	ports, err := list(ctx, n, "ports", url.Values{"tags": {leavingTag(ref)}, "fields": cardFields}, "ports", card.id)
	if err != nil {
		return err
	}
	for _, k := range ports {
		if k.Server != "" || !strings.HasPrefix(k.Name, portPrefix) || !k.leaving(ref) {
			continue
		}
		if err := s.removePort(ctx, k.ID); err != nil {
			return fmt.Errorf("port %s, a card of it: %w", k.ID, err)
		}
	}
	return nil
}

// sweepVolume removes a volume unless a machine has it, or one of its id that
// was made since may come to use it.
func (s *Site) sweepVolume(ctx context.Context, v diskOfVolume) error {
	id := psn.VMID(v.Metadata[keyID])
	unlock, err := s.machines.lock(ctx, string(id))
	if err != nil {
		return err
	}
	defer unlock()
	nova, err := s.compute(ctx, v.Project)
	if err != nil {
		return err
	}
	same, err := list(ctx, nova, "servers", url.Values{"tags": {machineTag(id)}}, "servers", named.id)
	if err != nil || len(same) > 0 || len(v.Attached) > 0 {
		return err
	}
	c, err := s.volume(ctx, v.Project)
	if err != nil {
		return err
	}
	return s.removeVolume(ctx, c, v.ID)
}
