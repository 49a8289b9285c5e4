package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
)

func newMigrateSync(a *app) *cobra.Command {
	c := &cobra.Command{Use: "sync --id ID", Short: "Start the next delta cycle at once", Args: exactly(0, "arguments")}
	id := idFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		vm, err := id()
		if err != nil {
			return err
		}
		return a.withEngine(c.Context(), func(m *migration.Client) error {
			if err := m.SyncNow(c.Context(), vm); err != nil {
				return err
			}
			_, err := fmt.Fprintf(a.Stdout, "%s: a delta cycle was asked for\n", vm)
			return err
		})
	}
	return c
}
