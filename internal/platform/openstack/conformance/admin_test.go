package conformance_test

import (
	"context"
	"fmt"
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
	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// admin acts on the cloud behind the driver's back, with a client of its own.
type admin struct {
	cfg openstack.Config
}

// client logs in to a project, by name.
func (a *admin) client(ctx context.Context, project string) (*gophercloud.ProviderClient, error) {
	password, err := a.cfg.Password()
	if err != nil {
		return nil, err
	}
	conf, err := trust.TLS(a.cfg.CAFile, "")
	if err != nil {
		return nil, err
	}
	return config.NewProviderClient(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: a.cfg.AuthURL, Username: "admin", DomainName: "Default", Password: password,
		Scope: &gophercloud.AuthScope{ProjectName: project, DomainName: "Default"}, AllowReauth: true,
	}, config.WithTLSConfig(conf))
}

func (a *admin) compute(ctx context.Context, project string) (*gophercloud.ServiceClient, error) {
	p, err := a.client(ctx, project)
	if err != nil {
		return nil, err
	}
	c, err := gopher.NewComputeV2(p, gophercloud.EndpointOpts{Region: a.cfg.Region})
	if err != nil {
		return nil, err
	}
	c.Microversion = "2.79"
	return c, nil
}

func (a *admin) identity(ctx context.Context) (*gophercloud.ServiceClient, error) {
	p, err := a.client(ctx, a.cfg.Project)
	if err != nil {
		return nil, err
	}
	return gopher.NewIdentityV3(p, gophercloud.EndpointOpts{})
}

// foreign makes a server of that name in the tenant's project, without marks.
func (a *admin) foreign(t testing.TB, tenant psn.TenantID, name string) {
	t.Helper()
	ctx := bounded(t)
	c, err := a.compute(ctx, string(tenant))
	if err != nil {
		t.Fatal(err)
	}
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
	c, err := a.compute(ctx, a.cfg.Project)
	if err == nil {
		err = servers.Delete(ctx, c, ref).ExtractErr()
	}
	for err == nil {
		time.Sleep(time.Second)
		_, err = servers.Get(ctx, c, ref).Extract()
	}
	if !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		t.Error(err)
	}
}

// sweep leaves nothing of the tenant behind, whatever its test did. A cloud that
// is busy is asked again.
func (a *admin) sweep(t testing.TB, tenant psn.TenantID) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var err error
	for range 5 {
		if err = a.sweepOnce(ctx, tenant); err == nil {
			return
		}
		t.Logf("sweep, once more: %v", err)
		time.Sleep(2 * time.Second)
	}
	t.Errorf("sweep: %v", err)
}

func (a *admin) sweepOnce(ctx context.Context, tenant psn.TenantID) error {
	s, err := openstack.Open(ctx, a.cfg)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()
	if there, err := s.TenantExists(ctx, tenant); err != nil || !there {
		return err
	}
	project, err := a.project(ctx, tenant)
	if err != nil {
		return err
	}
	if err := a.sweepServers(ctx, s, project); err != nil {
		return err
	}
	if err := a.sweepVolumes(ctx, project); err != nil {
		return err
	}
	return s.DeleteTenant(ctx, tenant)
}

func (a *admin) sweepServers(ctx context.Context, s *openstack.Site, project string) error {
	c, err := a.compute(ctx, a.cfg.Project)
	if err != nil {
		return err
	}
	pages, err := servers.List(c, servers.ListOpts{AllTenants: true, TenantID: project}).AllPages(ctx)
	if err != nil {
		return err
	}
	left, err := servers.ExtractServers(pages)
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(4)
	for _, sv := range left {
		g.Go(func() error { return s.DeleteVM(ctx, sv.ID) })
	}
	return g.Wait()
}

func (a *admin) project(ctx context.Context, tenant psn.TenantID) (string, error) {
	c, err := a.identity(ctx)
	if err != nil {
		return "", err
	}
	pages, err := projects.List(c, projects.ListOpts{Name: string(tenant)}).AllPages(ctx)
	if err != nil {
		return "", err
	}
	found, err := projects.ExtractProjects(pages)
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("project of %s: %v, %w", tenant, found, err)
	}
	return found[0].ID, nil
}

// sweepVolumes deletes what volumes are left and waits for it.
func (a *admin) sweepVolumes(ctx context.Context, project string) error {
	p, err := a.client(ctx, a.cfg.Project)
	if err != nil {
		return err
	}
	v, err := gopher.NewBlockStorageV3(p, gophercloud.EndpointOpts{Region: a.cfg.Region})
	if err != nil {
		return err
	}
	for {
		pages, err := volumes.List(v, volumes.ListOpts{AllTenants: true, TenantID: project}).AllPages(ctx)
		if err != nil {
			return err
		}
		left, err := volumes.ExtractVolumes(pages)
		if err != nil || len(left) == 0 {
			return err
		}
		for _, one := range left {
			if !strings.HasPrefix(one.Status, "deleting") {
				_ = volumes.Delete(ctx, v, one.ID, volumes.DeleteOpts{}).ExtractErr() // seen at the next look
			}
		}
		time.Sleep(time.Second)
		if ctx.Err() != nil {
			return fmt.Errorf("%d volumes are left: %w", len(left), ctx.Err())
		}
	}
}
