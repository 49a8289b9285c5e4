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
	undecided       bool // place or size is known after apply only
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

// headroom adds up what the machines of the file and the commitments of others
// take on every cluster of a recorded inventory, in normal operation and after
// the loss of each site. It knows nothing of how the places were chosen.
// Clusters that no machine of the file uses are left out.
//
// Machines that run at a lost site need the vCPUs and memory of their standby;
// the standby's storage is taken every day.
func headroom(sites []psn.SiteInventory, seats []seat) []Room {
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
			for _, lost := range append([]psn.Site{""}, psn.Sites()...) {
				need, used := demand(at, lost, others, seats)
				if lost != inv.Site && used {
					out = append(out, Room{Site: at.site, Platform: at.platform, Cluster: at.cluster, Lost: lost, Capacity: c.Capacity, Free: c.Capacity.Sub(need)})
				}
			}
		}
	}
	return out
}

// demand is what is needed on a cluster when a site is lost ("" for none), and
// whether a machine of the file needs any of it.
func demand(at spot, lost psn.Site, others []psn.Commitment, seats []seat) (need psn.Resources, used bool) {
	for _, m := range others {
		if m.ForSite == "" || m.ForSite == lost {
			need = need.Add(m.Resources)
		} else {
			need.StorageMiB += m.Resources.StorageMiB
		}
	}
	for _, s := range seats {
		switch {
		case s.undecided:
			continue
		case s.active == at, s.standby == at && s.active.site == lost:
			need = need.Add(s.resources)
		case s.standby == at:
			need.StorageMiB += s.resources.StorageMiB
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
