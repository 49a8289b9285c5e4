package virtualmachine

import (
	"context"
	"errors"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// places is what the resource needs of the provider.
type places interface {
	// Sites lists the configured sites in canonical order.
	Sites() ([]psn.Site, error)
	// At returns a site on each of its platforms.
	At(psn.Site) ([]*platform.Site, error)
	// Site returns a site on one platform.
	Site(psn.Site, psn.Platform) (*platform.Site, error)
}

// seen is a machine of the id found at a place.
type seen struct {
	at *platform.Site
	vm *psn.VM
}

func (s seen) spot() spot { return spot{s.at.ID(), s.at.Platform(), s.vm.Cluster} }

// locate looks for the machines of the id at the sites, by their shared
// inventory. Sites that did not answer make err; what was found elsewhere is
// returned with it.
func locate(ctx context.Context, all places, id psn.VMID, sites []psn.Site) (active, standby *seen, err error) {
	var errs []error
	for _, s := range sites {
		found, err := everyAt(ctx, all, id, s, (*platform.Site).FindVM)
		if err != nil {
			errs = append(errs, err)
		}
		for _, f := range found {
			if f.vm.Role == psn.RoleStandby {
				standby = &f
			} else {
				active = &f
			}
		}
	}
	return active, standby, errors.Join(errs...)
}

// everyAt returns the machines of the id at a site, on each of its platforms, as
// find finds them.
func everyAt(ctx context.Context, all places, id psn.VMID, s psn.Site, find func(*platform.Site, context.Context, psn.VMID) (*psn.VM, error)) ([]seen, error) {
	at, err := all.At(s)
	if err != nil {
		return nil, err
	}
	var out []seen
	var errs []error
	for _, p := range at {
		vm, err := find(p, ctx, id)
		switch {
		case psn.Is(err, psn.NotFound):
		case err != nil:
			errs = append(errs, err)
		default:
			out = append(out, seen{p, vm})
		}
	}
	return out, errors.Join(errs...)
}

// near are the sites at which a machine of the state is expected; all of them
// when the state does not say.
func (m model) near(all []psn.Site) []psn.Site {
	var out []psn.Site
	for _, v := range []string{m.ActiveSite.ValueString(), m.Site.ValueString(), m.StandbySite.ValueString()} {
		if s := psn.Site(v); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return all
	}
	return out
}

// others are the sites of all that are not in some.
func others(all, some []psn.Site) []psn.Site {
	return slices.DeleteFunc(slices.Clone(all), func(s psn.Site) bool { return slices.Contains(some, s) })
}
