// Package openstackloop_test runs psn_virtual_machine in a CLI against a real
// OpenStack, alone and beside simulated vCenters.
package openstackloop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestMain(m *testing.M) { openstacklab.Main(m) }

const (
	web     = psn.VMID("p_bs/web-1")
	address = "psn_virtual_machine.web"
)

// cloud is the lab as its own command line sees it: an eye that is not ours.
type cloud struct {
	t      *testing.T
	lab    *openstacklab.Lab
	name   string
	clouds string // path of clouds.yaml
}

func open(t *testing.T, at psn.Site) cloud {
	t.Helper()
	lab := openstacklab.Find(t)
	return cloud{t, lab, lab.Site(t, at).Cloud, lab.CloudsFile}
}

// as is the cloud as seen within another project.
func (c cloud) as(project string) cloud {
	c.t.Helper()
	b, err := os.ReadFile(c.lab.CloudsFile)
	if err != nil {
		c.t.Fatal(err)
	}
	c.clouds = filepath.Join(c.t.TempDir(), "clouds.yaml")
	if err := os.WriteFile(c.clouds, bytes.ReplaceAll(b, []byte("project_name: admin"), []byte("project_name: "+project)), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// run runs the openstack command and returns what it prints.
func (c cloud) run(args ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.t.Context()), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "openstack", append([]string{"--os-cloud", c.name}, args...)...)
	cmd.Env = append(os.Environ(), "OS_CLIENT_CONFIG_FILE="+c.clouds)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("openstack %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// json runs the openstack command and reads its answer.
func (c cloud) json(into any, args ...string) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.run(append(args, "-f", "json")...)), into); err != nil {
		c.t.Fatal(err)
	}
}

// nothingLeft fails when servers, volumes or ports of these tests are left: others
// may use the lab at the same time.
func (c cloud) nothingLeft() {
	c.t.Helper()
	for kind, all := range map[string]string{"server": "--all-projects", "volume": "--all-projects", "port": "--long"} {
		for _, name := range strings.Fields(c.run(kind, "list", all, "-f", "value", "-c", "Name")) {
			for _, ours := range []string{"web-", "by-hand", "people-", "psn:p_bs/"} {
				if strings.HasPrefix(name, ours) {
					c.t.Errorf("%s %s is left behind", kind, name)
				}
			}
		}
	}
}

func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// stands compares a machine with what is wanted, in few words.
func stands(lab *providertest.Lab, at psn.Site, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		vm := lab.VMOn(at, psn.OpenStack, web)
		if vm == nil {
			return fmt.Errorf("%s is gone", web)
		}
		var disks, cards []string
		for _, d := range vm.Disks {
			disks = append(disks, fmt.Sprintf("%d %s", d.CapacityBytes>>30, d.StorageClass))
		}
		for _, n := range vm.NICs {
			cards = append(cards, n.Network)
		}
		got := fmt.Sprintf("%s %d/%d [%s] [%s] %s %v", vm.Name, vm.VCPUs, vm.MemoryMiB>>10, strings.Join(disks, ", "), strings.Join(cards, ", "), vm.Power, vm.Metadata)
		if got != want {
			return fmt.Errorf("stands as %q, want %q", got, want)
		}
		return nil
	}
}
