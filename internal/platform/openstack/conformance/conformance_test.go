// Package conformance holds the OpenStack backend against the contract, on the
// OpenStack lab.
package conformance_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestMain(m *testing.M) { openstacklab.Main(m) }

// TestConformance leaves out what the platform has not: nobody is told which
// blocks of a volume changed; disks reach a worker by another way; and stock
// policies let only administrators read all projects.
func TestConformance(t *testing.T) {
	platformtest.Run(t, labHarness, platformtest.Freezing, platformtest.Attaching, platformtest.ReadingAll)
}

const wrongPin = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

// labHarness is a site of the lab behind a gateway and with a tenant of its own.
func labHarness(t testing.TB) *platformtest.Harness {
	lab := openstacklab.Find(t)
	site := psn.Acilia
	at := lab.Site(t, site)
	f := newFront(t, scheme(t, lab.AuthURL), trust(t, lab.CAFile))
	password, err := lab.Password()
	if err != nil {
		t.Fatal(err)
	}
	cfg := openstack.Config{
		Site: site, AuthURL: f.at(lab.AuthURL), Region: at.Region, Username: "admin", Project: "admin",
		Password: func() (string, error) { return password, nil },
		CAFile:   authority(t, f.conf), CreateFlavors: true, DefaultNetwork: at.Network, HostFailures: -1,
	}
	admin := &admin{t: t, cfg: cfg}
	tenant := freshTenant(t)
	t.Cleanup(func() { admin.sweep(tenant) })
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
		Tenant: tenant, DiskUnit: 1 << 30, ExpireEvery: 5,
		Cluster: at.Zones[0], Network: at.Network,
		CreateCall: "block_device_mapping_v2",
		Throttle:   f.throttle, Overload: 1000, Relieve: func() { f.throttle(0, 0) },
		ExpireSessions: f.expire, Stop: f.stop, Resume: f.resume,
		Foreign: admin.foreign, Destroy: admin.destroy,
	}
}

func freshTenant(t testing.TB) psn.TenantID {
	t.Helper()
	b := make([]byte, 4)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return psn.TenantID("c_" + hex.EncodeToString(b))
}

func scheme(t testing.TB, v string) string {
	t.Helper()
	u, err := url.Parse(v)
	if err != nil {
		t.Fatal(err)
	}
	return u.Scheme
}

// trust is how the gateway knows the lab.
func trust(t testing.TB, file string) *tls.Config {
	t.Helper()
	if file == "" {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(b)
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
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
