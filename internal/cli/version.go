package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	c := &cobra.Command{Use: "version", Short: "Print the version", Args: exactly(0, "arguments")}
	asJSON := jsonFlag(c)
	c.RunE = func(*cobra.Command, []string) error {
		v := struct {
			Version  string `json:"version"`
			Go       string `json:"go"`
			Platform string `json:"platform"`
		}{a.Version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
		if *asJSON {
			return writeJSON(a.Stdout, v)
		}
		_, err := fmt.Fprintf(a.Stdout, "psn %s (%s, %s)\n", v.Version, v.Go, v.Platform)
		return err
	}
	return c
}
