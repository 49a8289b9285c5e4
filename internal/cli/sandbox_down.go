package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func newSandboxDown(a *app) *cobra.Command {
	c := &cobra.Command{Use: "down", Short: "Stop the sandbox; its machines are gone with it", Args: exactly(0, "arguments")}
	dir := dirFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		was, err := sandbox.Down(c.Context(), *dir)
		if err != nil {
			return err
		}
		said := "no sandbox was running"
		if was {
			said = "the sandbox is stopped"
		}
		_, err = fmt.Fprintln(a.Stdout, said)
		return err
	}
	return c
}
