package audit

import "github.com/italia/terraform-provider-psn/internal/psn"

// readInventory reads the attribute "inventory" of a psn_placement: what
// data.psn_inventory had found when the plan was made.
func readInventory(v view) []psn.SiteInventory {
	var out []psn.SiteInventory
	for _, s := range v.list("inventory") {
		inv := psn.SiteInventory{
			Site:     psn.Site(s.text("site")),
			Platform: psn.Platform(s.text("platform")),
			Error:    s.text("error"),
		}
		if !s.flag("reachable") && inv.Error == "" {
			inv.Error = "not reachable"
		}
		for _, c := range s.list("clusters") {
			cluster := psn.Cluster{Name: c.text("name"), Capacity: held(c, maxAmount)}
			for _, m := range c.list("commitments") {
				cluster.Commitments = append(cluster.Commitments, psn.Commitment{
					Tenant:    psn.TenantID(m.text("tenant")),
					Service:   psn.ServiceID(m.text("service")),
					ForSite:   psn.Site(m.text("for_site")),
					Resources: held(m, maxTaken),
				})
			}
			inv.Clusters = append(inv.Clusters, cluster)
		}
		out = append(out, inv)
	}
	return out
}

// held is amounts for what cannot be below 0: a negative commitment would make room.
func held(v view, most int64) psn.Resources {
	return psn.Resources{VCPUs: v.upTo("vcpus", most), MemoryMiB: v.upTo("memory_mib", most), StorageMiB: v.upTo("storage_mib", most)}
}

// amounts reads resources that may be negative: headroom that lacks.
func amounts(v view) psn.Resources {
	return psn.Resources{VCPUs: v.integer("vcpus"), MemoryMiB: v.integer("memory_mib"), StorageMiB: v.integer("storage_mib")}
}
