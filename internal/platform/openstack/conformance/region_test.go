package conformance_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// labConfig reaches a site of the lab without a gateway.
func labConfig(t testing.TB, site psn.Site) openstack.Config {
	t.Helper()
	lab := openstacklab.Find(t)
	at := lab.Site(t, site)
	password, err := lab.Password()
	if err != nil {
		t.Fatal(err)
	}
	return openstack.Config{
		Site: site, AuthURL: lab.AuthURL, Region: at.Region, Username: "admin", Project: "admin",
		Password: func() (string, error) { return password, nil }, CAFile: lab.CAFile,
		CreateFlavors: true, DefaultNetwork: at.Network, HostFailures: -1, Uplink: at.Uplink, Poll: 500 * time.Millisecond,
	}
}

// openLab opens a site, to be closed with the test.
func openLab(t testing.TB, cfg openstack.Config) *openstack.Site {
	t.Helper()
	s, err := openstack.Open(bounded(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// tenantOn makes a tenant without limits, of which the test leaves nothing.
func tenantOn(t testing.TB, cfg openstack.Config, s *openstack.Site) psn.TenantID {
	t.Helper()
	id := freshTenant(t)
	t.Cleanup(func() { (&admin{cfg: cfg}).sweep(t, id) })
	if err := s.EnsureTenant(bounded(t), driver.Tenant{ID: id, Name: "Comune di prova", Quota: &driver.Quota{}}); err != nil {
		t.Fatal(err)
	}
	return id
}

// small is a machine as small as may be.
func small(t testing.TB, site psn.Site, tenant psn.TenantID, name string) driver.VMSpec {
	t.Helper()
	at := openstacklab.Find(t).Site(t, site)
	return driver.VMSpec{
		ID: psn.VMID(string(tenant) + "/" + name), Labels: driver.Labels{Service: psn.ServiceID(string(tenant) + "/s"), Role: psn.RoleActive},
		Cluster: at.Zones[0], VCPUs: 1, MemoryMiB: 512, Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}}, NICs: []driver.NICSpec{{Network: at.Network}},
	}
}

// TestTenantOfTwoSites: one Keystone serves all sites, and a tenant may leave one
// while it stays at the other.
func TestTenantOfTwoSites(t *testing.T) {
	t.Parallel() // it makes nothing at a site that others could see
	cfg := labConfig(t, psn.Acilia)
	a, p := openLab(t, cfg), openLab(t, labConfig(t, psn.Pomezia))
	id := tenantOn(t, cfg, a)
	ctx := bounded(t)
	there := func(s *openstack.Site, want bool) {
		t.Helper()
		if got, err := s.TenantExists(ctx, id); err != nil || got != want {
			t.Fatalf("TenantExists = %v, %v; want %v", got, err, want)
		}
	}
	there(a, true)
	there(p, false)
	if _, err := p.CreateVM(ctx, small(t, psn.Pomezia, id, "x")); !psn.Is(err, psn.NotFound) {
		t.Errorf("a machine where the tenant is not: %v", err)
	}
	if err := p.EnsureTenant(ctx, driver.Tenant{ID: id, Name: "Comune di prova"}); err != nil {
		t.Fatal(err)
	}
	there(p, true)
	if err := a.DeleteTenant(ctx, id); err != nil {
		t.Fatal(err)
	}
	there(a, false)
	there(p, true)
	if _, err := p.TenantUsage(ctx, id); err != nil {
		t.Errorf("the other site: %v", err)
	}
	if err := p.DeleteTenant(ctx, id); err != nil {
		t.Fatal(err)
	}
	there(p, false)
}

// TestCredentialIsOfItsTenant: what is made for a tenant sees that tenant only,
// makes nothing there as a reader, and ends.
func TestCredentialIsOfItsTenant(t *testing.T) {
	cfg := labConfig(t, claim(t))
	s := openLab(t, cfg)
	id := tenantOn(t, cfg, s)
	ctx := bounded(t)
	c, err := s.CreateCredential(ctx, id, "ci", []string{"reader"}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if c.Secret == "" || c.Region != cfg.Region || c.AuthURL != cfg.AuthURL || c.Project == "" {
		t.Fatalf("credential: ref %s, project %s, region %s", c.Ref, c.Project, c.Region)
	}
	theirs := cfg
	theirs.Site, theirs.Username, theirs.Password = "", "", nil
	theirs.CredentialID, theirs.CredentialSecret = c.Ref, func() (string, error) { return c.Secret, nil }
	own := openLab(t, theirs)
	inv, err := own.Inventory(ctx)
	if err != nil || len(inv.VMs) != 0 {
		t.Errorf("own inventory: %+v, %v", inv, err)
	}
	if err := own.EnsureTenant(ctx, driver.Tenant{ID: "c_b157"}); !psn.Is(err, psn.Forbidden) {
		t.Errorf("a tenant's credential makes a tenant: %v", err)
	}
	if _, err := s.CreateCredential(ctx, id, "old", nil, time.Now().Add(-time.Hour)); !psn.Is(err, psn.InvalidInput) {
		t.Errorf("expired from the start: %v", err)
	}
	if _, err := s.CreateCredential(ctx, id, "root", []string{"admin"}, time.Now().Add(time.Hour)); err == nil {
		t.Error("a role that the operator does not have in the project was given")
	}
	for range 2 {
		if err := s.DeleteCredential(ctx, id, c.Ref); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := openstack.Open(ctx, theirs); !psn.Is(err, psn.Unauthenticated) {
		t.Errorf("after its end: %v", err)
	}
}

// TestNoHostLeft: a machine that no host may take is exhaustion, in Nova's words,
// and leaves nothing behind.
func TestNoHostLeft(t *testing.T) {
	cfg := labConfig(t, claim(t))
	s := openLab(t, cfg)
	id := tenantOn(t, cfg, s)
	ctx := bounded(t)
	hosts := openstacklab.Find(t).Site(t, cfg.Site).HostsPerZone
	for n := range hosts + 1 {
		spec := small(t, cfg.Site, id, fmt.Sprintf("apart-%d", n))
		spec.Group, spec.GroupPolicy = "apart", driver.Apart
		_, err := s.CreateVM(ctx, spec)
		if n < hosts && err != nil {
			t.Fatal(err)
		}
		if n == hosts && (!psn.Is(err, psn.Exhausted) || !strings.Contains(strings.ToLower(err.Error()), "no valid host")) {
			t.Errorf("one more than there are hosts: %v", err)
		}
	}
	if left, err := s.TenantLeftovers(ctx, id); err != nil || len(left) != 2*hosts { // a server and a volume each
		t.Errorf("left: %q, %v", left, err)
	}
	one := int64(hosts)
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: id, Quota: &driver.Quota{Instances: &one}}); err != nil {
		t.Fatal(err)
	}
	_, err := s.CreateVM(ctx, small(t, cfg.Site, id, "beyond"))
	if !psn.Is(err, psn.Exhausted) || !strings.Contains(strings.ToLower(err.Error()), "quota") {
		t.Errorf("beyond the quota: %v", err)
	}
	if left, err := s.TenantLeftovers(ctx, id); err != nil || len(left) != 2*hosts {
		t.Errorf("left beyond the quota: %q, %v", left, err)
	}
}

// TestTwoProcessesMakeOne: two processes that make the same machines at the same
// time make each once, and leave nothing of the other.
func TestTwoProcessesMakeOne(t *testing.T) {
	cfg := labConfig(t, claim(t))
	a, b := openLab(t, cfg), openLab(t, cfg)
	id := tenantOn(t, cfg, a)
	ctx := bounded(t)
	const pairs = 3
	var refs [pairs][2]string
	var wg sync.WaitGroup
	for n := range pairs {
		for i, s := range []*openstack.Site{a, b} {
			wg.Go(func() {
				spec := small(t, cfg.Site, id, fmt.Sprintf("twin-%d", n))
				var err error
				if refs[n][i], err = s.CreateVM(ctx, spec); err != nil { // told to come again, when it finds the other's
					refs[n][i], err = s.CreateVM(ctx, spec)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	for n, both := range refs {
		if both[0] != both[1] || both[0] == "" {
			t.Errorf("machine %d is %q", n, both)
		}
	}
	if left, err := a.TenantLeftovers(ctx, id); err != nil || len(left) != 2*pairs {
		t.Errorf("stands: %q, %v", left, err)
	}
}
