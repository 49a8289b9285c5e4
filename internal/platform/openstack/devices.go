package openstack

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// bringDisks grows the disks that stand, and makes and attaches those that do
// not.
func (s *Site) bringDisks(ctx context.Context, m *machine, p *plan) error {
	if err := s.putBack(ctx, m, len(p.Disks)); err != nil {
		return err
	}
	c, err := s.volume(ctx, m.scope)
	if err != nil {
		return err
	}
	standing, _, err := s.diskVolumes(ctx, c, p.ID)
	if err != nil {
		return err
	}
	first := 0
	for ; first < len(p.Disks); first++ {
		v, ok := standing[first]
		if !ok || !m.has(v.ID) {
			break
		}
		if err := s.growDisk(ctx, c, m, first, v, sizeGiB(p.Disks[first].CapacityBytes)); err != nil {
			return fmt.Errorf("disk %d: %w", first, err)
		}
	}
	made, err := s.disksFor(ctx, p, first)
	if err != nil {
		return err
	}
	for n, id := range made {
		if err := s.plug(ctx, c, m.nova, m.ID, id, map[string]any{"delete_on_termination": p.made.disks[id]}); err != nil {
			return fmt.Errorf("disk %d: %w", first+n, err)
		}
	}
	return nil
}

// addCards makes and plugs the cards that the machine does not have.
func (s *Site) addCards(ctx context.Context, m *machine, p *plan) error {
	standing, err := s.cardPorts(ctx, p.project, p.ID)
	if err != nil {
		return err
	}
	first := 0
	for first < len(p.NICs) && slices.ContainsFunc(standing[first], func(k card) bool { return k.Server == m.ID }) {
		first++
	}
	made, err := s.cardsFor(ctx, p, first)
	if err != nil {
		return err
	}
	for n, id := range made {
		err := s.free(ctx, func() error {
			return send(ctx, m.nova, http.MethodPost, "servers/"+m.ID+"/os-interface", map[string]any{
				"interfaceAttachment": map[string]any{"port_id": id},
			}, nil)
		})
		if err != nil {
			return fmt.Errorf("network card %d: %w", first+n, err)
		}
	}
	return nil
}

// secure puts the security groups on every card of the machine.
func (s *Site) secure(ctx context.Context, m *machine, groups []string) error {
	cards, err := s.cardsOf(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, k := range cards {
		if _, ok := k.number(m.ours()); !ok {
			continue
		}
		if err := s.guard(ctx, k, groups); err != nil {
			return fmt.Errorf("card %s: %w", k.MAC, err)
		}
	}
	return nil
}
