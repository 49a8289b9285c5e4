package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newWorker(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "worker",
		Short: "Work for the replicas of some sites: bytes move in this process",
		Long: "worker runs until it is interrupted. Killed at any moment, the next one goes on from the ledgers in the\n" +
			"configuration's state_dir.",
		Args: exactly(0, "arguments"),
	}
	names := c.Flags().StringSlice("site", nil, "`site` to work for, may be repeated (default: every site with a worker in the configuration)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return a.withFleet(c.Context(), func(fleet *connect.Fleet) error {
			sites, err := workerSites(fleet, *names)
			if err != nil {
				return err
			}
			engine, err := a.awaitEngine(c.Context(), fleet)
			if err != nil {
				return err
			}
			defer engine.Close()
			w, err := migration.NewWorker(engine, fleet.Estate(), fleet.Config().StateDir, sites...)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(a.Stdout, "worker ready for %s\n", joined(sites)); err != nil {
				return err
			}
			if err := w.Run(c.Context()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.Stdout, "worker stopped; what was in flight goes on with the next one")
			return err
		})
	}
	return c
}

// awaitEngine gives an engine that is being started a minute to answer: workers
// and engine are often started together.
func (a *app) awaitEngine(ctx context.Context, fleet *connect.Fleet) (client.Client, error) {
	const patience, again = time.Minute, time.Second
	p := newProgress(a.Stderr, a.Now)
	defer p.done()
	for started := a.Now(); ; {
		engine, err := fleet.Engine(ctx)
		if err == nil || !psn.Is(err, psn.Unavailable) || a.Now().Sub(started) > patience {
			return engine, err
		}
		p.show("waiting for the engine", oneLine(err))
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(again):
		}
	}
}

// workerSites are the sites named, or all that have a worker configured.
func workerSites(fleet *connect.Fleet, names []string) ([]psn.Site, error) {
	var out []psn.Site
	for _, n := range names {
		site, err := psn.ParseSite(n)
		if err != nil {
			return nil, usageError{psn.At("--site", err)}
		}
		if _, err := fleet.WorkerAt(site); err != nil {
			return nil, err
		}
		out = append(out, site)
	}
	if len(names) > 0 {
		return out, nil
	}
	var missing []error
	for _, site := range fleet.SiteNames() {
		if _, err := fleet.WorkerAt(site); err != nil {
			missing = append(missing, err)
			continue
		}
		out = append(out, site)
	}
	if len(out) == 0 {
		return nil, psn.Errorf(psn.NotFound, "no site has a worker in the configuration: %w", errors.Join(missing...))
	}
	return out, nil
}

func joined[T ~string](vs []T) string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}
