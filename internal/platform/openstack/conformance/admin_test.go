package conformance_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	gopher "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/config"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/projects"
	"golang.org/x/sync/errgroup"

	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// admin acts on the cloud behind the driver's back, with a client of its own.
type admin struct {
	t   testing.TB
	cfg openstack.Config
}

// client logs in to a project, by name, past the gateway's tricks on tokens.
func (a *admin) client(ctx context.Context, project string) *gophercloud.ProviderClient {
	a.t.Helper()
	password, err := a.cfg.Password()
	if err != nil {
		a.t.Fatal(err)
	}
	p, err := config.NewProviderClient(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: a.cfg.AuthURL, Username: "admin", DomainName: "Default", Password: password,
		Scope: &gophercloud.AuthScope{ProjectName: project, DomainName: "Default"}, AllowReauth: true,
	}, config.WithTLSConfig(trust(a.t, a.cfg.CAFile)))
	if err != nil {
		a.t.Fatal(err)
	}
	return p
}

func (a *admin) compute(ctx context.Context, project string) *gophercloud.ServiceClient {
	a.t.Helper()
	c, err := gopher.NewComputeV2(a.client(ctx, project), gophercloud.EndpointOpts{Region: a.cfg.Region})
	if err != nil {
		a.t.Fatal(err)
	}
	c.Microversion = "2.79"
	return c
}

// foreign makes a server of that name in the tenant's project, without marks.
func (a *admin) foreign(t testing.TB, tenant psn.TenantID, name string) {
	t.Helper()
	ctx := bounded(t)
	c := a.compute(ctx, string(tenant))
	v, err := gopher.NewBlockStorageV3(c.ProviderClient, gophercloud.EndpointOpts{Region: a.cfg.Region})
	if err != nil {
		t.Fatal(err)
	}
	vol, err := volumes.Create(ctx, v, volumes.CreateOpts{Name: "foreign", Size: 1}, nil).Extract()
	if err == nil {
		err = volumes.WaitForStatus(ctx, v, vol.ID, "available")
	}
	if err == nil {
		err = volumes.SetBootable(ctx, v, vol.ID, volumes.BootableOpts{Bootable: true}).ExtractErr()
	}
	if err != nil {
		t.Fatal(err)
	}
	pages, err := flavors.ListDetail(c, flavors.ListOpts{}).AllPages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all, err := flavors.ExtractFlavors(pages)
	if err != nil || len(all) == 0 {
		t.Fatalf("flavours: %v, %v", all, err)
	}
	sv, err := servers.Create(ctx, c, servers.CreateOpts{
		Name: name, FlavorRef: all[0].ID, Networks: "none",
		BlockDevice: []servers.BlockDevice{{UUID: vol.ID, SourceType: "volume", DestinationType: "volume", DeleteOnTermination: true}},
	}, nil).Extract()
	if err == nil {
		err = servers.WaitForStatus(ctx, c, sv.ID, "ACTIVE")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// destroy deletes a server and waits until it is gone.
func (a *admin) destroy(t testing.TB, ref string) {
	t.Helper()
	ctx := bounded(t)
	a.remove(ctx, t, ref)
}

func (a *admin) remove(ctx context.Context, t testing.TB, ref string) {
	t.Helper()
	c := a.compute(ctx, a.cfg.Project)
	if err := servers.Delete(ctx, c, ref).ExtractErr(); err != nil && !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		t.Error(err)
	}
	for {
		_, err := servers.Get(ctx, c, ref).Extract()
		if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		time.Sleep(time.Second)
	}
}

// sweep leaves nothing of the tenant behind, whatever its test did.
func (a *admin) sweep(tenant psn.TenantID) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	s, err := openstack.Open(ctx, a.cfg)
	if err != nil {
		a.t.Errorf("sweep: %v", err)
		return
	}
	defer func() { _ = s.Close(ctx) }()
	if there, err := s.TenantExists(ctx, tenant); err != nil || !there {
		if err != nil {
			a.t.Errorf("sweep: %v", err)
		}
		return
	}
	project := a.project(ctx, tenant)
	c := a.compute(ctx, a.cfg.Project)
	pages, err := servers.List(c, servers.ListOpts{AllTenants: true, TenantID: project}).AllPages(ctx)
	if err != nil {
		a.t.Errorf("sweep: %v", err)
		return
	}
	left, err := servers.ExtractServers(pages)
	if err != nil {
		a.t.Errorf("sweep: %v", err)
	}
	var g errgroup.Group
	g.SetLimit(4)
	for _, sv := range left {
		g.Go(func() error { return s.DeleteVM(ctx, sv.ID) })
	}
	if err := g.Wait(); err != nil {
		a.t.Errorf("sweep: %v", err)
	}
	a.sweepVolumes(ctx, s, project)
	if err := s.DeleteTenant(ctx, tenant); err != nil {
		a.t.Errorf("sweep: %v", err)
	}
}

func (a *admin) project(ctx context.Context, tenant psn.TenantID) string {
	c, err := gopher.NewIdentityV3(a.client(ctx, a.cfg.Project), gophercloud.EndpointOpts{})
	if err != nil {
		a.t.Fatal(err)
	}
	pages, err := projects.List(c, projects.ListOpts{Name: string(tenant)}).AllPages(ctx)
	if err != nil {
		a.t.Fatal(err)
	}
	found, err := projects.ExtractProjects(pages)
	if err != nil || len(found) != 1 {
		a.t.Fatalf("project of %s: %v, %v", tenant, found, err)
	}
	return found[0].ID
}

// sweepVolumes deletes what volumes are left and waits for it.
func (a *admin) sweepVolumes(ctx context.Context, s *openstack.Site, project string) {
	v, err := gopher.NewBlockStorageV3(a.client(ctx, a.cfg.Project), gophercloud.EndpointOpts{Region: a.cfg.Region})
	if err != nil {
		a.t.Fatal(err)
	}
	for {
		pages, err := volumes.List(v, volumes.ListOpts{AllTenants: true, TenantID: project}).AllPages(ctx)
		if err != nil {
			a.t.Errorf("sweep: %v", err)
			return
		}
		left, err := volumes.ExtractVolumes(pages)
		if err != nil || len(left) == 0 {
			return
		}
		for _, one := range left {
			if strings.HasPrefix(one.Status, "deleting") {
				continue
			}
			_ = volumes.Delete(ctx, v, one.ID, volumes.DeleteOpts{}).ExtractErr() // seen at the next look
		}
		time.Sleep(time.Second)
		if ctx.Err() != nil {
			a.t.Errorf("sweep: %d volumes are left", len(left))
			return
		}
	}
}
