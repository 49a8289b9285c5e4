package platform

import (
	"context"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Everything the driver offers is idempotent, so what failed because the site
// did not answer is asked again.
const (
	tries      = 3
	pauseFirst = 200 * time.Millisecond // times four at each further try
)

// try runs f with the open driver, up to three times while the failure is
// psn.Unavailable. An open that fails is not repeated.
func (s *Site) try(ctx context.Context, f func(driver.Site) error) error {
	d, err := s.driver(ctx)
	if err != nil {
		return err
	}
	pause := pauseFirst
	for n := 1; ; n++ {
		err = f(d)
		if err == nil || n == tries || !psn.Is(err, psn.Unavailable) || ctx.Err() != nil {
			return err
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return err
		case <-t.C:
		}
		pause *= 4
	}
}

// CreateVM makes a machine and returns the platform's id of it. A few at a time
// are made per site; the others wait their turn.
func (s *Site) CreateVM(ctx context.Context, spec driver.VMSpec) (ref string, err error) {
	if err := s.creates.Acquire(ctx, 1); err != nil {
		return "", s.at(psn.Errorf(psn.Unavailable, "create virtual machine %s: wait for its turn: %w", spec.ID, err))
	}
	defer s.creates.Release(1)
	err = s.try(ctx, func(d driver.Site) (err error) {
		ref, err = d.CreateVM(ctx, spec)
		return err
	})
	if err != nil {
		return ref, s.at(err)
	}
	s.reread(ctx, ref)
	return ref, nil
}

// UpdateVM changes size or labels in place.
func (s *Site) UpdateVM(ctx context.Context, ref string, c driver.VMChange) error {
	err := s.try(ctx, func(d driver.Site) error { return d.UpdateVM(ctx, ref, c) })
	s.reread(ctx, ref)
	return s.at(err)
}

// Power brings the machine to the state.
func (s *Site) Power(ctx context.Context, ref string, want psn.PowerState) error {
	err := s.try(ctx, func(d driver.Site) error { return d.Power(ctx, ref, want) })
	s.reread(ctx, ref)
	return s.at(err)
}

// DeleteVM deletes the machine; one that is gone is success.
func (s *Site) DeleteVM(ctx context.Context, ref string) error {
	err := s.try(ctx, func(d driver.Site) error { return d.DeleteVM(ctx, ref) })
	if err == nil {
		s.cache.wrote(ref, nil)
	} else {
		s.reread(ctx, ref)
	}
	s.volumes.drop() // those it had are free, or gone with it
	return s.at(err)
}

// reread writes the machine's state through to the cache. When it cannot be
// read the cache is dropped instead: the change itself has been made.
func (s *Site) reread(ctx context.Context, ref string) {
	vm, err := s.describe(ctx, ref)
	switch {
	case err == nil:
		s.cache.wrote(ref, vm)
	case psn.Is(err, psn.NotFound):
		s.cache.wrote(ref, nil)
	default:
		s.cache.drop()
	}
}
