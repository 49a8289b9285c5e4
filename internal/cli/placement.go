package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newPlacement(a *app) *cobra.Command {
	return group("placement", "Decide where machines live", newPlacementSolve(a))
}

func newPlacementSolve(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "solve FILE",
		Short: "Decide a placement from a request in JSON; touches no site",
		Long: "FILE holds tenant, workloads, sites (an inventory) and, optionally, current and rebalance.\n" +
			"Exit code 0: placed; 1: proven infeasible or not found; 2: the request cannot be used.",
		Args: exactly(1, "files"),
	}
	asJSON := jsonFlag(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		req, err := readRequest(args[0])
		if err != nil {
			return codeError{exitUnusable, psn.At(args[0], err)}
		}
		res, err := placement.Solve(req)
		if err != nil {
			return codeError{exitUnusable, psn.At(args[0], err)}
		}
		if *asJSON {
			err = writeJSON(a.Stdout, res)
		} else {
			err = printResult(a.Stdout, res)
		}
		if err == nil && res.Verdict != placement.Placed {
			return codeError{code: exitFailed}
		}
		return err
	}
	return c
}

func readRequest(path string) (placement.Request, error) {
	var req placement.Request
	in, err := os.Open(path)
	if err != nil {
		return req, psn.Errorf(psn.InvalidInput, "the file cannot be read: %w", err)
	}
	defer in.Close()
	dec := json.NewDecoder(in)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return req, psn.Errorf(psn.InvalidInput, "the JSON ends too early, at byte %d: write the file again", dec.InputOffset())
		}
		return req, psn.Errorf(psn.InvalidInput, "not a placement request, at byte %d: %w", dec.InputOffset(), err)
	}
	return req, nil
}

func printResult(w io.Writer, res placement.Result) error {
	fmt.Fprintf(w, "verdict: %s\n", res.Verdict)
	for _, line := range res.Explanation {
		fmt.Fprintf(w, "  %s\n", line)
	}
	if len(res.Assignments) > 0 {
		rows := [][]string{{"MACHINE", "SITE", "PLATFORM", "CLUSTER", "STANDBY", "CLUSTER"}}
		for _, vm := range slices.Sorted(maps.Keys(res.Assignments)) {
			m := res.Assignments[vm]
			rows = append(rows, []string{vm, string(m.Site), string(m.Platform), m.Cluster, string(m.StandbySite), m.StandbyCluster})
		}
		fmt.Fprintln(w)
		if err := table(w, rows...); err != nil {
			return err
		}
	}
	for _, m := range res.Moves {
		fmt.Fprintf(w, "moves: %s from %s/%s to %s/%s\n", m.VM, m.From.Site, m.From.Cluster, m.To.Site, m.To.Cluster)
	}
	for _, f := range res.Findings {
		if _, err := fmt.Fprintf(w, "\n%s  %s  %s\n    %s\n    remedy: %s\n", f.Severity, f.Rule, f.Subject, f.Message, f.Remedy); err != nil {
			return err
		}
	}
	return nil
}
