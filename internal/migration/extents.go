package migration

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// allocated is the change id that asks for what is allocated.
const allocated = "*"

// changed reads all areas of the disk changed since changeID, page by page up
// to its capacity. An empty page says nothing about what follows it; a page
// that makes no progress is an error, for going on would never end and stopping
// would lose changes.
func changed(ctx context.Context, t driver.ChangeTracker, ref, snapshot string, d driver.SnapshotDisk, changeID string) ([]blockcopy.Extent, error) {
	extents := []blockcopy.Extent{} // not nil: nothing changed is an answer
	for off := int64(0); off < d.CapacityBytes; {
		page, err := t.ChangedAreas(ctx, ref, snapshot, d.Key, changeID, off)
		if err != nil {
			return nil, err
		}
		next := page.Start + page.Length
		if page.Start > off || next <= off {
			return nil, psn.Errorf(psn.Internal, "changed areas of disk %d from byte %d: the answer covers bytes %d to %d, which leaves a gap or makes no progress", d.Key, off, page.Start, next)
		}
		for _, area := range page.Areas {
			if e, ok := clip(area, d.CapacityBytes); ok {
				extents = append(extents, e)
			}
		}
		off = next
	}
	return extents, nil
}

// clip keeps the part of the area that is on the disk.
func clip(a driver.Area, capacity int64) (blockcopy.Extent, bool) {
	start, end := max(a.Start, 0), min(a.Start+a.Length, capacity)
	return blockcopy.Extent{Start: start, Length: end - start}, start < end
}

// plan is what a pass over one disk will do.
type plan struct {
	kind    blockcopy.Kind
	extents []blockcopy.Extent
	base    string // change id the extents are since
	done    *blockcopy.Commit
}

// planDisk decides what to do with one disk, from what was committed before.
// Whatever is doubtful leads to a compare of the whole disk, never to a delta.
func planDisk(ctx context.Context, t driver.ChangeTracker, ref string, first bool, snapshot string, d driver.SnapshotDisk, pass string, last *blockcopy.Commit) (plan, error) {
	compare := plan{kind: blockcopy.KindCompare}
	switch {
	case last != nil && last.Pass == pass && last.ChangeID == d.ChangeID && last.InFlight == nil:
		return plan{kind: last.Kind, done: last}, nil
	case last != nil && last.Pass == pass:
		return compare, nil // the same name for another state, or a pass begun since
	case last == nil && !first:
		return compare, nil // the records of an earlier cycle are lost, or on another worker
	case last == nil && t == nil:
		return plan{kind: blockcopy.KindSeed}, nil
	case last == nil:
		extents, err := changed(ctx, t, ref, snapshot, d, allocated)
		if psn.Is(err, psn.Unsupported) {
			return plan{kind: blockcopy.KindSeed}, nil
		}
		return plan{kind: blockcopy.KindSeed, extents: extents}, err
	case first, t == nil, last.ChangeID == "", d.ChangeID == "":
		// A first cycle over an earlier run's target: it may have been
		// running since, and written to.
		return compare, nil
	}
	extents, err := changed(ctx, t, ref, snapshot, d, last.ChangeID)
	if psn.Is(err, psn.Stale) {
		return compare, nil
	}
	return plan{kind: blockcopy.KindDelta, extents: extents, base: last.ChangeID}, err
}
