// Package providerdata is what the provider hands to its resources and data
// sources: the sites it may speak to and nothing else. It holds no rules.
package providerdata

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/classes"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Data is the concrete value resources receive. A Data without a fleet stands
// for a provider that has no configuration, or whose configuration is not known
// yet, as may happen in a plan.
type Data struct {
	fleet  *connect.Fleet
	absent error
	claims sync.Map // owner by "kind id"

	classes classes.Registry

	mu       sync.Mutex
	clusters map[*platform.Site][]psn.Cluster
}

// New returns the data for a configured provider; fleet is nil while the
// configuration is unknown.
func New(fleet *connect.Fleet) *Data { return &Data{fleet: fleet} }

// Without returns the data for a provider that has no configuration: what needs
// a site fails with why, what needs none works.
func Without(why error) *Data { return &Data{absent: why} }

// From takes the data out of what the framework passes to Configure: nil before
// the provider is configured, which is not an error.
func From(v any, diags *diag.Diagnostics) *Data {
	if v == nil {
		return nil
	}
	d, ok := v.(*Data)
	if !ok {
		diags.AddError("Unable to configure the object", fmt.Sprintf("The provider handed over a %T. This is a defect of the provider: report it.", v))
		return nil
	}
	return d
}

// Known reports whether the configuration, or that there is none, is known.
func (d *Data) Known() bool { return d != nil && (d.fleet != nil || d.absent != nil) }

// Fleet returns the configured sites, or an error that says why there are none.
func (d *Data) Fleet() (*connect.Fleet, error) {
	if d != nil && d.absent != nil {
		return nil, d.absent
	}
	if d == nil || d.fleet == nil {
		return nil, psn.Errorf(psn.InvalidInput, "the provider's config_file is not known yet: give it a value that does not depend on other resources")
	}
	return d.fleet, nil
}

// Site returns one site on one platform. No request is made.
func (d *Data) Site(s psn.Site, p psn.Platform) (*platform.Site, error) {
	f, err := d.Fleet()
	if err != nil {
		return nil, err
	}
	return f.Site(s, p)
}

// Inventory reads every configured site and platform at once; those that did not
// answer carry their error.
func (d *Data) Inventory(ctx context.Context) (psn.Inventory, error) {
	inv, _, err := d.Survey(ctx)
	return inv, err
}

// Survey is Inventory with the error of each site beside it, nil for those that
// answered, so that a mistake can be told from a site that is down.
func (d *Data) Survey(ctx context.Context) (psn.Inventory, []error, error) {
	names, err := d.Sites()
	if err != nil {
		return psn.Inventory{}, nil, err
	}
	var all []*platform.Site
	for _, s := range names {
		at, err := d.At(s)
		if err != nil {
			return psn.Inventory{}, nil, err
		}
		all = append(all, at...)
	}
	inv, errs := psn.Inventory{Sites: make([]psn.SiteInventory, len(all))}, make([]error, len(all))
	var wg sync.WaitGroup
	for i, at := range all {
		wg.Go(func() {
			one, err := at.Inventory(ctx)
			if err != nil {
				errs[i] = err
				inv.Sites[i] = psn.SiteInventory{Site: at.ID(), Platform: at.Platform(), Error: err.Error()}
				return
			}
			inv.Sites[i] = *one
		})
	}
	wg.Wait()
	return inv, errs, nil
}

// At returns the site on each of its configured platforms.
func (d *Data) At(s psn.Site) ([]*platform.Site, error) {
	f, err := d.Fleet()
	if err != nil {
		return nil, err
	}
	var out []*platform.Site
	for _, p := range psn.Platforms() {
		site, err := f.Site(s, p)
		if psn.Is(err, psn.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, site)
	}
	if len(out) == 0 {
		return nil, psn.Errorf(psn.NotFound, "site %q is not in the provider's configuration file: add it there, or leave it out here", s)
	}
	return out, nil
}

// Sites lists the configured sites in canonical order.
func (d *Data) Sites() ([]psn.Site, error) {
	f, err := d.Fleet()
	if err != nil {
		return nil, err
	}
	return f.SiteNames(), nil
}

// Classes is what was seen in this run of the classes of services; nil before the
// provider is configured.
func (d *Data) Classes() *classes.Registry {
	if d == nil {
		return nil
	}
	return &d.classes
}

// Clusters returns the clusters of a site with their capacity, read once in a
// run. What stands on them is as it was then.
func (d *Data) Clusters(ctx context.Context, at *platform.Site) ([]psn.Cluster, error) {
	d.mu.Lock()
	known, ok := d.clusters[at]
	d.mu.Unlock()
	if ok {
		return known, nil
	}
	inv, err := at.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.clusters == nil {
		d.clusters = map[*platform.Site][]psn.Cluster{}
	}
	d.clusters[at] = inv.Clusters
	return inv.Clusters, nil
}

// Claim notes that a resource is about to make the object of that kind and id in
// this run. It fails when another one has said so before: two resources of one
// id would otherwise fight over one object.
func (d *Data) Claim(kind, id string) error {
	if d == nil {
		return nil // validation without a provider
	}
	if _, twice := d.claims.LoadOrStore(kind+" "+id, ""); twice {
		return psn.Errorf(psn.InvalidInput, "two resources declare %s %q: give one of them another name", kind, id)
	}
	return nil
}

// ClaimFor is Claim on behalf of an owner, who may repeat it.
func (d *Data) ClaimFor(owner, kind, id string) error {
	if d == nil {
		return nil
	}
	if by, twice := d.claims.LoadOrStore(kind+" "+id, owner); twice && by != owner {
		return psn.Errorf(psn.InvalidInput, "%s and %s both declare %s %q: give it another name in one of them", by, owner, kind, id)
	}
	return nil
}
