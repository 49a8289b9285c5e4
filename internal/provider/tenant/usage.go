package tenant

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// siteUsage is what the tenant's machines use at one site, in the units of
// siteQuota.
type siteUsage struct {
	Instances, VCPUs, memoryMiB, storageMiB int64
}

var usageTypes = map[string]attr.Type{
	"instances": types.Int64Type, "vcpus": types.Int64Type, "memory_gib": types.Int64Type, "storage_gib": types.Int64Type,
}

// add counts the tenant's machines, running or not: a limit counts them so.
func (u *siteUsage) add(id psn.TenantID, inv *psn.SiteInventory) {
	for _, vm := range inv.VMs {
		if vm.ID == "" || vm.ID.Tenant() != id {
			continue
		}
		u.Instances++
		u.VCPUs += vm.VCPUs
		u.memoryMiB += vm.MemoryMiB
		u.storageMiB += vm.StorageMiB
	}
}

func (u siteUsage) value() attr.Value {
	gib := func(mib int64) attr.Value { return types.Int64Value((mib + mibPerGiB - 1) / mibPerGiB) }
	return types.ObjectValueMust(usageTypes, map[string]attr.Value{
		"instances": types.Int64Value(u.Instances), "vcpus": types.Int64Value(u.VCPUs),
		"memory_gib": gib(u.memoryMiB), "storage_gib": gib(u.storageMiB),
	})
}

// uncounted is the usage that nobody has counted yet: none, and not unknown.
func uncounted(planned types.Map) types.Map {
	if planned.IsUnknown() {
		return types.MapValueMust(types.ObjectType{AttrTypes: usageTypes}, map[string]attr.Value{})
	}
	return planned
}

// firstUsage is that of a tenant just made: none, but where it stood before.
func (r *tenantResource) firstUsage(ctx context.Context, m *model, stood []string, made []psn.Site) diag.Diagnostics {
	none := map[string]attr.Value{}
	var before []psn.Site
	for _, s := range made {
		if slices.Contains(stood, string(s)) {
			before = append(before, s)
		} else {
			none[string(s)] = siteUsage{}.value()
		}
	}
	m.Usage = types.MapValueMust(types.ObjectType{AttrTypes: usageTypes}, none)
	return r.refreshUsage(ctx, m, before)
}

// refreshUsage counts what the tenant uses at each site of the state. The
// inventories are those that every resource of the site shares. A site that does
// not answer keeps what the state says.
func (r *tenantResource) refreshUsage(ctx context.Context, m *model, answered []psn.Site) diag.Diagnostics {
	var diags diag.Diagnostics
	id := psn.TenantID(m.ID.ValueString())
	counted, errs := make([]siteUsage, len(answered)), make([]error, len(answered))
	var wg sync.WaitGroup
	for i, s := range answered {
		wg.Go(func() {
			errs[i] = r.each(s, func(p *platform.Site) error {
				inv, err := p.Inventory(ctx)
				if err == nil {
					counted[i].add(id, inv)
				}
				return err
			})
		})
	}
	wg.Wait()
	now := map[string]attr.Value{}
	for _, s := range expandSites(m.Sites) {
		if was, ok := m.Usage.Elements()[string(s)]; ok {
			now[string(s)] = was
		}
	}
	for i, s := range answered {
		if errs[i] != nil {
			diags.Append(diagnose.Warn("refresh", fmt.Sprintf("the usage of %s at %s", describe(m.ID), s), errs[i]))
			continue
		}
		now[string(s)] = counted[i].value()
	}
	m.Usage = types.MapValueMust(types.ObjectType{AttrTypes: usageTypes}, now)
	return diags
}
