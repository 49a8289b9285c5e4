package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newMigrateRollback(a *app) *cobra.Command {
	return decision(a, "rollback", "Stop the target and bring the source back", "rollback decided",
		func(ctx context.Context, m *migration.Client, id psn.VMID, by migration.Approval) error {
			return m.Rollback(ctx, id, by)
		})
}
