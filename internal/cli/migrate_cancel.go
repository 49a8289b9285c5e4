package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
)

func newMigrateCancel(a *app) *cobra.Command {
	c := &cobra.Command{Use: "cancel --id ID", Short: "Ask for the end of a replication that was not cut over; the source runs on", Args: exactly(0, "arguments")}
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
			// The workflow ends when a worker has tidied up; none may run now.
			_, err := fmt.Fprintf(a.Stdout, "%s: cancelling was asked for; a worker of its target site ends it, follow it with \"psn migrate status --watch --id %s\"\n", vm, vm)
			return err
		})
	}
	return c
}
