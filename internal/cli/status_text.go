package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/italia/terraform-provider-psn/internal/migration"
)

// printStatus prints one replica for people.
func printStatus(w io.Writer, s migration.Status) error {
	rows := [][]string{{"id", string(s.ID)}, {"phase", string(s.Phase)}}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	add("reason", s.Reason)
	add("transport", s.Transport)
	add("started", instant(s.StartedAt))
	add("last sync", instant(s.LastSyncAt))
	if s.ApprovedBy != "" {
		add("approved", s.ApprovedBy+" at "+instant(s.ApprovedAt))
	}
	rows = append(rows, derogationRows(s.Derogations)...)
	if err := table(w, rows...); err != nil {
		return err
	}
	if len(s.Disks) > 0 {
		disks := [][]string{{"DISK", "CAPACITY", "RUNNING CYCLE", "ROOT HASH"}}
		for _, d := range s.Disks {
			disks = append(disks, []string{
				fmt.Sprint(d.Key), formatBytes(d.CapacityBytes), running(d), d.RootHash,
			})
		}
		fmt.Fprintln(w)
		if err := table(w, disks...); err != nil {
			return err
		}
	}
	if len(s.Cycles) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	cycles := [][]string{{"CYCLE", "KIND", "SNAPSHOT", "TOOK", "CHANGED", "WRITTEN", "COPIED AGAIN", "RESUMES"}}
	for _, c := range s.Cycles {
		cycles = append(cycles, []string{
			fmt.Sprint(c.Number), c.Kind, instant(c.SnapshotAt), formatDuration(c.DoneAt.Sub(c.SnapshotAt)),
			formatBytes(c.ChangedBytes), formatBytes(c.WrittenBytes), formatBytes(c.RecopiedBytes), fmt.Sprint(c.Resumes),
		})
	}
	return table(w, cycles...)
}

// running is how far the running cycle is on a disk.
func running(d migration.DiskStatus) string {
	if d.TotalBytes == 0 {
		return "-"
	}
	return formatBytes(d.DoneBytes) + " of " + formatBytes(d.TotalBytes)
}

// copied sums what the running cycle has done, over all disks.
func copied(s migration.Status) (done, total int64) {
	for _, d := range s.Disks {
		done += d.DoneBytes
		total += d.TotalBytes
	}
	return done, total
}

// summary is a status as one line of progress.
func summary(s migration.Status) (step, detail string) {
	step = fmt.Sprintf("%s: %s", s.ID, s.Phase)
	if done, total := copied(s); total > 0 && done < total {
		detail = fmt.Sprintf("%d%%, %s of %s", done*100/total, formatBytes(done), formatBytes(total))
	}
	if n := len(s.Cycles); n > 0 {
		c := s.Cycles[n-1]
		step += fmt.Sprintf(", seed and %d delta cycles done", s.Deltas)
		if detail == "" {
			detail = fmt.Sprintf("last %s wrote %s", c.Kind, formatBytes(c.WrittenBytes))
		}
	}
	if s.Reason != "" {
		step += " (" + s.Reason + ")"
	}
	return step, detail
}

// instant prints t in UTC to the second, "" for the zero time.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
