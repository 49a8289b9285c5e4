package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newAudit(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "audit FILE",
		Short: "Derive every finding of a plan or state again, with access to nothing else",
		Long: "FILE is what \"terraform show -json\" or \"tofu show -json\" prints for a saved plan or a state.\n" +
			"Exit code 0: no rule of severity error was failed; 1: at least one was; 2: the file cannot be audited.",
		Example: "  tofu show -json tenant.tfplan > plan.json\n  psn audit plan.json",
		Args:    exactly(1, "files"),
	}
	asJSON := jsonFlag(c)
	state := c.Flags().Bool("state", false, "refuse anything but a state")
	lang := c.Flags().String("lang", string(audit.English), "language of headings and summary, en or it")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if l := audit.Language(*lang); l != audit.English && l != audit.Italian {
			return usagef("unknown --lang %q: use en or it", *lang)
		}
		report, err := auditFile(a, args[0], *state)
		if err != nil {
			return codeError{exitUnusable, psn.At(args[0], err)}
		}
		if *asJSON {
			err = writeJSON(a.Stdout, report)
		} else {
			err = report.WriteText(a.Stdout, audit.Language(*lang))
		}
		if err != nil {
			return err
		}
		if report.Failed() {
			return codeError{code: exitFailed}
		}
		return nil
	}
	return c
}

func auditFile(a *app, path string, wantState bool) (*audit.Report, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, psn.Errorf(psn.InvalidInput, "the file cannot be read: %w", err)
	}
	defer in.Close()
	f, err := audit.Read(in)
	if err != nil {
		return nil, err
	}
	if wantState && f.Kind != audit.KindState {
		return nil, psn.Errorf(psn.InvalidInput, "the file is a %s, not a state: leave --state out, or pass the output of show -json for a state", f.Kind)
	}
	report, err := audit.Evaluate(f, a.Now())
	if err != nil {
		return nil, fmt.Errorf("judge: %w", err)
	}
	return report, nil
}
