package placement_test

import (
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The validator judges a result from the request alone. It shares no code with
// the solver: it recounts every cluster in every scenario, the slow way.

type place struct {
	site     psn.Site
	platform psn.Platform
	cluster  string
}

func primaryOf(a placement.Assignment) place { return place{a.Site, a.Platform, a.Cluster} }
func standbyOf(a placement.Assignment) place {
	return place{a.StandbySite, a.StandbyPlatform, a.StandbyCluster}
}

// validate returns everything that is wrong with a Placed result.
func validate(req placement.Request, res placement.Result) []string {
	var bad []string
	fail := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }

	capacity := map[place]psn.Cluster{}
	blind := map[place]bool{}
	for _, s := range req.Sites {
		if s.Error != "" {
			blind[place{s.Site, s.Platform, ""}] = true
			continue
		}
		for _, c := range s.Clusters {
			capacity[place{s.Site, s.Platform, c.Name}] = c
		}
	}
	isBlind := func(p place) bool { return blind[place{p.site, p.platform, ""}] }

	want := 0
	for _, w := range req.Workloads {
		perCluster := map[place]int{}
		for n := int64(1); n <= w.Instances; n++ {
			want++
			name := fmt.Sprintf("%s-%d", w.Name, n)
			a, ok := res.Assignments[name]
			if !ok {
				fail("%s has no assignment", name)
				continue
			}
			bad = append(bad, validateOne(w, name, a, req.Current)...)
			p := primaryOf(a)
			if perCluster[p]++; w.AntiAffinity && perCluster[p] > 1 {
				fail("%s shares cluster %v with another instance", name, p)
			}
			for _, at := range []place{p, standbyOf(a)} {
				if at.site == "" {
					continue
				}
				if isBlind(at) {
					cur, had := req.Current[name]
					if !had || at != primaryOf(cur) && at != standbyOf(cur) {
						fail("%s is newly placed on unread %v", name, at)
					}
				} else if _, ok := capacity[at]; !ok {
					fail("%s stands on unknown cluster %v", name, at)
				}
			}
		}
	}
	if len(res.Assignments) != want {
		fail("%d assignments for %d machines", len(res.Assignments), want)
	}
	return append(bad, validateCapacity(req, res, capacity)...)
}

func validateOne(w placement.Workload, name string, a placement.Assignment, current map[string]placement.Assignment) []string {
	var bad []string
	fail := func(format string, args ...any) { bad = append(bad, name+": "+fmt.Sprintf(format, args...)) }
	in := func(ok bool, what string) {
		if !ok {
			fail("%s is not allowed: %+v", what, a)
		}
	}
	if a.VM != name || a.Workload != w.Name || a.Service != w.Service || a.Classification != w.Classification || a.Resources != w.PerInstance {
		fail("assignment does not describe the machine: %+v", a)
	}
	in(has(w.Sites, a.Site), "site")
	in(has(w.Platforms, a.Platform), "platform")
	in(has(w.Regions, a.Region), "region")
	in(a.Region == a.Site.Region(), "region of site")
	if w.Classification == psn.Ordinary {
		in(a.StandbySite == "" && a.StandbyCluster == "" && a.StandbyRegion == "" && a.StandbyPlatform == "", "standby of an ordinary machine")
		return bad
	}
	in(a.StandbySite.Valid() && a.StandbySite != a.Site, "standby site")
	in(has(w.Platforms, a.StandbyPlatform), "standby platform")
	in(has(w.Regions, a.StandbyRegion), "standby region")
	in(a.StandbyRegion == a.StandbySite.Region(), "region of standby site")
	if w.Classification == psn.Strategic {
		in(a.StandbyRegion != a.Region, "standby region of a strategic machine")
	}
	return bad
}

func has[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return len(list) == 0
}

// validateCapacity recounts every cluster normally and after each site loss.
// What others have overfilled is held against this request only where it takes
// some of what is short.
func validateCapacity(req placement.Request, res placement.Result, capacity map[place]psn.Cluster) []string {
	var bad []string
	services := map[psn.ServiceID]bool{"": true}
	for _, w := range req.Workloads {
		services[w.Service] = true
	}
	for _, c := range req.Current {
		services[c.Service] = true
	}
	for at, c := range capacity {
		for _, lost := range append([]psn.Site{""}, psn.Sites()...) {
			if lost == at.site {
				continue
			}
			var use, ours psn.Resources
			for _, k := range c.Commitments {
				if k.Tenant == req.Tenant && services[k.Service] {
					continue
				}
				switch k.ForSite {
				case "":
					use = use.Add(k.Resources)
				case lost:
					use = use.Add(k.Resources)
				default:
					use.StorageMiB += k.Resources.StorageMiB
				}
			}
			for _, a := range res.Assignments {
				if primaryOf(a) == at {
					ours = ours.Add(a.Resources)
				}
				if a.StandbySite != "" && standbyOf(a) == at {
					ours.StorageMiB += a.Resources.StorageMiB
					if a.Site == lost {
						ours.VCPUs += a.Resources.VCPUs
						ours.MemoryMiB += a.Resources.MemoryMiB
					}
				}
			}
			use = use.Add(ours)
			free := c.Capacity.Sub(use)
			if ours.VCPUs > 0 && free.VCPUs < 0 || ours.MemoryMiB > 0 && free.MemoryMiB < 0 || ours.StorageMiB > 0 && free.StorageMiB < 0 {
				bad = append(bad, fmt.Sprintf("%v after the loss of %q: %+v does not fit %+v", at, lost, use, c.Capacity))
			}
			for _, h := range res.Headroom {
				if (place{h.Site, h.Platform, h.Cluster}) == at && h.Lost == lost && h.Free != c.Capacity.Sub(use) {
					bad = append(bad, fmt.Sprintf("headroom of %v after the loss of %q is %+v, recounted %+v", at, lost, h.Free, c.Capacity.Sub(use)))
				}
			}
		}
	}
	return bad
}
