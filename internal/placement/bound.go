package placement

import (
	"cmp"
	"slices"
)

const (
	boundRounds = 250 // of raising prices, for a lower bound
	perMille    = 1000
)

// Bound returns what no placement of the request can cost less than, in
// millionths of a unit of cost; res is a placement of it, for a start.
//
// Every integer set of prices for the room of clusters gives such a bound: with
// them each machine on its own takes its cheapest place, and each cluster its
// cheapest fill (Lagrangian relaxation). So the bound holds however the prices
// were found, to the last digit. They are raised where the machines ask for more
// than there is, and lowered where they leave room.
func Bound(req Request, res Result) (int64, error) {
	p, err := Formulate(req, Formulation{})
	if err != nil {
		return 0, err
	}
	b := &bounding{model: p.m, shapes: p.shapes, upper: res.Cost.Total}
	return b.run(res), nil
}

// tariff is the price of one unit of each resource on a cluster by the loss it
// is needed after; index 0 is for what is needed every day.
type tariff [1 + 1<<sites]vec

// bounding is a search for a bound.
type bounding struct {
	*model
	shapes []*shape
	upper  int64
	price  []tariff // by cluster
	asked  []tariff // what machines ask for at these prices
	fills  []vec    // what clusters fill to at these prices
	daily  []vec    // by cluster: sum of prices over scenarios
	lost   [][sites]vec
	// after lists the losses that count for clusters of a site
	after [sites][]int
	// highest prices that keep every sum inside 64 bits
	highest vec

	primary []int64 // of the shape at hand, by cluster
	standby []int
	waking  [][sites]int64
}

func (b *bounding) run(res Result) int64 {
	n := len(b.clusters)
	b.price, b.asked, b.fills = make([]tariff, n), make([]tariff, n), make([]vec, n)
	b.daily, b.lost = make([]vec, n), make([][sites]vec, n)
	b.primary, b.standby, b.waking = make([]int64, n), make([]int, n), make([][sites]int64, n)
	if len(b.shapes) == 0 {
		return b.totalCost()
	}
	for r := range b.dims {
		all := int64(1)
		for _, c := range b.clusters {
			if !c.dark {
				all += c.cap[r] + c.taken[r]
			}
		}
		for _, s := range b.shapes {
			all += 2 * int64(len(s.machines)) * s.kind.dem[r]
		}
		b.highest[r] = (1 << 54) / all
	}
	b.begin(res)
	best, share, stale := int64(0), int64(64), 0
	for range boundRounds {
		low := b.evaluate()
		if low > best {
			best, stale = low, 0
		} else if stale++; stale == 8 {
			stale = 0
			share = max(share*3/4, 1)
		}
		if !b.raise(low, share) {
			break
		}
	}
	return best
}

// scenarios lists, for a cluster and a resource, the indices of tariff in use.
func (b *bounding) scenarios(c *cluster, r int) []int {
	if !isCompute(r) {
		return everyDay
	}
	if b.after[c.site] == nil {
		for _, s := range b.losses() {
			if !s.has(c.site) {
				b.after[c.site] = append(b.after[c.site], int(s))
			}
		}
	}
	return b.after[c.site]
}

var everyDay = []int{0}

// begin sets the prices to what room is worth in the placement known.
func (b *bounding) begin(res Result) {
	var done []*machine
	for _, s := range b.shapes {
		for _, mc := range s.machines {
			if p, d, ok := b.placeIn(res, mc); ok {
				b.put(mc, p, d)
				done = append(done, mc)
			}
		}
	}
	for i, c := range b.clusters {
		if c.dark {
			continue
		}
		for r := range basic {
			use := b.used[i][r] + b.worst[i][r]
			t := 0
			for t < tenths-1 && use >= c.stairs[r].from[t+1] {
				t++
			}
			worst := 0
			if isCompute(r) {
				worst = b.scenarios(c, r)[0]
				for _, s := range b.scenarios(c, r) {
					if b.reserve(i, scenario(s))[r] > b.reserve(i, scenario(worst))[r] {
						worst = s
					}
				}
			}
			b.price[i][worst][r] = min(b.rate[r]*slope[t], b.highest[r])
		}
	}
	for _, mc := range done {
		b.lift(mc)
	}
}

// reserve is what cluster i must take over after a loss.
func (m *model) reserve(i int, s scenario) vec {
	var v vec
	for site := range sites {
		if s.has(site) {
			v = v.add(m.resv[i][site])
		}
	}
	return v
}

// evaluate returns the bound that the prices give, and notes what is asked for.
func (b *bounding) evaluate() int64 {
	low := b.standing()
	for i, c := range b.clusters {
		b.asked[i], b.daily[i], b.lost[i] = tariff{}, vec{}, [sites]vec{}
		if c.dark {
			continue
		}
		for r := range b.dims {
			for _, s := range b.scenarios(c, r) {
				price := b.price[i][s][r]
				b.daily[i][r] += price
				for site := range sites {
					if scenario(s).has(site) {
						b.lost[i][site][r] += price
					}
				}
				taken := b.used[i][r] + b.reserve(i, scenario(s))[r]
				b.asked[i][s][r] = taken
				low += price * taken
			}
			low += b.cheapestFill(i, r)
		}
	}
	for i := 0; i < len(b.shapes); {
		k, n := b.shapes[i].kind, 1
		for i+n < len(b.shapes) && k.AntiAffinity && b.shapes[i+n].kind == k {
			n++
		}
		if k.AntiAffinity {
			low += b.cheapestApart(b.shapes[i : i+n])
		} else {
			low += b.cheapestPlace(b.shapes[i])
		}
		i += n
	}
	return low
}

// standing is what machines that stay cost, balance apart.
func (b *bounding) standing() int64 {
	var sum int64
	for _, mc := range b.machines {
		if mc.placed() {
			sum += b.ownCost(mc)
		}
	}
	return sum
}

// cheapestFill is the least that filling cluster i with r costs, less what its
// room then earns; a cluster that is overfull by others already costs what it
// costs and earns for all of that.
func (b *bounding) cheapestFill(i, r int) int64 {
	c, earn := b.clusters[i], b.daily[i][r]
	room := max(c.cap[r], b.used[i][r]+b.worst[i][r])
	if r >= basic {
		b.fills[i][r] = room
		return -earn * room
	}
	least, at := never, int64(0)
	try := func(use int64) {
		if cost := b.rate[r]*c.stairs[r].climb(use) - earn*use; cost < least {
			least, at = cost, use
		}
	}
	for _, use := range c.stairs[r].from {
		try(use)
	}
	try(room)
	b.fills[i][r] = at
	return least
}

// cheapestPlace is what the machines of s cost at least, room paid for.
func (b *bounding) cheapestPlace(s *shape) int64 {
	n := int64(len(s.machines))
	least, bp := never, -1
	b.places(s)
	for _, p := range s.kind.pList {
		if b.primary[p] < least {
			least, bp = b.primary[p], p
		}
	}
	if bp < 0 {
		return 0
	}
	b.ask(s.kind, bp, b.standby[bp], n)
	return n * least
}

// places sets, for each primary, what a machine of s costs there with its
// cheapest standby, and that standby.
func (b *bounding) places(s *shape) {
	k, mc := s.kind, s.machines[0]
	for _, d := range k.dList {
		daily := k.dCost[d] + dot(b.dims, &k.hold, &b.daily[d])
		for site := range sites {
			b.waking[d][site] = daily + dot(b.dims, &k.wake, &b.lost[d][site])
		}
	}
	for _, p := range k.pList {
		cost := k.pCost[p] + dot(b.dims, &k.dem, &b.daily[p])
		if s.curP >= 0 && s.curP != p {
			cost += mc.moveP
		}
		b.primary[p], b.standby[p] = cost, -1
		if k.standby == nil {
			continue
		}
		site, least := b.clusters[p].site, never
		for _, d := range k.dList {
			if at := b.waking[d][site]; at < least && b.separated(k, b.clusters[p], b.clusters[d]) {
				if at += b.pairCost(mc, p, d); at < least {
					least, b.standby[p] = at, d
				}
			}
		}
		b.primary[p] += least
	}
}

// cheapestApart is the same for the machines of one anti-affine kind: a few are
// tried on all ways to keep them apart, more are each taken for themselves.
func (b *bounding) cheapestApart(shapes []*shape) int64 {
	const few = 4
	k := shapes[0].kind
	var units []apartUnit
	for _, s := range shapes {
		if len(units)+len(s.machines) > few {
			var sum int64
			for _, s := range shapes {
				sum += b.cheapestPlace(s)
			}
			return sum
		}
		b.places(s)
		u := apartUnit{}
		for _, p := range k.pList {
			if k.atCluster[p] == 0 {
				u.at = append(u.at, apartPlace{p, b.standby[p], b.primary[p]})
			}
		}
		slices.SortStableFunc(u.at, func(x, y apartPlace) int { return cmp.Compare(x.cost, y.cost) })
		for range s.machines {
			units = append(units, u)
		}
	}
	t := apartTrial{bounding: b, k: k, units: units, best: never, atSite: slices.Clone(k.atSite), taken: make([]bool, len(b.clusters))}
	t.try(0, 0)
	if t.best == never {
		return 0
	}
	for i, j := range t.found {
		at := units[i].at[j]
		b.ask(k, at.p, at.d, 1)
	}
	return t.best
}

type apartPlace struct {
	p, d int
	cost int64
}

type apartUnit struct{ at []apartPlace }

// apartTrial looks for the cheapest places of a few machines kept apart.
type apartTrial struct {
	*bounding
	k      *kind
	units  []apartUnit
	best   int64
	now    [4]int
	found  []int
	atSite []int
	taken  []bool
}

func (t *apartTrial) try(i int, cost int64) {
	if i == len(t.units) {
		if cost < t.best {
			t.best, t.found = cost, append(t.found[:0], t.now[:i]...)
		}
		return
	}
	rest := int64(0)
	for _, u := range t.units[i+1:] {
		if len(u.at) > 0 {
			rest += u.at[0].cost
		}
	}
	for j, at := range t.units[i].at {
		if cost+at.cost+rest >= t.best {
			return
		}
		site := t.clusters[at.p].site
		if t.taken[at.p] || t.atSite[site] >= t.k.perSite {
			continue
		}
		t.taken[at.p], t.now[i] = true, j
		t.atSite[site]++
		t.try(i+1, cost+at.cost)
		t.taken[at.p] = false
		t.atSite[site]--
	}
}

func dot(dims int, a, b *vec) int64 {
	var sum int64
	for r := range dims {
		sum += a[r] * b[r]
	}
	return sum
}

// ask notes what n machines of k at p and d take in every scenario.
func (b *bounding) ask(k *kind, p, d int, n int64) {
	for r := range b.dims {
		for _, s := range b.scenarios(b.clusters[p], r) {
			b.asked[p][s][r] += n * k.dem[r]
		}
		if d < 0 {
			continue
		}
		for _, s := range b.scenarios(b.clusters[d], r) {
			b.asked[d][s][r] += n * k.hold[r]
			if scenario(s).has(b.clusters[p].site) {
				b.asked[d][s][r] += n * k.wake[r]
			}
		}
	}
}

// raise moves prices towards what is asked for beyond the fill, by a share of
// the gap that is left; false when nothing is to be moved.
func (b *bounding) raise(low, share int64) bool {
	var norm int64
	each := func(do func(i, s, r int, beyond int64)) {
		for i, c := range b.clusters {
			if c.dark {
				continue
			}
			for r := range b.dims {
				for _, s := range b.scenarios(c, r) {
					beyond := (b.asked[i][s][r] - b.fills[i][r]) * perMille / max(c.cap[r], 1)
					if beyond > 0 || b.price[i][s][r] > 0 {
						do(i, s, r, max(-10*perMille, min(beyond, 10*perMille)))
					}
				}
			}
		}
	}
	each(func(_, _, _ int, beyond int64) { norm += beyond * beyond })
	if norm == 0 || b.upper <= low {
		return false
	}
	const most = 1 << 52 // keeps the products below inside 64 bits

	step := min(b.upper-low, most) / 64 * share / norm // of a price for a thousandth of the capacity
	each(func(i, s, r int, beyond int64) {
		b.price[i][s][r] = max(0, min(b.price[i][s][r]+step*beyond*perMille/max(b.clusters[i].cap[r], 1), b.highest[r]))
	})
	return true
}

// placeIn finds where a result puts a machine.
func (m *model) placeIn(res Result, mc *machine) (p, d int, ok bool) {
	p, d = -1, -1
	for _, name := range mc.names { // the first of a group may be ordinary
		a, known := res.Assignments[name]
		if !known {
			return p, d, false
		}
		p = m.find(a.Site, a.Platform, a.Cluster)
		if a.StandbySite != "" {
			d = m.find(a.StandbySite, a.StandbyPlatform, a.StandbyCluster)
		}
	}
	return p, d, p >= 0 && (mc.kind.standby == nil || d >= 0)
}
