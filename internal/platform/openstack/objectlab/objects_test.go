// Package objectlab runs the conformance suite's cases of objects against a real
// OpenStack.
package objectlab

import (
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestMain(m *testing.M) { openstacklab.Main(m) }

func TestObjects(t *testing.T) { platformtest.RunObjects(t, psn.OpenStack, newHarness) }

func config(lab *openstacklab.Lab, site *openstacklab.Site, wrap func(http.RoundTripper) http.RoundTripper) openstack.Config {
	return openstack.Config{
		Site: psn.Acilia, AuthURL: lab.AuthURL, Region: site.Region, CAFile: lab.CAFile,
		Username: "admin", Project: "admin", Password: lab.Password,
		Uplink: site.Uplink, DefaultNetwork: site.Network, CreateFlavors: true, Poll: 500 * time.Millisecond, Wrap: mended(wrap),
	}
}

func newHarness(t testing.TB) *platformtest.Harness {
	lab := openstacklab.Find(t)
	site := lab.Site(t, psn.Acilia)
	return &platformtest.Harness{
		Open: func(ctx context.Context, a platformtest.Access) (driver.Site, error) {
			return openstack.Open(ctx, config(lab, site, a.Wrap))
		},
		Endpoint: lab.AuthURL, User: "admin",
		Cluster: site.Zones[0], Network: site.Network,
		Uplink: site.Uplink, StorageClass: site.StorageClasses[0], Hosts: site.HostsPerZone, TooLarge: 1 << 50,
		FixedAttached: true, // the lab's is NFS
		VolumeFile: func(ref string) string {
			found, _ := filepath.Glob(filepath.Join(site.VolumesDir, "*", "*", "volume-"+ref))
			if len(found) == 0 {
				return filepath.Join(site.VolumesDir, "none", ref)
			}
			return found[0]
		},
		ImageFile: func(ref string) string { return filepath.Join(site.ImagesDir, ref) },
		PrivateFlavor: func(t testing.TB, tenant psn.TenantID) string {
			name := "private-" + string(tenant)[3:]
			cli(t, lab, site, "flavor", "create", "--private", "--vcpus", "3", "--ram", "768", "--disk", "0", name)
			t.Cleanup(func() { cli(t, lab, site, "flavor", "delete", name) })
			cli(t, lab, site, "flavor", "set", "--project", string(tenant), name)
			return name
		},
	}
}

// cli is the command-line client of OpenStack's own: another hand than ours.
func cli(t testing.TB, lab *openstacklab.Lab, site *openstacklab.Site, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "openstack", append([]string{"--os-cloud", site.Cloud}, args...)...)
	cmd.Env = append(cmd.Environ(), "OS_CLIENT_CONFIG_FILE="+lab.CloudsFile)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("openstack %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
