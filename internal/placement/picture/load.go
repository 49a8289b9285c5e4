// Package picture draws a placement: the four sites, how full they are, and which
// stand by for which.
//
// It knows requests and results of package placement and decides nothing. A
// drawing is one SVG file with no script, no font and no reference to anything
// outside, for a light screen and for paper.
package picture

import (
	"slices"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Load is what a site has, what is in use every day and what is kept for the
// worst loss of another site, summed over its clusters.
type Load struct {
	Site               psn.Site
	Machines, Standbys int
	Capacity, InUse    psn.Resources
	Reserve            psn.Resources
	Unread             []psn.Platform // platforms that could not be read
}

// Loads returns the load of each site, in the order of sites.
func Loads(req placement.Request, res placement.Result) []Load {
	var out []Load
	for _, site := range psn.Sites() {
		l := Load{Site: site}
		for _, s := range req.Sites {
			if s.Site != site {
				continue
			}
			if !s.Reachable() {
				l.Unread = append(l.Unread, s.Platform)
			}
			for _, c := range s.Clusters {
				free, least := freeOf(res, s, c.Name)
				l.Capacity = l.Capacity.Add(c.Capacity)
				l.InUse = l.InUse.Add(c.Capacity.Sub(free))
				l.Reserve = l.Reserve.Add(free.Sub(least))
			}
		}
		for _, a := range res.Assignments {
			if a.Site == site {
				l.Machines++
			}
			if a.StandbySite == site {
				l.Standbys++
			}
		}
		out = append(out, l)
	}
	return out
}

// freeOf is what a cluster has left normally, and in the worst case.
func freeOf(res placement.Result, s psn.SiteInventory, cluster string) (normal, least psn.Resources) {
	rows := slices.DeleteFunc(slices.Clone(res.Headroom), func(h placement.Headroom) bool {
		return h.Site != s.Site || h.Platform != s.Platform || h.Cluster != cluster
	})
	for i, h := range rows {
		if h.Lost == "" && h.LostRegion == "" {
			normal = h.Free
		}
		if i == 0 {
			least = h.Free
			continue
		}
		least = psn.Resources{VCPUs: min(least.VCPUs, h.Free.VCPUs), MemoryMiB: min(least.MemoryMiB, h.Free.MemoryMiB), StorageMiB: min(least.StorageMiB, h.Free.StorageMiB)}
	}
	return normal, least
}

// Arc counts the machines of one site that have their standby at another.
type Arc struct {
	From, To psn.Site
	Machines int
}

// Arcs returns the pairs of sites with standbys, in the order of sites.
func Arcs(res placement.Result) []Arc {
	var out []Arc
	for _, from := range psn.Sites() {
		for _, to := range psn.Sites() {
			n := 0
			for _, a := range res.Assignments {
				if a.Site == from && a.StandbySite == to {
					n++
				}
			}
			if n > 0 {
				out = append(out, Arc{from, to, n})
			}
		}
	}
	return out
}
