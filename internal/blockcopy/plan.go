package blockcopy

// unit is what a lane does at once: leaves to copy, or (zero) a span outside
// the extents to be made zero.
type unit struct {
	Extent
	zero bool
	// known and doubt have a bit per leaf of a unit to copy: the hash of what
	// the target holds is known; an interrupted run may have written it.
	known, doubt uint8
}

func (u unit) firstLeaf() int64 { return u.Start / LeafSize }
func (u unit) endLeaf() int64   { return leafCount(u.End()) }

// weight is what the unit counts against the window of writes in flight.
func (u unit) weight() int64 {
	if u.zero {
		return min(u.Length, unitSize) // no bytes travel
	}
	return u.Length
}

// cursor walks the units of a pass in ascending order, leaving out those that
// are done.
type cursor struct {
	ranges   []Extent // whole leaves to copy
	size     int64
	zeroGaps bool // what lies between ranges is zeroed (seed) or left alone
	done     *bitmap
	pos      int64
	i        int
}

func (c *cursor) next() (unit, bool) {
	for c.pos < c.size {
		for c.i < len(c.ranges) && c.ranges[c.i].End() <= c.pos {
			c.i++
		}
		u := unit{Extent: Extent{Start: c.pos}}
		switch {
		case c.i < len(c.ranges) && c.ranges[c.i].Start <= c.pos:
			end := min(c.ranges[c.i].End(), c.pos/unitSize*unitSize+unitSize)
			u.Length = end - c.pos
		default:
			end := c.size
			if c.i < len(c.ranges) {
				end = c.ranges[c.i].Start
			}
			if !c.zeroGaps {
				c.pos = end
				continue
			}
			u.zero = true
			u.Length = min(end-c.pos, zeroSpan)
		}
		c.pos = u.End()
		if !c.done.all(u.firstLeaf(), u.endLeaf()) {
			return u, true
		}
	}
	return unit{}, false
}
