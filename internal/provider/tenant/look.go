package tenant

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// looked is what a site tells of a tenant.
type looked struct {
	site  psn.Site
	some  bool     // it stands on a platform of the site
	whole bool     // it stands on every platform of the site
	names []string // that people see there, of the platforms that keep one
	err   error    // then nothing is known
}

// look asks the sites for the tenant, all at the same time.
func (r *tenantResource) look(ctx context.Context, sites []psn.Site, id psn.TenantID) []looked {
	out := make([]looked, len(sites))
	var wg sync.WaitGroup
	for i, s := range sites {
		wg.Go(func() {
			l := looked{site: s, whole: true}
			l.err = r.each(s, func(p *platform.Site) error {
				t, err := p.FindTenant(ctx, id)
				switch {
				case psn.Is(err, psn.NotFound):
					l.whole = false
					return nil
				case err != nil:
					return err
				}
				l.some = true
				if t.Name != "" {
					l.names = append(l.names, t.Name)
				}
				return nil
			})
			l.whole = l.whole && l.err == nil
			out[i] = l
		})
	}
	wg.Wait()
	return out
}

// renamed is the name that people see, when it is another at a platform.
func (l looked) renamed(was types.String) types.String {
	for _, n := range l.names {
		if n != was.ValueString() {
			return types.StringValue(n)
		}
	}
	return was
}

// standing names the sites at which the tenant stands. One that does not answer
// is left out: making the tenant there will tell.
func (r *tenantResource) standing(ctx context.Context, sites []psn.Site, id psn.TenantID) []string {
	var out []string
	for _, l := range r.look(ctx, sites, id) {
		if l.some {
			out = append(out, string(l.site))
		}
	}
	return out
}
