package placement

import "fmt"

const (
	wholeReserve = 100 // percent: all that standbys take over
	maxReserve   = 400 // keeps every sum inside 64 bits
)

// share is so many percent of every amount, rounded up.
func (v vec) share(percent int64) vec {
	for r := range v {
		v[r] = (v[r]*percent + 99) / 100
	}
	return v
}

// startable reports whether the standby of k can start on cluster c at all. A
// reserve of all that standbys take over makes sure of that by itself.
func (m *model) startable(k *kind, c *cluster) bool {
	all := k.hold.add(k.starts)
	return m.kept >= wholeReserve || all.fits(c.cap)
}

// needs is what every cluster takes over after the loss of each site: what is
// kept for it, at a reserve of 100 percent.
func (m *model) needs() [][sites]vec {
	out := append([][sites]vec(nil), m.resv...)
	for _, mc := range m.machines {
		if mc.placed() && mc.d >= 0 {
			at := &out[mc.d][m.clusters[mc.p].site]
			*at = at.add(mc.kind.starts).sub(mc.kind.wake)
		}
	}
	return out
}

// partReserve says that more or less is kept than standbys take over.
func (m *model) partReserve() []string {
	if m.kept == wholeReserve {
		return nil
	}
	return []string{fmt.Sprintf("of the vCPU, RAM and GPU that standbys take over when a site is lost, %d %% is kept (dr_reserve)", m.kept)}
}
