package vsphere_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func ptr(v int64) *int64 { return &v }

// limits reads MHz and MiB of the tenant's pool with a client of the test's own.
func limits(t *testing.T, c *sandbox.Center, cluster string) (cpu, memory int64) {
	t.Helper()
	ctx := bounded(t)
	f := find.NewFinder((&admin{c: c}).client(t).Client)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f.SetDatacenter(dc)
	pool, err := f.ResourcePool(ctx, cluster+"/Resources/psn-p_bs")
	if err != nil {
		t.Fatal(err)
	}
	var p mo.ResourcePool
	if err := pool.Properties(ctx, pool.Reference(), []string{"config"}, &p); err != nil {
		t.Fatal(err)
	}
	return *p.Config.CpuAllocation.Limit, *p.Config.MemoryAllocation.Limit
}

func usage(t *testing.T, s *vsphere.Site) map[string]driver.Usage {
	t.Helper()
	all, err := s.TenantUsage(bounded(t), "p_bs")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]driver.Usage{}
	for i, u := range all {
		if i > 0 && all[i-1].Quantity+all[i-1].Cluster >= u.Quantity+u.Cluster {
			t.Errorf("%+v after %+v", u, all[i-1])
		}
		out[strings.TrimSpace(u.Quantity+" "+u.Cluster)] = u
	}
	return out
}

// A core of the sandbox has 2600 MHz, and carries four vCPUs.
func TestQuotasAreLimitsOfThePools(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	ensure := func(q *driver.Quota) {
		t.Helper()
		if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs", Quota: q}); err != nil {
			t.Fatal(err)
		}
	}
	ensure(&driver.Quota{VCPUs: ptr(7), MemoryMiB: ptr(4096), Instances: ptr(3)})
	ensure(nil) // leaves what is set
	for _, cluster := range []string{"acilia-cl01", "acilia-cl02"} {
		if cpu, memory := limits(t, c, cluster); cpu != 7*2600/4 || memory != 4096 {
			t.Errorf("%s: %d MHz, %d MiB", cluster, cpu, memory)
		}
	}
	// What is used is counted where the limit holds: in each cluster for itself.
	create(t, s, at("p_bs/a"))
	elsewhere := at("p_bs/b")
	elsewhere.Cluster, elsewhere.VCPUs = "acilia-cl02", 3
	create(t, s, elsewhere)
	want := map[string]driver.Usage{
		"instances":              {Quantity: "instances", Used: 2},
		"memory_mib acilia-cl01": {Quantity: "memory_mib", Cluster: "acilia-cl01", Used: 512, Limit: ptr(4096)},
		"memory_mib acilia-cl02": {Quantity: "memory_mib", Cluster: "acilia-cl02", Used: 512, Limit: ptr(4096)},
		"networks":               {Quantity: "networks"},
		"storage_mib":            {Quantity: "storage_mib", Used: 32},
		"vcpus acilia-cl01":      {Quantity: "vcpus", Cluster: "acilia-cl01", Used: 2, Limit: ptr(7)},
		"vcpus acilia-cl02":      {Quantity: "vcpus", Cluster: "acilia-cl02", Used: 3, Limit: ptr(7)},
	}
	if d := cmp.Diff(want, usage(t, s)); d != "" {
		t.Error(d)
	}
	for v := range int64(50) { // what was asked for is what is read
		ensure(&driver.Quota{VCPUs: &v})
		if got := usage(t, s)["vcpus acilia-cl02"].Limit; got == nil || *got != v {
			t.Fatalf("limit of %d vCPUs reads %v", v, got)
		}
	}
	ensure(&driver.Quota{})
	if cpu, memory := limits(t, c, "acilia-cl01"); cpu != -1 || memory != -1 {
		t.Errorf("without limits: %d MHz, %d MiB", cpu, memory)
	}
	if u := usage(t, s); u["vcpus acilia-cl01"].Limit != nil || u["memory_mib acilia-cl01"].Limit != nil {
		t.Errorf("without limits: %+v", u)
	}
	refused(t, s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs", Quota: &driver.Quota{Networks: ptr(-1)}}), psn.InvalidInput, "networks", "-1")
	_, err := s.TenantUsage(ctx, "c_b157")
	refused(t, err, psn.NotFound, "c_b157")
}

func TestAPrincipalMayWorkInTheTenantOnly(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	for range 2 {
		if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs", Principal: sandbox.Group}); err != nil {
			t.Fatal(err)
		}
	}
	m := object.NewAuthorizationManager((&admin{c: c}).client(t).Client)
	roles, err := m.RoleList(ctx)
	if err != nil {
		t.Fatal(err)
	}
	role := roles.ByName("psn-tenant")
	if role == nil || len(role.Privilege) < 5 {
		t.Fatalf("role: %+v", role)
	}
	all, err := m.RetrieveRolePermissions(ctx, role.RoleId)
	if err != nil || len(all) != 3 { // the folder and a pool in each cluster
		t.Fatalf("permissions: %+v, %v", all, err)
	}
	for _, p := range all {
		if p.Principal != sandbox.Group || !p.Group || !p.Propagate || p.Entity.Type != "Folder" && p.Entity.Type != "ResourcePool" {
			t.Errorf("%+v", p)
		}
	}
	refused(t, s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs", Principal: "PSN\\nessuno"}), psn.InvalidInput, "nessuno")
}

func TestStorageClassesAreTheSharedDatastores(t *testing.T) {
	s, _ := site(t)
	got, err := s.StorageClasses(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	both := []string{"acilia-cl01", "acilia-cl02"}
	want := []driver.StorageClass{
		{Name: "acilia-cl01-ds01", Clusters: both, CapacityMiB: 50 << 20, FreeMiB: 50<<20 - 16<<10}, // the worker's disk
		{Name: "acilia-cl02-ds01", Clusters: both, CapacityMiB: 50 << 20, FreeMiB: 50 << 20},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
