package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUnusable    = 2
	exitInterrupted = 130
)

// usageError is a command line that cannot be understood.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// codeError ends the program with a code. A nil err prints nothing: the
// command's output has said it all.
type codeError struct {
	code int
	err  error
}

func (e codeError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}
func (e codeError) Unwrap() error { return e.err }

// advised is an error with a remedy of its own, where that of its code would
// speak of something else.
type advised struct {
	err    error
	remedy string
}

func (e advised) Error() string { return e.err.Error() }
func (e advised) Unwrap() error { return e.err }

// report prints err as one line and a remedy, and returns the exit code.
func report(ctx context.Context, w io.Writer, cmd *cobra.Command, err error) int {
	if err == nil {
		return exitOK
	}
	var coded codeError
	if errors.As(err, &coded) && coded.err == nil {
		return coded.code
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "interrupted: what was done is kept; run the same command again to go on")
		return exitInterrupted
	}
	fmt.Fprintln(w, "error: "+oneLine(err))
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(w, "remedy: see %q\n", cmd.CommandPath()+" --help")
		return exitUnusable
	}
	if r := remedy(err); r != "" {
		fmt.Fprintln(w, "remedy: "+r)
	}
	if coded.code != 0 {
		return coded.code
	}
	return exitFailed
}

// remedy says what to do about a code; errors that come with their own advice
// (wrong input, refused operations) need no more.
func remedy(err error) string {
	var own advised
	if errors.As(err, &own) {
		return own.remedy
	}
	switch psn.CodeOf(err) {
	case psn.Unavailable:
		return "check that the endpoint runs and can be reached from here, then try again"
	case psn.Unauthenticated:
		return "check the user name and the password variable or file named in the configuration"
	case psn.Forbidden:
		return "ask for the missing privilege, or use an account that has it"
	case psn.Untrusted:
		return "check ca_file or thumbprint_sha256 in the configuration against the server's certificate"
	case psn.Corrupt:
		return "do not use the target: start the replica again from a new seed"
	case psn.InvalidInput, psn.NotFound, psn.AlreadyExists, psn.Conflict, psn.Exhausted, psn.Stale, psn.Unsupported, psn.Internal:
	}
	return ""
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
}

// noCommand refuses words that are not a command of c.
func noCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	hint := ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf(": did you mean %q?", near[0])
	}
	return usagef("unknown command %q for %q%s", args[0], c.CommandPath(), hint)
}

// exactly asks for n words named by what.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return usagef("%s: %d given, %d needed", what, len(args), n)
	}
}
