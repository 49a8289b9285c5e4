package placement

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/inventory"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// manyWorkloads is a configuration of so many workloads of one machine, on sites
// with room for all.
func manyWorkloads(t testing.TB, n int, class psn.Classification) model {
	t.Helper()
	var inv psn.Inventory
	for _, s := range psn.Sites() {
		inv.Sites = append(inv.Sites, psn.SiteInventory{Site: s, Platform: psn.VSphere, Clusters: []psn.Cluster{
			{Name: string(s) + "-a", Capacity: psn.Resources{VCPUs: 100_000, MemoryMiB: 1 << 28, StorageMiB: 1 << 30}},
		}})
	}
	sites, diags := types.ListValueFrom(t.Context(), inventory.SiteType, inventory.Flatten(inv))
	if diags.HasError() {
		t.Fatal(diags)
	}
	ws := map[string]types.Object{}
	for i := range n {
		ws[fmt.Sprintf("w%d", i)] = with(one(class, 1, 1), map[string]attr.Value{"anti_affinity": types.BoolValue(false)})
	}
	return configured(sites, workloads(ws))
}

// BenchmarkPlan plans workloads of one machine anew, again, and as a rebalance:
// ten times as many may take ten times as long, not a hundred times.
func BenchmarkPlan(b *testing.B) {
	for _, class := range []psn.Classification{psn.Ordinary, psn.Critical} {
		for _, n := range []int{1_000, 10_000} {
			c := manyWorkloads(b, n, class)
			first, diags := decide(b.Context(), c, nil)
			if diags.HasError() || len(first.Assignments.Elements()) != n {
				b.Fatal(diags.Errors())
			}
			moved := c
			moved.Rebalance = types.BoolValue(true)
			moved.Exclude = exclude(types.StringNull(), psn.Acilia)
			for name, run := range map[string]func(){
				"anew":      func() { decide(b.Context(), c, nil) },
				"again":     func() { decide(b.Context(), c, &first) },
				"rebalance": func() { decide(b.Context(), moved, &first) },
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", name, class, n), func(b *testing.B) {
					for b.Loop() {
						run()
					}
				})
			}
		}
	}
}
