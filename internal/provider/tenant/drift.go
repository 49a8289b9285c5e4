package tenant

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// refreshLimits takes over the limits that stand where the state has some, so that
// the next plan puts back those that were changed by hand. Sites without limits of
// ours are not asked, nor is one whose tenant is gone. A site that does not answer
// keeps what the state says.
func (r *tenantResource) refreshLimits(ctx context.Context, m *model, found []psn.Site) diag.Diagnostics {
	var declared map[string]siteQuota
	diags := m.SiteQuotas.ElementsAs(ctx, &declared, false)
	if len(declared) == 0 || diags.HasError() {
		return diags
	}
	for _, site := range slices.Sorted(maps.Keys(declared)) {
		if !slices.Contains(found, psn.Site(site)) {
			continue
		}
		q := declared[site]
		err := r.each(psn.Site(site), func(p *platform.Site) error {
			limits, err := p.TenantLimits(ctx, psn.TenantID(m.ID.ValueString()))
			if psn.Is(err, psn.NotFound) || psn.Is(err, psn.Unsupported) {
				return nil
			}
			q = q.observed(limits)
			return err
		})
		if err != nil {
			diags.Append(diagnose.Warn("refresh", fmt.Sprintf("the limits of %s at %s", describe(m.ID), site), err))
			continue
		}
		declared[site] = q
	}
	now, more := types.MapValueFrom(ctx, m.SiteQuotas.ElementType(ctx), declared)
	diags.Append(more...)
	if !more.HasError() {
		m.SiteQuotas = now
	}
	return diags
}

// observed is q with the limits that stand otherwise than q has them. A quantity
// that the platform does not keep stays as it is. Where a quantity is limited in
// several places each is held against q.
func (q siteQuota) observed(limits []driver.Usage) siteQuota {
	was := q
	for _, f := range []struct {
		quantity string
		unit     int64
		was      types.Int64
		is       *types.Int64
	}{
		{"instances", 1, was.Instances, &q.Instances}, {"vcpus", 1, was.VCPUs, &q.VCPUs},
		{"memory_mib", mibPerGiB, was.MemoryGiB, &q.MemoryGiB}, {"storage_mib", mibPerGiB, was.StorageGiB, &q.StorageGiB},
		{"volumes", 1, was.Volumes, &q.Volumes}, {"networks", 1, was.Networks, &q.Networks},
		{"security_groups", 1, was.SecurityGroups, &q.SecurityGroups}, {"floating_ips", 1, was.FloatingIPs, &q.FloatingIPs},
	} {
		for _, l := range limits {
			if l.Quantity != f.quantity {
				continue
			}
			if v, differs := changedLimit(f.was, l.Limit, f.unit); differs {
				*f.is = v
			}
		}
	}
	return q
}

// changedLimit is the limit that stands, in units, when it is not the one that the
// state has. No limit is -1: null would look like one that was never declared. A
// limit that is no whole number of units is told as one that differs.
func changedLimit(was types.Int64, stands *int64, unit int64) (types.Int64, bool) {
	declared := limit(was, unit)
	switch {
	case declared == nil && stands == nil, declared != nil && stands != nil && *declared == *stands:
		return was, false
	case stands == nil:
		return types.Int64Value(-1), true
	}
	v := *stands / unit
	if declared != nil && v*unit == *declared {
		v++
	}
	return types.Int64Value(v), true
}
