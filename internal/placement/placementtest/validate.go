package placementtest

import (
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type place struct {
	site     psn.Site
	platform psn.Platform
	cluster  string
}

func primaryOf(a placement.Assignment) place { return place{a.Site, a.Platform, a.Cluster} }
func standbyOf(a placement.Assignment) place {
	return place{a.StandbySite, a.StandbyPlatform, a.StandbyCluster}
}

// check is one validation under way.
type check struct {
	req placement.Request
	res placement.Result
	bad []string

	byWorkload map[string][]placement.Assignment
}

func (c *check) failf(format string, args ...any) {
	c.bad = append(c.bad, fmt.Sprintf(format, args...))
}

// Validate recounts a placed result from the request alone, in every loss that
// has to be survived, and returns what is wrong with it.
func Validate(req placement.Request, res placement.Result) []string {
	c := &check{req: req, res: res, byWorkload: map[string][]placement.Assignment{}}
	for _, a := range res.Assignments {
		c.byWorkload[a.Workload] = append(c.byWorkload[a.Workload], a)
	}
	c.machines()
	c.groups()
	for _, s := range req.Sites {
		for _, cl := range s.Clusters {
			c.cluster(place{s.Site, s.Platform, cl.Name}, cl)
		}
	}
	c.quota()
	c.moves()
	return c.bad
}

func (c *check) machines() {
	n := int64(0)
	for _, w := range c.req.Workloads {
		n += w.Instances
		at := map[place]bool{}
		for i := range w.Instances {
			name := fmt.Sprintf("%s-%d", w.Name, i+1)
			a, ok := c.res.Assignments[name]
			if !ok {
				c.failf("%s has no place", name)
				continue
			}
			c.machine(w, name, a)
			if w.AntiAffinity && at[primaryOf(a)] {
				c.failf("%s shares its cluster with another instance", name)
			}
			at[primaryOf(a)] = true
		}
	}
	if int64(len(c.res.Assignments)) != n {
		c.failf("%d places for %d machines", len(c.res.Assignments), n)
	}
}

func (c *check) machine(w placement.Workload, name string, a placement.Assignment) {
	if a.VM != name || a.Workload != w.Name || a.Service != w.Service || a.Classification != w.Classification || a.Resources != w.PerInstance || a.Region != a.Site.Region() || a.StandbyRegion != a.StandbySite.Region() {
		c.failf("%s is not described by %+v", name, a)
	}
	if !in(w.Sites, a.Site) || !in(w.Regions, a.Region) || !in(w.Platforms, a.Platform) {
		c.failf("%s is not allowed at %v", name, primaryOf(a))
	}
	for _, at := range []place{primaryOf(a), standbyOf(a)} {
		for _, x := range c.req.Excluded {
			if x.Site == at.site && (x.Platform == "" || x.Platform == at.platform) && (x.Cluster == "" || x.Cluster == at.cluster) {
				c.failf("%s uses %v, which is excluded", name, at)
			}
		}
	}
	if w.Classification == psn.Ordinary {
		if a.StandbySite != "" || a.StandbyCluster != "" {
			c.failf("%s is ordinary and has a standby", name)
		}
		return
	}
	if !a.StandbySite.Valid() || a.StandbySite == a.Site || !in(w.Regions, a.StandbyRegion) || !in(w.Platforms, a.StandbyPlatform) {
		c.failf("%s has its standby at %v", name, standbyOf(a))
	}
	if (w.Classification == psn.Strategic || c.req.SurviveRegion) && a.StandbyRegion == a.Region {
		c.failf("%s has its standby in its own region", name)
	}
	if (a.StandbyMode == placement.Active) != (w.StandbyMode == placement.Active) {
		c.failf("%s has standby mode %q", name, a.StandbyMode)
	}
}

func (c *check) of(workload string) []placement.Assignment { return c.byWorkload[workload] }

func (c *check) groups() {
	for _, g := range c.req.Groups {
		for i, x := range g.Workloads {
			for _, a := range c.of(x) {
				for _, y := range g.Workloads[:i+1] {
					for _, b := range c.of(y) {
						switch {
						case g.Kind == placement.Together && primaryOf(a) != primaryOf(b):
							c.failf("group %s: %s and %s are not together", g.Name, a.VM, b.VM)
						case g.Kind == placement.Together && a.StandbySite != "" && b.StandbySite != "" && standbyOf(a) != standbyOf(b):
							c.failf("group %s: standbys of %s and %s are not together", g.Name, a.VM, b.VM)
						case g.Kind == placement.ApartCluster && x != y && primaryOf(a) == primaryOf(b), g.Kind == placement.ApartSite && x != y && a.Site == b.Site:
							c.failf("group %s: %s and %s are not apart", g.Name, a.VM, b.VM)
						}
					}
				}
			}
		}
	}
}

// load is an amount of every resource by name.
type load map[string]int64

// add adds so many percent of the compute of a machine, rounded up, and its disks.
func (l load) add(w placement.Workload, percent int64) {
	l["vcpus"] += (w.PerInstance.VCPUs*percent + 99) / 100
	l["memory"] += (w.PerInstance.MemoryMiB*percent + 99) / 100
	l["gpus"] += (w.GPUs*percent + 99) / 100
	l["storage"] += w.PerInstance.StorageMiB
	for class, n := range w.StorageClasses {
		l["class "+class] += n
	}
}

func (c *check) cluster(at place, cl psn.Cluster) {
	capacity := load{"vcpus": cl.Capacity.VCPUs, "memory": cl.Capacity.MemoryMiB, "storage": cl.Capacity.StorageMiB}
	for _, f := range c.req.Facts {
		if (place{f.Site, f.Platform, f.Cluster}) == at {
			capacity["gpus"] = f.GPUs
			for class, n := range f.StorageClasses {
				capacity["class "+class] = n
			}
		}
	}
	losses := [][]psn.Site{nil}
	for _, s := range psn.Sites() {
		losses = append(losses, []psn.Site{s})
	}
	if c.req.SurviveRegion {
		losses = append(losses, psn.Sites()[:2], psn.Sites()[2:])
	}
	for _, lost := range losses {
		if slices.Contains(lost, at.site) {
			continue
		}
		all, ours := c.use(at, cl, lost, c.reserve())
		for r, n := range all {
			if ours[r] > 0 && n > capacity[r] {
				c.failf("%v after the loss of %v: %d of %s do not fit %d", at, lost, n, r, capacity[r])
			}
		}
		needed, _ := c.use(at, cl, lost, 100)
		c.headroom(at, lost, capacity, needed)
	}
}

// reserve is the percentage of what standbys take over that is to be kept.
func (c *check) reserve() int64 {
	if c.req.DRReserve == nil {
		return 100
	}
	return *c.req.DRReserve
}

// use is what stands on a cluster after a loss, and our part in it, when so many
// percent of what standbys take over are kept.
func (c *check) use(at place, cl psn.Cluster, lost []psn.Site, reserve int64) (all, ours load) {
	all, ours = load{}, load{}
	own := map[psn.ServiceID]bool{"": true}
	for _, w := range c.req.Workloads {
		own[w.Service] = true
	}
	for _, a := range c.req.Current {
		own[a.Service] = true
	}
	for _, k := range cl.Commitments {
		if k.Tenant == c.req.Tenant && own[k.Service] {
			continue
		}
		if k.ForSite == "" || slices.Contains(lost, k.ForSite) {
			all["vcpus"] += k.Resources.VCPUs
			all["memory"] += k.Resources.MemoryMiB
		}
		all["storage"] += k.Resources.StorageMiB
	}
	for _, w := range c.req.Workloads {
		for _, a := range c.of(w.Name) {
			for _, l := range []load{all, ours} {
				if primaryOf(a) == at {
					l.add(w, 100)
				}
				switch {
				case standbyOf(a) != at:
				case w.StandbyMode == placement.Active:
					l.add(w, 100)
				case slices.Contains(lost, a.Site):
					l.add(w, reserve)
				default:
					l.add(w, 0)
				}
			}
		}
	}
	return all, ours
}

func (c *check) headroom(at place, lost []psn.Site, capacity, all load) {
	for _, h := range c.res.Headroom {
		same := len(lost) == 0 && h.Lost == "" && h.LostRegion == "" || len(lost) == 1 && h.Lost == lost[0] || len(lost) == 2 && h.LostRegion == lost[0].Region()
		if (place{h.Site, h.Platform, h.Cluster}) != at || !same {
			continue
		}
		if h.Free.VCPUs != capacity["vcpus"]-all["vcpus"] || h.Free.MemoryMiB != capacity["memory"]-all["memory"] || h.Free.StorageMiB != capacity["storage"]-all["storage"] {
			c.failf("headroom of %v after the loss of %v is %+v", at, lost, h.Free)
		}
		return
	}
	c.failf("no headroom of %v after the loss of %v", at, lost)
}

func (c *check) quota() {
	if c.req.Quota == nil {
		return
	}
	total, bySite := load{}, map[psn.Site]load{}
	for _, s := range psn.Sites() {
		bySite[s] = load{}
	}
	for _, w := range c.req.Workloads {
		for _, a := range c.of(w.Name) {
			total.add(w, 100)
			bySite[a.Site].add(w, 100)
			if w.StandbyMode == placement.Active && a.StandbySite != "" {
				total.add(w, 100)
				bySite[a.StandbySite].add(w, 100)
			}
		}
	}
	within := func(where string, l placement.Limits, use load) {
		for r, limit := range map[string]*int64{"vcpus": l.VCPUs, "memory": l.MemoryMiB, "storage": l.StorageMiB} {
			if limit != nil && *limit >= 0 && use[r] > *limit {
				c.failf("quota %s: %d of %s, %d allowed", where, use[r], r, *limit)
			}
		}
	}
	within("in total", c.req.Quota.Total, total)
	for s, l := range c.req.Quota.Sites {
		if len(c.req.Current) == 0 { // what stands is not driven out by a quota
			within("at "+string(s), l, bySite[s])
		}
	}
}

func (c *check) moves() {
	for _, m := range c.res.Moves {
		if c.req.Current[m.VM] != m.From || c.res.Assignments[m.VM] != m.To {
			c.failf("move of %s does not lead from where it is to where it goes", m.VM)
		}
	}
}

func in[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }
