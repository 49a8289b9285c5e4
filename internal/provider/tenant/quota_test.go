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
