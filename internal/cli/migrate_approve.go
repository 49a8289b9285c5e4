package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newMigrateApprove(a *app) *cobra.Command {
	return decision(a, "approve", "Approve the cutover", "cutover approved",
		func(ctx context.Context, m *migration.Client, id psn.VMID, by migration.Approval) error {
			return m.Approve(ctx, id, by)
		})
}
