package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/exact"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// change is what a what-if changes in a request.
type change struct {
	without   []string
	instances []string
	rebalance bool
	region    bool
}

func newPlacementWhatIf(a *app) *cobra.Command {
	var ch change
	c := &cobra.Command{
		Use:   "what-if FILE",
		Short: "Decide a request as it is and changed, and compare",
		Long: placementFile + "\n\n" +
			"The request is decided first as it is; then, with that decision standing, with the changes asked for.",
		Args: exactly(1, "files"),
	}
	f := newProofFlags(c)
	c.Flags().StringArrayVar(&ch.without, "without", nil, "take a `place` out of use: site, site/platform or site/platform/cluster; may be repeated")
	c.Flags().StringArrayVar(&ch.instances, "instances", nil, "give a workload another number of machines: `name=n`; may be repeated")
	c.Flags().BoolVar(&ch.rebalance, "rebalance", false, "let machines move that could stay")
	c.Flags().BoolVar(&ch.region, "survive-region", false, "ask that the loss of a whole region is survived")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		req, err := readRequest(args[0], *f.svg)
		if err != nil {
			return err
		}
		before, err := placement.Solve(req)
		if err != nil {
			return unusable(args[0], err)
		}
		if before.Verdict == placement.Placed {
			req.Current = before.Assignments
		}
		if err := ch.apply(&req); err != nil {
			return usageError{err}
		}
		after, err := a.decide(cmd.Context(), req, f)
		if err != nil {
			return unusable(args[0], err)
		}
		if err := a.drawTo(*f.svg, req, after.Result); err != nil {
			return err
		}
		if *f.json {
			return verdictError(writeJSON(a.Stdout, map[string]any{"before": before, "after": after}), after.Verdict)
		}
		fmt.Fprintf(a.Stdout, "as it is: %s\nchanged:  %s\n\n", worth(before), worth(after.Result))
		if err := printPlacement(a.Stdout, req, after.Result); err != nil {
			return err
		}
		return verdictError(printProof(a, after), after.Verdict)
	}
	return c
}

// decide is the search, and where that places nothing the exact solver.
func (a *app) decide(ctx context.Context, req placement.Request, f *proofFlags) (answer, error) {
	res, err := placement.Solve(req)
	if err != nil || res.Verdict == placement.Placed {
		return answer{Proof: exact.Proof{Result: res}}, err
	}
	return a.prove(ctx, req, f)
}

func worth(res placement.Result) string {
	if res.Verdict != placement.Placed {
		return string(res.Verdict)
	}
	return fmt.Sprintf("%s, cost %s", res.Verdict, costUnits(res.Cost.Total))
}

func (ch change) apply(req *placement.Request) error {
	for _, w := range ch.without {
		parts := strings.Split(w, "/")
		if len(parts) > 3 {
			return psn.Errorf(psn.InvalidInput, "--without %q: write site, site/platform or site/platform/cluster", w)
		}
		parts = append(parts, "", "")
		site, err := psn.ParseSite(parts[0])
		if err != nil {
			return psn.Errorf(psn.InvalidInput, "--without: %w", err)
		}
		req.Excluded = append(req.Excluded, placement.Exclusion{Site: site, Platform: psn.Platform(parts[1]), Cluster: parts[2], Reason: "--without " + w})
	}
	req.Workloads = slices.Clone(req.Workloads)
	for _, v := range ch.instances {
		name, number, _ := strings.Cut(v, "=")
		n, err := strconv.ParseInt(number, 10, 64)
		i := slices.IndexFunc(req.Workloads, func(w placement.Workload) bool { return w.Name == name })
		if err != nil || i < 0 {
			return psn.Errorf(psn.InvalidInput, "--instances %q: write name=number, with the name of a workload of the request", v)
		}
		req.Workloads[i].Instances = n
	}
	req.Rebalance = req.Rebalance || ch.rebalance
	req.SurviveRegion = req.SurviveRegion || ch.region
	return nil
}
