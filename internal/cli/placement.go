package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/picture"
)

const placementFile = "FILE holds tenant, workloads, sites (an inventory) and, optionally, current, rebalance, groups, excluded,\n" +
	"facts, quota, survive_region, dr_reserve (percent of what standbys take over that is kept, 100) and weights: as JSON,\n" +
	"or as HCL when its name ends in .hcl. \"-\" reads the standard input, in either form. No site is touched.\n" +
	"Exit code 0: placed; 1: proven infeasible or not found; 2: the request cannot be used."

func newPlacement(a *app) *cobra.Command {
	return group("placement", "Decide where machines live", newPlacementExplain(a), newPlacementProve(a), newPlacementSolve(a), newPlacementWhatIf(a))
}

func newPlacementSolve(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "solve FILE",
		Short: "Decide a placement from a request",
		Long:  placementFile,
		Args:  exactly(1, "files"),
	}
	asJSON, svg := jsonFlag(c), svgFlag(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		req, err := a.readRequest(args[0], *svg)
		if err != nil {
			return err
		}
		res, err := placement.Solve(req)
		if err != nil {
			return unusable(args[0], err)
		}
		if err := a.drawTo(*svg, req, res); err != nil {
			return err
		}
		if *asJSON {
			err = writeJSON(a.Stdout, res)
		} else {
			err = printPlacement(a.Stdout, req, res)
			if res.Verdict == placement.NotFound {
				fmt.Fprintf(a.Stdout, "\nnot certified: whether any placement exists; \"psn placement explain %s\" asks the exact solver\n", args[0])
			}
		}
		return verdictError(err, res.Verdict)
	}
	return c
}

// verdictError turns a verdict into an exit code when nothing else went wrong.
func verdictError(err error, v placement.Verdict) error {
	if err == nil && v != placement.Placed {
		return codeError{code: exitFailed}
	}
	return err
}

func svgFlag(c *cobra.Command) *string {
	return c.Flags().String("svg", "", "draw the sites, their load and who stands by for whom into an SVG `file`")
}

// drawTo writes the picture, whole or not at all. A failure is not a verdict.
func (a *app) drawTo(path string, req placement.Request, res placement.Result) error {
	if path == "" {
		return nil
	}
	return a.emit("--svg", path, func(w io.Writer) error { return picture.Write(w, req, res) })
}
