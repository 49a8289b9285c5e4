package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newMigrateStart(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "start --id ID --source NAME --vm NAME --service ID --classification CLASS --site SITE --cluster NAME",
		Short: "Register a replica; a worker at the target site does the work",
		Example: "  psn migrate start --id p_bs/protocollo-1 --source brescia --vm protocollo \\\n" +
			"    --service p_bs/protocollo --classification critical \\\n" +
			"    --site acilia --cluster cluster-1 --standby-site rozzano --rpo 15m",
		Args: exactly(0, "arguments"),
	}
	var f startFlags
	id, asJSON := idFlag(c), jsonFlag(c)
	f.add(c)
	derogations := derogationsFlag(c, "rules that the place is exempt from")
	c.RunE = func(c *cobra.Command, _ []string) error {
		vm, err := id()
		if err != nil {
			return err
		}
		if f.spec.Derogations, err = derogations(); err != nil {
			return err
		}
		spec, err := asUsage(f.of(vm, a.Now()))
		if err != nil {
			return err
		}
		return a.withFleet(c.Context(), func(fleet *connect.Fleet) error {
			// Looked up first: a worker would refuse it later, out of sight.
			if _, err := fleet.Source(spec.Source.Name); err != nil {
				return err
			}
			engine, err := fleet.Engine(c.Context())
			if err != nil {
				return err
			}
			defer engine.Close()
			if err := migration.NewClient(engine).Start(c.Context(), spec); err != nil {
				return err
			}
			a.warn(spec)
			for _, d := range derogationRows(spec.Derogations) {
				fmt.Fprintln(a.Stderr, "warning: derogated: "+d[1])
			}
			if *asJSON {
				return writeJSON(a.Stdout, spec)
			}
			_, err = fmt.Fprintf(a.Stdout, "%s: registered; follow it with \"psn migrate status --watch --id %s\"\n", vm, vm)
			return err
		})
	}
	return c
}

// warn prints the rules that the request breaks without being refused for it.
func (a *app) warn(s migration.Spec) {
	for _, f := range s.Findings(a.Now(), nil) {
		if f.Severity == psn.SeverityWarning && f.Outcome == psn.Failed {
			fmt.Fprintf(a.Stderr, "warning: %s: %s; %s (basis: %s: %s)\n", f.Rule, f.Message, f.Remedy, f.Basis, f.Citation)
		}
	}
}

// startFlags is a migration.Spec as flags.
type startFlags struct{ spec migration.Spec }

func (f *startFlags) add(c *cobra.Command) {
	p, s := c.Flags(), &f.spec
	p.StringVar(&s.Source.Name, "source", "", "`name` of the source in the configuration")
	p.StringVar(&s.Source.VM, "vm", "", "`name` or instance UUID of the machine at the source")
	text(c, &s.Service, "service", "", "`id` of the service, for example p_bs/protocollo")
	text(c, &s.Classification, "classification", "", "`class` of the service: ordinary, critical or strategic")
	text(c, &s.Target.Site, "site", "", "target `site`")
	text(c, &s.Target.Platform, "platform", psn.VSphere, "target `platform`")
	p.StringVar(&s.Target.Cluster, "cluster", "", "target cluster, by `name`")
	text(c, &s.Target.StandbySite, "standby-site", "", "`site` of the standby, for critical and strategic services")
	p.StringVar(&s.Target.StandbyCluster, "standby-cluster", "", "cluster of the standby, by `name` (default: the one with most room)")
	p.StringVar(&s.Target.Network, "network", "", "target network, by `name` (default: the tenant's)")
	s.RPO = 15 * time.Minute
	p.Var(duration{&s.RPO}, "rpo", "delta cycles start at most this far apart")
	p.IntVar(&s.MinDeltas, "min-deltas", 1, "`number` of delta cycles before an approval is accepted")
	p.Var(size{bytes: &s.BytesPerSecond, perSecond: true}, "bandwidth", "most bytes per second, for example 64MiB/s (default: no limit)")
	text(c, &s.Verify, "verify", migration.VerifyReadback, "`policy` of verification: transit or readback")
	s.ShutdownAfter = 5 * time.Minute
	p.Var(duration{&s.ShutdownAfter}, "shutdown-after", "how long the guest may take to shut down at cutover")
	p.BoolVar(&s.HardPowerOff, "hard-power-off", false, "power the source off when its guest did not shut down in time")
	text(c, &s.Health, "health", migration.HealthGuest, "what the target must show before the cutover counts: guest or power")
}

// text adds a flag for a kind of string; what is not of that kind is refused
// when the request is checked.
func text[T ~string](c *cobra.Command, to *T, name string, value T, usage string) {
	*to = value
	c.Flags().Var(textValue[T]{to}, name, usage)
}

type textValue[T ~string] struct{ to *T }

func (v textValue[T]) Set(s string) error { *v.to = T(s); return nil }
func (v textValue[T]) Type() string       { return "string" }
func (v textValue[T]) String() string {
	if v.to == nil {
		return ""
	}
	return string(*v.to)
}

// of returns the request for a machine, checked.
func (f *startFlags) of(id psn.VMID, now time.Time) (migration.Spec, error) {
	s := f.spec
	s.ID = id
	if s.Target.StandbySite != "" {
		if _, err := psn.ParseSite(string(s.Target.StandbySite)); err != nil {
			return s, psn.At("--standby-site", err)
		}
	}
	return s, s.CheckAt(now)
}
