package placement

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// exclusion is one entry of "exclude".
type exclusion struct {
	Site     types.String `tfsdk:"site"`
	Platform types.String `tfsdk:"platform"`
	Cluster  types.String `tfsdk:"cluster"`
	Reason   types.String `tfsdk:"reason"`
	Until    types.String `tfsdk:"until"`
}

// excluded returns the exclusions that hold on the day of the configuration.
func excluded(ctx context.Context, m model) ([]placement.Exclusion, diag.Diagnostics) {
	if m.Exclude.IsNull() {
		return nil, nil
	}
	var list []exclusion
	diags := m.Exclude.ElementsAs(ctx, &list, false)
	var out []placement.Exclusion
	for i, x := range list {
		where := path.Root("exclude").AtListIndex(i)
		if !x.Cluster.IsNull() && x.Platform.IsNull() {
			diags.Append(diagnose.UnableAt(where.AtName("platform"), "exclude", fmt.Sprintf("cluster %q", x.Cluster.ValueString()),
				psn.Errorf(psn.InvalidInput, "platform is not given: clusters of two platforms may bear one name; name the platform")))
		}
		if until := x.Until.ValueString(); until != "" {
			last, errUntil := time.Parse(time.DateOnly, until)
			day, err := time.Parse(time.DateOnly, m.AsOf.ValueString())
			if errUntil != nil || err != nil {
				diags.Append(diagnose.UnableAt(where.AtName("until"), "exclude", x.Site.ValueString(),
					psn.Errorf(psn.InvalidInput, "until is %q and as_of %q: whether the day has passed is judged on as_of, because a plan reads no clock; set as_of to a date, for example formatdate(\"YYYY-MM-DD\", plantimestamp())", until, m.AsOf.ValueString())))
				continue
			}
			if day.After(last) {
				continue
			}
		}
		out = append(out, placement.Exclusion{
			Site: psn.Site(x.Site.ValueString()), Platform: psn.Platform(x.Platform.ValueString()),
			Cluster: x.Cluster.ValueString(), Reason: x.Reason.ValueString(),
		})
	}
	return out, diags
}

// price is one entry of "prices".
type price struct {
	VCPU       types.Int64 `tfsdk:"per_vcpu"`
	MemoryGiB  types.Int64 `tfsdk:"per_memory_gib"`
	StorageGiB types.Int64 `tfsdk:"per_storage_gib"`
	GPU        types.Int64 `tfsdk:"per_gpu"`
}

// facts are what clusters have beside what the inventory counts, and what they
// cost. A cluster has the price of its own key, else that of its platform at the
// site, else that of the site.
func facts(ctx context.Context, m model, sites []psn.SiteInventory) ([]placement.ClusterFacts, diag.Diagnostics) {
	named, diags := inventory.ExpandNamed(ctx, m.Inventory)
	prices := map[string]price{}
	if !m.Prices.IsNull() {
		diags.Append(m.Prices.ElementsAs(ctx, &prices, false)...)
	}
	used := map[string]bool{}
	var out []placement.ClusterFacts
	for _, n := range named {
		f := placement.ClusterFacts{Site: n.Site, Platform: n.Platform, Cluster: n.Cluster, GPUs: n.GPUs, StorageClasses: n.StorageClasses}
		for _, key := range []string{string(n.Site), string(n.Site) + "/" + string(n.Platform), string(n.Site) + "/" + string(n.Platform) + "/" + n.Cluster} {
			p, ok := prices[key]
			if !ok {
				continue
			}
			used[key] = true
			f.Price = placement.Price{PerVCPU: p.VCPU.ValueInt64(), PerMemoryGiB: p.MemoryGiB.ValueInt64(), PerStorageGiB: p.StorageGiB.ValueInt64(), PerGPU: p.GPU.ValueInt64()}
		}
		if f.GPUs != 0 || f.StorageClasses != nil || f.Price != (placement.Price{}) {
			out = append(out, f)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(prices)) {
		if !used[key] && len(silent(sites)) == 0 { // a site that did not answer names no clusters
			diags.Append(diagnose.UnableAt(path.Root("prices").AtMapKey(key), "price", fmt.Sprintf("%q", key),
				psn.Errorf(psn.InvalidInput, "the inventory has nothing of that name: name a site, site/platform or site/platform/cluster that it has")))
		}
	}
	return out, diags
}

// allowance is a quota, in total or at a site.
type allowance struct {
	VCPUs      types.Int64
	MemoryGiB  types.Int64
	StorageGiB types.Int64
}

func allowanceOf(o types.Object) allowance {
	number := func(name string) types.Int64 {
		n, ok := o.Attributes()[name].(types.Int64)
		if !ok {
			return types.Int64Null()
		}
		return n
	}
	return allowance{number("vcpus"), number("memory_gib"), number("storage_gib")}
}

func (a allowance) limits() placement.Limits {
	amount := func(v types.Int64, unit int64) *int64 {
		if v.IsNull() || v.ValueInt64() < 0 || v.ValueInt64() > math.MaxInt64/unit {
			return nil
		}
		n := v.ValueInt64() * unit
		return &n
	}
	return placement.Limits{VCPUs: amount(a.VCPUs, 1), MemoryMiB: amount(a.MemoryGiB, mibPerGiB), StorageMiB: amount(a.StorageGiB, mibPerGiB)}
}

// quotaOf is the quota of a known object, nil when there is none.
func quotaOf(o types.Object) *placement.Quota {
	if o.IsNull() || o.IsUnknown() {
		return nil
	}
	q := &placement.Quota{Total: allowanceOf(o).limits()}
	if sites, ok := o.Attributes()["sites"].(types.Map); ok {
		for site, v := range sites.Elements() {
			if limits, ok := v.(types.Object); ok && !limits.IsNull() {
				if q.Sites == nil {
					q.Sites = map[psn.Site]placement.Limits{}
				}
				q.Sites[psn.Site(site)] = allowanceOf(limits).limits()
			}
		}
	}
	return q
}

// overdrawn are the limits that what stands exceeds although the decision was
// taken: a quota keeps machines out and drives none away.
func overdrawn(tenant psn.TenantID, uses []placement.QuotaUse) []psn.Finding {
	rule, _ := policy.RuleOf("PLC-008")
	var out []psn.Finding
	for _, q := range uses {
		if q.Used <= q.Limit {
			continue
		}
		name, amount := inUnits(q.Resource)
		over := amount(q.Used - q.Limit)
		where, remedy := "in total", fmt.Sprintf("have the quota raised by %s, or ask for that much less", over)
		if q.Site != "" {
			where = "at " + string(q.Site)
			remedy = fmt.Sprintf("have the quota there raised by %s, ask for less, or move machines away: exclude the site, or leave it out of the sites of a workload", over)
		}
		out = append(out, psn.Finding{
			Rule: rule.ID, Severity: psn.SeverityWarning, Outcome: psn.Failed, Subject: string(tenant),
			Message: fmt.Sprintf("quota of %s exceeded %s by %s: what stands uses %s, the limit is %s", name, where, over, amount(q.Used), amount(q.Limit)),
			Remedy:  remedy, Basis: rule.Basis, Citation: rule.Citation,
		})
	}
	return out
}

// inUnits names a resource of a quota and says how to write an amount of it.
func inUnits(resource string) (name string, amount func(int64) string) {
	switch resource {
	case "memory_mib":
		name = "RAM"
	case "storage_mib":
		name = "storage"
	default:
		return "vCPU", func(n int64) string { return fmt.Sprintf("%d vCPU", n) }
	}
	return name, func(n int64) string {
		if n%mibPerGiB == 0 {
			return fmt.Sprintf("%d GiB", n/mibPerGiB)
		}
		return fmt.Sprintf("%d MiB", n)
	}
}

// weightsOf are the weights of a known object on top of the default ones, nil
// when there are none.
func weightsOf(o types.Object, rebalance bool) *placement.Weights {
	if o.IsNull() {
		return nil
	}
	w := placement.DefaultWeights(rebalance)
	for name, into := range map[string]*int64{
		"move": &w.Move, "move_per_gib": &w.MovePerGiB, "same_region": &w.SameRegion,
		"other_platform": &w.OtherPlatform, "off_locality": &w.OffLocality, "balance": &w.Balance,
	} {
		if n, ok := o.Attributes()[name].(types.Int64); ok && !n.IsNull() {
			*into = n.ValueInt64()
		}
	}
	return &w
}

// tightened reports whether the configuration forbids places that the prior one
// did not, or asks for more to be kept. Why and how long a place is excluded forbids nothing.
func tightened(now, prior model) bool {
	if now.SurviveRegion.ValueBool() && !prior.SurviveRegion.ValueBool() {
		return true
	}
	if reserveOf(now) > reserveOf(prior) {
		return true
	}
	place := func(x attr.Value) end {
		o, _ := x.(types.Object)
		text := func(name string) string {
			s, _ := o.Attributes()[name].(types.String)
			return s.ValueString()
		}
		return end{psn.Site(text("site")), psn.Platform(text("platform")), text("cluster")}
	}
	return slices.ContainsFunc(now.Exclude.Elements(), func(x attr.Value) bool {
		return !slices.ContainsFunc(prior.Exclude.Elements(), func(was attr.Value) bool { return place(was) == place(x) })
	})
}

// reserveOf is the percentage of what standbys take over that is kept.
func reserveOf(m model) int64 {
	if m.DRReserve.IsNull() {
		return 100
	}
	return m.DRReserve.ValueInt64()
}

// settled reports whether nothing of a value is unknown.
func settled(ctx context.Context, v attr.Value) bool {
	if v.IsNull() || v.IsUnknown() {
		return !v.IsUnknown()
	}
	t, err := v.ToTerraformValue(ctx)
	return err == nil && t.IsFullyKnown()
}
