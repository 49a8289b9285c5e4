// Command terraform-provider-psn, also installed as psn, is the provider
// italia/psn when Terraform or OpenTofu starts it, and a command line otherwise.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	tfprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/italia/terraform-provider-psn/internal/cli"
	"github.com/italia/terraform-provider-psn/internal/provider"
)

// version is set by the linker.
var version = "dev"

// cookie is the variable that Terraform and OpenTofu set for the plugins they start.
const cookie = "TF_PLUGIN_MAGIC_COOKIE"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	debug := len(args) == 1 && (args[0] == "-debug" || args[0] == "--debug")
	if debug || len(args) == 0 && os.Getenv(cookie) != "" {
		return serve(debug)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, cli.Env{
		Args: args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Now: time.Now, Version: version,
	})
}

func serve(debug bool) int {
	const goodbye = 10 * time.Second
	p := provider.New(version)
	err := providerserver.Serve(context.Background(), func() tfprovider.Provider { return p },
		providerserver.ServeOpts{Address: "registry.terraform.io/" + provider.Address, Debug: debug, ProtocolVersion: 6})
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	if err = errors.Join(err, p.Close(ctx)); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return 0
}
