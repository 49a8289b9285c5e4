package platformtest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func cluster(t testing.TB, s driver.Site, name string) psn.Cluster {
	t.Helper()
	inv, err := s.Inventory(within(t))
	if err != nil {
		t.Fatalf("inventory: %v", err)
	}
	for _, c := range inv.Clusters {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("inventory has no cluster %q", name)
	return psn.Cluster{}
}

// held is what a holder has on the cluster.
func held(c psn.Cluster, tenant psn.TenantID, forSite psn.Site) psn.Resources {
	for _, k := range c.Commitments {
		if k.Tenant == tenant && k.ForSite == forSite {
			return k.Resources
		}
	}
	return psn.Resources{}
}

func testInventory(t *testing.T, h *Harness) {
	s := h.open(t)
	before := cluster(t, s, h.Cluster)
	if before.Capacity.VCPUs <= 0 || before.Capacity.MemoryMiB <= 0 || before.Capacity.StorageMiB <= 0 {
		t.Errorf("capacity of %s is %+v", h.Cluster, before.Capacity)
	}
	h.tenant(t, s)
	for _, n := range []string{"b", "a"} {
		h.create(t, s, n)
	}
	after := cluster(t, s, h.Cluster)
	if d := cmp.Diff(psn.Resources{VCPUs: 2, MemoryMiB: 1024, StorageMiB: 2 * h.DiskUnit >> 20}, held(after, h.Tenant, "")); d != "" {
		t.Errorf("commitment of the tenant: %s", d)
	}
	if d := cmp.Diff(held(before, "", ""), held(after, "", "")); d != "" {
		t.Errorf("commitment of others changed: %s", d)
	}
	if before.Capacity != after.Capacity {
		t.Errorf("capacity changed from %+v to %+v", before.Capacity, after.Capacity)
	}
	inv, err := s.Inventory(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(inv.VMs, func(a, b psn.VM) int { return cmpStrings(a.Name+"\x00"+a.Ref, b.Name+"\x00"+b.Ref) }) {
		t.Error("machines are not sorted by name and ref")
	}
}

func cmpStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func testStandby(t *testing.T, h *Harness) {
	s := h.open(t)
	h.tenant(t, s)
	spec := h.spec("standby")
	spec.Labels.Role, spec.Labels.PrimarySite = psn.RoleStandby, psn.Rozzano
	if _, err := s.CreateVM(within(t), spec); err != nil {
		t.Fatal(err)
	}
	c := cluster(t, s, h.Cluster)
	if d := cmp.Diff(psn.Resources{VCPUs: 1, MemoryMiB: 512}, held(c, h.Tenant, psn.Rozzano)); d != "" {
		t.Errorf("reserve for the loss of rozzano: %s", d)
	}
	if d := cmp.Diff(psn.Resources{StorageMiB: h.DiskUnit >> 20}, held(c, h.Tenant, "")); d != "" {
		t.Errorf("disks of a standby are written all the time: %s", d)
	}
}

func testTenant(t *testing.T, h *Harness) {
	s := h.open(t)
	ctx := within(t)
	exists := func(want bool) {
		t.Helper()
		if got, err := s.TenantExists(ctx, h.Tenant); err != nil || got != want {
			t.Fatalf("TenantExists = %v, %v; want %v", got, err, want)
		}
	}
	exists(false)
	if err := s.DeleteTenant(ctx, h.Tenant); err != nil {
		t.Errorf("delete of a tenant that is not there: %v", err)
	}
	for range 2 {
		h.tenant(t, s)
		exists(true)
	}
	ref := h.create(t, s, "left")
	err := s.DeleteTenant(ctx, h.Tenant)
	wantCode(t, err, psn.Conflict)
	wantText(t, err, "left")
	exists(true)
	if err := s.DeleteVM(ctx, ref); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.DeleteTenant(ctx, h.Tenant); err != nil {
			t.Fatal(err)
		}
		exists(false)
	}
	h.tenant(t, s)
	exists(true)
}

func testTenantConcurrently(t *testing.T, h *Harness) {
	// Two processes: they share nothing but the endpoint.
	a, b := h.open(t), h.open(t)
	each(t, 10, func(i int) error {
		return []driver.Site{a, b}[i%2].EnsureTenant(within(t), driver.Tenant{ID: h.Tenant})
	})
	if err := a.DeleteTenant(within(t), h.Tenant); err != nil {
		t.Errorf("the tenant made twice cannot be deleted: %v", err)
	}
	if ok, err := b.TenantExists(within(t), h.Tenant); ok || err != nil {
		t.Errorf("TenantExists after delete = %v, %v", ok, err)
	}
}
