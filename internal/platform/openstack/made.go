package openstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// made is what one call made for a machine, and what it found of earlier ones.
// Only what the call itself made may be removed when it fails.
type made struct {
	disks map[string]bool // ids of volumes
	cards []string        // ids of ports
	found []string        // ids of volumes that stood before
	group bool            // the server group
}

func (m *made) disk(id string) {
	if m.disks == nil {
		m.disks = map[string]bool{}
	}
	m.disks[id] = true
}

// removeMade removes the ports and volumes that the call made, and then its group
// when no other machine is in it. What cannot be removed does not keep the rest.
func (s *Site) removeMade(ctx context.Context, p *plan) error {
	var errs []error
	stays := func(what string, err error) {
		if err != nil {
			// In words at once: of several answers only the first would be told.
			code, reason := s.classify(err)
			errs = append(errs, &psn.Error{Code: code, Err: fmt.Errorf("%s: %w", what, reason)})
		}
	}
	for _, id := range p.made.cards {
		stays("port "+id, s.removePort(ctx, id))
	}
	for _, id := range slices.Sorted(maps.Keys(p.made.disks)) {
		c, err := s.volume(ctx, p.project)
		if err == nil {
			err = s.removeVolume(ctx, c, id)
		}
		stays("volume "+id, err)
	}
	if p.made.group {
		stays(fmt.Sprintf("server group %q", p.Group), s.removeGroup(ctx, p.project, p.Group))
	}
	return errors.Join(errs...)
}

// telling adds to an error which volumes of the machine stay: those that stood
// before, and where all is kept those that the call made.
func (s *Site) telling(p *plan, cause error, all bool) error {
	stay := slices.Clone(p.made.found)
	if all {
		stay = slices.AppendSeq(stay, maps.Keys(p.made.disks))
	}
	if len(stay) == 0 {
		return cause
	}
	slices.Sort(stay)
	return s.adding(cause, "volumes of an earlier try stay for the next: "+strings.Join(stay, ", "))
}

// adding says more after an error, which a service's answer alone would not let.
func (s *Site) adding(cause error, more string) error {
	code, reason := s.classify(cause)
	return &psn.Error{Code: code, Err: fmt.Errorf("%w; %s", reason, more)}
}

// left says what could not be removed after an error, and why.
func (s *Site) left(cause error, what string, err error) error {
	_, reason := s.classify(err)
	return s.adding(cause, fmt.Sprintf("and %s could not be removed: %s", what, reason))
}

// removeParts removes the volumes and ports made for a machine that was deleted.
func (s *Site) removeParts(ctx context.Context, project string, id psn.VMID) error {
	if err := s.removeCards(ctx, project, id); err != nil {
		return err
	}
	return s.removeDisks(ctx, project, id)
}
