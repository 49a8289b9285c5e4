package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newMigrateWait(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "wait --id ID (--phase PHASE | --deltas N | --copied PERCENT)",
		Short: "Wait until a replica has come to a point",
		Example: "  psn migrate wait --id p_bs/protocollo-1 --deltas 2\n" +
			"  psn migrate wait --id p_bs/protocollo-1 --phase verified --timeout 1h",
		Args: exactly(0, "arguments"),
	}
	id, asJSON := idFlag(c), jsonFlag(c)
	var w target
	c.Flags().StringVar(&w.phase, "phase", "", "wait for this phase, or a later one")
	c.Flags().IntVar(&w.deltas, "deltas", 0, "wait for this `number` of delta cycles")
	c.Flags().IntVar(&w.percent, "copied", 0, "wait until this `percentage` of the seed is copied")
	timeout := 30 * time.Minute
	c.Flags().Var(duration{&timeout}, "timeout", "give up after this long; the migration goes on")
	c.RunE = func(c *cobra.Command, _ []string) error {
		vm, err := id()
		if err != nil {
			return err
		}
		if err := w.check(); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeoutCause(c.Context(), timeout,
			late(vm, w, timeout))
		defer cancel()
		return a.withEngine(ctx, func(m *migration.Client) error {
			s, err := a.follow(ctx, m, vm, w.reached)
			if err != nil {
				return err
			}
			if !w.reached(s) {
				return psn.Errorf(psn.Conflict, "%s is %s and will not come to %s: %s", vm, s.Phase, w, s.Reason)
			}
			if *asJSON {
				return writeJSON(a.Stdout, s)
			}
			_, err = fmt.Fprintf(a.Stdout, "%s has come to %s: it is %s, %d delta cycles done\n", vm, w, s.Phase, s.Deltas)
			return err
		})
	}
	return c
}

// late is the end of a wait that took too long. Everything answered, so it has
// no code that blames an endpoint.
func late(vm psn.VMID, w target, after time.Duration) error {
	return psn.Errorf(psn.Conflict, "%s did not come to %s within %s: it goes on, see \"psn migrate status --id %s\"", vm, w, formatDuration(after), vm)
}

// target is the point a wait is for.
type target struct {
	phase           string
	deltas, percent int
}

// phases is the order in which a migration that goes well passes its phases.
func phases() []migration.Phase {
	return []migration.Phase{
		migration.PhasePreflight, migration.PhaseProvision, migration.PhaseSeeding, migration.PhaseReplicating,
		migration.PhaseCutover, migration.PhaseVerified, migration.PhaseFinalized,
	}
}

func (t target) String() string {
	switch {
	case t.deltas > 0:
		return fmt.Sprintf("%d delta cycles", t.deltas)
	case t.percent > 0:
		return fmt.Sprintf("%d%% of the seed", t.percent)
	}
	return "phase " + t.phase
}

func (t target) check() error {
	all := append(phases(), migration.PhaseRolledBack, migration.PhaseFailed)
	given := 0
	for _, set := range []bool{t.phase != "", t.deltas != 0, t.percent != 0} {
		if set {
			given++
		}
	}
	switch {
	case given > 1:
		return usagef("give one of --phase, --deltas and --copied, not %d", given)
	case given == 0:
		return usagef("nothing to wait for: give --phase, --deltas or --copied")
	case t.phase != "" && !slices.Contains(all, migration.Phase(t.phase)):
		return usagef("unknown --phase %q: use one of %q", t.phase, all)
	case t.deltas < 0:
		return usagef("--deltas %d is not a positive number", t.deltas)
	case t.percent < 0 || t.percent > 100:
		return usagef("--copied %d is not a percentage: use 1 to 100", t.percent)
	}
	return nil
}

func (t target) reached(s migration.Status) bool {
	switch {
	case t.deltas > 0:
		return s.Deltas >= t.deltas
	case t.percent > 0:
		if len(s.Cycles) > 0 {
			return true // the seed is committed
		}
		done, total := copied(s)
		return total > 0 && done*100 >= total*int64(t.percent)
	case s.Phase == migration.Phase(t.phase):
		return true
	}
	want := slices.Index(phases(), migration.Phase(t.phase))
	return want >= 0 && slices.Index(phases(), s.Phase) >= want
}
