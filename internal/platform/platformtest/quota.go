package platformtest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func usageOf(t testing.TB, s driver.Site, id psn.TenantID) map[string]driver.Usage {
	t.Helper()
	all, err := as[driver.Quotas](t, s).TenantUsage(within(t), id)
	if err != nil {
		t.Fatalf("usage: %v", err)
	}
	if !slices.IsSortedFunc(all, func(a, b driver.Usage) int { return cmpStrings(a.Quantity+" "+a.Cluster, b.Quantity+" "+b.Cluster) }) {
		t.Errorf("usage is not sorted by quantity and cluster: %+v", all)
	}
	limits, err := as[driver.Quotas](t, s).TenantLimits(within(t), driver.Tenant{ID: id})
	if err != nil {
		t.Fatalf("limits: %v", err)
	}
	for _, l := range limits {
		if !slices.ContainsFunc(all, func(u driver.Usage) bool {
			return u.Quantity == l.Quantity && u.Cluster == l.Cluster && cmp.Equal(u.Limit, l.Limit)
		}) {
			t.Errorf("limit %+v is not that of the usage %+v", l, all)
		}
	}
	return bySum(t, all)
}

// bySum adds up what is used in the clusters of the site, of which each has the
// whole of a limit.
func bySum(t testing.TB, all []driver.Usage) map[string]driver.Usage {
	t.Helper()
	out := map[string]driver.Usage{}
	for _, u := range all {
		if sum, more := out[u.Quantity]; more {
			if u.Cluster == "" || !cmp.Equal(sum.Limit, u.Limit) {
				t.Errorf("%s is told twice: %+v", u.Quantity, all)
			}
			u.Used += sum.Used
		}
		out[u.Quantity] = u
	}
	return out
}

func testQuota(t *testing.T, h *Harness) {
	s := h.open(t)
	_, err := as[driver.Quotas](t, s).TenantUsage(within(t), "c_nessuno")
	wantCode(t, err, psn.NotFound)
	id := h.ownTenant(t, s)
	two, memory := int64(2), int64(1024)
	limited := driver.Tenant{ID: id, Quota: &driver.Quota{VCPUs: &two, MemoryMiB: &memory}}
	for range 2 {
		if err := s.EnsureTenant(within(t), limited); err != nil {
			t.Fatal(err)
		}
	}
	before := usageOf(t, s, id)
	if d := cmp.Diff(&two, before["vcpus"].Limit); d != "" {
		t.Errorf("limit of vCPUs: %s", d)
	}
	if d := cmp.Diff(&memory, before["memory_mib"].Limit); d != "" {
		t.Errorf("limit of memory: %s", d)
	}
	for _, q := range []string{"instances", "storage_mib"} {
		if u, told := before[q]; told && u.Limit != nil {
			t.Errorf("%s has the limit %d, and none was set: no limit is not zero", q, *u.Limit)
		}
	}
	for _, name := range []string{"a", "b"} {
		ref := h.machine(t, s, id, name, nil)
		if err := s.Power(within(t), ref, psn.PoweredOn); err != nil {
			t.Fatal(err)
		}
	}
	if after := usageOf(t, s, id); after["vcpus"].Used != 2 && after["vcpus"].Used != -1 {
		t.Errorf("two machines of one vCPU use %+v", after["vcpus"])
	}
	// The third is one too many: either it is not made, or it does not start.
	spec := h.spec("c")
	spec.ID = psn.VMID(string(id) + "/c")
	ref, err := s.CreateVM(within(t), spec)
	if err == nil {
		err = s.Power(within(t), ref, psn.PoweredOn)
	}
	wantCode(t, err, psn.Exhausted)
	// Nil leaves what is set; an empty quota takes the limits away.
	if err := s.EnsureTenant(within(t), driver.Tenant{ID: id}); err != nil {
		t.Fatal(err)
	}
	if l := usageOf(t, s, id)["vcpus"].Limit; l == nil || *l != 2 {
		t.Errorf("without a quota in the call the limit became %v", l)
	}
	if err := s.EnsureTenant(within(t), driver.Tenant{ID: id, Quota: &driver.Quota{}}); err != nil {
		t.Fatal(err)
	}
	if l := usageOf(t, s, id)["vcpus"].Limit; l != nil {
		t.Errorf("an empty quota left the limit %d", *l)
	}
}
