package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func newSandboxStatus(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "Show the sandbox and its machines", Args: exactly(0, "arguments"),
		Long: "Exit code 0: it runs; 1: it does not.",
	}
	dir, asJSON := dirFlag(c), jsonFlag(c)
	c.RunE = func(*cobra.Command, []string) error {
		st, err := sandbox.ReadState(*dir)
		if err != nil {
			return err
		}
		if *asJSON {
			err = writeJSON(a.Stdout, st)
		} else if st.Crashed {
			_, err = fmt.Fprintf(a.Stdout, "no sandbox runs in %s: the last one ended without being stopped; its last words are in %s\n", st.Dir, st.LogFile)
		} else if !st.Running {
			_, err = fmt.Fprintf(a.Stdout, "no sandbox runs in %s\n", st.Dir)
		} else if err = printSandbox(a.Stdout, st); err == nil {
			err = printMachines(a.Stdout, st)
		}
		if err == nil && !st.Running {
			return codeError{code: exitFailed}
		}
		return err
	}
	return c
}

func printSandbox(w io.Writer, st sandbox.State) error {
	rows := [][]string{{"VCENTER", "ENDPOINT", "MACHINES"}}
	for _, c := range st.Centers {
		rows = append(rows, []string{c.Name, c.Endpoint, fmt.Sprint(len(c.Machines))})
	}
	if err := table(w, rows...); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "configuration: %s\n", st.ConfigFile)
	return err
}

func printMachines(w io.Writer, st sandbox.State) error {
	rows := [][]string{{"VCENTER", "MACHINE", "POWER", "DISKS", "SIZE", "SNAPSHOTS", "WRITES"}}
	for _, c := range st.Centers {
		for _, m := range c.Machines {
			power := "off"
			if m.Running {
				power = "on"
			}
			rows = append(rows, []string{c.Name, m.Name, power, fmt.Sprint(m.Disks), formatBytes(m.DiskBytes), fmt.Sprint(m.Snapshots), fmt.Sprint(m.Writes)})
		}
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return table(w, rows...)
}
