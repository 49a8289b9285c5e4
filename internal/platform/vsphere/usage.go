package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Quotas = (*Site)(nil)

// TenantUsage implements driver.Quotas. What a resource pool limits is told for
// each cluster, with what is used in that cluster; all else for the site.
func (s *Site) TenantUsage(ctx context.Context, id psn.TenantID) ([]driver.Usage, error) {
	u, err := s.usage(ctx, id)
	return u, s.coded(fmt.Sprintf("read usage of tenant %s", id), err)
}

func (s *Site) usage(ctx context.Context, id psn.TenantID) ([]driver.Usage, error) {
	inv, err := s.inventory(ctx)
	if err != nil {
		return nil, err
	}
	out, err := s.limits(ctx, id)
	if err != nil {
		return nil, err
	}
	t, err := s.topology(ctx)
	if err != nil {
		return nil, err
	}
	site := map[string]int64{"instances": 0, "storage_mib": 0, "networks": 0}
	used := map[string]psn.Resources{}
	for _, vm := range inv.VMs {
		if vm.ID.Tenant() != id {
			continue
		}
		site["instances"]++
		site["storage_mib"] += vm.StorageMiB
		in := used[vm.Cluster]
		in.VCPUs += vm.VCPUs
		in.MemoryMiB += vm.MemoryMiB
		used[vm.Cluster] = in
	}
	for _, n := range t.networks {
		if n.tenant == id {
			site["networks"]++
		}
	}
	for i, u := range out {
		out[i].Used = map[string]int64{"vcpus": used[u.Cluster].VCPUs, "memory_mib": used[u.Cluster].MemoryMiB}[u.Quantity]
	}
	for q, n := range site {
		out = append(out, driver.Usage{Quantity: q, Used: n})
	}
	slices.SortFunc(out, compareUsage)
	return out, nil
}

// TenantLimits implements driver.Quotas.
func (s *Site) TenantLimits(ctx context.Context, t driver.Tenant) ([]driver.Usage, error) {
	l, err := s.limits(ctx, t.ID)
	return l, s.coded(fmt.Sprintf("read limits of tenant %s", t.ID), err)
}

// limits are those of the tenant's pools, without what is used.
func (s *Site) limits(ctx context.Context, id psn.TenantID) ([]driver.Usage, error) {
	t, err := s.topology(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := s.tenantFolder(t, id); !ok {
		return nil, psn.Errorf(psn.NotFound, "tenant %s is not at this site", id)
	}
	pools, err := s.poolLimits(ctx, t, id)
	if err != nil {
		return nil, err
	}
	out := []driver.Usage{}
	for _, p := range pools {
		cpu := driver.Usage{Quantity: "vcpus", Cluster: p.cluster.name, Used: -1}
		memory := driver.Usage{Quantity: "memory_mib", Cluster: p.cluster.name, Used: -1}
		if p.cpu != unlimited {
			if coreMHz(p.cluster) == 0 {
				return nil, psn.Errorf(psn.Unavailable, "cluster %q has no host in service that tells the speed of its cores: a limit of %d MHz cannot be told in vCPUs", p.cluster.name, p.cpu)
			}
			n := s.vcpusOf(p.cluster, p.cpu)
			cpu.Limit = &n
		}
		if p.memory != unlimited {
			memory.Limit = &p.memory
		}
		out = append(out, cpu, memory)
	}
	slices.SortFunc(out, compareUsage)
	return out, nil
}

func compareUsage(a, b driver.Usage) int {
	return cmp.Or(cmp.Compare(a.Quantity, b.Quantity), cmp.Compare(a.Cluster, b.Cluster))
}
