package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func newSandboxUp(a *app) *cobra.Command {
	c := &cobra.Command{Use: "up", Short: "Start the sandbox in the background and wait until it answers", Args: exactly(0, "arguments")}
	dir, asJSON := dirFlag(c), jsonFlag(c)
	var f sandboxFlags
	f.add(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		exe, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find this program's own file: %w", err)
		}
		st, err := sandbox.Up(c.Context(), exe, f.options(*dir))
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(a.Stdout, st)
		}
		if st.AlreadyRunning {
			_, err = fmt.Fprintf(a.Stdout, "the sandbox runs already (process %d); nothing was changed\n", st.PID)
		} else {
			_, err = fmt.Fprintf(a.Stdout, "the sandbox runs (process %d)\n", st.PID)
		}
		if err != nil {
			return err
		}
		return printSandbox(a.Stdout, st)
	}
	return c
}
