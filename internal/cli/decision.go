package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// decision returns a command by which a person decides about a replica: who and
// why is recorded with it. done is printed when the decision was taken.
func decision(a *app, use, short, done string, decide func(context.Context, *migration.Client, psn.VMID, migration.Approval) error) *cobra.Command {
	c := &cobra.Command{Use: use + " --id ID --by NAME", Short: short, Args: exactly(0, "arguments")}
	id := idFlag(c)
	by := c.Flags().String("by", "", "`name` of who decides, recorded in the report")
	derogations := func() ([]psn.Derogation, error) { return nil, nil }
	if use == "approve" {
		derogations = derogationsFlag(c, "in place of those it was started with, when they were renewed")
	}
	note := c.Flags().String("note", "", "why, recorded in the report")
	c.RunE = func(c *cobra.Command, _ []string) error {
		vm, err := id()
		if err != nil {
			return err
		}
		if *by == "" {
			return usagef("--by is missing: name who decides")
		}
		renewed, err := derogations()
		if err != nil {
			return err
		}
		return a.withEngine(c.Context(), func(m *migration.Client) error {
			if err := decide(c.Context(), m, vm, migration.Approval{By: *by, Note: *note, Derogations: renewed}); err != nil {
				return err
			}
			_, err := fmt.Fprintf(a.Stdout, "%s: %s by %s\n", vm, done, *by)
			return err
		})
	}
	return c
}
