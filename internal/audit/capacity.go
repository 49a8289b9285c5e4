package audit

import (
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// seat is what one machine takes on a cluster and, for its standby, on another.
type seat struct {
	vm              psn.VMID
	service         psn.ServiceID
	active, standby spot
	resources       psn.Resources
	serves          bool  // the standby takes all of it every day
	kept            int64 // percent of what the standby takes over that its placement keeps; 0: all of it
	undecided       bool  // place or size is known after apply only
	sizeUnknown     bool
}

// spot names a cluster.
type spot struct {
	site     psn.Site
	platform psn.Platform
	cluster  string
}

func (s spot) String() string {
	return fmt.Sprintf("cluster %s at %s (%s)", s.cluster, s.site, s.platform)
}

// id names the cluster as findings do.
func (s spot) id() string { return fmt.Sprintf("%s/%s/%s", s.site, s.platform, s.cluster) }

// headroom adds up what the machines of the file and the commitments of others
// take on every cluster of a recorded inventory, in normal operation and after
// the loss of each site and, with region, of each whole region. It knows nothing of how the places were chosen.
// Clusters that no machine of the file uses are left out.
//
// Machines that run at a lost site need the vCPUs and memory of their standby;
// the standby's storage is taken every day.
func headroom(sites []psn.SiteInventory, seats []seat, region bool) []Room {
	own := map[psn.ServiceID]bool{}
	tenants := map[psn.TenantID]bool{}
	for _, s := range seats {
		own[s.service] = true
		tenants[s.service.Tenant()] = true
	}
	var out []Room
	for _, inv := range sites {
		for _, c := range inv.Clusters {
			at := spot{inv.Site, inv.Platform, c.Name}
			others := slices.DeleteFunc(slices.Clone(c.Commitments), func(m psn.Commitment) bool {
				return own[m.Service] || m.Service == "" && tenants[m.Tenant]
			})
			for _, lost := range losses(inv.Site, region) {
				if need, used := demand(at, lost, others, seats); used {
					r := Room{Site: at.site, Platform: at.platform, Cluster: at.cluster, Lost: lost.site, LostRegion: lost.region, Capacity: c.Capacity, Free: c.Capacity.Sub(need)}
					r.reserved, r.margin = takenOver(at, lost, seats)
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// loss is a site or a region assumed lost; neither is normal operation.
type loss struct {
	site   psn.Site
	region psn.Region
}

// hits reports whether a site is lost.
func (l loss) hits(s psn.Site) bool {
	return s != "" && (l.site == s || l.region != "" && l.region == s.Region())
}

// losses are those that a cluster at a site outlives, normal operation first.
func losses(at psn.Site, region bool) []loss {
	out := []loss{{}}
	for _, s := range psn.Sites() {
		if s != at {
			out = append(out, loss{site: s})
		}
	}
	if other := otherRegion(at); region && other != "" {
		out = append(out, loss{region: other})
	}
	return out
}

// demand is what is needed on a cluster after a loss, and whether a machine of
// the file needs any of it.
func demand(at spot, lost loss, others []psn.Commitment, seats []seat) (need psn.Resources, used bool) {
	for _, m := range others {
		if m.ForSite == "" || lost.hits(m.ForSite) {
			need = sum(need, m.Resources)
		} else {
			need.StorageMiB = plus(need.StorageMiB, m.Resources.StorageMiB)
		}
	}
	for _, s := range seats {
		switch {
		case s.undecided:
			continue
		case s.active == at, s.standby == at && (s.serves || lost.hits(s.active.site)):
			need = sum(need, s.resources)
		case s.standby == at:
			need.StorageMiB = plus(need.StorageMiB, s.resources.StorageMiB)
		default:
			continue
		}
		used = true
	}
	return need, used
}

// unplaced reports machines whose capacity could not be checked, and those on
// clusters that the recorded inventory does not have.
func unplaced(sites []psn.SiteInventory, seats []seat) []psn.Finding {
	known := map[spot]bool{}
	silent := map[spot]bool{}
	for _, inv := range sites {
		if !inv.Reachable() {
			silent[spot{site: inv.Site, platform: inv.Platform}] = true
		}
		for _, c := range inv.Clusters {
			known[spot{inv.Site, inv.Platform, c.Name}] = true
		}
	}
	var out []psn.Finding
	for _, s := range seats {
		if s.undecided {
			out = append(out, undecidable(ruleOverfull, string(s.vm), "the place or size of the machine is not known yet, so its share of a cluster cannot be checked"))
			continue
		}
		for _, at := range []spot{s.active, s.standby} {
			switch {
			case at.site == "" || known[at]:
			case silent[spot{site: at.site, platform: at.platform}]:
				out = append(out, undecidable(ruleOverfull, string(s.vm), fmt.Sprintf("%s did not answer when the inventory was recorded, so the capacity of %s cannot be checked", at.site, at)))
			default:
				out = append(out, ruleCluster.finding(string(s.vm), fmt.Sprintf("the machine is placed on %s, which the recorded inventory does not have", at)))
			}
		}
	}
	return out
}
