package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
)

// watchEvery is how often a replica is asked for its status while one waits.
const watchEvery = 250 * time.Millisecond

func newMigrateStatus(a *app) *cobra.Command {
	c := &cobra.Command{Use: "status --id ID", Short: "Show where a replica stands", Args: exactly(0, "arguments")}
	id, asJSON := idFlag(c), jsonFlag(c)
	watch := c.Flags().Bool("watch", false, "keep showing it until the migration has ended")
	c.RunE = func(c *cobra.Command, _ []string) error {
		vm, err := id()
		if err != nil {
			return err
		}
		return a.withEngine(c.Context(), func(m *migration.Client) error {
			var last migration.Status
			var err error
			if *watch {
				last, err = a.follow(c.Context(), m, vm, func(s migration.Status) bool { return s.Phase.Final() })
			} else {
				last, err = m.Status(c.Context(), vm)
			}
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(a.Stdout, last)
			}
			return printStatus(a.Stdout, last)
		})
	}
	return c
}
