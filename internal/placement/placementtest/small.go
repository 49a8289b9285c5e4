package placementtest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Small returns a request of some 10 to 25 machines, new, without prices, on
// two like clusters at each site: balance and wishes alone decide, and what is
// placed first decides where the rest goes. The same seed gives the same request.
func Small(seed uint64) placement.Request {
	r := rand.New(rand.NewPCG(seed, 25)) //nolint:gosec // the same for the same seed
	pick := func(vs ...int64) int64 { return vs[r.IntN(len(vs))] }
	req := placement.Request{Tenant: Tenant}
	for i := range 6 + r.IntN(4) {
		req.Workloads = append(req.Workloads, placement.Workload{
			Name: fmt.Sprintf("w%d", i), Service: "p_bs/s", Classification: psn.Classifications()[r.IntN(3)],
			Instances: 1 + r.Int64N(3), PerInstance: Size(pick(2, 4, 6, 8, 10, 12), pick(4, 8, 16, 24), 100), AntiAffinity: r.IntN(10) < 3,
		})
	}
	for _, site := range psn.Sites() {
		req.Sites = append(req.Sites, psn.SiteInventory{Site: site, Platform: psn.VSphere, Clusters: []psn.Cluster{
			{Name: "c1", Capacity: Size(32, 64, 10_240)}, {Name: "c2", Capacity: Size(32, 64, 10_240)},
		}})
	}
	return req
}

// Renamed returns req with its workloads' names exchanged, their order changed
// and like clusters of a site renamed: the same estate to anyone but a search
// that goes by names.
func Renamed(req placement.Request, seed uint64) placement.Request {
	r := rand.New(rand.NewPCG(seed, 26)) //nolint:gosec // the same for the same seed
	req.Workloads, req.Sites = slices.Clone(req.Workloads), slices.Clone(req.Sites)
	names := r.Perm(len(req.Workloads))
	for i := range req.Workloads {
		req.Workloads[i].Name = fmt.Sprintf("x%02d", names[i])
	}
	r.Shuffle(len(req.Workloads), func(i, j int) { req.Workloads[i], req.Workloads[j] = req.Workloads[j], req.Workloads[i] })
	for i := range req.Sites {
		cs := slices.Clone(req.Sites[i].Clusters)
		for j, n := range r.Perm(len(cs)) {
			cs[j].Name = fmt.Sprintf("c%d", n+1)
		}
		req.Sites[i].Clusters = cs
	}
	return req
}
