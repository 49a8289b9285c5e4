package cli

import (
	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func newSandboxServe(*app) *cobra.Command {
	c := &cobra.Command{
		Use: "serve", Short: "Run the sandbox in the foreground until interrupted", Args: exactly(0, "arguments"),
		Long: "Without options it runs as the last \"up\" in the same folder asked for.",
	}
	dir := dirFlag(c)
	var f sandboxFlags
	f.add(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return sandbox.Serve(c.Context(), f.options(*dir))
	}
	return c
}
