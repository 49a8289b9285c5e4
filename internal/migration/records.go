package migration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// damagedRecords ends the name of a folder of records that could not be used.
const damagedRecords = "damaged"

// records finds the folder of a disk's ledger and manifest, and what was
// committed there. Records of another disk that was in the same place are set
// aside, and so are those that cannot be read: they can be made again by a
// compare, while a replica that stops at them stops for ever. doubtful says
// that the latter happened.
func (a *activities) records(id psn.VMID, d driver.SnapshotDisk) (dir string, last *blockcopy.Commit, doubtful bool, err error) {
	dir = a.recordsDir(id, d.Key)
	last, err = blockcopy.Committed(dir)
	var begun *blockcopy.InFlight
	if err == nil {
		begun, err = blockcopy.PassInFlight(dir)
	}
	switch {
	case psn.Is(err, psn.Corrupt), psn.Is(err, psn.Unsupported):
		return dir, nil, true, setAside(dir, damagedRecords)
	case err != nil:
		return dir, nil, false, err
	}
	other := func(disk string, size int64) bool { return disk != diskID(d) || size != d.CapacityBytes }
	if last != nil && other(last.DiskID, last.Size) {
		return dir, nil, false, setAside(dir, last.DiskID)
	}
	if begun != nil && other(begun.DiskID, begun.Size) { // its first pass was never finished
		return dir, nil, false, setAside(dir, begun.DiskID)
	}
	return dir, last, false, nil
}

// setAside renames a folder of records, in place of what was set aside under
// that name before: nothing reads it but people.
func setAside(dir, why string) error {
	old := fmt.Sprintf("%s.%s", dir, filepath.Base(filepath.Clean("/"+why)))
	err := os.RemoveAll(old)
	if err == nil {
		err = os.Rename(dir, old)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("set the records in %s aside: %w", dir, err)
	}
	return nil
}

// bring runs the planned pass. When records, base and target turn out not to
// belong together (an older state folder was put back, two workers took turns,
// somebody wrote to the target) it compares the whole disk instead, once.
func bring(ctx context.Context, src blockcopy.Source, dst blockcopy.Target, job blockcopy.Job) (blockcopy.Result, blockcopy.Kind, error) {
	res, err := blockcopy.Copy(ctx, src, dst, job)
	switch {
	case psn.Is(err, psn.Corrupt):
		if aside := setAside(job.Dir, damagedRecords); aside != nil {
			return res, job.Kind, errors.Join(err, aside)
		}
	case psn.Is(err, psn.Stale) && job.Kind == blockcopy.KindDelta:
	default:
		return res, job.Kind, err
	}
	job.Kind, job.Extents, job.BaseChangeID = blockcopy.KindCompare, nil, ""
	res, err = blockcopy.Copy(ctx, src, dst, job)
	return res, job.Kind, err
}

func (a *activities) recordsDir(id psn.VMID, key int32) string {
	return filepath.Join(a.stateDir, string(id.Tenant()), id.Name(), fmt.Sprintf("disk-%d", key))
}

// diskID is what tells a disk from another one in its place.
func diskID(d driver.SnapshotDisk) string {
	if d.UUID != "" {
		return d.UUID
	}
	return fmt.Sprintf("key-%d", d.Key)
}
