package placement

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The resources, as indices of vec.
const (
	vcpus = iota
	memory
	storage
	resources
)

const (
	sites = 4
	pools = 8 // a pool is one site on one platform
)

var fieldOf = [resources]string{"vcpus", "memory_mib", "storage_mib"}

// vec is psn.Resources with an index.
type vec [resources]int64

func toVec(r psn.Resources) vec { return vec{r.VCPUs, r.MemoryMiB, r.StorageMiB} }

func (v vec) resources() psn.Resources {
	return psn.Resources{VCPUs: v[vcpus], MemoryMiB: v[memory], StorageMiB: v[storage]}
}

func (v vec) add(o vec) vec { return vec{v[0] + o[0], v[1] + o[1], v[2] + o[2]} }
func (v vec) sub(o vec) vec { return vec{v[0] - o[0], v[1] - o[1], v[2] - o[2]} }

// compute is v without its storage: what a standby needs only if the site of
// its primary is lost.
func (v vec) compute() vec { return vec{v[vcpus], v[memory], 0} }

// disk is v's storage alone: what a standby takes every day.
func (v vec) disk() vec { return vec{0, 0, v[storage]} }

func (v vec) max(o vec) vec { return vec{max(v[0], o[0]), max(v[1], o[1]), max(v[2], o[2])} }

func (v vec) fits(limit vec) bool {
	return v[0] <= limit[0] && v[1] <= limit[1] && v[2] <= limit[2]
}

// cluster is where machines can stand, with what others hold there.
type cluster struct {
	site, pool int
	region     psn.Region
	platform   psn.Platform
	name       string
	cap        vec
	taken      vec        // running machines and standby disks of others
	held       [sites]vec // others' reserve for the loss of each site
	// dark marks a stand-in for a cluster of a site that could not be read:
	// machines that stand there stay, nothing new goes there.
	dark bool
}

func (c *cluster) String() string {
	return placeName(siteAt(c.site), c.platform) + " cluster " + c.name
}

func placeName(s psn.Site, p psn.Platform) string { return fmt.Sprintf("%s (%s)", s, p) }

func siteAt(i int) psn.Site { return psn.Sites()[i] }

func siteIndex(s psn.Site) int { return slices.Index(psn.Sites(), s) }

func poolIndex(s psn.Site, p psn.Platform) int {
	return siteIndex(s)*2 + slices.Index(psn.Platforms(), p)
}

// kind is a workload with the clusters its machines may use.
type kind struct {
	Workload
	dem       vec
	rank      int
	primary   []bool // by cluster
	standby   []bool // by cluster; nil when the class needs none
	toPlace   int64  // instances that do not already stand on an unread site
	pPools    uint8  // pools with a cluster in primary
	sPools    uint8
	perSite   int   // anti-affinity: instances one site may be given
	atSite    []int // anti-affinity: instances standing at each site now
	atCluster []int // and on each cluster
}

// separated reports whether a standby at cluster d may stand for a primary at p.
func (k *kind) separated(p, d *cluster) bool {
	if k.Classification == psn.Strategic {
		return p.region != d.region
	}
	return p.site != d.site
}

// machine is one instance of a kind and where it stands: cluster indices, or -1.
type machine struct {
	name   string
	kind   *kind
	p, d   int
	curP   int // where it stands today, -1 when new or gone
	curD   int
	locked bool // kept where it stands
	size   int64
}

func (m *machine) placed() bool { return m.p >= 0 }

// model is the request in a shape the search can work on.
type model struct {
	req      Request
	clusters []*cluster
	kinds    []*kind
	machines []*machine
	unread   []psn.SiteInventory // sorted; sites that did not answer
	total    vec                 // capacity of all clusters that were read

	used  []vec        // by cluster: taken + ours
	resv  [][sites]vec // by cluster and lost site
	worst []vec        // by cluster: largest of resv over lost sites
}

func build(req Request) *model {
	m := &model{req: req}
	own := map[psn.ServiceID]bool{"": true}
	for _, w := range req.Workloads {
		own[w.Service] = true
	}
	for _, c := range req.Current {
		own[c.Service] = true
	}
	m.addClusters(own)
	m.addDark()
	slices.SortFunc(m.clusters, func(a, b *cluster) int {
		return cmp.Or(cmp.Compare(a.pool, b.pool), strings.Compare(a.name, b.name))
	})
	m.addKinds()
	for _, c := range m.clusters {
		m.used = append(m.used, c.taken)
		m.resv = append(m.resv, c.held)
		m.worst = append(m.worst, worstOf(c, &c.held))
	}
	return m
}

func (m *model) addClusters(own map[psn.ServiceID]bool) {
	for _, s := range m.req.Sites {
		if !s.Reachable() {
			m.unread = append(m.unread, s)
			continue
		}
		for _, c := range s.Clusters {
			n := &cluster{site: siteIndex(s.Site), pool: poolIndex(s.Site, s.Platform), region: s.Site.Region(), platform: s.Platform, name: c.Name, cap: toVec(c.Capacity)}
			for _, k := range c.Commitments {
				if k.Tenant == m.req.Tenant && own[k.Service] {
					continue
				}
				v := toVec(k.Resources)
				if k.ForSite == "" {
					n.taken = n.taken.add(v)
					continue
				}
				n.taken = n.taken.add(v.disk())
				i := siteIndex(k.ForSite)
				n.held[i] = n.held[i].add(v.compute())
			}
			m.total = m.total.add(n.cap)
			m.clusters = append(m.clusters, n)
		}
	}
	slices.SortFunc(m.unread, func(a, b psn.SiteInventory) int {
		return cmp.Compare(poolIndex(a.Site, a.Platform), poolIndex(b.Site, b.Platform))
	})
}

// addDark adds stand-ins for the clusters of unread sites on which machines
// stand today, with room for anything.
func (m *model) addDark() {
	for _, s := range m.unread {
		pool := poolIndex(s.Site, s.Platform)
		names := map[string]bool{}
		for _, c := range m.req.Current {
			if c.Site == s.Site && c.Platform == s.Platform {
				names[c.Cluster] = true
			}
			if c.StandbySite == s.Site && c.StandbyPlatform == s.Platform {
				names[c.StandbyCluster] = true
			}
		}
		for name := range names { // build sorts
			m.clusters = append(m.clusters, &cluster{site: siteIndex(s.Site), pool: pool, region: s.Site.Region(), platform: s.Platform, name: name, cap: vec{1 << 60, 1 << 60, 1 << 60}, dark: true})
		}
	}
}

func (m *model) addKinds() {
	ws := slices.Clone(m.req.Workloads)
	slices.SortFunc(ws, func(a, b Workload) int { return strings.Compare(a.Name, b.Name) })
	for _, w := range ws {
		k := &kind{Workload: w, dem: toVec(w.PerInstance), rank: w.Classification.Rank(), primary: make([]bool, len(m.clusters)), atSite: make([]int, sites), atCluster: make([]int, len(m.clusters))}
		if w.Classification.Protected() {
			k.standby = make([]bool, len(m.clusters))
		}
		for i, c := range m.clusters {
			if c.dark || !allowed(w.Platforms, c.platform) || !allowed(w.Regions, c.region) {
				continue
			}
			k.primary[i] = allowed(w.Sites, siteAt(c.site))
			if k.standby != nil {
				k.standby[i] = true
			}
		}
		m.dropLonely(k)
		for i, c := range m.clusters {
			if k.primary[i] {
				k.pPools |= 1 << c.pool
			}
			if k.standby != nil && k.standby[i] {
				k.sPools |= 1 << c.pool
			}
		}
		if w.AntiAffinity {
			k.perSite = m.spread(k)
		}
		m.kinds = append(m.kinds, k)
		size := m.sizeOf(k.dem)
		for n := range w.Instances {
			m.machines = append(m.machines, &machine{name: fmt.Sprintf("%s-%d", w.Name, n+1), kind: k, p: -1, d: -1, curP: -1, curD: -1, size: size})
		}
	}
}

// dropLonely removes primaries that have no admissible standby and standbys
// that have no admissible primary.
func (m *model) dropLonely(k *kind) {
	if k.standby == nil {
		return
	}
	paired := func(i int, others []bool) bool {
		for j, ok := range others {
			if ok && k.separated(m.clusters[i], m.clusters[j]) {
				return true
			}
		}
		return false
	}
	primary, standby := slices.Clone(k.primary), slices.Clone(k.standby)
	for i := range m.clusters {
		k.primary[i] = primary[i] && paired(i, standby)
		k.standby[i] = standby[i] && paired(i, primary)
	}
}

// spread returns the smallest number q such that q instances a site, each on a
// cluster of its own, make room for all instances of k.
func (m *model) spread(k *kind) int {
	var at [sites]int64
	for i, ok := range k.primary {
		if ok {
			at[m.clusters[i].site]++
		}
	}
	for q := int64(1); q <= k.Instances; q++ {
		var room int64
		for _, n := range at {
			room += min(q, n)
		}
		if room >= k.Instances {
			return int(q)
		}
	}
	return int(k.Instances)
}

// sizeOf weighs a demand against all there is, in millionths, by its scarcest
// resource: the order in which machines are placed.
func (m *model) sizeOf(d vec) int64 {
	var size int64
	for r := range resources {
		size = max(size, d[r]*1_000_000/max(m.total[r], 1))
	}
	return size
}

func allowed[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

func worstOf(c *cluster, resv *[sites]vec) vec {
	var w vec
	for s := range sites {
		if s != c.site {
			w = w.max(resv[s])
		}
	}
	return w
}

func popcount(mask uint8) int { return bits.OnesCount8(mask) }
