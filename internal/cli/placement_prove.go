package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/placement/exact"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const solverNote = "It uses the solver HiGHS, which \"make solver\" installs (or --solver, or " + exact.Env + " names its file). Without it,\n" +
	"the output says what could not be certified."

// proofFlags are those of the commands that use the exact solver.
type proofFlags struct {
	json *bool
	svg  *string
	file *string
	time time.Duration
}

func newProofFlags(c *cobra.Command) *proofFlags {
	f := &proofFlags{json: jsonFlag(c), svg: svgFlag(c), time: time.Minute}
	c.Long += "\n\n" + solverNote
	f.file = c.Flags().String("solver", "", "`file` of the solver ("+exact.Env+")")
	c.Flags().Var(duration{&f.time}, "time", "how long one run of the solver may last")
	return f
}

// answer is what prove and explain print as JSON.
type answer struct {
	exact.Proof
	// Uncertified says what could not be proven and why.
	Uncertified []string `json:"uncertified,omitempty"`
}

// prove decides and proves a request, with or without the solver.
func (a *app) prove(ctx context.Context, req placement.Request, f *proofFlags) (ans answer, err error) {
	solver, err := exact.Open(ctx, *f.file, a.Getenv)
	switch {
	case err == nil:
		defer func() { _ = solver.Close(context.WithoutCancel(ctx)) }()
	case psn.Is(err, psn.NotFound) && *f.file == "":
		ans.Uncertified = append(ans.Uncertified, "anything that needs the exact solver: "+err.Error())
		solver = nil
	default:
		return ans, codeError{exitUnusable, advised{err, "run \"make solver\", which fetches the file again and checks it"}}
	}
	ans.Proof, err = solver.Prove(ctx, req, exact.Limits{Time: f.time})
	if psn.Is(err, psn.Corrupt) {
		return ans, advised{err, "the solver's answer does not hold in integers and is not used: ask for the search alone with \"psn placement solve\""}
	}
	if err != nil {
		return ans, err
	}
	ans.Uncertified = append(ans.Uncertified, doubts(ans.Proof, solver != nil)...)
	if ans.Verdict == placement.Placed {
		ans.Uncertified = append(ans.Uncertified, silence(req)...)
	}
	return ans, nil
}

// proveFile is prove for the request in a file.
func (a *app) proveFile(ctx context.Context, path string, f *proofFlags) (placement.Request, answer, error) {
	req, err := a.readRequest(path, *f.svg)
	if err != nil {
		return req, answer{}, err
	}
	ans, err := a.prove(ctx, req, f)
	return req, ans, unusable(path, err)
}

// unusable gives the exit code of what came to no verdict: a malformed request,
// or a failure on the way. Exit code 1 says that nothing was placed.
func unusable(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case psn.Is(err, psn.InvalidInput):
		err = psn.At(inputName(path), err)
	}
	return codeError{exitUnusable, err}
}

// doubts lists what a proof leaves open.
func doubts(p exact.Proof, solver bool) []string {
	var out []string
	switch {
	case p.Verdict == placement.Placed && !p.Certificate.Whole && solver:
		out = append(out, "that no placement is cheaper: there are too many machines to search, so the bound is that of machines that may be cut in pieces")
	case p.Verdict == placement.Placed && !p.Certificate.Optimal:
		out = append(out, "that no placement is cheaper")
	case p.Verdict == placement.NotFound && !solver:
		out = append(out, "whether any placement exists")
	case p.Verdict == placement.NotFound:
		out = append(out, "whether any placement exists, within the limits of this run")
	case p.Verdict == placement.Infeasible && solver && !p.Exact && len(p.Findings) > 0 && p.Minimal:
		out = append(out, "the conflict in exact arithmetic: it rests on machines being whole, so it was found by branching, in floating point")
	}
	return out
}

// silence says of each site that could not be read what a placement leaves open.
func silence(req placement.Request) []string {
	var out []string
	for _, s := range req.Sites {
		excluded := slices.ContainsFunc(req.Excluded, func(x placement.Exclusion) bool {
			return x.Site == s.Site && x.Cluster == "" && (x.Platform == "" || x.Platform == s.Platform)
		})
		if !s.Reachable() && !excluded {
			out = append(out, fmt.Sprintf("what %s (%s) could take, which could not be read (%s): what stands there stays, nothing new was placed there, and the bound is that of the sites that were read", s.Site, s.Platform, s.Error))
		}
	}
	return out
}

func newPlacementProve(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "prove FILE",
		Short: "Decide a placement and prove how good it is, or that none exists",
		Long:  placementFile,
		Args:  exactly(1, "files"),
	}
	f := newProofFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		req, ans, err := a.proveFile(cmd.Context(), args[0], f)
		if err != nil {
			return err
		}
		if err := a.drawTo(*f.svg, req, ans.Result); err != nil {
			return err
		}
		if *f.json {
			return verdictError(writeJSON(a.Stdout, ans), ans.Verdict)
		}
		if err := printPlacement(a.Stdout, req, ans.Result); err != nil {
			return err
		}
		return verdictError(printProof(a, ans), ans.Verdict)
	}
	return c
}

func printProof(a *app, ans answer) error {
	w := a.Stdout
	fmt.Fprintln(w)
	if ans.Settled {
		fmt.Fprintln(w, "proof: the search had found no placement; the exact solver did")
	}
	if ans.Improved {
		fmt.Fprintln(w, "proof: the exact solver found a cheaper placement than the search; it is the one above")
	}
	if c := ans.Certificate; c != nil {
		how := "in integers, exactly"
		if c.Solver {
			how = "by the solver, to its precision"
		}
		fmt.Fprintf(w, "proof: cost %s; no placement costs less than %s (%s); gap %d.%02d%%\n", costUnits(c.Cost), costUnits(c.Bound), how, c.Gap()/100, c.Gap()%100)
		if c.Optimal {
			fmt.Fprintln(w, "proof: the placement is the best there is, within a ten-thousandth")
		}
	}
	if ans.Exact {
		fmt.Fprintln(w, "proof: the conflict was checked in exact arithmetic")
	}
	if ans.Minimal {
		fmt.Fprintln(w, "proof: no demand can be left out of the conflict")
	}
	for _, d := range ans.Uncertified {
		if _, err := fmt.Fprintf(w, "not certified: %s\n", d); err != nil {
			return err
		}
	}
	return nil
}

func newPlacementExplain(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "explain FILE",
		Short: "Say why machines are placed as they are, or which demands conflict",
		Long:  placementFile,
		Args:  exactly(1, "files"),
	}
	f := newProofFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		req, ans, err := a.proveFile(cmd.Context(), args[0], f)
		if err != nil {
			return err
		}
		if err := a.drawTo(*f.svg, req, ans.Result); err != nil {
			return err
		}
		if *f.json {
			return verdictError(writeJSON(a.Stdout, ans), ans.Verdict)
		}
		printVerdict(a.Stdout, ans.Result)
		return verdictError(printProof(a, ans), ans.Verdict)
	}
	return c
}
