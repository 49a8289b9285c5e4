package vsphere_test

import (
	"context"
	"crypto/tls"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const (
	user   = "psn"
	secret = "correct horse"
)

// sim is a plain simulated vCenter of one cluster with three hosts.
func sim(t *testing.T, machines int) *simulator.Server {
	t.Helper()
	m := simulator.VPX()
	m.Machine = machines
	m.Host = 0
	if err := m.Create(); err != nil {
		t.Fatal(err)
	}
	m.Service.TLS = new(tls.Config)
	m.Service.Listen = &url.URL{User: url.UserPassword(user, secret)}
	m.Service.RegisterEndpoints = true
	s := m.Service.NewServer()
	t.Cleanup(func() { s.Close(); m.Remove() })
	return s
}

func config(t testing.TB, s *simulator.Server) vsphere.Config {
	t.Helper()
	ca, err := s.CertificateFile()
	if err != nil {
		t.Fatal(err)
	}
	u := *s.URL
	u.User = nil
	return vsphere.Config{
		Site: psn.Acilia, Endpoint: u.String(), Username: user,
		Password:     func() (string, error) { return secret, nil },
		CAFile:       ca,
		HostFailures: -1,
	}
}

func open(t *testing.T, c vsphere.Config) *vsphere.Site {
	t.Helper()
	s, err := vsphere.Open(bounded(t), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func spec(id psn.VMID) driver.VMSpec {
	return driver.VMSpec{
		ID:      id,
		Labels:  driver.Labels{Service: "p_bs/protocollo", Classification: psn.Critical, Role: psn.RoleActive},
		Cluster: "DC0_C0", VCPUs: 2, MemoryMiB: 4096,
		Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}},
		NICs:  []driver.NICSpec{{Network: "DC0_DVPG0", MAC: "00:50:56:00:00:01"}},
	}
}
