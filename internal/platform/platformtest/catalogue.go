package platformtest

import (
	"slices"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

func testFlavors(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Flavors](t, s)
	all, err := o.Flavors(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no flavours")
	}
	sorted := slices.IsSortedFunc(all, func(a, b driver.Flavor) int {
		switch {
		case a.VCPUs != b.VCPUs:
			return int(a.VCPUs - b.VCPUs)
		case a.MemoryMiB != b.MemoryMiB:
			return int(a.MemoryMiB - b.MemoryMiB)
		}
		return cmpStrings(a.Name, b.Name)
	})
	if !sorted {
		t.Error("flavours are not sorted by vCPUs, memory and name")
	}
	for _, f := range all {
		if f.Ref == "" || f.Name == "" || f.VCPUs < 1 || f.MemoryMiB < 1 {
			t.Errorf("flavour %+v", f)
		}
	}
	if h.PrivateFlavor == nil {
		t.Fatal("the harness makes no private flavour")
	}
	id := h.ownTenant(t, s)
	name := h.PrivateFlavor(t, id)
	if all, err = o.Flavors(within(t)); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(f driver.Flavor) bool { return f.Name == name })
	if i < 0 || all[i].Public || len(all[i].Tenants) != 1 || all[i].Tenants[0] != id {
		t.Errorf("private flavour %q of %s, as listed (%d): %+v", name, id, i, all)
	}
}

func testStorageClasses(t *testing.T, h *Harness) {
	s := h.open(t)
	all, err := as[driver.StorageClasses](t, s).StorageClasses(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(all, func(a, b driver.StorageClass) int { return cmpStrings(a.Name, b.Name) }) {
		t.Error("storage classes are not sorted by name")
	}
	i := slices.IndexFunc(all, func(c driver.StorageClass) bool { return c.Name == h.StorageClass })
	if i < 0 {
		t.Fatalf("class %q is not listed: %+v", h.StorageClass, all)
	}
	c := all[i]
	if !slices.Contains(c.Clusters, h.Cluster) || !slices.IsSorted(c.Clusters) {
		t.Errorf("class %q is reached from %v, want %q among them", c.Name, c.Clusters, h.Cluster)
	}
	if c.CapacityMiB <= 0 || c.FreeMiB < 0 || c.FreeMiB > c.CapacityMiB {
		t.Errorf("class %q has %d MiB, %d of them free", c.Name, c.CapacityMiB, c.FreeMiB)
	}
	defaults := 0
	for _, c := range all {
		if c.Default {
			defaults++
		}
	}
	if defaults > 1 {
		t.Errorf("%d defaults: %+v", defaults, all)
	}
}
