package placement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// nameOf names a resource.
func (m *model) nameOf(r int) string {
	if r >= classes {
		return "storage of class " + m.classNames[r-classes]
	}
	return [classes]string{"vCPU", "RAM", "storage", "GPU"}[r]
}

// amount writes v of resource r with its unit.
func amount(r int, v int64) string {
	switch r {
	case vcpus:
		return fmt.Sprintf("%d vCPU", v)
	case gpus:
		return fmt.Sprintf("%d GPU", v)
	}
	if v%1024 == 0 {
		return fmt.Sprintf("%d GiB", v/1024)
	}
	return fmt.Sprintf("%d MiB", v)
}

// bare writes v of resource r after the resource was named: vCPUs are their own
// unit.
func bare(r int, v int64) string {
	if r == vcpus {
		return fmt.Sprint(v)
	}
	return amount(r, v)
}

// describe writes a whole demand.
func describe(v vec) string {
	s := fmt.Sprintf("%s, %s of RAM and %s of storage", amount(vcpus, v[vcpus]), amount(memory, v[memory]), amount(storage, v[storage]))
	if v[gpus] > 0 {
		s = amount(gpus, v[gpus]) + ", " + s
	}
	return s
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// list joins at most eight names.
func list[T ~string](names []T) string {
	const most = 8
	var b strings.Builder
	for i, n := range names {
		switch {
		case i == most:
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			return b.String()
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(n))
	}
	return b.String()
}

// area names a set of pools in the fewest words: all sites, a region, sites, or
// sites with platforms. all is the set of pools there is.
func area(in, all uint8) string {
	if in == all {
		return "on all sites"
	}
	var whole []psn.Site
	var parts []string
	covers := true
	for i, s := range psn.Sites() {
		here, there := in>>(2*i)&3, all>>(2*i)&3
		if here == 0 {
			continue
		}
		if here == there {
			whole = append(whole, s)
			parts = append(parts, string(s))
			continue
		}
		covers = false
		for j, p := range psn.Platforms() {
			if here>>j&1 == 1 {
				parts = append(parts, placeName(s, p))
			}
		}
	}
	for i, r := range psn.Regions() {
		pair := uint8(15) << (4 * i)
		if covers && in == all&pair && popcount(in) > 0 && len(whole) > 1 {
			return "in region " + string(r)
		}
	}
	return "at " + strings.Join(parts, ", ")
}

// String names a kind as its users know it.
func (k *kind) String() string {
	if k.group != nil {
		return fmt.Sprintf("affinity group %s (%s)", k.Name, list(k.group.Workloads))
	}
	return "workload " + k.Name
}

// String names what is lost.
func (s scenario) String() string {
	switch s {
	case 3, 12:
		return "region " + string(siteAt(int(s)>>2&2).Region())
	}
	var names []psn.Site
	for i := range sites {
		if s.has(i) {
			names = append(names, siteAt(i))
		}
	}
	return list(names)
}

func (m *model) quotaConflict(r int, where string, need, limit int64) conflict {
	return conflict{rule: "PLC-008", subject: string(m.req.Tenant), always: true,
		sentence: fmt.Sprintf("quota of %s short by %s %s: the tenant would use %s, its limit is %s", m.nameOf(r), amount(r, need-limit), where, amount(r, need), amount(r, limit)),
		remedy:   fmt.Sprintf("ask for %s less of %s, or have the quota raised", amount(r, need-limit), m.nameOf(r))}
}

func (m *model) subject(k *kind) string { return string(m.req.Tenant) + "/" + k.Name }

func (m *model) shortConflict(s shortfall, all uint8) conflict {
	where, rule, when := area(s.in, all), "PLC-008", ""
	if s.lost != 0 {
		rule, when = "PLC-006", fmt.Sprintf(" when %s is lost", s.lost)
		where = area(s.in, all&^s.lost.pools())
		if where == "on all sites" {
			where = "on the other sites"
		}
	}
	c := conflict{rule: rule, subject: string(m.req.Tenant)}
	c.sentence = fmt.Sprintf("%s short by %s %s%s: %s must stand there, %s is free",
		m.nameOf(s.resource), bare(s.resource, s.need-s.free), where, when, bare(s.resource, s.need), bare(s.resource, s.free)) + m.without(s.in)
	c.remedy = fmt.Sprintf("add or free %s %s, ask for less, or widen the allowed sites", m.amountOf(s.resource, s.need-s.free), where) + m.orEndExclusion(s.in)
	return c
}

func (m *model) impossible(k *kind) conflict {
	c := conflict{subject: m.subject(k), always: true}
	switch {
	case m.otherRegion(k):
		c.rule = "PLC-002"
		c.sentence = fmt.Sprintf("%s is %s and needs a standby in another region, but it is %s", k, k.Classification, k.limits())
		c.remedy = "allow both regions: leave regions empty, or name lazio and lombardia"
	case k.standby != nil:
		c.rule = "PLC-001"
		c.sentence = fmt.Sprintf("%s is critical and needs a standby at another site, but it is %s", k, k.limits())
		c.remedy = "allow a second site for the standby: widen regions"
	}
	if none := !slices.ContainsFunc(psn.Sites(), func(s psn.Site) bool { return allowed(k.Sites, s) && allowed(k.Regions, s.Region()) }); none || c.rule == "" {
		c.rule = "PLC-009"
		c.sentence = fmt.Sprintf("%s is %s, and no site satisfies both", k, k.limits())
		c.remedy = "make sites and regions agree"
	}
	return c
}

// limits says where a workload is allowed.
func (k *kind) limits() string {
	var parts []string
	if len(k.Sites) > 0 {
		parts = append(parts, "sites "+list(k.Sites))
	}
	if len(k.Regions) > 0 {
		parts = append(parts, "regions "+list(k.Regions))
	}
	if len(k.Platforms) > 0 {
		parts = append(parts, "platforms "+list(k.Platforms))
	}
	if len(parts) == 0 {
		return "allowed everywhere"
	}
	return "limited to " + strings.Join(parts, " and ")
}

func (m *model) nowhere(k *kind) conflict {
	c := conflict{rule: "PLC-009", subject: m.subject(k)}
	c.sentence = fmt.Sprintf("%s is %s, and the inventory has no cluster there", k, k.limits())
	if k.standby != nil {
		c.sentence = fmt.Sprintf("%s is %s and %s, and the inventory has no pair of clusters for a machine and its standby", k, k.Classification, k.limits())
	}
	c.remedy = "widen sites, regions or platforms, or add the missing sites to the provider's configuration"
	if out := m.without(m.reach(k)); out != "" {
		c.sentence = fmt.Sprintf("%s is %s, and the exclusions leave no cluster there%s", k, k.limits(), out)
		if k.standby != nil {
			c.sentence = fmt.Sprintf("%s is %s and %s, and the exclusions leave no pair of clusters for a machine and its standby%s", k, k.Classification, k.limits(), out)
		}
		c.remedy = "widen sites, regions or platforms" + m.orEndExclusion(m.reach(k))
	}
	return c
}

// tooLarge words the nearest miss of a machine that fits nowhere even alone.
func (m *model) tooLarge(k *kind) conflict {
	type miss struct {
		r    int
		by   int64
		room int64
		need int64
		at   *cluster
		why  string
	}
	var near *miss
	look := func(c *cluster, dem, room vec, why string) bool {
		if dem.fits(room) {
			return true
		}
		worst := miss{by: -1, at: c, why: why}
		for r := range m.dims {
			if by := dem[r] - room[r]; dem[r] > 0 && by > 0 && (worst.by < 0 || by*1000/dem[r] > worst.by*1000/worst.need) {
				worst.r, worst.by, worst.room, worst.need = r, by, max(room[r], 0), dem[r]
			}
		}
		if near == nil || worst.by*1000/worst.need < near.by*1000/near.need {
			near = &worst
		}
		return false
	}
	primaries := false
	for i, c := range m.clusters {
		if k.primary[i] && look(c, k.dem, m.primaryRoom(c), "") {
			primaries = true
		}
	}
	role := "one machine"
	if primaries { // a primary fits somewhere; no standby goes with it
		near, role = nil, "the standby of one machine"
		for i, p := range m.clusters {
			if !k.primary[i] || !k.dem.fits(m.primaryRoom(p)) {
				continue
			}
			for j, d := range m.clusters {
				if k.standby[j] && m.separated(k, p, d) && look(d, k.hold, m.primaryRoom(d), "") {
					look(d, k.hold.add(k.wake), d.standbyRoom(p.site), fmt.Sprintf(" if %s is lost", siteAt(p.site)))
				}
			}
		}
	}
	c := conflict{rule: "PLC-008", subject: m.subject(k)}
	if primaries {
		c.rule = "PLC-006"
	}
	c.sentence = fmt.Sprintf("%s: %s needs %s, more than any admissible cluster has free; nearest is %s, with %s free%s",
		k, role, m.amountOf(near.r, near.need), near.at, m.amountOf(near.r, near.room), near.why)
	c.sentence += m.without(m.reach(k))
	c.remedy = fmt.Sprintf("ask for smaller machines, or add or free %s there", m.amountOf(near.r, near.by)) + m.orEndExclusion(m.reach(k))
	return c
}

// amountOf writes v of resource r with unit and name.
func (m *model) amountOf(r int, v int64) string {
	if r == vcpus || r == gpus {
		return amount(r, v)
	}
	return amount(r, v) + " of " + m.nameOf(r)
}
