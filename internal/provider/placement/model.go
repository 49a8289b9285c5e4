package placement

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type model struct {
	ID                 types.String `tfsdk:"id"`
	TenantID           types.String `tfsdk:"tenant_id"`
	Name               types.String `tfsdk:"name"`
	Inventory          types.List   `tfsdk:"inventory"`
	Workloads          types.Map    `tfsdk:"workloads"`
	Quota              types.Object `tfsdk:"quota"`
	Rebalance          types.Bool   `tfsdk:"rebalance"`
	AllowUnknownAtPlan types.Bool   `tfsdk:"allow_unknown_at_plan"`
	Derogations        types.List   `tfsdk:"derogations"`
	AsOf               types.String `tfsdk:"as_of"`
	Exclude            types.List   `tfsdk:"exclude"`
	SurviveRegion      types.Bool   `tfsdk:"survive_region"`
	DRReserve          types.Int64  `tfsdk:"dr_reserve"`
	Prices             types.Map    `tfsdk:"prices"`
	Weights            types.Object `tfsdk:"weights"`
	Assignments        types.Map    `tfsdk:"assignments"`
	Moves              types.List   `tfsdk:"moves"`
	Verdict            types.String `tfsdk:"verdict"`
	Findings           types.List   `tfsdk:"findings"`
	Explanation        types.List   `tfsdk:"explanation"`
	Headroom           types.List   `tfsdk:"headroom"`
	PolicyDigest       types.String `tfsdk:"policy_digest"`
}

type workload struct {
	ServiceID      types.String
	Classification types.String
	Instances      types.Int64
	VCPUs          types.Int64
	MemoryGiB      types.Int64
	StorageGiB     types.Int64
	Sites          types.Set
	Regions        types.Set
	Platforms      types.Set
	AntiAffinity   types.Bool
	GPUs           types.Int64
	StorageClass   types.String
	Mode           types.String
	Together       types.String
	Apart          types.Set
	ApartBySite    types.Set
	Locality       types.Object
}

type identity struct {
	TenantID types.String `tfsdk:"tenant_id"`
	Name     types.String `tfsdk:"name"`
}

// known reports whether nothing of the workload is unknown.
func (w workload) known(ctx context.Context) bool {
	for _, v := range []attr.Value{
		w.ServiceID, w.Classification, w.Instances, w.VCPUs, w.MemoryGiB, w.StorageGiB, w.AntiAffinity, w.Sites, w.Regions, w.Platforms,
		w.GPUs, w.StorageClass, w.Mode, w.Together, w.Apart, w.ApartBySite, w.Locality,
	} {
		if !settled(ctx, v) {
			return false
		}
	}
	return true
}

// expandWorkloads returns the workloads that are objects; complete is false when
// the map itself or one of them is unknown.
func expandWorkloads(m types.Map) (ws map[string]workload, complete bool) {
	if m.IsUnknown() {
		return nil, false
	}
	ws, complete = map[string]workload{}, true
	for name, v := range m.Elements() {
		o, ok := v.(types.Object)
		if !ok || o.IsUnknown() || o.IsNull() {
			complete = false
			continue
		}
		ws[name] = workloadFrom(o.Attributes())
	}
	return ws, complete
}

// workloadFrom reads a workload without reflection: there may be ten thousand,
// read several times in a plan.
func workloadFrom(attrs map[string]attr.Value) workload {
	return workload{
		ServiceID:      valueOf[types.String](attrs, "service_id"),
		Classification: valueOf[types.String](attrs, "classification"),
		Instances:      valueOf[types.Int64](attrs, "instances"),
		VCPUs:          valueOf[types.Int64](attrs, "vcpus"),
		MemoryGiB:      valueOf[types.Int64](attrs, "memory_gib"),
		StorageGiB:     valueOf[types.Int64](attrs, "storage_gib"),
		Sites:          valueOf[types.Set](attrs, "sites"),
		Regions:        valueOf[types.Set](attrs, "regions"),
		Platforms:      valueOf[types.Set](attrs, "platforms"),
		AntiAffinity:   valueOf[types.Bool](attrs, "anti_affinity"),
		GPUs:           valueOf[types.Int64](attrs, "gpus"),
		StorageClass:   valueOf[types.String](attrs, "storage_class"),
		Mode:           valueOf[types.String](attrs, "mode"),
		Together:       valueOf[types.String](attrs, "together"),
		Apart:          valueOf[types.Set](attrs, "apart"),
		ApartBySite:    valueOf[types.Set](attrs, "apart_by_site"),
		Locality:       valueOf[types.Object](attrs, "locality"),
	}
}

// valueOf is the value of an attribute, null when there is none of that type.
func valueOf[T attr.Value](attrs map[string]attr.Value, name string) T {
	v, _ := attrs[name].(T)
	return v
}

// request builds the solver's request from what is known. follows tells the
// workload that another wants to be near.
func request(ctx context.Context, m model, ws map[string]workload, sites []psn.SiteInventory, current map[string]placement.Assignment) (req placement.Request, follows map[string]string, diags diag.Diagnostics) {
	req = placement.Request{
		Tenant: psn.TenantID(m.TenantID.ValueString()), Sites: sites, Current: current, Rebalance: m.Rebalance.ValueBool(),
		Groups: groupsOf(ws), Quota: quotaOf(m.Quota), SurviveRegion: m.SurviveRegion.ValueBool(), DRReserve: m.DRReserve.ValueInt64Pointer(), Weights: weightsOf(m.Weights, m.Rebalance.ValueBool()),
	}
	var more diag.Diagnostics
	req.Excluded, more = excluded(ctx, m)
	diags.Append(more...)
	req.Facts, more = facts(ctx, m, sites)
	diags.Append(more...)
	follows = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(ws)) {
		w := ws[name]
		asked := placement.Workload{
			Name:           name,
			Service:        psn.ServiceID(w.ServiceID.ValueString()),
			Classification: psn.Classification(w.Classification.ValueString()),
			Instances:      w.Instances.ValueInt64(),
			PerInstance: psn.Resources{
				VCPUs: w.VCPUs.ValueInt64(), MemoryMiB: w.MemoryGiB.ValueInt64() * mibPerGiB, StorageMiB: w.StorageGiB.ValueInt64() * mibPerGiB,
			},
			Sites:        words[psn.Site](w.Sites),
			Platforms:    words[psn.Platform](w.Platforms),
			Regions:      words[psn.Region](w.Regions),
			AntiAffinity: w.AntiAffinity.ValueBool(),
		}
		near, more := w.wants(ctx, &asked)
		if diags.Append(more...); near != "" {
			follows[name] = near
		}
		req.Workloads = append(req.Workloads, asked)
	}
	diags.Append(checkWishes(ws, follows)...)
	return req, follows, diags
}

// words returns the set's strings, sorted.
func words[T ~string](s types.Set) []T {
	var out []T
	for _, e := range s.Elements() {
		if v, ok := e.(types.String); ok && !v.IsNull() && !v.IsUnknown() {
			out = append(out, T(v.ValueString()))
		}
	}
	slices.Sort(out)
	return out
}

// current reads the assignments of the prior state.
func current(m types.Map) map[string]placement.Assignment {
	out := map[string]placement.Assignment{}
	for key, v := range m.Elements() {
		if o, ok := v.(types.Object); ok && !o.IsNull() && !o.IsUnknown() {
			out[key] = Expand(o)
		}
	}
	return out
}

// flattenAssignments returns the map of assignments; aside holds the rules set
// aside for some of the machines.
func flattenAssignments(as map[string]placement.Assignment, aside map[string]string) types.Map {
	elems := make(map[string]attr.Value, len(as))
	for key, a := range as {
		attrs := Flatten(a).Attributes()
		attrs["derogated"] = optional(aside[key])
		elems[key] = types.ObjectValueMust(AssignmentType().AttrTypes, attrs)
	}
	return types.MapValueMust(AssignmentType(), elems)
}

// foretold is the map of assignments when the machines are known but not their
// places: known keys, and in each object what does not depend on the solver.
func foretold(ws map[string]workload) types.Map {
	t := AssignmentType()
	elems := map[string]attr.Value{}
	for name, w := range ws {
		for n := int64(1); n <= w.Instances.ValueInt64(); n++ {
			key := fmt.Sprintf("%s-%d", name, n)
			attrs := map[string]attr.Value{}
			for _, f := range Fields() {
				if f.Type == types.Int64Type {
					attrs[f.Name] = types.Int64Unknown()
				} else {
					attrs[f.Name] = types.StringUnknown()
				}
			}
			attrs["vm"] = types.StringValue(key)
			attrs["workload"] = types.StringValue(name)
			attrs["service_id"] = w.ServiceID
			attrs["classification"] = w.Classification
			attrs["vcpus"] = w.VCPUs
			attrs["memory_gib"] = w.MemoryGiB
			attrs["storage_gib"] = w.StorageGiB
			elems[key] = types.ObjectValueMust(t.AttrTypes, attrs)
		}
	}
	return types.MapValueMust(t, elems)
}

var headroomType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"site": types.StringType, "platform": types.StringType, "cluster": types.StringType, "lost_site": types.StringType, "lost_region": types.StringType,
	"vcpus": types.Int64Type, "memory_mib": types.Int64Type, "storage_mib": types.Int64Type,
}}

func flattenHeadroom(hs []placement.Headroom) types.List {
	elems := make([]attr.Value, len(hs))
	for i, h := range hs {
		elems[i] = types.ObjectValueMust(headroomType.AttrTypes, map[string]attr.Value{
			"site":        types.StringValue(string(h.Site)),
			"platform":    types.StringValue(string(h.Platform)),
			"cluster":     types.StringValue(h.Cluster),
			"lost_site":   optional(string(h.Lost)),
			"lost_region": optional(string(h.LostRegion)),
			"vcpus":       types.Int64Value(h.Free.VCPUs),
			"memory_mib":  types.Int64Value(h.Free.MemoryMiB),
			"storage_mib": types.Int64Value(h.Free.StorageMiB),
		})
	}
	return types.ListValueMust(headroomType, elems)
}

func flattenLines(lines []string) types.List {
	elems := make([]attr.Value, len(lines))
	for i, l := range lines {
		elems[i] = types.StringValue(l)
	}
	return types.ListValueMust(types.StringType, elems)
}

// expandInventory reads the inventory; known is false when any part is unknown.
func expandInventory(ctx context.Context, l types.List) (sites []psn.SiteInventory, known bool, diags diag.Diagnostics) {
	v, err := l.ToTerraformValue(ctx)
	if err != nil {
		diags.AddError("Unable to read the inventory given", err.Error())
		return nil, false, diags
	}
	if !v.IsFullyKnown() {
		return nil, false, nil
	}
	sites, diags = inventory.Expand(ctx, l)
	return sites, true, diags
}
