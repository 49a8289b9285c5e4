package cli

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/audit"
	show "github.com/italia/terraform-provider-psn/internal/audit/report"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// auditFlags are the flags of "psn audit".
type auditFlags struct {
	state, format, lang, out, separator, digest, configDir string
	json                                                   bool
}

func newAudit(a *app) *cobra.Command {
	var flags auditFlags
	c := &cobra.Command{
		Use:   "audit [PLAN] [--state STATE]",
		Short: "Derive every finding of a plan or state again, with access to nothing else",
		Long: "PLAN and STATE are what \"terraform show -json\" or \"tofu show -json\" prints for a saved plan and for a state;\n" +
			"one of them may be -, which reads the standard input.\n" +
			"With both, the state is compared with the plan too: a state that is neither the one the plan was made on nor\n" +
			"the one it leads to is a finding. PLAN may be a state as well.\n" +
			"Exit code 0: every rule of severity error that applies was passed or set aside by a derogation; 1: at least one was\n" +
			"failed or could not be decided, as in a plan that stopped at an error; 2: the file cannot be audited.",
		Example: "  tofu show -json tenant.tfplan > plan.json\n  psn audit plan.json\n  tofu show -json tenant.tfplan | psn audit -\n  psn audit plan.json --state state.json --lang it --format html --out relazione.html",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && flags.state == "" {
				return usagef("files: 0 given, 1 needed")
			}
			if len(args) > 1 {
				return usagef("files: %d given, 1 needed; two plans are compared by \"psn audit diff OLD NEW\", a plan and a state by --state", len(args))
			}
			if len(args) == 1 && args[0] == stdin && flags.state == stdin {
				return usagef("PLAN and --state are both -: the standard input is one file, name the other")
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&flags.state, "state", "", "`file` of the state: alone, or to compare the plan with")
	f.StringVar(&flags.format, "format", string(show.Text), "form of the report: "+join(show.Formats()))
	f.StringVar(&flags.lang, "lang", string(show.English), "language of the report, en or it")
	f.StringVar(&flags.out, "out", "", "write the report to this `file` instead of the terminal")
	f.StringVar(&flags.separator, "separator", ",", "what separates the fields of CSV, usually , or ;")
	f.StringVar(&flags.configDir, "config-dir", "", "`folder` of the configuration: results of --format sarif then name the file and line of the resource")
	f.StringVar(&flags.digest, "digest", "", "`sha256:…` the file must have, as given by who made it")
	f.BoolVar(&flags.json, "json", false, "print JSON (--format json)")
	c.RunE = func(_ *cobra.Command, args []string) error {
		options, err := flags.options(args)
		if err != nil {
			return err
		}
		if err := distinct("--out", flags.out, append([]string{flags.state}, args...)...); err != nil {
			return err
		}
		file, r, err := flags.audit(a, args)
		if err != nil {
			return codeError{exitUnusable, err}
		}
		if flags.configDir != "" {
			tree, done := configuration(flags.configDir, file.Modules)
			defer done()
			options.Configuration = tree
		}
		if err := a.emit("--out", flags.out, func(w io.Writer) error { return show.Write(w, r, options) }); err != nil {
			return err
		}
		for _, note := range options.Configuration.Notes() {
			fmt.Fprintln(a.Stderr, "warning: "+note)
		}
		if r.Failed() {
			return codeError{code: exitFailed}
		}
		return nil
	}
	c.AddCommand(newAuditDiff(a))
	return c
}

// options checks the flags before anything is read.
func (f *auditFlags) options(args []string) (show.Options, error) {
	if f.json && f.format != string(show.Text) && f.format != string(show.JSON) {
		return show.Options{}, usagef("--json and --format %s are two forms: keep one", f.format)
	}
	if f.json {
		f.format = string(show.JSON)
	}
	o := show.Options{Format: show.Format(f.format), Language: show.Language(f.lang), Source: f.state}
	if len(args) > 0 {
		o.Source = args[0]
	}
	if !slices.Contains(show.Formats(), o.Format) {
		return o, usagef("unknown --format %q: use one of %s", f.format, join(show.Formats()))
	}
	if !slices.Contains(show.Languages(), o.Language) {
		return o, usagef("unknown --lang %q: use en or it", f.lang)
	}
	if f.configDir != "" && o.Format != show.SARIF {
		return o, usagef("--config-dir %q with --format %s: only sarif has places in files; leave it out, or write --format sarif", f.configDir, o.Format)
	}
	separator, size := utf8.DecodeRuneInString(f.separator)
	if size != len(f.separator) || !strings.ContainsRune(",;\t|", separator) {
		return o, usagef("--separator %q: use one of , ; | or a tab", f.separator)
	}
	if separator != ',' && o.Format != show.CSV {
		return o, usagef("--separator %q with --format %s: only csv has fields to separate; leave it out, or write --format csv", f.separator, o.Format)
	}
	o.Separator = separator
	if f.digest != "" && !digestForm.MatchString(f.digest) {
		return o, usagef("--digest %q: write \"sha256:\" and 64 hexadecimal digits in lower case", f.digest)
	}
	return o, nil
}

// audit reads and judges the files.
func (f *auditFlags) audit(a *app, args []string) (*audit.File, *audit.Report, error) {
	path := f.state
	opts := []audit.Option{audit.Program(a.Version)}
	if len(args) > 0 {
		path = args[0]
	}
	first, err := a.readShown(path)
	if err != nil {
		return nil, nil, err
	}
	if f.digest != "" && first.Digest != f.digest {
		return nil, nil, advised{
			psn.At(path, psn.Errorf(psn.Corrupt, "the file is %s, not %s: it is not the one that digest was given for", first.Digest, f.digest)),
			"ask who made the plan for the file again, and do not approve this one",
		}
	}
	switch {
	case len(args) == 0 && first.Kind != audit.KindState:
		return nil, nil, psn.At(path, psn.Errorf(psn.InvalidInput, "the file is a %s, not a state: leave --state out, or pass the output of show -json for a state", first.Kind))
	case len(args) > 0 && f.state != "":
		second, err := a.readShown(f.state)
		if err != nil {
			return nil, nil, err
		}
		opts = append(opts, audit.Against(second))
	}
	r, err := audit.Evaluate(first, a.Now(), opts...)
	if err != nil {
		return nil, nil, psn.At(path, fmt.Errorf("judge: %w", err))
	}
	return first, r, nil
}

// stdin is how the standard input is named in place of a file.
const stdin = "-"

// inputName is how messages name what is read.
func inputName(path string) string {
	if path == stdin {
		return "standard input"
	}
	return path
}

func noStdin() error { return psn.Errorf(psn.InvalidInput, "there is none: name a file") }

// readShown reads one file written by show -json, or the standard input.
func (a *app) readShown(path string) (*audit.File, error) {
	if path == stdin {
		return a.readStdin()
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, psn.At(path, unreadable(err))
	}
	defer in.Close()
	if info, err := in.Stat(); err == nil && info.IsDir() {
		return nil, psn.At(path, unreadable(syscall.EISDIR))
	}
	f, err := audit.Read(in)
	if err != nil {
		return nil, psn.At(path, err)
	}
	return f, nil
}

func (a *app) readStdin() (*audit.File, error) {
	if a.Stdin == nil {
		return nil, psn.At(inputName(stdin), noStdin())
	}
	f, err := audit.Read(a.Stdin)
	if err != nil {
		return nil, psn.At(inputName(stdin), err)
	}
	return f, nil
}

func join[T ~string](all []T) string {
	parts := make([]string, len(all))
	for i, e := range all {
		parts[i] = string(e)
	}
	return strings.Join(parts, ", ")
}
