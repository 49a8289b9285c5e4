package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
)

func newMigrateList(a *app) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List replicas and where they stand", Args: exactly(0, "arguments")}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return a.withEngine(c.Context(), func(m *migration.Client) error {
			all, err := m.List(c.Context())
			if err != nil {
				return err
			}
			if *asJSON {
				if all == nil {
					all = []migration.Status{}
				}
				return writeJSON(a.Stdout, all)
			}
			rows := [][]string{{"ID", "PHASE", "DELTAS", "LAST SYNC", "REASON"}}
			for _, s := range all {
				rows = append(rows, []string{string(s.ID), string(s.Phase), fmt.Sprint(s.Deltas), instant(s.LastSyncAt), s.Reason})
			}
			return table(a.Stdout, rows...)
		})
	}
	return c
}
