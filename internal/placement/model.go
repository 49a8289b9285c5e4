package placement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

const (
	sites = 4
	pools = 8 // a pool is one site on one platform
)

// cluster is where machines can stand, with what others hold there.
type cluster struct {
	site, pool int
	region     psn.Region
	platform   psn.Platform
	name       string
	cap        vec
	taken      vec        // running machines and standby disks of others
	held       [sites]vec // others' reserve for the loss of each site
	price      vec        // of one unit of each resource a day, in millionths
	stairs     [basic]stairs
	excluded   string // why nothing may stand here; "" when it may
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

// kind is a workload, or an affinity group as if it were one machine of a
// workload, with the clusters its machines may use.
type kind struct {
	Workload
	group     *Group      // nil for a workload
	members   []*Workload // of one machine of the kind; one for each machine of a group
	dem       vec         // what a primary takes
	hold      vec         // what a standby takes every day
	wake      vec         // what is kept beside for the loss of the primary's site
	starts    vec         // what it takes beside once that is lost
	serve     vec         // what of hold counts against the quota
	rank      int
	primary   []bool // by cluster
	standby   []bool // by cluster; nil when the class needs none
	toPlace   int64  // instances that do not already stand on an unread site
	pPools    uint8  // pools with a cluster in primary
	sPools    uint8
	apart     []int // anti-affinity groups it belongs to
	perSite   int   // anti-affinity of instances: how many one site may be given
	atSite    []int // how many stand at each site now
	atCluster []int // and on each cluster

	pCost, dCost           []int64 // price and distance to the data, by cluster
	sameRegion, otherPlatf int64
	pList, dList           []int // clusters in primary and standby
}

// machine is one unit of a kind and where it stands: cluster indices, or -1.
type machine struct {
	name    string // of the first machine
	names   []string
	kind    *kind
	p, d    int
	curP    int // where it stands today, -1 when new or gone
	curD    int
	moveP   int64 // what it costs when the primary is not at curP
	moveD   int64
	stands  bool // stands somewhere today
	locked  bool // kept where it stands
	size    int64
	index   int  // in the search
	touched bool // since the best found
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

	classNames []string // storage classes named by the request, sorted
	dims       int      // resources in use
	groups     []Group  // anti-affinity groups
	weights    Weights
	rate       [basic]int64 // what a tenth of balance costs by unit of resource
	limit      [sites]vec   // quota by site
	kept       int64        // percent of what standbys take over that is kept

	used    []vec          // by cluster: taken + ours
	resv    [][sites]vec   // by cluster and lost site
	worst   []vec          // by cluster: largest of resv over scenarios
	fill    []int64        // by cluster: what its balance costs
	scratch [sites][]int64 // of standbyFills
	atSite  [sites]vec     // what counts against the quota
	apart   [][]int        // by anti-affinity group and place (cluster or site): machines
}

func build(req Request) *model {
	m := &model{req: req, weights: DefaultWeights(req.Rebalance), kept: wholeReserve}
	if req.DRReserve != nil {
		m.kept = *req.DRReserve
	}
	if req.Weights != nil {
		m.weights = *req.Weights
	}
	m.nameClasses()
	own := m.ownServices()
	m.addClusters(own)
	m.addDark()
	slices.SortFunc(m.clusters, func(a, b *cluster) int {
		return cmp.Or(cmp.Compare(a.pool, b.pool), strings.Compare(a.name, b.name))
	})
	m.addFacts()
	m.addRates()
	m.addQuota(own)
	m.addKinds()
	for _, c := range m.clusters {
		m.used = append(m.used, c.taken)
		m.resv = append(m.resv, c.held)
		m.worst = append(m.worst, m.worstOf(c, &c.held))
	}
	m.fill = make([]int64, len(m.clusters))
	for s := range m.scratch {
		m.scratch[s] = make([]int64, len(m.clusters))
	}
	for i := range m.clusters {
		m.fill[i] = m.balance(i)
	}
	return m
}

// ownServices are those whose commitments this request says again.
func (m *model) ownServices() map[psn.ServiceID]bool {
	own := map[psn.ServiceID]bool{"": true}
	for _, w := range m.req.Workloads {
		own[w.Service] = true
	}
	for _, c := range m.req.Current {
		own[c.Service] = true
	}
	return own
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
			m.clusters = append(m.clusters, &cluster{site: siteIndex(s.Site), pool: pool, region: s.Site.Region(), platform: s.Platform, name: name, cap: boundless, dark: true})
		}
	}
}

// separated reports whether a standby at cluster d may stand for a primary at p.
func (m *model) separated(k *kind, p, d *cluster) bool {
	if m.otherRegion(k) {
		return p.region != d.region
	}
	return p.site != d.site
}

// otherRegion reports whether standbys of k must be in another region.
func (m *model) otherRegion(k *kind) bool {
	return k.Classification == psn.Strategic || m.req.SurviveRegion && k.standby != nil
}
