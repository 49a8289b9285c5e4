package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
)

func newMigrateCancel(a *app) *cobra.Command {
	c := &cobra.Command{Use: "cancel --id ID", Short: "End a replication that was not cut over; the source runs on", Args: exactly(0, "arguments")}
	id := idFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		vm, err := id()
		if err != nil {
			return err
		}
		return a.withEngine(c.Context(), func(m *migration.Client) error {
			if err := m.Cancel(c.Context(), vm); err != nil {
				return err
			}
			_, err := fmt.Fprintf(a.Stdout, "%s: cancelled\n", vm)
			return err
		})
	}
	return c
}
