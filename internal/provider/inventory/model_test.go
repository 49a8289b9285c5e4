package inventory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestRoundTrip(t *testing.T) {
	want := []psn.SiteInventory{
		{Site: psn.Acilia, Platform: psn.VSphere, Clusters: []psn.Cluster{{
			Name: "a", Capacity: psn.Resources{VCPUs: 10, MemoryMiB: 12345, StorageMiB: 1},
			Commitments: []psn.Commitment{
				{Resources: psn.Resources{VCPUs: 1}},
				{Tenant: "p_bs", Service: "p_bs/x", ForSite: psn.Rozzano, Resources: psn.Resources{MemoryMiB: 7}},
			},
		}}},
		{Site: psn.Pomezia, Platform: psn.OpenStack, Error: "no answer"},
	}
	l, diags := types.ListValueFrom(t.Context(), inventory.SiteType, inventory.Flatten(psn.Inventory{Sites: want}))
	if diags.HasError() {
		t.Fatal(diags)
	}
	got, diags := inventory.Expand(t.Context(), l)
	if diags.HasError() {
		t.Fatal(diags)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestExpandRefuses(t *testing.T) {
	for name, bad := range map[string]psn.SiteInventory{
		"site":     {Site: "torino", Platform: psn.VSphere},
		"platform": {Site: psn.Acilia, Platform: "xen"},
		"capacity": {Site: psn.Acilia, Platform: psn.VSphere, Clusters: []psn.Cluster{{Name: "a", Capacity: psn.Resources{VCPUs: -1}}}},
	} {
		l, diags := types.ListValueFrom(t.Context(), inventory.SiteType, inventory.Flatten(psn.Inventory{Sites: []psn.SiteInventory{bad}}))
		if diags.HasError() {
			t.Fatal(diags)
		}
		if _, diags := inventory.Expand(t.Context(), l); !diags.HasError() {
			t.Errorf("%s accepted", name)
		}
	}
}

func TestExpandNamed(t *testing.T) {
	models := inventory.Flatten(psn.Inventory{Sites: []psn.SiteInventory{{Site: psn.Acilia, Platform: psn.OpenStack, Clusters: []psn.Cluster{{Name: "a"}, {Name: "b"}}}}})
	models[0].Clusters[0].GPUs = types.Int64Value(4)
	models[0].Clusters[0].Classes = types.MapValueMust(types.Int64Type, map[string]attr.Value{"ssd": types.Int64Value(7), "tape": types.Int64Null()})
	l, diags := types.ListValueFrom(t.Context(), inventory.SiteType, models)
	if diags.HasError() {
		t.Fatal(diags)
	}
	got, diags := inventory.ExpandNamed(t.Context(), l)
	if diags.HasError() {
		t.Fatal(diags)
	}
	want := []inventory.Named{
		{Site: psn.Acilia, Platform: psn.OpenStack, Cluster: "a", GPUs: 4, StorageClasses: map[string]int64{"ssd": 7}},
		{Site: psn.Acilia, Platform: psn.OpenStack, Cluster: "b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
