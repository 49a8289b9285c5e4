package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newMigrateReport(a *app) *cobra.Command {
	c := &cobra.Command{Use: "report --id ID", Short: "Account for a cutover: downtime and the hashes of every disk", Args: exactly(0, "arguments")}
	id, asJSON := idFlag(c), jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		vm, err := id()
		if err != nil {
			return err
		}
		return a.withEngine(c.Context(), func(m *migration.Client) error {
			s, err := m.Status(c.Context(), vm)
			if err != nil {
				return err
			}
			if s.Report == nil {
				return noReport(s)
			}
			if *asJSON {
				return writeJSON(a.Stdout, s)
			}
			return printReport(a.Stdout, s)
		})
	}
	return c
}

func noReport(s migration.Status) error {
	if s.Phase.Final() {
		return psn.Errorf(psn.NotFound, "%s has no report: it is %s without its target having been started: %s", s.ID, s.Phase, s.Reason)
	}
	return psn.Errorf(psn.NotFound, "%s has no report yet: it is %s; a report is made by the cutover", s.ID, s.Phase)
}

func printReport(w io.Writer, s migration.Status) error {
	r := s.Report
	rows := [][]string{
		{"id", string(s.ID)},
		{"phase", string(s.Phase)},
		{"approved", s.ApprovedBy + " at " + instant(s.ApprovedAt)},
		{"downtime", fmt.Sprintf("%.1f s", r.DowntimeSeconds)},
		{"source off", instant(r.SourceOffAt)},
		{"target on", instant(r.TargetOnAt)},
	}
	if !r.RolledBackAt.IsZero() {
		rows = append(rows, []string{"rolled back", instant(r.RolledBackAt) + " " + r.RolledBackWhy})
	}
	rows = append(rows, derogationRows(r.Derogations)...)
	rows = append(rows, []string{"target", r.TargetRef}, []string{"MAC", strings.Join(r.MACs, ", ")})
	if err := table(w, rows...); err != nil {
		return err
	}
	for _, d := range r.Disks {
		same := "equal"
		if d.SourceRoot != d.TargetRoot {
			same = "DIFFERENT"
		}
		if _, err := fmt.Fprintf(w, "\ndisk %d, %s\n", d.Key, formatBytes(d.CapacityBytes)); err != nil {
			return err
		}
		if err := table(w,
			[]string{"  source, as read", d.SourceRoot},
			[]string{"  target, read back", d.TargetRoot + "  " + same},
			[]string{"  target, whole disk", "sha256:" + strings.TrimPrefix(d.SHA256, "sha256:")},
		); err != nil {
			return err
		}
	}
	return nil
}
