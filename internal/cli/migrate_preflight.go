package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/migration"
)

func newMigratePreflight(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "preflight --source NAME --vm NAME",
		Short: "Look at a source machine and say whether it can be replicated; changes nothing",
		Args:  exactly(0, "arguments"),
	}
	var ref migration.SourceRef
	c.Flags().StringVar(&ref.Name, "source", "", "`name` of the source in the configuration")
	c.Flags().StringVar(&ref.VM, "vm", "", "`name` or instance UUID of the machine at the source")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if ref.Name == "" || ref.VM == "" {
			return usagef("--source and --vm are needed: name a source of the configuration and a machine there")
		}
		return a.withFleet(c.Context(), func(fleet *connect.Fleet) error {
			source, err := fleet.Source(ref.Name)
			if err != nil {
				return err
			}
			driver, err := source.Driver(c.Context())
			if err != nil {
				return err
			}
			m, err := migration.Discover(c.Context(), driver, ref)
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(a.Stdout, m)
			}
			return printMachine(a, m)
		})
	}
	return c
}

func printMachine(a *app, m migration.Machine) error {
	if err := table(a.Stdout,
		[]string{"machine", m.Name + " (" + m.Ref + ")"},
		[]string{"guest", m.GuestOS + ", " + m.Firmware},
		[]string{"size", fmt.Sprintf("%d vCPUs, %s of memory", m.VCPUs, formatBytes(m.MemoryMiB<<20))},
		[]string{"MAC", strings.Join(m.MACs, ", ")},
		[]string{"transport", m.Transport},
	); err != nil {
		return err
	}
	disks := [][]string{{"DISK", "CAPACITY", "UUID"}}
	for _, d := range m.Disks {
		disks = append(disks, []string{fmt.Sprint(d.Key), formatBytes(d.CapacityBytes), d.UUID})
	}
	fmt.Fprintln(a.Stdout)
	if err := table(a.Stdout, disks...); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.Stdout, "\nnothing stands in the way of replicating %s\n", m.Name)
	return err
}
