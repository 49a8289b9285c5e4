package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newMigrate(a *app) *cobra.Command {
	return group("migrate", "Replicate, cut over, verify and roll back machines",
		newMigratePreflight(a),
		newMigrateStart(a),
		newMigrateStatus(a),
		newMigrateList(a),
		newMigrateWait(a),
		newMigrateSync(a),
		newMigrateApprove(a),
		newMigrateRollback(a),
		newMigrateFinalize(a),
		newMigrateCancel(a),
		newMigrateReport(a),
	)
}

// withFleet opens the configuration for the time of f.
func (a *app) withFleet(ctx context.Context, f func(*connect.Fleet) error) (err error) {
	cfg, err := connect.Load(a.config, a.Getenv)
	if err != nil {
		return err
	}
	fleet := connect.Open(cfg)
	defer func() {
		// Sessions are closed even when the command was interrupted.
		err = errors.Join(err, fleet.Close(context.WithoutCancel(ctx)))
	}()
	return f(fleet)
}

// withEngine opens the durable engine for the time of f.
func (a *app) withEngine(ctx context.Context, f func(*migration.Client) error) error {
	return a.withFleet(ctx, func(fleet *connect.Fleet) error {
		engine, err := fleet.Engine(ctx)
		if err != nil {
			return err
		}
		defer engine.Close()
		return f(migration.NewClient(engine))
	})
}

// idFlag adds --id; the function returned checks it.
func idFlag(c *cobra.Command) func() (psn.VMID, error) {
	id := c.Flags().String("id", "", "`id` of the target machine, for example p_bs/protocollo-1")
	return func() (psn.VMID, error) {
		if *id == "" {
			return "", usagef("--id is missing: give the id of the target machine, for example p_bs/protocollo-1")
		}
		return asUsage(psn.ParseVMID(*id))
	}
}

// asUsage turns the refusal of a flag's value into a usage error.
func asUsage[T any](v T, err error) (T, error) {
	if err != nil {
		return v, usageError{err}
	}
	return v, nil
}
