package tenant

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// remove ends the tenant at a site, on each of its platforms.
func (r *tenantResource) remove(ctx context.Context, s psn.Site, id psn.TenantID, diags *diag.Diagnostics) error {
	return r.each(s, func(p *platform.Site) error { return end(ctx, p, id, diags) })
}

// end ends the tenant at one place. What stays behind is named: in the error when
// it stands in the way, in a warning when the tenant is gone without it.
func end(ctx context.Context, p *platform.Site, id psn.TenantID, diags *diag.Diagnostics) error {
	left, unsure := p.TenantLeftovers(ctx, id) // nobody can tell afterwards
	err := p.DeleteTenant(ctx, id)
	switch {
	case psn.Is(err, psn.NotFound):
		return nil
	case err != nil:
		left = slices.DeleteFunc(left, func(name string) bool { return strings.Contains(err.Error(), name) })
		if len(left) > 0 {
			return psn.Errorf(psn.CodeOf(err), "%w; besides, the tenant still has: %s", err, list(left))
		}
		return err
	case len(left) > 0:
		diags.AddWarning(fmt.Sprintf("Tenant %q left something at %s", id, p.Where()),
			"Its containers are gone; these objects were not removed with them: "+list(left)+".\n\nWhat to do: remove them with the platform's own means, or hand them to whom they belong.")
	case unsure != nil && !psn.Is(unsure, psn.Unsupported) && !psn.Is(unsure, psn.NotFound):
		diags.Append(diagnose.Warn("tell", fmt.Sprintf("what tenant %q left at %s", id, p.Where()), unsure))
	}
	return nil
}
