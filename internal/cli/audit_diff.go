package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/audit"
	show "github.com/italia/terraform-provider-psn/internal/audit/report"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newAuditDiff(a *app) *cobra.Command {
	var format, lang, out string
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "What changed for resilience between two plans or states",
		Long: "OLD and NEW are what \"terraform show -json\" or \"tofu show -json\" prints for plans or states.\n" +
			"Exit code 0: nothing is worse; 1: something is (a rule newly failed or no longer decidable, a standby or a distance lost, …); 2: a file cannot be read.",
		Example: "  psn audit diff approved.json plan.json",
		Args:    exactly(2, "files"),
	}
	c.Flags().StringVar(&format, "format", string(show.Text), "form of the comparison: text or json")
	c.Flags().StringVar(&lang, "lang", string(show.English), "language, en or it")
	c.Flags().StringVar(&out, "out", "", "write to this `file` instead of the terminal")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if format != string(show.Text) && format != string(show.JSON) {
			return usagef("unknown --format %q: use text or json", format)
		}
		if lang != string(show.English) && lang != string(show.Italian) {
			return usagef("unknown --lang %q: use en or it", lang)
		}
		if err := distinct("--out", out, args...); err != nil {
			return err
		}
		if args[0] == stdin && args[1] == stdin {
			return usagef("OLD and NEW are both -: the standard input is one file, name the other")
		}
		var sides [2]*audit.Report
		for i, path := range args {
			f, err := a.readShown(path)
			if err != nil {
				return codeError{exitUnusable, err}
			}
			if sides[i], err = audit.Evaluate(f, a.Now(), audit.Program(a.Version)); err != nil {
				return codeError{exitUnusable, psn.At(path, err)}
			}
		}
		d := audit.Compare(sides[0], sides[1])
		err := a.emit("--out", out, func(w io.Writer) error {
			return show.WriteDiff(w, d, show.Options{Format: show.Format(format), Language: show.Language(lang)})
		})
		if err != nil {
			return err
		}
		if d.Worse > 0 {
			return codeError{code: exitFailed}
		}
		return nil
	}
	return c
}
