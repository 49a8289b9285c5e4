package vsphere_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestPagesAreJoined(t *testing.T) {
	s := open(t, config(t, sim(t, 7)))
	whole, err := s.Inventory(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	s.SetPage(3)
	paged, err := s.Inventory(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.VMs) != 7 {
		t.Errorf("%d machines", len(whole.VMs))
	}
	if d := cmp.Diff(whole, paged); d != "" {
		t.Errorf("read in pages of 3: %s", d)
	}
}

// The simulator's cluster has three hosts of 2 cores and 4 294 430 720 bytes
// (4 095 MiB) each.
func TestCapacityHoldsHostsBack(t *testing.T) {
	srv := sim(t, 0)
	for _, c := range []struct {
		failures, ratio int64
		want            psn.Resources
	}{
		{-1, 0, psn.Resources{VCPUs: 2 * 2 * 4, MemoryMiB: 2 * 4095}}, // the defaults: one host, four to one
		{0, 0, psn.Resources{VCPUs: 3 * 2 * 4, MemoryMiB: 3 * 4095}},
		{2, 8, psn.Resources{VCPUs: 2 * 8, MemoryMiB: 4095}},
		{9, 1, psn.Resources{}},
	} {
		cfg := config(t, srv)
		cfg.HostFailures, cfg.VCPUPerCore = c.failures, c.ratio
		inv, err := open(t, cfg).Inventory(bounded(t))
		if err != nil {
			t.Fatal(err)
		}
		if len(inv.Clusters) != 1 {
			t.Fatalf("clusters: %+v", inv.Clusters)
		}
		got := inv.Clusters[0].Capacity
		if got.StorageMiB <= 0 {
			t.Errorf("storage %d MiB", got.StorageMiB)
		}
		got.StorageMiB = 0
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("host_failures %d, vcpu_per_core %d: %s", c.failures, c.ratio, d)
		}
	}
}
