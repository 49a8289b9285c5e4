package cli

import (
	"path/filepath"

	"github.com/spf13/cobra"
)

func newSandbox(a *app) *cobra.Command {
	return group("sandbox", "Five simulated vCenters on this machine: four PSN sites and a source to migrate from",
		newSandboxUp(a),
		newSandboxStatus(a),
		newSandboxDisks(a),
		newSandboxDown(a),
		newSandboxServe(a),
	)
}

// dirFlag adds --dir.
func dirFlag(c *cobra.Command) *string {
	return c.Flags().String("dir", filepath.Join(".psn", "sandbox"), "`folder` of the sandbox")
}
