package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/placement"
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
	asJSON, svg := jsonFlag(c), svgFlag(c)
	c.Flags().StringArrayVar(&ch.without, "without", nil, "take a `place` out of use: site, site/platform or site/platform/cluster; may be repeated")
	c.Flags().StringArrayVar(&ch.instances, "instances", nil, "give a workload another number of machines: `name=n`; may be repeated")
	c.Flags().BoolVar(&ch.rebalance, "rebalance", false, "let machines move that could stay")
	c.Flags().BoolVar(&ch.region, "survive-region", false, "ask that the loss of a whole region is survived")
	c.RunE = func(_ *cobra.Command, args []string) error {
		req, err := readRequest(args[0])
		if err != nil {
			return err
		}
		before, err := placement.Solve(req)
		if err != nil {
			return codeError{exitUnusable, psn.At(args[0], err)}
		}
		if before.Verdict == placement.Placed {
			req.Current = before.Assignments
		}
		if err := ch.apply(&req); err != nil {
			return usageError{err}
		}
		after, err := placement.Solve(req)
		if err != nil {
			return codeError{exitUnusable, err}
		}
		if err := drawTo(*svg, req, after); err != nil {
			return err
		}
		if *asJSON {
			return verdictError(writeJSON(a.Stdout, map[string]placement.Result{"before": before, "after": after}), after.Verdict)
		}
		fmt.Fprintf(a.Stdout, "as it is: %s, cost %s\nchanged:  %s, cost %s\n\n", before.Verdict, costUnits(before.Cost.Total), after.Verdict, costUnits(after.Cost.Total))
		return verdictError(printPlacement(a.Stdout, req, after), after.Verdict)
	}
	return c
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
		req.Excluded = append(req.Excluded, placement.Exclusion{Site: site, Platform: psn.Platform(parts[1]), Cluster: parts[2], Reason: "what if"})
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
