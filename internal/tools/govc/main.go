// Command govc is the vSphere command line of the govmomi project, with the
// commands by which the demonstration looks at the sandbox's vCenters: an eye
// that is not this project's own.
package main

import (
	"os"

	"github.com/vmware/govmomi/cli"
	_ "github.com/vmware/govmomi/cli/about"
	_ "github.com/vmware/govmomi/cli/object"
	_ "github.com/vmware/govmomi/cli/vm"
)

func main() { os.Exit(cli.Run(os.Args[1:])) }
