package vsphere

import (
	"cmp"
	"context"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
)

// StorageClasses implements driver.StorageClasses: the datastores that every
// host in service of a cluster mounts. None is a default: a disk without a wish
// goes where most is free.
func (s *Site) StorageClasses(ctx context.Context) ([]driver.StorageClass, error) {
	s.keep(nil) // free space changes
	t, err := s.topology(ctx)
	if err != nil {
		return nil, s.coded("list datastores", err)
	}
	byStore := map[ref][]string{}
	for _, c := range t.clusters { // sorted by name
		for _, d := range c.datastores {
			byStore[d] = append(byStore[d], c.name)
		}
	}
	out := []driver.StorageClass{}
	for d, clusters := range byStore {
		ds := t.datastores[d]
		out = append(out, driver.StorageClass{
			Name: ds.Name, Clusters: clusters,
			CapacityMiB: ds.Summary.Capacity >> 20, FreeMiB: ds.Summary.FreeSpace >> 20,
		})
	}
	slices.SortFunc(out, func(a, b driver.StorageClass) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}
