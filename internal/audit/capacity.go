package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// seat is what one machine takes on a cluster and, for its standby, on another.
type seat struct {
	vm              psn.VMID
	service         psn.ServiceID
	active, standby spot
	resources       psn.Resources
	undecided       bool // place or size is known after apply only
	protected       bool
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

// capacity adds up what the machines of the file and the commitments of others
// take on every cluster of the recorded inventory, in normal operation and
// after the loss of each site. It knows nothing of how the places were chosen.
//
// Machines that run at a lost site need the vCPUs and memory of their standby;
// the standby's storage is taken every day.
func capacity(sites []psn.SiteInventory, seats []seat) []psn.Finding {
	own := map[psn.ServiceID]bool{}
	tenants := map[psn.TenantID]bool{}
	for _, s := range seats {
		own[s.service] = true
		tenants[s.service.Tenant()] = true
	}
	var out []psn.Finding
	known := map[spot]bool{}
	unreachable := map[spot]bool{}
	for _, inv := range sites {
		at := spot{site: inv.Site, platform: inv.Platform}
		if !inv.Reachable() {
			unreachable[at] = true
			continue
		}
		for _, c := range inv.Clusters {
			at.cluster = c.Name
			known[at] = true
			others := slices.DeleteFunc(slices.Clone(c.Commitments), func(m psn.Commitment) bool {
				return own[m.Service] || m.Service == "" && tenants[m.Tenant]
			})
			for _, lost := range append([]psn.Site{""}, psn.Sites()...) {
				if lost == inv.Site {
					continue
				}
				need, users := demand(at, lost, others, seats)
				if short := over(need, c.Capacity); short != "" && len(users) > 0 {
					out = append(out, overCapacity(at, lost, short, users))
				}
			}
		}
	}
	return append(out, unplaced(seats, known, unreachable)...)
}

// demand is what is needed on a cluster when a site is lost ("" for none), and
// which machines of the file need it.
func demand(at spot, lost psn.Site, others []psn.Commitment, seats []seat) (psn.Resources, []string) {
	var need psn.Resources
	for _, m := range others {
		if m.ForSite == "" || m.ForSite == lost {
			need = need.Add(m.Resources)
		} else {
			need.StorageMiB += m.Resources.StorageMiB
		}
	}
	var users []string
	for _, s := range seats {
		switch {
		case s.undecided:
			continue
		case s.active == at:
			need = need.Add(s.resources)
		case s.standby == at && s.active.site == lost:
			need = need.Add(s.resources)
		case s.standby == at:
			need.StorageMiB += s.resources.StorageMiB
		default:
			continue
		}
		users = append(users, string(s.vm))
	}
	return need, users
}

// over says by how much need is over limit, "" when it fits.
func over(need, limit psn.Resources) string {
	var parts []string
	for _, r := range []struct {
		need, limit int64
		unit        string
	}{
		{need.VCPUs, limit.VCPUs, "vCPUs"},
		{need.MemoryMiB, limit.MemoryMiB, "MiB of memory"},
		{need.StorageMiB, limit.StorageMiB, "MiB of storage"},
	} {
		if r.need > r.limit {
			parts = append(parts, fmt.Sprintf("%d %s needed, %d offered", r.need, r.unit, r.limit))
		}
	}
	return strings.Join(parts, "; ")
}

func overCapacity(at spot, lost psn.Site, short string, users []string) psn.Finding {
	const shown = 5
	who := strings.Join(users[:min(shown, len(users))], ", ")
	if n := len(users) - shown; n > 0 {
		who += fmt.Sprintf(" and %d more", n)
	}
	if lost == "" {
		return ruleCapacity.finding(string(at.site)+"/"+at.cluster, fmt.Sprintf("%s is over its capacity: %s; used by %s", at, short, who))
	}
	return ruleSiteLoss.finding(string(at.site)+"/"+at.cluster, fmt.Sprintf("after the loss of %s, %s is over its capacity: %s; used by %s", lost, at, short, who))
}

// unplaced reports machines whose cluster the recorded inventory does not have.
func unplaced(seats []seat, known, unreachable map[spot]bool) []psn.Finding {
	var out []psn.Finding
	for _, s := range seats {
		if s.undecided {
			out = append(out, ruleCapacity.undecidable(string(s.vm), "the place or size of the machine is known after apply only: its capacity could not be checked"))
			continue
		}
		for _, at := range []spot{s.active, s.standby} {
			if at.site == "" || known[at] {
				continue
			}
			if unreachable[spot{site: at.site, platform: at.platform}] {
				out = append(out, ruleCapacity.undecidable(string(s.vm), fmt.Sprintf("%s could not be read when the inventory was recorded: capacity could not be checked", at)))
				continue
			}
			out = append(out, ruleCluster.finding(string(s.vm), fmt.Sprintf("the machine is placed on %s, which the recorded inventory does not have", at)))
		}
	}
	return out
}
