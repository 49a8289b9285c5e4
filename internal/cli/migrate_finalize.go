package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newMigrateFinalize(a *app) *cobra.Command {
	return decision(a, "finalize", "End a verified migration: the target stays, no way back", "finalized",
		func(ctx context.Context, m *migration.Client, id psn.VMID, by migration.Approval) error {
			return m.Finalize(ctx, id, by)
		})
}
