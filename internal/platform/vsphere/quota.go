package vsphere

import (
	"context"
	"fmt"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A vCenter keeps two limits, on the tenant's resource pool of each cluster:
// memory in MiB, and processor time in MHz. A vCPU is the share of a core that
// Config.VCPUPerCore says, at the speed of the cluster's slowest host. Each
// cluster has the whole of a limit. The server slows down what runs beyond it
// and refuses nothing; so what is made or grown here is counted first, and
// refused. Nothing limits the number of machines, nor storage.

// unlimited is a vCenter's word for no limit.
const unlimited = -1

// quotaLimits are the limits of the tenant's pool in the cluster: MHz and MiB.
func (s *Site) quotaLimits(c *cluster, q driver.Quota) (cpu, memory int64, err error) {
	cpu, memory = unlimited, unlimited
	if q.MemoryMiB != nil {
		memory = *q.MemoryMiB
	}
	if q.VCPUs == nil {
		return cpu, memory, nil
	}
	mhz := coreMHz(c)
	if mhz == 0 {
		return 0, 0, psn.Errorf(psn.Unavailable, "cluster %q has no host in service that tells the speed of its cores: a limit of vCPUs cannot be counted", c.name)
	}
	// Rounded up, so that vcpusOf gives back what was asked for.
	return (*q.VCPUs*mhz + s.cfg.VCPUPerCore - 1) / s.cfg.VCPUPerCore, memory, nil
}

// vcpusOf is how many whole vCPUs a limit in MHz allows in the cluster.
func (s *Site) vcpusOf(c *cluster, limit int64) int64 {
	mhz := coreMHz(c)
	if mhz == 0 {
		return 0
	}
	return limit * s.cfg.VCPUPerCore / mhz
}

// coreMHz is the speed of a core of the slowest host in service.
func coreMHz(c *cluster) int64 {
	var slowest int64
	for _, h := range c.usable() {
		if hw := h.Summary.Hardware; hw != nil && hw.CpuMhz > 0 && (slowest == 0 || int64(hw.CpuMhz) < slowest) {
			slowest = int64(hw.CpuMhz)
		}
	}
	return slowest
}

func validQuota(q driver.Quota) error {
	for _, l := range []struct {
		name  string
		limit *int64
	}{
		{"instances", q.Instances}, {"vcpus", q.VCPUs}, {"memory_mib", q.MemoryMiB}, {"storage_mib", q.StorageMiB},
		{"volumes", q.Volumes}, {"networks", q.Networks}, {"security_groups", q.SecurityGroups}, {"floating_ips", q.FloatingIPs},
	} {
		if l.limit != nil && *l.limit < 0 {
			return psn.Errorf(psn.InvalidInput, "quota %s is %d: use 0 or more, or none for no limit", l.name, *l.limit)
		}
	}
	return nil
}

// setQuota writes the limits of the tenant's pools where they differ.
func (s *Site) setQuota(ctx context.Context, id psn.TenantID, q driver.Quota) error {
	t, err := s.topology(ctx)
	if err != nil {
		return err
	}
	now, err := s.poolLimits(ctx, t, id)
	if err != nil {
		return err
	}
	for _, p := range now {
		cpu, memory, err := s.quotaLimits(p.cluster, q)
		if err != nil {
			return err
		}
		if p.cpu == cpu && p.memory == memory {
			continue
		}
		spec := &types.ResourceConfigSpec{
			CpuAllocation:    types.ResourceAllocationInfo{Limit: &cpu},
			MemoryAllocation: types.ResourceAllocationInfo{Limit: &memory},
		}
		if _, err := methods.UpdateConfig(ctx, s.conn.vim, &types.UpdateConfig{This: p.self, Config: spec}); err != nil {
			return fmt.Errorf("limit resource pool %q of cluster %q: %w", poolPrefix+string(id), p.cluster.name, err)
		}
	}
	return nil
}

// poolLimit is what limits a tenant in one cluster: MHz and MiB.
type poolLimit struct {
	self        ref
	cluster     *cluster
	cpu, memory int64
}

func (s *Site) poolLimits(ctx context.Context, t *topology, id psn.TenantID) ([]poolLimit, error) {
	var refs []ref
	for _, c := range t.clusters {
		if p, ok := t.pool(c, poolPrefix+string(id)); ok {
			refs = append(refs, p)
		}
	}
	content, err := s.readObjects(ctx, "ResourcePool", []string{"config"}, refs)
	if err != nil {
		return nil, err
	}
	pools, err := load[mo.ResourcePool](content, "ResourcePool")
	var out []poolLimit
	for _, p := range pools {
		out = append(out, limitOf(p, t.poolOf[p.Self]))
	}
	return out, err
}

// within refuses machines of the tenant that would go beyond the limits l of its
// pool in the cluster. It costs nothing where nothing is limited.
func (s *Site) within(ctx context.Context, t *topology, l poolLimit, tenant psn.TenantID, more psn.Resources) error {
	if l.cpu == unlimited && l.memory == unlimited || more.VCPUs <= 0 && more.MemoryMiB <= 0 {
		return nil
	}
	folder, ok := s.tenantFolder(t, tenant)
	if !ok {
		return nil
	}
	content, err := s.readView(ctx, folder, map[string][]string{"VirtualMachine": {
		"runtime.host", "resourcePool", "summary.config.numCpu", "summary.config.memorySizeMB", "summary.config.template",
	}})
	if err != nil {
		return err
	}
	machines, err := load[mo.VirtualMachine](content, "VirtualMachine")
	if err != nil {
		return err
	}
	var used psn.Resources
	for _, m := range machines {
		if clusterOf(t, m) == l.cluster && !m.Summary.Config.Template {
			used.VCPUs += int64(m.Summary.Config.NumCpu)
			used.MemoryMiB += int64(m.Summary.Config.MemorySizeMB)
		}
	}
	if limit := s.vcpusOf(l.cluster, l.cpu); l.cpu != unlimited && more.VCPUs > 0 && used.VCPUs+more.VCPUs > limit {
		return psn.Errorf(psn.Exhausted, "tenant %s has %d of %d vCPUs in cluster %q and needs %d more: raise its quota", tenant, used.VCPUs, limit, l.cluster.name, more.VCPUs)
	}
	if l.memory != unlimited && more.MemoryMiB > 0 && used.MemoryMiB+more.MemoryMiB > l.memory {
		return psn.Errorf(psn.Exhausted, "tenant %s has %d of %d MiB of memory in cluster %q and needs %d more: raise its quota", tenant, used.MemoryMiB, l.memory, l.cluster.name, more.MemoryMiB)
	}
	return nil
}

// limitOf is what a pool's own properties limit.
func limitOf(p mo.ResourcePool, c *cluster) poolLimit {
	l := poolLimit{self: p.Self, cluster: c, cpu: unlimited, memory: unlimited}
	if v := p.Config.CpuAllocation.Limit; v != nil {
		l.cpu = *v
	}
	if v := p.Config.MemoryAllocation.Limit; v != nil {
		l.memory = *v
	}
	return l
}
