// Package conformance holds the OpenStack backend against the contract, on the
// OpenStack lab: each test at a site that no other has at the time.
package conformance_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/pem"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestMain(m *testing.M) {
	// Tests wait for the lab more than they compute: one for each of its sites,
	// unless the command line says otherwise.
	_ = flag.Set("test.parallel", "4")
	openstacklab.Main(m)
}

// free are the sites that no test has.
var free = sync.OnceValue(func() chan psn.Site {
	lab, err := openstacklab.Open(os.Getenv(openstacklab.Variable))
	if err != nil {
		panic(err) // TestMain opened it
	}
	all := make(chan psn.Site, len(lab.Sites))
	for site := range lab.Sites {
		all <- site
	}
	return all
})

// claim lets the test run beside others, and gives it a site of the lab that is
// its own until all it has to clean up is gone.
func claim(t testing.TB) psn.Site {
	t.Helper()
	if p, ok := t.(interface{ Parallel() }); ok {
		p.Parallel()
	}
	site := <-free()
	t.Cleanup(func() { free() <- site })
	return site
}

// TestConformance leaves out what the platform has not: nobody is told which
// blocks of a volume changed; disks reach a worker by another way; and stock
// policies let only administrators read all projects.
func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, labHarness, platformtest.Freezing, platformtest.Attaching, platformtest.ReadingAll)
}

const wrongPin = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

// fronted reaches a site of the lab through a gateway of its own.
func fronted(t testing.TB, site psn.Site) (openstack.Config, *front) {
	t.Helper()
	lab := openstacklab.Find(t)
	conf, err := trust.TLS(lab.CAFile, "")
	if err != nil {
		t.Fatal(err)
	}
	f := newFront(t, conf)
	cfg := labConfig(t, site)
	cfg.AuthURL, cfg.CAFile = f.at(lab.AuthURL), authority(t, f.conf)
	return cfg, f
}

// labHarness is a site of the lab behind a gateway and with a tenant of its own.
func labHarness(t testing.TB) *platformtest.Harness {
	cfg, f := fronted(t, claim(t))
	at := openstacklab.Find(t).Site(t, cfg.Site)
	admin := &admin{cfg: cfg}
	tenant := freshTenant(t)
	t.Cleanup(func() { admin.sweep(t, tenant) })
	return &platformtest.Harness{
		Open: func(ctx context.Context, a platformtest.Access) (driver.Site, error) {
			c := cfg
			if a.WrongPassword {
				c.Password = func() (string, error) { return "wrong", nil }
			}
			if a.WrongPin {
				c.CAFile, c.PinSHA256 = "", wrongPin
			}
			c.Wrap = a.Wrap
			s, err := openstack.Open(ctx, c)
			if err != nil {
				return nil, err // a nil *openstack.Site would not be a nil driver.Site
			}
			return s, nil
		},
		Endpoint: "https://" + f.addr, User: "admin",
		Tenant: tenant, DiskUnit: 1 << 30, Slow: true,
		Cluster: at.Zones[0], Network: at.Network,
		CreateCall: "block_device_mapping_v2",
		Throttle:   f.throttle, Overload: 1000, Relieve: func() { f.throttle(0, 0) },
		ExpireSessions: f.expire, Stop: f.stop, Resume: f.resume,
		Foreign: admin.foreign, Destroy: admin.destroy,
		Forgets: forgets, Parts: parts(f, at),
	}
}

// parts are the services of a region that its inventory is of.
func parts(f *front, at *openstacklab.Site) []platformtest.Part {
	var out []platformtest.Part
	for _, p := range []struct {
		service, name string
		without       func(context.Context, driver.Site) error
	}{
		{"volumev3", "block storage", func(ctx context.Context, s driver.Site) error {
			_, err := s.(driver.Networks).Networks(ctx)
			return err
		}},
		{"network", "network", func(ctx context.Context, s driver.Site) error { _, err := s.(driver.Volumes).Volumes(ctx); return err }},
		{"compute", "compute", func(ctx context.Context, s driver.Site) error { _, err := s.(driver.Images).Images(ctx); return err }},
	} {
		out = append(out, platformtest.Part{
			Name: p.name, Capacity: true, Without: p.without,
			Cut: func() { f.cut(at.Endpoints[p.service]) }, Restore: func() { f.cut("") },
		})
	}
	return out
}

func freshTenant(t testing.TB) psn.TenantID {
	t.Helper()
	b := make([]byte, 4)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return psn.TenantID("c_" + hex.EncodeToString(b))
}

// authority is a file with the certificate that the gateway shows.
func authority(t testing.TB, c *tls.Config) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "front.pem")
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificates[0].Certificate[0]})
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
