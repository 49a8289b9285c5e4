package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// Env is what a run may touch.
type Env struct {
	Args    []string  // without the program's name
	Stdin   io.Reader // what "-" reads in place of a file; nil: nothing
	Stdout  io.Writer
	Stderr  io.Writer
	Getenv  func(string) string
	Now     func() time.Time
	Version string // of this build
}

// Run executes one command and returns the exit code. When ctx ends, commands
// stop where they can be resumed.
func Run(ctx context.Context, env Env) int {
	root := newRoot(&app{Env: env})
	root.SetArgs(env.Args)
	cmd, err := root.ExecuteContextC(ctx)
	return report(ctx, env.Stderr, cmd, err)
}

// app is what commands share.
type app struct {
	Env
	config string // --config
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "psn",
		Short: "Operate, migrate to and audit the Polo Strategico Nazionale",
		Long: "psn runs the sandbox, migrates machines and audits plans.\n" +
			"Started by Terraform or OpenTofu, the same program is the provider italia/psn.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noCommand,
		RunE: func(c *cobra.Command, _ []string) error {
			fmt.Fprintln(a.Stderr, c.Long+"\n\n"+c.UsageString())
			return codeError{code: exitUnusable}
		},
	}
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	config := "psn.yaml"
	if v := a.Getenv("PSN_CONFIG"); v != "" {
		config = v
	}
	root.PersistentFlags().StringVar(&a.config, "config", config, "configuration `file` (PSN_CONFIG)")
	root.AddCommand(
		newAudit(a),
		newMigrate(a),
		newPlacement(a),
		newSandbox(a),
		newVersion(a),
		newWorker(a),
	)
	return root
}

// group returns a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: noCommand,
		RunE: func(*cobra.Command, []string) error { return usagef("no subcommand given") },
	}
	c.AddCommand(commands...)
	return c
}
