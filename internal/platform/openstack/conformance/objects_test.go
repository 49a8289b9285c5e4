package conformance_test

import (
	"context"
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

func TestObjects(t *testing.T) {
	t.Parallel()
	platformtest.RunObjects(t, psn.OpenStack, objectHarness)
}

// objectHarness is a site of the lab; each test makes tenants of its own.
func objectHarness(t testing.TB) *platformtest.Harness {
	lab := openstacklab.Find(t)
	cfg := labConfig(t, claim(t))
	site := lab.Site(t, cfg.Site)
	return &platformtest.Harness{
		Open: func(ctx context.Context, a platformtest.Access) (driver.Site, error) {
			c := cfg
			c.Wrap = a.Wrap
			s, err := openstack.Open(ctx, c)
			if err != nil {
				return nil, err // a nil *openstack.Site would not be a nil driver.Site
			}
			return s, nil
		},
		Endpoint: lab.AuthURL, User: "admin", Slow: true, DiskUnit: 1 << 30,
		Cluster: site.Zones[0], Network: site.Network,
		Uplink: site.Uplink, StorageClass: site.StorageClasses[0], Hosts: site.HostsPerZone, TooLarge: 1 << 50,
		FixedAttached: true, // the lab's is NFS
		Forgets:       forgets,
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
