package tenant

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// refreshPrincipals takes the groups out of the state that may not work in the
// tenant any more, so that the next plan lets them again. Others that somebody let
// work there are none of it: what is declared takes nothing away. Sites for which
// no group is declared are not asked, nor is one whose tenant is gone. A site that
// does not answer, or cannot tell, keeps what the state says.
func (r *tenantResource) refreshPrincipals(ctx context.Context, m *model, found []psn.Site) diag.Diagnostics {
	var diags diag.Diagnostics
	groups, stand := principals(m.Principals), m.Principals.Elements()
	for _, site := range slices.Sorted(maps.Keys(groups)) {
		if groups[site] == "" || !slices.Contains(found, site) {
			continue
		}
		may := true
		err := r.each(site, func(p *platform.Site) error {
			has, err := p.HasPrincipal(ctx, psn.TenantID(m.ID.ValueString()), groups[site])
			if psn.Is(err, psn.Unsupported) {
				return nil
			}
			may = may && has
			return err
		})
		if err != nil {
			diags.Append(diagnose.Warn("refresh", fmt.Sprintf("who may work in %s at %s", describe(m.ID), site), err))
			continue
		}
		if !may {
			delete(stand, string(site))
		}
	}
	switch {
	case len(stand) == len(groups):
	case len(stand) == 0:
		m.Principals = types.MapNull(m.Principals.ElementType(ctx))
	default:
		m.Principals = types.MapValueMust(m.Principals.ElementType(ctx), stand)
	}
	return diags
}
