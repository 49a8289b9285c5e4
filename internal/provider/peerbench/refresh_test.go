package peerbench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/connect"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestMain(m *testing.M) { openstacklab.Main(m) }

// The sources name their host, so that Terraform and OpenTofu read the same.
const (
	host    = "registry.terraform.io"
	ours    = host + "/italia/psn"
	theirs  = host + "/terraform-provider-openstack/openstack"
	tenant  = "peerbench"
	timeout = 40 * time.Minute // making 500 servers takes most of it
)

// BenchmarkRefresh makes as many servers as PSN_BENCH_SERVERS says (a list,
// default 100) once, then refreshes them.
func BenchmarkRefresh(b *testing.B) {
	for _, n := range sizes(b) {
		b.Run(fmt.Sprintf("servers=%d", n), func(b *testing.B) {
			lab := openstacklab.Find(b)
			mine := newFolder(b, lab)
			mine.write("main.tf", oursHCL(lab, n))
			mine.run("apply", "-auto-approve", "-input=false", "-no-color", "-parallelism=10")
			b.Cleanup(func() { mine.run("destroy", "-auto-approve", "-input=false", "-no-color", "-parallelism=10") })
			refs := servers(b, lab)
			if len(refs) != n {
				b.Fatalf("%d servers stand, want %d", len(refs), n)
			}
			peer := newFolder(b, lab)
			peer.write("main.tf", theirsHCL(lab, n))
			peer.write("terraform.tfstate", theirsState(refs))

			b.Run("provider=psn", func(b *testing.B) { refresh(b, lab, mine) })
			b.Run("provider=openstack", func(b *testing.B) { refresh(b, lab, peer) })
		})
	}
}

func sizes(b *testing.B) []int {
	b.Helper()
	list := os.Getenv("PSN_BENCH_SERVERS")
	if list == "" {
		list = "100"
	}
	var out []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			b.Fatalf("PSN_BENCH_SERVERS=%q: use numbers separated by commas, for example 100,500", list)
		}
		out = append(out, n)
	}
	return out
}

// refresh measures one plan that only refreshes.
func refresh(b *testing.B, lab *openstacklab.Lab, f *folder) {
	var requests, bytes int64
	var cpu time.Duration
	for b.Loop() {
		before := traffic(b, lab)
		state := f.run("plan", "-refresh-only", "-input=false", "-no-color")
		after := traffic(b, lab)
		requests += after.Requests - before.Requests
		bytes += after.BytesOut - before.BytesOut
		cpu += state.UserTime() + state.SystemTime()
	}
	n := float64(b.N)
	b.ReportMetric(float64(requests)/n, "requests/op")
	b.ReportMetric(float64(bytes)/n/1e6, "MB/op")
	b.ReportMetric(cpu.Seconds()/n, "cpu-s/op")
}

// traffic of the site and of identity together.
func traffic(b *testing.B, lab *openstacklab.Lab) openstacklab.Traffic {
	b.Helper()
	site, err := lab.SiteTraffic(string(psn.Acilia))
	if err != nil {
		b.Fatal(err)
	}
	identity, err := lab.Traffic()
	if err != nil {
		b.Fatal(err)
	}
	return site.Add(identity)
}

// servers lists the ids of what stands for the tenant.
func servers(b *testing.B, lab *openstacklab.Lab) []string {
	b.Helper()
	cfg, err := connect.Load(lab.ConfigFile, os.Getenv)
	if err != nil {
		b.Fatal(err)
	}
	fleet := connect.Open(cfg)
	defer func() { _ = fleet.Close(context.WithoutCancel(b.Context())) }()
	at, err := fleet.Site(psn.Acilia, psn.OpenStack)
	if err != nil {
		b.Fatal(err)
	}
	inv, err := at.Inventory(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var out []string
	for _, vm := range inv.VMs {
		if vm.ID.Tenant() == tenant {
			out = append(out, vm.Ref)
		}
	}
	return out
}

// folder is a workspace of the CLI under test.
type folder struct {
	b   *testing.B
	dir string
	env []string
}

func newFolder(b *testing.B, lab *openstacklab.Lab) *folder {
	b.Helper()
	f := &folder{b: b, dir: b.TempDir()}
	bin := filepath.Dir(must(b, "PSN_BIN"))
	peer := filepath.Dir(must(b, "PSN_PEER"))
	f.write("cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n    %q = %q\n  }\n  direct {}\n}\n", ours, bin, theirs, peer))
	f.env = append(os.Environ(),
		"TF_CLI_CONFIG_FILE="+filepath.Join(f.dir, "cli.tfrc"), "CHECKPOINT_DISABLE=1",
		"OS_CLIENT_CONFIG_FILE="+lab.CloudsFile)
	return f
}

func must(b *testing.B, name string) string {
	b.Helper()
	v := os.Getenv(name)
	if v == "" {
		b.Fatalf("%s is not set: run this by make bench-openstack", name)
	}
	return v
}

func (f *folder) write(name, text string) {
	f.b.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.b.Fatal(err)
	}
}

func (f *folder) run(args ...string) *os.ProcessState {
	f.b.Helper()
	// Cleanup runs after the benchmark's own context has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(f.b.Context()), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, must(f.b, "TF_ACC_TERRAFORM_PATH"), append([]string{"-chdir=" + f.dir}, args...)...)
	cmd.Env = f.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		if len(out) > 4000 {
			out = out[len(out)-4000:]
		}
		f.b.Fatalf("%s: %v\n%s", args[0], err, out)
	}
	return cmd.ProcessState
}

// oursHCL spreads the servers over the zones: one has room for 256 GiB of memory.
func oursHCL(lab *openstacklab.Lab, n int) string {
	zones, _ := json.Marshal(lab.Sites[psn.Acilia].Zones)
	return fmt.Sprintf(`terraform {
  required_providers {
    psn = { source = %q }
  }
}
provider "psn" {
  config_file = %q
}
resource "psn_tenant" "t" {
  name        = "Misura"
  ipa_code    = %q
  fiscal_code = "80008750178"
  sites       = ["acilia"]
}
resource "psn_virtual_machine" "vm" {
  count          = %d
  name           = format("vm-%%04d", count.index)
  service_id     = "${psn_tenant.t.id}/carico"
  classification = "ordinary"
  site           = "acilia"
  platform       = "openstack"
  cluster        = element(%s, count.index)
  vcpus          = 1
  memory_gib     = 1
  disks          = [{ size_gib = 1 }]
  nics           = []
  power_state    = "off"
}
`, ours, lab.ConfigFile, tenant, n, zones)
}

func theirsHCL(lab *openstacklab.Lab, n int) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    openstack = { source = %q }
  }
}
provider "openstack" {
  cloud = %q
}
resource "openstack_compute_instance_v2" "vm" {
  count = %d
  name  = format("vm-%%04d", count.index)
}
`, theirs, lab.Sites[psn.Acilia].Cloud, n)
}

// theirsState holds no more than the ids: a refresh fills in the rest.
func theirsState(refs []string) string {
	type instance struct {
		Index   int            `json:"index_key"`
		Version int            `json:"schema_version"`
		Values  map[string]any `json:"attributes"`
	}
	type resource struct {
		Mode      string     `json:"mode"`
		Type      string     `json:"type"`
		Name      string     `json:"name"`
		Provider  string     `json:"provider"`
		Instances []instance `json:"instances"`
	}
	r := resource{"managed", "openstack_compute_instance_v2", "vm", fmt.Sprintf("provider[%q]", theirs), nil}
	for i, ref := range refs {
		r.Instances = append(r.Instances, instance{Index: i, Values: map[string]any{"id": ref}})
	}
	text, _ := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "6c4e2a1e-8f3f-4f0e-9a57-6d1f2f6f7a10",
		"outputs": map[string]any{}, "resources": []resource{r},
	})
	return string(text)
}
