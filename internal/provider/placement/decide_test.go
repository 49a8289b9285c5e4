package placement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestAssignmentRoundTrip(t *testing.T) {
	for _, a := range []placement.Assignment{
		{
			VM: "a-1", Workload: "a", Service: "p_bs/a", Classification: psn.Strategic, Resources: psn.Resources{VCPUs: 2, MemoryMiB: 4096, StorageMiB: 10240},
			Site: psn.Acilia, Region: psn.Lazio, Platform: psn.VSphere, Cluster: "x",
			StandbySite: psn.Rozzano, StandbyRegion: psn.Lombardia, StandbyPlatform: psn.OpenStack, StandbyCluster: "y",
		},
		{VM: "b-1", Workload: "b", Service: "p_bs/b", Classification: psn.Ordinary, Site: psn.Pomezia, Region: psn.Lazio, Platform: psn.VSphere, Cluster: "z"},
	} {
		if diff := cmp.Diff(a, Expand(Flatten(a))); diff != "" {
			t.Error(diff)
		}
	}
}

var workloadTypes = map[string]attr.Type{
	"service_id": types.StringType, "classification": types.StringType, "instances": types.Int64Type,
	"vcpus": types.Int64Type, "memory_gib": types.Int64Type, "storage_gib": types.Int64Type,
	"sites": types.SetType{ElemType: types.StringType}, "regions": types.SetType{ElemType: types.StringType},
	"platforms": types.SetType{ElemType: types.StringType}, "anti_affinity": types.BoolType,
	"gpus": types.Int64Type, "storage_class": types.StringType, "mode": types.StringType, "together": types.StringType,
	"apart": types.SetType{ElemType: types.StringType}, "apart_by_site": types.SetType{ElemType: types.StringType},
	"locality": types.ObjectType{AttrTypes: localityTypes},
}

var localityTypes = map[string]attr.Type{"sites": types.SetType{ElemType: types.StringType}, "workload": types.StringType}

func one(class psn.Classification, instances, vcpus int64) types.Object {
	none := types.SetNull(types.StringType)
	return types.ObjectValueMust(workloadTypes, map[string]attr.Value{
		"service_id": types.StringValue("p_bs/" + string(class)), "classification": types.StringValue(string(class)),
		"instances": types.Int64Value(instances), "vcpus": types.Int64Value(vcpus), "memory_gib": types.Int64Value(8), "storage_gib": types.Int64Value(10),
		"sites": none, "regions": none, "platforms": none, "anti_affinity": types.BoolNull(),
		"gpus": types.Int64Null(), "storage_class": types.StringNull(), "mode": types.StringNull(), "together": types.StringNull(),
		"apart": none, "apart_by_site": none, "locality": types.ObjectNull(localityTypes),
	})
}

func workloads(ws map[string]types.Object) types.Map {
	elems := map[string]attr.Value{}
	for k, v := range ws {
		elems[k] = v
	}
	return types.MapValueMust(types.ObjectType{AttrTypes: workloadTypes}, elems)
}

// sitesWith is an inventory of the four sites with so many vCPUs each; silent
// ones did not answer.
func sitesWith(t *testing.T, vcpus int64, silent ...psn.Site) types.List {
	t.Helper()
	var inv psn.Inventory
	for _, s := range psn.Sites() {
		one := psn.SiteInventory{Site: s, Platform: psn.VSphere}
		for _, q := range silent {
			if q == s {
				one.Error = "no answer"
			}
		}
		if one.Reachable() {
			one.Clusters = []psn.Cluster{{Name: string(s) + "-a", Capacity: psn.Resources{VCPUs: vcpus, MemoryMiB: 1 << 20, StorageMiB: 1 << 24}}}
		}
		inv.Sites = append(inv.Sites, one)
	}
	l, diags := types.ListValueFrom(t.Context(), inventory.SiteType, inventory.Flatten(inv))
	if diags.HasError() {
		t.Fatal(diags)
	}
	return l
}

func configured(inv types.List, ws types.Map) model {
	return model{
		ID: types.StringValue("p_bs/default"), TenantID: types.StringValue("p_bs"), Name: types.StringValue("default"),
		Inventory: inv, Workloads: ws, Quota: types.ObjectNull(map[string]attr.Type{"vcpus": types.Int64Type, "memory_gib": types.Int64Type, "storage_gib": types.Int64Type}),
		Exclude: types.ListNull(types.StringType), Prices: types.MapNull(types.StringType), Weights: types.ObjectNull(map[string]attr.Type{}),
	}
}

func mustDecide(t *testing.T, c model, prior *model) (model, diag.Diagnostics) {
	t.Helper()
	m, diags := decide(t.Context(), c, prior)
	if diags.HasError() {
		t.Fatal(diags.Errors())
	}
	return m, diags
}

func TestDecideTwiceIsTheSame(t *testing.T) {
	ws := workloads(map[string]types.Object{"a": one(psn.Strategic, 3, 4), "b": one(psn.Ordinary, 2, 2)})
	first, _ := mustDecide(t, configured(sitesWith(t, 100), ws), nil)
	for range 20 {
		again, _ := mustDecide(t, configured(sitesWith(t, 100), ws), nil)
		if !again.Assignments.Equal(first.Assignments) || !again.Findings.Equal(first.Findings) || !again.Explanation.Equal(first.Explanation) {
			t.Fatal("the same input gave another decision")
		}
	}
	// With other figures that lead to the same decision, nothing changes at all.
	kept, _ := mustDecide(t, configured(sitesWith(t, 90), ws), &first)
	if !kept.Inventory.Equal(first.Inventory) || !kept.Headroom.Equal(first.Headroom) || !kept.Explanation.Equal(first.Explanation) {
		t.Error("a fresh reading changed the plan although the decision is the same")
	}
	grown, _ := mustDecide(t, configured(sitesWith(t, 90), workloads(map[string]types.Object{"a": one(psn.Strategic, 3, 4), "b": one(psn.Ordinary, 3, 2)})), &first)
	if grown.Inventory.Equal(first.Inventory) {
		t.Error("a new decision was not taken on the new inventory")
	}
	for key, v := range first.Assignments.Elements() {
		if !grown.Assignments.Elements()[key].Equal(v) {
			t.Errorf("%s moved", key)
		}
	}
}

// TestNoRoomLeft lets others take the room of what stands: growing fails, while
// keeping, shrinking and so destroying pass and say so in verdict and findings.
func TestNoRoomLeft(t *testing.T) {
	two := workloads(map[string]types.Object{"a": one(psn.Critical, 2, 10)})
	first, _ := mustDecide(t, configured(sitesWith(t, 100), two), nil)
	tight := sitesWith(t, 4)
	kept, diags := mustDecide(t, configured(tight, two), &first)
	if kept.Verdict.ValueString() == "placed" || len(kept.Findings.Elements()) == 0 || diags.WarningsCount() == 0 {
		t.Errorf("verdict %s, %d findings, %d warnings: the loss of room is not told", kept.Verdict, len(kept.Findings.Elements()), diags.WarningsCount())
	}
	if !kept.Assignments.Equal(first.Assignments) {
		t.Error("machines that stand lost their place")
	}
	if again, _ := mustDecide(t, configured(tight, two), &kept); !again.Findings.Equal(kept.Findings) || !again.Inventory.Equal(kept.Inventory) {
		t.Error("the next plan is not empty")
	}
	shrunk, _ := mustDecide(t, configured(tight, workloads(map[string]types.Object{"a": one(psn.Critical, 1, 10)})), &first)
	if n := len(shrunk.Assignments.Elements()); n != 1 {
		t.Errorf("%d machines after shrinking to 1", n)
	}
	_, diags = decide(t.Context(), configured(tight, workloads(map[string]types.Object{"a": one(psn.Critical, 3, 10)})), &first)
	if !diags.HasError() {
		t.Error("growth without room was accepted")
	}
}

func TestDecideSilentSite(t *testing.T) {
	strategic := workloads(map[string]types.Object{"a": one(psn.Strategic, 1, 4)})
	if _, diags := decide(t.Context(), configured(sitesWith(t, 100, psn.Rozzano), strategic), nil); !diags.HasError() {
		t.Error("a strategic workload was placed without reading every site")
	}
	first, _ := mustDecide(t, configured(sitesWith(t, 100), strategic), nil)
	kept, diags := mustDecide(t, configured(sitesWith(t, 100, psn.Rozzano), strategic), &first)
	if !kept.Verdict.Equal(first.Verdict) || !kept.Findings.Equal(first.Findings) || diags.WarningsCount() == 0 {
		t.Errorf("what stands is not kept with a warning: %s", kept.Verdict)
	}
}

func TestDecideRefuses(t *testing.T) {
	quota := func(m *model) {
		m.Quota = types.ObjectValueMust(m.Quota.AttributeTypes(t.Context()), map[string]attr.Value{
			"vcpus": types.Int64Value(10), "memory_gib": types.Int64Value(-1), "storage_gib": types.Int64Null(),
		})
	}
	for name, tc := range map[string]struct {
		ws   map[string]types.Object
		edit func(*model)
		want string
	}{
		"quota":         {map[string]types.Object{"a": one(psn.Ordinary, 3, 4)}, quota, "the tenant would use 12 vCPU, its limit is 10 vCPU"},
		"workload name": {map[string]types.Object{"Uno Due": one(psn.Ordinary, 1, 1)}, nil, "not a valid name"},
		"too large":     {map[string]types.Object{"a": one(psn.Ordinary, 1, 500)}, nil, "PLC-008"},
		"other tenant":  {map[string]types.Object{"a": one(psn.Ordinary, 1, 1)}, func(m *model) { m.TenantID = types.StringValue("p_mi") }, "p_mi"},
	} {
		t.Run(name, func(t *testing.T) {
			c := configured(sitesWith(t, 100), workloads(tc.ws))
			if tc.edit != nil {
				tc.edit(&c)
			}
			_, diags := decide(t.Context(), c, nil)
			if text := fmt.Sprint(diags.Errors()); !strings.Contains(text, tc.want) {
				t.Errorf("got %s, want %q", text, tc.want)
			}
		})
	}
}

func TestStanding(t *testing.T) {
	inv := psn.Inventory{Sites: []psn.SiteInventory{
		{Site: psn.Acilia, Platform: psn.VSphere, VMs: []psn.VM{
			{ID: "p_bs/db-1", Service: "p_bs/db", Classification: psn.Critical, Role: psn.RoleActive, Cluster: "a", VCPUs: 2, MemoryMiB: 4096, StorageMiB: 10240},
			{ID: "p_mi/db-1", Role: psn.RoleActive, Cluster: "a"},
			{ID: "p_bs/solo", Role: psn.RoleActive, Cluster: "a"},
			{Name: "someone"},
		}},
		{Site: psn.Rozzano, Platform: psn.VSphere, VMs: []psn.VM{
			{ID: "p_bs/db-1", Service: "p_bs/db", Classification: psn.Critical, Role: psn.RoleStandby, Cluster: "r"},
			{ID: "p_bs/db-2", Role: psn.RoleStandby, Cluster: "r"},
		}},
	}}
	want := map[string]placement.Assignment{"db-1": {
		VM: "db-1", Workload: "db", Service: "p_bs/db", Classification: psn.Critical, Resources: psn.Resources{VCPUs: 2, MemoryMiB: 4096, StorageMiB: 10240},
		Site: psn.Acilia, Region: psn.Lazio, Platform: psn.VSphere, Cluster: "a",
		StandbySite: psn.Rozzano, StandbyRegion: psn.Lombardia, StandbyPlatform: psn.VSphere, StandbyCluster: "r",
	}}
	if diff := cmp.Diff(want, Standing(inv, "p_bs")); diff != "" {
		t.Error(diff)
	}
}
