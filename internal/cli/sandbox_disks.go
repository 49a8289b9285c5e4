package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func newSandboxDisks(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "disks --vm NAME", Short: "Show the files that hold the disks of machines, for hashing with other tools", Args: exactly(0, "arguments"),
		Example: "  psn sandbox disks --vm protocollo --paths | xargs sha256sum",
	}
	dir, asJSON := dirFlag(c), jsonFlag(c)
	names := c.Flags().StringSlice("vm", nil, "`name` of a machine, may be repeated")
	paths := c.Flags().Bool("paths", false, "print the paths only, one a line, in the order of the disks")
	c.RunE = func(*cobra.Command, []string) error {
		if len(*names) == 0 {
			return usagef("--vm is missing: name a machine")
		}
		st, err := sandbox.ReadState(*dir)
		if err != nil {
			return err
		}
		if !st.Running {
			return psn.Errorf(psn.NotFound, "no sandbox runs in %s: start it with \"psn sandbox up\"", st.Dir)
		}
		disks, err := disksOf(st, *names)
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(a.Stdout, disks)
		}
		rows := [][]string{{"VCENTER", "MACHINE", "DISK", "FILE"}}
		for _, d := range disks {
			rows = append(rows, []string{d.Center, d.Machine, fmt.Sprint(d.Disk), d.File})
			if *paths {
				fmt.Fprintln(a.Stdout, d.File)
			}
		}
		if *paths {
			return nil
		}
		return table(a.Stdout, rows...)
	}
	return c
}

// diskFile is one disk of a machine of the sandbox.
type diskFile struct {
	Center  string `json:"center"`
	Machine string `json:"machine"`
	Disk    int    `json:"disk"` // from 0
	File    string `json:"file"`
}

// disksOf lists the disks in the order of names. A standby, which has no disks
// of its own, adds none.
func disksOf(st sandbox.State, names []string) ([]diskFile, error) {
	var out []diskFile
	for _, name := range names {
		before := len(out)
		for _, c := range st.Centers {
			i := slices.IndexFunc(c.Machines, func(m sandbox.MachineState) bool { return m.Name == name })
			if i < 0 {
				continue
			}
			for n, file := range c.Machines[i].DiskFiles {
				out = append(out, diskFile{c.Name, name, n, file})
			}
		}
		if len(out) == before {
			return nil, psn.Errorf(psn.NotFound, "no machine %q with disks in the sandbox: see \"psn sandbox status\"", name)
		}
	}
	return out, nil
}
