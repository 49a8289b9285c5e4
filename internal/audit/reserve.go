package audit

import (
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// takenOver is the vCPUs and memory that standbys on a cluster start with after a
// loss, and what of them is to be kept beside: a placement may ask for more than
// all (dr_reserve), rounded up for each machine. That one keeps less is told by
// what is left with all of it.
func takenOver(at spot, lost loss, seats []seat) (all, margin psn.Resources) {
	for _, s := range seats {
		if s.undecided || s.serves || s.active == at || s.standby != at || !lost.hits(s.active.site) {
			continue
		}
		compute := psn.Resources{VCPUs: s.resources.VCPUs, MemoryMiB: s.resources.MemoryMiB}
		all = sum(all, compute)
		if more := min(s.kept, maxReserve) - wholeReserve; more > 0 {
			margin = sum(margin, psn.Resources{VCPUs: (compute.VCPUs*more + 99) / 100, MemoryMiB: (compute.MemoryMiB*more + 99) / 100})
		}
	}
	return all, margin
}

const (
	wholeReserve = 100
	maxReserve   = 400 // the most that a psn_placement takes
)

// withoutMargin is a finding when a cluster has not what a placement asks to be
// kept beside all that standbys take over.
func withoutMargin(r Room) []psn.Finding {
	left := r.Free.Sub(r.margin)
	if r.margin == (psn.Resources{}) || left.VCPUs >= 0 && left.MemoryMiB >= 0 {
		return nil
	}
	lost := string(r.Lost)
	if r.LostRegion != "" {
		lost = string(r.LostRegion)
	}
	at := spot{r.Site, r.Platform, r.Cluster}
	return []psn.Finding{overrun(ruleReserve, at, fmt.Sprintf("if %s is lost, %s has not the margin that dr_reserve asks for: %s would be left", lost, at, inUnits(left)))}
}
