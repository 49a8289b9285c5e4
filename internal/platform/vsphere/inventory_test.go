package vsphere_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
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

// TestSharedStorageIsCountedOnce: both clusters of a site mount both of its
// datastores of 50 TiB.
func TestSharedStorageIsCountedOnce(t *testing.T) {
	sb, c := start(t, "acilia")
	inv, err := open(t, sandboxConfig(sb, c, sandbox.Operator)).Inventory(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, k := range inv.Clusters {
		got[k.Name] = k.Capacity.StorageMiB
	}
	if d := cmp.Diff(map[string]int64{"acilia-cl01": 50 << 20, "acilia-cl02": 50 << 20}, got); d != "" {
		t.Error(d)
	}
}
