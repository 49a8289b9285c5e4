package openstackloop_test

import (
	"crypto/sha256"
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

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// await asks until it is so, or gives up after three minutes.
func (c cloud) await(what string, is func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !is(); time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			c.t.Fatalf("%s: not in three minutes", what)
		}
	}
}

// wholeZone is the lab's configuration without a host held back: the zone whose
// guests run has one host only.
func wholeZone(t *testing.T, c cloud) string {
	t.Helper()
	b, err := os.ReadFile(c.lab.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(c.lab.ConfigFile)
	text := strings.NewReplacer("clouds_file: ", "clouds_file: "+dir+"/", "ca_file: ", "ca_file: "+dir+"/", "create_flavors:", "host_failures: 0\n      create_flavors:").Replace(string(b))
	file := filepath.Join(t.TempDir(), "psn.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestOpenStackBoots takes a disk up as an image and starts a machine from it on
// a host that runs guests: the guest tells its name, and the bytes on its disk
// are those of the file.
func TestOpenStackBoots(t *testing.T) {
	c := open(t, psn.Acilia)
	site := c.lab.Site(t, psn.Acilia)
	if site.RealZone == "" {
		t.Fatal("this lab has no host with real guests: bring it up without PSN_LAB_REAL=0")
	}
	lab := providertest.Against(t, wholeZone(t, c), psn.OpenStack)
	file := filepath.Join(t.TempDir(), "guest.raw")
	if out, err := exec.CommandContext(t.Context(), c.lab.Command, "guest", file).CombinedOutput(); err != nil {
		t.Fatalf("lab guest: %v\n%s", err, out)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("sha256 %x", sha256.Sum256(content[:1<<20]))
	providertest.Test(t, []resource.TestStep{{
		Config: lab.Config(strings.Replace(byHand(psn.Acilia, site.RealZone, `
  vcpus = 1
  image = psn_image.guest.ref
  disks = [{ size_gib = 1 }]
`), "memory_gib     = 4", "memory_gib     = 1", 1) + fmt.Sprintf(`
resource "psn_image" "guest" {
  tenant_id = psn_tenant.brescia.id
  name      = "guest"
  site      = "acilia"
  platform  = "openstack"
  format    = "raw"
  file      = %q
}
`, file)),
		ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		Check: func(*terraform.State) error {
			drv, err := lab.Site(psn.Acilia).Driver(t.Context())
			if err != nil {
				return err
			}
			console, ok := drv.(driver.Console)
			if !ok {
				return fmt.Errorf("%T tells no console", drv)
			}
			ref, log := lab.VM(psn.Acilia, web).Ref, ""
			c.await("the guest to be ready", func() bool {
				log, err = console.ConsoleLog(t.Context(), ref, 0)
				return err == nil && strings.Contains(log, "PSN-GUEST ready")
			})
			for _, line := range []string{"PSN-GUEST name web-1", want} {
				if !strings.Contains(log, line) {
					return fmt.Errorf("the console lacks %q:\n%s", line, log)
				}
			}
			return nil
		},
	}})
	if at := lab.Sites(web); at != "" {
		t.Errorf("destroyed, still at %s", at)
	}
}
