package tenant

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// List words names for people.
var List = list

var quotaNames = []string{"instances", "vcpus", "memory_gib", "storage_gib", "volumes", "networks", "security_groups", "floating_ips"}

// SiteQuotas is a value of site_quotas; a quantity that is left out is null.
func SiteQuotas(bySite map[string]map[string]int64) types.Map {
	shape := map[string]attr.Type{}
	for _, n := range quotaNames {
		shape[n] = types.Int64Type
	}
	elems := map[string]attr.Value{}
	for site, q := range bySite {
		values := map[string]attr.Value{}
		for _, n := range quotaNames {
			values[n] = types.Int64Null()
			if v, ok := q[n]; ok {
				values[n] = types.Int64Value(v)
			}
		}
		elems[site] = types.ObjectValueMust(shape, values)
	}
	return types.MapValueMust(types.ObjectType{AttrTypes: shape}, elems)
}

// Quotas are the limits for each site.
func Quotas(ctx context.Context, now, before types.Map) (map[psn.Site]*driver.Quota, diag.Diagnostics) {
	return quotas(ctx, now, before)
}

// End ends a tenant at one place.
func End(ctx context.Context, p *platform.Site, id psn.TenantID, diags *diag.Diagnostics) error {
	return end(ctx, p, id, diags)
}

// Observed is what the limits of a site become when those stand, in words.
func Observed(t *testing.T, declared map[string]int64, limits []driver.Usage) string {
	t.Helper()
	m := SiteQuotas(map[string]map[string]int64{"acilia": declared})
	var all map[string]siteQuota
	diags := m.ElementsAs(t.Context(), &all, false)
	all["acilia"] = all["acilia"].observed(limits)
	now, more := types.MapValueFrom(t.Context(), m.ElementType(t.Context()), all)
	if diags.Append(more...); diags.HasError() {
		t.Fatal(diags)
	}
	return now.String()
}
