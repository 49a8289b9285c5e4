package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/exact"
)

func newPlacementWhatIf(a *app) *cobra.Command {
	var ch change
	c := &cobra.Command{
		Use:   "what-if FILE",
		Short: "Decide a request as it is and changed, and compare",
		Long: placementFile + "\n\n" +
			"The request is decided first as it is, then with the changes asked for. Machines of current start from where they stand\n" +
			"today, and moves are told against that; the others start from the decision as it is, so that only what the changes\n" +
			"cause differs. Without a current, the decision as it is counts as today.",
		Example: "  psn placement what-if request.hcl --without acilia/vsphere\n" +
			"  psn placement what-if request.hcl --without gis --instances portale=8\n" +
			"  psn placement what-if request.hcl --rebalance --survive-region",
		Args: exactly(1, "files"),
	}
	f := newProofFlags(c)
	c.Flags().StringArrayVar(&ch.without, "without", nil, "take a `workload` out, or a place out of use: site, site/platform or site/platform/cluster; may be repeated")
	c.Flags().StringArrayVar(&ch.instances, "instances", nil, "give a workload another number of machines: `name=n`; may be repeated")
	c.Flags().BoolVar(&ch.rebalance, "rebalance", false, "let machines move that could stay")
	c.Flags().BoolVar(&ch.region, "survive-region", false, "ask that the loss of a whole region is survived")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		req, err := a.readRequest(args[0], *f.svg)
		if err != nil {
			return err
		}
		w := whatIf{Today: "current"}
		if w.Before, err = placement.Solve(req); err != nil {
			return unusable(args[0], err)
		}
		if ch.empty() {
			return usagef("nothing to change: give --without, --instances, --rebalance or --survive-region, or decide the request as it is with \"psn placement solve %s\"", args[0])
		}
		today := req.Current
		if len(today) == 0 {
			w.Today, today = "decision", w.Before.Assignments
		}
		req.Current = maps.Clone(w.Before.Assignments)
		maps.Copy(req.Current, today)
		if w.Leave, err = ch.apply(&req); err != nil {
			return usageError{err}
		}
		if w.After, err = a.decide(cmd.Context(), req, f); err != nil {
			return unusable(args[0], err)
		}
		w.compare(today)
		if err := a.drawTo(*f.svg, req, w.After.Result); err != nil {
			return err
		}
		if *f.json {
			return verdictError(writeJSON(a.Stdout, w), w.After.Verdict)
		}
		if err := w.print(a.Stdout, args[0]); err != nil {
			return err
		}
		shown, drawn := w.After.Result, req
		shown.Moves, drawn.Current = w.Moves, today
		if err := printPlacement(a.Stdout, drawn, shown); err != nil {
			return err
		}
		return verdictError(printProof(a, w.After), w.After.Verdict)
	}
	return c
}

// whatIf compares two decisions; the moves of each are against today.
type whatIf struct {
	// Today is what both start from: "current", as the request has it, or
	// "decision", that of the request as it is.
	Today  string           `json:"today"`
	Before placement.Result `json:"before"`
	After  answer           `json:"after"`
	// Moves are those of machines that stand today.
	Moves []placement.Move `json:"moves"`
	// Leave are the machines that stand today and go with their workload.
	Leave map[string]placement.Assignment `json:"leave"`
	// Elsewhere are the machines that do not stand today and that the two
	// decisions put in different places.
	Elsewhere []string `json:"elsewhere"`
}

// compare finds what differs: moves against today, and from decision to decision.
func (w *whatIf) compare(today map[string]placement.Assignment) {
	w.Moves, w.Elsewhere = []placement.Move{}, []string{}
	for _, m := range w.After.Moves {
		if _, stands := today[m.VM]; stands {
			w.Moves = append(w.Moves, m)
		}
	}
	for vm := range w.Leave {
		if _, stands := today[vm]; !stands {
			delete(w.Leave, vm)
		}
	}
	for _, vm := range elsewhere(w.Before.Assignments, w.After.Assignments) {
		if _, stands := today[vm]; !stands {
			w.Elsewhere = append(w.Elsewhere, vm)
		}
	}
}

func (w whatIf) print(out io.Writer, path string) error {
	today := "the current of " + inputName(path)
	if w.Today == "decision" {
		today = "the decision as it is, for " + inputName(path) + " has no current"
	}
	fmt.Fprintf(out, "today:    %s\nas it is: %s\nchanged:  %s\n", today, worth(w.Before, len(w.Before.Moves)), worth(w.After.Result, len(w.Moves)))
	if names := w.Elsewhere; len(names) > 0 {
		const most = 10
		more := ""
		if len(names) > most {
			more, names = fmt.Sprintf(" and %d more (--json has them all)", len(names)-most), names[:most]
		}
		fmt.Fprintf(out, "elsewhere than decided as it is: %s%s\n", strings.Join(names, ", "), more)
	}
	if len(w.Leave) > 0 {
		rows := [][]string{{"LEAVES", "SITE", "PLATFORM", "CLUSTER", "STANDBY"}}
		for _, vm := range slices.Sorted(maps.Keys(w.Leave)) {
			m := w.Leave[vm]
			standby := string(m.StandbySite)
			if standby == "" {
				standby = "-"
			}
			rows = append(rows, []string{vm, string(m.Site), string(m.Platform), m.Cluster, standby})
		}
		fmt.Fprintln(out)
		if err := table(out, rows...); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out)
	return err
}

// decide is the search, and where that places nothing the exact solver.
func (a *app) decide(ctx context.Context, req placement.Request, f *proofFlags) (answer, error) {
	res, err := placement.Solve(req)
	if err != nil || res.Verdict == placement.Placed {
		return answer{Proof: exact.Proof{Result: res}}, err
	}
	return a.prove(ctx, req, f)
}

func worth(res placement.Result, moves int) string {
	if res.Verdict != placement.Placed {
		return string(res.Verdict)
	}
	return fmt.Sprintf("%s, cost %s, moves against today: %d", res.Verdict, costUnits(res.Cost.Total), moves)
}
