package placement_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestApartFromAGroup keeps a workload off the site of others that are kept
// together, whatever the two groups are called.
func TestApartFromAGroup(t *testing.T) {
	for _, together := range []string{"aa", "zz"} {
		one := func(name string) placement.Workload {
			return placement.Workload{
				Name: name, Service: psn.ServiceID("p_bs/" + name), Classification: psn.Ordinary, Instances: 2,
				PerInstance: psn.Resources{VCPUs: 1, MemoryMiB: 1024, StorageMiB: 1024},
				Near:        []psn.Site{psn.Rozzano}, // all want to be at one site
			}
		}
		req := placement.Request{
			Tenant: "p_bs", Workloads: []placement.Workload{one("app"), one("db"), one("web")},
			Groups: []placement.Group{
				{Name: together, Kind: placement.Together, Workloads: []string{"app", "db"}},
				{Name: "mm", Kind: placement.ApartSite, Workloads: []string{"db", "web"}},
			},
		}
		for _, s := range psn.Sites() {
			req.Sites = append(req.Sites, psn.SiteInventory{Site: s, Platform: psn.VSphere, Clusters: []psn.Cluster{
				{Name: "one", Capacity: psn.Resources{VCPUs: 64, MemoryMiB: 1 << 20, StorageMiB: 1 << 20}},
			}})
		}
		res, err := placement.Solve(req)
		if err != nil || res.Verdict != placement.Placed {
			t.Fatalf("%v %v %v", err, res.Verdict, res.Explanation)
		}
		core := res.Assignments["db-1"].Site
		for vm, a := range res.Assignments {
			if (a.Workload == "web") == (a.Site == core) {
				t.Errorf("group %q: %s is at %s, db at %s", together, vm, a.Site, core)
			}
		}
	}
}
