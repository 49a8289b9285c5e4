// Package providertest runs the provider in a Terraform-compatible CLI against
// the sandbox. It is for tests only.
package providertest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"go.yaml.in/yaml/v3"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// Lab is sites to run the provider against, mostly those of a sandbox.
type Lab struct {
	*sandbox.Sandbox // nil in a lab without one
	t                *testing.T
	fleet            *connect.Fleet
	config           string // path of psn.yaml
	platforms        []psn.Platform
}

// Start starts the sandbox for the duration of the test; edit changes its options.
func Start(t *testing.T, edit ...func(*sandbox.Options)) *Lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	opt := sandbox.Options{
		Dir:       t.TempDir(),
		Centers:   []string{"acilia", "pomezia", "rozzano", "santo-stefano-ticino", sandbox.Source},
		Machines:  []sandbox.Machine{{Name: "protocollo", GuestID: "debian11_64Guest", VCPUs: 1, MiB: 64, Disks: []int64{sandbox.MinDisk}}},
		WriteRate: -1,
	}
	for _, e := range edit {
		e(&opt)
	}
	sb, err := sandbox.Start(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Errorf("close the sandbox: %v", err)
		}
	})
	lab := Against(t, sb.ConfigFile(), psn.VSphere)
	lab.Sandbox = sb
	return lab
}

// Against is a lab of sites that run already, on those platforms, as the
// configuration file reaches them.
func Against(t *testing.T, config string, platforms ...psn.Platform) *Lab {
	t.Helper()
	cfg, err := connect.Load(config, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	lab := &Lab{t: t, fleet: connect.Open(cfg), config: config, platforms: platforms}
	t.Cleanup(func() { _ = lab.fleet.Close(context.WithoutCancel(t.Context())) })
	return lab
}

// Beside is the lab with a platform of another configuration file at those sites,
// at all sites when none is named.
func (l *Lab) Beside(config string, platform psn.Platform, sites ...psn.Site) *Lab {
	l.t.Helper()
	both, err := connect.Load(l.config, os.Getenv)
	if err != nil {
		l.t.Fatal(err)
	}
	more, err := connect.Load(config, os.Getenv)
	if err != nil {
		l.t.Fatal(err)
	}
	for name, s := range more.Sites {
		if len(sites) > 0 && !slices.Contains(sites, name) {
			continue
		}
		at := both.Sites[name]
		switch platform {
		case psn.VSphere:
			at.VSphere = s.VSphere
		case psn.OpenStack:
			at.OpenStack = s.OpenStack
		}
		both.Sites[name] = at
	}
	b, err := yaml.Marshal(both) // all its paths are absolute
	if err != nil {
		l.t.Fatal(err)
	}
	file := filepath.Join(l.t.TempDir(), "psn.yaml")
	write(l.t, file, string(b))
	lab := Against(l.t, file, append(slices.Clone(l.platforms), platform)...)
	lab.Sandbox = l.Sandbox
	return lab
}

// ConfigFile is the path of the lab's psn.yaml.
func (l *Lab) ConfigFile() string { return l.config }

// Config is HCL with a provider block for the lab in front.
func (l *Lab) Config(hcl string) string {
	return "terraform {\n  required_providers {\n    psn = { source = \"italia/psn\" }\n  }\n}\nprovider \"psn\" {\n  config_file = \"" + l.ConfigFile() + "\"\n}\n" + hcl
}

// Site is a handle of its own, independent of the provider's, on the lab's first
// platform.
func (l *Lab) Site(s psn.Site) *platform.Site { l.t.Helper(); return l.SiteOn(s, l.platforms[0]) }

// SiteOn is Site on that platform.
func (l *Lab) SiteOn(s psn.Site, p psn.Platform) *platform.Site {
	l.t.Helper()
	at, err := l.fleet.Site(s, p)
	if err != nil {
		l.t.Fatal(err)
	}
	at.Refresh()
	return at
}

// VM reads a machine at a site; nil when it is not there.
func (l *Lab) VM(s psn.Site, id psn.VMID) *psn.VM { l.t.Helper(); return l.VMOn(s, l.platforms[0], id) }

// VMOn is VM on that platform.
func (l *Lab) VMOn(s psn.Site, p psn.Platform, id psn.VMID) *psn.VM {
	l.t.Helper()
	vm, err := l.SiteOn(s, p).FindVM(l.t.Context(), id)
	if psn.Is(err, psn.NotFound) {
		return nil
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return vm
}

// Sites names the sites where a machine of the id stands, with its role:
// "acilia:active rozzano:standby", in a lab of several platforms
// "acilia/vsphere:active rozzano/openstack:standby".
func (l *Lab) Sites(id psn.VMID) string {
	l.t.Helper()
	var out []string
	for _, s := range psn.Sites() {
		for _, p := range l.platforms {
			if _, err := l.fleet.Site(s, p); psn.Is(err, psn.NotFound) {
				continue
			}
			vm := l.VMOn(s, p, id)
			if vm == nil {
				continue
			}
			at := string(s)
			if len(l.platforms) > 1 {
				at += "/" + string(p)
			}
			out = append(out, at+":"+string(vm.Role))
		}
	}
	return strings.Join(out, " ")
}

// Factories serves the provider in this process.
func Factories(opts ...provider.Option) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"psn": providerserver.NewProtocol6WithError(provider.New("test", opts...)),
	}
}

// Gone is the last step of a test that uses for_each: the test framework
// cannot read string-keyed instances out of a final state.
func (l *Lab) Gone() resource.TestStep {
	return resource.TestStep{Config: l.Config("locals {\n  gone = true\n}\n")}
}

// Test runs the steps, with the CLI named by TF_ACC_TERRAFORM_PATH.
func Test(t *testing.T, steps []resource.TestStep, opts ...provider.Option) {
	t.Helper()
	TestServing(t, Factories(opts...), steps)
}

// TestServing runs the steps against the providers of those factories.
func TestServing(t *testing.T, factories map[string]func() (tfprotov6.ProviderServer, error), steps []resource.TestStep) {
	t.Helper()
	useCLI(t)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}
