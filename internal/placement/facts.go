package placement

import (
	"maps"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// millionths of a unit of cost are what sums are kept in, so that integers are
// fine enough.
const millionths = 1_000_000

var boundless = func() (v vec) {
	for r := range v {
		v[r] = 1 << 60
	}
	return v
}()

// nameClasses gives an index to each storage class that a machine asks for.
func (m *model) nameClasses() {
	names := map[string]bool{}
	for _, w := range m.req.Workloads {
		for class := range w.StorageClasses {
			names[class] = true
		}
	}
	m.classNames = slices.Sorted(maps.Keys(names))
	m.dims = classes + len(m.classNames)
	if len(m.classNames) == 0 && !slices.ContainsFunc(m.req.Workloads, func(w Workload) bool { return w.GPUs > 0 }) {
		m.dims = basic
	}
}

func (m *model) demand(w *Workload) vec {
	v := toVec(w.PerInstance)
	v[gpus] = w.GPUs
	for i, class := range m.classNames {
		v[classes+i] = w.StorageClasses[class] //nolint:gosec // at most maxClasses, see checkExtras
	}
	return v
}

// addFacts completes the clusters, which are sorted by now.
func (m *model) addFacts() {
	for _, f := range m.req.Facts {
		i := m.find(f.Site, f.Platform, f.Cluster)
		if i < 0 || m.clusters[i].dark {
			continue // of a site that could not be read
		}
		c := m.clusters[i]
		c.cap[gpus] = f.GPUs
		for j, class := range m.classNames {
			c.cap[classes+j] = f.StorageClasses[class]
		}
		c.price = vec{f.Price.PerVCPU * millionths, f.Price.PerMemoryGiB * millionths / 1024, f.Price.PerStorageGiB * millionths / 1024, f.Price.PerGPU * millionths}
		m.total = m.total.add(c.cap.sub(toVec(c.cap.resources())))
	}
	for _, x := range m.req.Excluded {
		for _, c := range m.clusters {
			if x.covers(c) {
				c.excluded = "maintenance"
				if x.Reason != "" {
					c.excluded = x.Reason
				}
			}
		}
	}
}

// addQuota sets what the tenant may use at each site, and what its other
// services use there already.
func (m *model) addQuota(own map[psn.ServiceID]bool) {
	for s := range sites {
		m.limit[s] = boundless
	}
	if m.req.Quota == nil {
		return
	}
	for site, l := range m.req.Quota.Sites {
		m.limit[siteIndex(site)] = l.vec()
	}
	for _, s := range m.req.Sites {
		for _, c := range s.Clusters {
			for _, k := range c.Commitments {
				if k.Tenant == m.req.Tenant && !own[k.Service] && k.ForSite == "" {
					i := siteIndex(s.Site)
					m.atSite[i] = m.atSite[i].add(toVec(k.Resources))
				}
			}
		}
	}
}

// vec is the limits with boundless where there is none.
func (l Limits) vec() vec {
	v := boundless
	for r, n := range [basic]*int64{l.VCPUs, l.MemoryMiB, l.StorageMiB} {
		if n != nil && *n >= 0 {
			v[r] = *n
		}
	}
	return v
}

// quotaTotal is what the request uses of the total quota wherever it is placed,
// with what the tenant's other services hold.
func (m *model) quotaTotal() vec {
	var v vec
	for _, k := range m.kinds {
		for r := range basic {
			v[r] += (k.dem[r] + k.serve[r]) * k.Instances
		}
	}
	for s := range sites {
		v = v.add(m.others(s))
	}
	return v
}

// quotaToday is what counts against the quota of each site already: what stands
// of the request, at the size it has, and the tenant's other services.
func (m *model) quotaToday() (at [sites]vec) {
	for s := range sites {
		at[s] = m.others(s)
	}
	count := func(site psn.Site, r psn.Resources) {
		if s := siteIndex(site); s >= 0 {
			at[s] = at[s].add(toVec(r))
		}
	}
	for _, mc := range m.machines {
		for _, name := range mc.names {
			cur := m.req.Current[name] // at no site when it stands nowhere
			count(cur.Site, cur.Resources)
			if cur.StandbyMode == Active {
				count(cur.StandbySite, cur.Resources)
			}
		}
	}
	return at
}

// others is what the tenant's other services hold at a site.
func (m *model) others(s int) vec {
	v := m.atSite[s]
	for _, mc := range m.machines {
		if !mc.placed() {
			continue
		}
		if m.clusters[mc.p].site == s {
			v = v.sub(mc.kind.dem)
		}
		if mc.d >= 0 && m.clusters[mc.d].site == s {
			v = v.sub(mc.kind.serve)
		}
	}
	return v
}

// quotaUse lists every limit set and its use.
func (m *model) quotaUse() []QuotaUse {
	q := m.req.Quota
	if q == nil {
		return nil
	}
	var out []QuotaUse
	list := func(site psn.Site, l Limits, use vec) {
		limit := l.vec()
		for r := range basic {
			if limit[r] != boundless[r] {
				out = append(out, QuotaUse{Site: site, Resource: fieldOf[r], Limit: limit[r], Used: use[r]})
			}
		}
	}
	var total vec
	for s := range sites {
		total = total.add(m.atSite[s])
	}
	list("", q.Total, total)
	for i, s := range psn.Sites() {
		list(s, q.Sites[s], m.atSite[i])
	}
	return out
}
