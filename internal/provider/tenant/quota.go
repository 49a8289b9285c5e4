package tenant

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const mibPerGiB = 1024

// siteQuota is what a tenant may use at one site. Null and -1 mean unlimited.
type siteQuota struct {
	Instances      types.Int64 `tfsdk:"instances"`
	VCPUs          types.Int64 `tfsdk:"vcpus"`
	MemoryGiB      types.Int64 `tfsdk:"memory_gib"`
	StorageGiB     types.Int64 `tfsdk:"storage_gib"`
	Volumes        types.Int64 `tfsdk:"volumes"`
	Networks       types.Int64 `tfsdk:"networks"`
	SecurityGroups types.Int64 `tfsdk:"security_groups"`
	FloatingIPs    types.Int64 `tfsdk:"floating_ips"`
}

func (q siteQuota) expand() *driver.Quota {
	return &driver.Quota{
		Instances: limit(q.Instances, 1), VCPUs: limit(q.VCPUs, 1),
		MemoryMiB: limit(q.MemoryGiB, mibPerGiB), StorageMiB: limit(q.StorageGiB, mibPerGiB),
		Volumes: limit(q.Volumes, 1), Networks: limit(q.Networks, 1),
		SecurityGroups: limit(q.SecurityGroups, 1), FloatingIPs: limit(q.FloatingIPs, 1),
	}
}

// limit is nil for no limit: null and -1 are never a number of anything.
func limit(v types.Int64, unit int64) *int64 {
	if v.IsNull() || v.IsUnknown() || v.ValueInt64() < 0 {
		return nil
	}
	n := v.ValueInt64() * unit
	return &n
}

// quotas are the limits by site. A site that had limits and has none any more
// gets no limits; one that never had any is left as it is.
func quotas(ctx context.Context, now, before types.Map) (map[psn.Site]*driver.Quota, diag.Diagnostics) {
	var given map[string]siteQuota
	diags := now.ElementsAs(ctx, &given, false)
	out := map[psn.Site]*driver.Quota{}
	for site := range before.Elements() {
		out[psn.Site(site)] = &driver.Quota{}
	}
	for site, q := range given {
		out[psn.Site(site)] = q.expand()
	}
	return out, diags
}

// bySite refuses keys that are no site of the tenant.
func bySite(name string, m types.Map, sites types.Set, diags *diag.Diagnostics) {
	if m.IsUnknown() {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m.Elements())) {
		_, err := psn.ParseSite(key)
		if err == nil && !sites.IsNull() && !sites.IsUnknown() && wholly(sites) && !slices.Contains(expandSites(sites), psn.Site(key)) {
			err = psn.Errorf(psn.InvalidInput, "%s names site %q, at which the tenant is not to be: add it to sites, or leave it out here", name, key)
		}
		if err != nil {
			diags.Append(diagnose.UnableAt(path.Root(name).AtMapKey(key), "accept", "the tenant", err))
		}
	}
}

func wholly(set types.Set) bool {
	return !slices.ContainsFunc(set.Elements(), func(v attr.Value) bool { return v.IsUnknown() })
}

// principals are the groups by site.
func principals(m types.Map) map[psn.Site]string {
	out := map[psn.Site]string{}
	for site, v := range m.Elements() {
		if s, ok := v.(types.String); ok {
			out[psn.Site(site)] = s.ValueString()
		}
	}
	return out
}

// mostNamed is how many objects a message names one by one.
const mostNamed = 20

// list words names for people.
func list(names []string) string {
	text := ""
	for i, n := range names {
		if i == mostNamed {
			return fmt.Sprintf("%s and %d more", text, len(names)-mostNamed)
		}
		if i > 0 {
			text += ", "
		}
		text += n
	}
	return text
}
