package placement

// The price of filling a cluster: each tenth of its capacity costs more for
// each unit of resource than the tenth below, and the last ones much more, so
// that use spreads and room is left where it is scarce.
const tenths = 10

var slope = [tenths]int64{1, 2, 3, 4, 5, 6, 7, 12, 20, 40}

// addRates sets what a unit of resource costs in the first tenth: Weights.Balance
// for a vCPU, and for the others such that all there is of each costs the same.
// It is the same on every cluster, so that clusters of any size fill evenly.
func (m *model) addRates() {
	const most = 1 << 58 / (4 * tenths * 40) // keeps the cost of a full estate inside 64 bits
	all := max(m.total[vcpus], 1)
	rate := min(m.weights.Balance*millionths, most/all)
	for _, c := range m.clusters {
		for r := range basic {
			c.stairs[r] = newStairs(c.cap[r])
		}
	}
	for r := range basic {
		m.rate[r] = rate * all / max(m.total[r], 1)
	}
}

// balance is what the use of cluster i costs, its largest reserve included.
func (m *model) balance(i int) int64 { return m.balanceWith(i, &vec{}) }

// balanceWith is the same with some more in use.
func (m *model) balanceWith(i int, more *vec) int64 {
	c := m.clusters[i]
	if c.dark {
		return 0
	}
	used, worst := &m.used[i], &m.worst[i]
	var sum int64
	for r := range basic {
		sum += m.rate[r] * c.stairs[r].climb(used[r]+worst[r]+more[r])
	}
	return sum
}

// stairs hold where each tenth of a capacity begins and what the use up to there
// weighs.
type stairs struct {
	from, weight [tenths]int64
	most         int64
}

func newStairs(capacity int64) (s stairs) {
	for t := range int64(tenths) {
		s.from[t] = capacity * t / tenths
		if t > 0 {
			s.weight[t] = s.weight[t-1] + slope[t-1]*(s.from[t]-s.from[t-1])
		}
	}
	s.most = 4 * capacity
	return s
}

// climb is the use of a cluster weighed by slope: convex and piecewise linear.
func (s *stairs) climb(use int64) int64 {
	if use >= s.most {
		use = s.most // overfull by others: more makes no difference
	}
	t := 0
	if use >= s.from[5] {
		t = 5
	}
	for t < tenths-1 && use >= s.from[t+1] {
		t++
	}
	return s.weight[t] + slope[t]*(use-s.from[t])
}

// standbyFill is what one more standby of k on cluster d adds for a primary at site s.
func (m *model) standbyFill(k *kind, d, s int) int64 {
	resv, worst := &m.resv[d][s], &m.worst[d]
	more := k.hold
	for r := range basic {
		all := resv[r] + k.wake[r]
		if m.req.SurviveRegion && s>>1 != m.clusters[d].site>>1 {
			all += m.resv[d][s^1][r]
		}
		more[r] += max(0, all-worst[r])
	}
	return k.dCost[d] + m.balanceWith(d, &more) - m.fill[d]
}

// pairCost is what a standby at d costs for where it is.
func (m *model) pairCost(mc *machine, p, d int) int64 {
	var cost int64
	if mc.curD >= 0 && mc.curD != d {
		cost += mc.moveD
	}
	a, b := m.clusters[p], m.clusters[d]
	if a.site>>1 == b.site>>1 {
		cost += mc.kind.sameRegion
	}
	if a.platform != b.platform {
		cost += mc.kind.otherPlatf
	}
	return cost
}

// ownCost is what mc costs where it stands, balance apart.
func (m *model) ownCost(mc *machine) int64 {
	cost := mc.kind.pCost[mc.p]
	if mc.curP >= 0 && mc.curP != mc.p {
		cost += mc.moveP
	}
	if mc.d >= 0 {
		cost += mc.kind.dCost[mc.d] + m.pairCost(mc, mc.p, mc.d)
	}
	return cost
}

// total is the objective of all that stands.
func (m *model) totalCost() int64 {
	var sum int64
	for _, mc := range m.machines {
		if mc.placed() {
			sum += m.ownCost(mc)
		}
	}
	for _, f := range m.fill {
		sum += f
	}
	return sum
}

// cost is the objective and its parts.
func (m *model) cost() Cost {
	var c Cost
	for _, mc := range m.machines {
		if mc.curP >= 0 && mc.curP != mc.p {
			c.Moves += mc.moveP
		}
		if mc.curD >= 0 && mc.d >= 0 && mc.curD != mc.d {
			c.Moves += mc.moveD
		}
		for r := range m.dims {
			c.Price += mc.kind.dem[r] * m.clusters[mc.p].price[r]
			if mc.d >= 0 {
				c.Price += mc.kind.hold[r] * m.clusters[mc.d].price[r]
			}
		}
	}
	for _, f := range m.fill {
		c.Balance += f
	}
	c.Total = m.totalCost()
	c.Wishes = c.Total - c.Price - c.Moves - c.Balance
	return c
}
