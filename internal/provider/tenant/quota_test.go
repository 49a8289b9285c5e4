package tenant_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	resource "github.com/italia/terraform-provider-psn/internal/provider/tenant"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestQuotas: null and -1 are no limit, zero is a limit of nothing, and a site
// that is taken out loses its limits while one never named keeps what it has.
func TestQuotas(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	type quotas = map[string]map[string]int64
	now := quotas{"acilia": {"instances": 0, "vcpus": -1, "memory_gib": 2, "storage_gib": 3}, "pomezia": {}}
	got, diags := resource.Quotas(t.Context(), resource.SiteQuotas(now), resource.SiteQuotas(quotas{"acilia": {"vcpus": 9}, "rozzano": {"vcpus": 9}}))
	if diags.HasError() {
		t.Fatal(diags)
	}
	want := map[psn.Site]*driver.Quota{
		psn.Acilia:  {Instances: n(0), MemoryMiB: n(2048), StorageMiB: n(3072)},
		psn.Pomezia: {},
		psn.Rozzano: {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestList(t *testing.T) {
	var names []string
	for i := range 25 {
		names = append(names, fmt.Sprint(i))
	}
	if got, want := resource.List(names[:3]), "0, 1, 2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := resource.List(names), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 and 5 more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLimitsChangedByHand: a limit that stands otherwise is told, in whole units,
// and one that stands as declared, or that the platform does not keep, is not.
func TestLimitsChangedByHand(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	type quota = map[string]int64
	for name, c := range map[string]struct {
		declared quota
		limits   []driver.Usage
		want     quota
	}{
		"as declared":            {quota{"vcpus": 8, "memory_gib": 2, "instances": 5}, []driver.Usage{{Quantity: "vcpus", Limit: n(8)}, {Quantity: "memory_mib", Limit: n(2048)}}, quota{"vcpus": 8, "memory_gib": 2, "instances": 5}},
		"unlimited as declared":  {quota{"vcpus": -1}, []driver.Usage{{Quantity: "vcpus"}, {Quantity: "volumes"}}, quota{"vcpus": -1}},
		"raised":                 {quota{"vcpus": 8}, []driver.Usage{{Quantity: "vcpus", Limit: n(9)}}, quota{"vcpus": 9}},
		"taken away":             {quota{"vcpus": 8}, []driver.Usage{{Quantity: "vcpus"}}, quota{"vcpus": -1}},
		"set where none was":     {quota{}, []driver.Usage{{Quantity: "volumes", Limit: n(0)}}, quota{"volumes": 0}},
		"a little":               {quota{"memory_gib": 2}, []driver.Usage{{Quantity: "memory_mib", Limit: n(2049)}}, quota{"memory_gib": 3}},
		"a little less":          {quota{"memory_gib": 2}, []driver.Usage{{Quantity: "memory_mib", Limit: n(2047)}}, quota{"memory_gib": 1}},
		"in one of two clusters": {quota{"vcpus": 8}, []driver.Usage{{Quantity: "vcpus", Cluster: "a", Limit: n(16)}, {Quantity: "vcpus", Cluster: "b", Limit: n(8)}}, quota{"vcpus": 16}},
	} {
		if diff := cmp.Diff(resource.SiteQuotas(map[string]map[string]int64{"acilia": c.want}).String(), resource.Observed(t, c.declared, c.limits)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
