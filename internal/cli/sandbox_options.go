package cli

import (
	"github.com/spf13/cobra"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// sandboxFlags is what of sandbox.Options can be chosen on the command line.
type sandboxFlags struct {
	opt         sandbox.Options
	main, other int64
}

func (f *sandboxFlags) add(c *cobra.Command) {
	p := c.Flags()
	p.Float64Var(&f.opt.WriteRate, "write-rate", 0, "writes per second of each source guest (default 2, negative for none)")
	p.Var(size{bytes: &f.main}, "disk-size", "size of the first disk of protocollo (default 256MiB)")
	p.Var(size{bytes: &f.other}, "other-disk-size", "size of every other source disk (default 64MiB)")
	p.StringSliceVar(&f.opt.Centers, "center", nil, "`name` of a vCenter to simulate, may be repeated (default: all five)")
	p.Uint64Var(&f.opt.Seed, "seed", 0, "of all generated content (default 1)")
	p.IntVar(&f.opt.ExtraMachines, "extra-machines", 0, "further powered-off machines in every vCenter")
	p.DurationVar(&f.opt.Latency, "latency", 0, "added to every request")
}

// options returns the choice for a folder. What is not chosen stays at zero:
// the sandbox has defaults of its own.
func (f *sandboxFlags) options(dir string) sandbox.Options {
	o := f.opt
	o.Dir = dir
	if f.main != 0 || f.other != 0 {
		o.Machines = sandbox.DefaultMachines(f.main, f.other)
	}
	return o
}
