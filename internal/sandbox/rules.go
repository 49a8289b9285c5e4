package sandbox

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// obeyRules moves a machine that is about to start to a host where the rules of
// its cluster let it run. It fails when a mandatory one leaves no host. The
// caller holds the machine's lock in the simulator.
func (c *Center) obeyRules(ctx *simulator.Context, vm *simulator.VirtualMachine) types.BaseMethodFault {
	if vm.ResourcePool == nil || vm.Runtime.Host == nil || vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
		return nil
	}
	cluster := clusterOf(ctx, *vm.ResourcePool)
	if len(cluster.Host) == 0 {
		return nil
	}
	var rules []types.BaseClusterRuleInfo
	locked(ctx, cluster, func() {
		if cfg, ok := cluster.ConfigurationEx.(*types.ClusterConfigInfoEx); ok {
			rules = slices.Clone(cfg.Rule)
		}
	})
	c.mu.Lock()
	host, fault := c.hostFor(vm.Self, *vm.Runtime.Host, cluster.Host, rules)
	if m := c.machines[vm.Self]; m != nil && fault == nil {
		m.mu.Lock()
		m.host, m.starting = host, true
		m.mu.Unlock()
	}
	c.mu.Unlock()
	if fault != nil || host == *vm.Runtime.Host {
		return fault
	}
	from, to := ctx.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem), ctx.Map.Get(host).(*simulator.HostSystem)
	ctx.Map.RemoveReference(ctx, from, &from.Vm, vm.Self)
	ctx.Map.AppendReference(ctx, to, &to.Vm, vm.Self)
	ctx.Update(vm, []types.PropertyChange{{Name: "runtime.host", Val: &host}, {Name: "summary.runtime.host", Val: &host}})
	return nil
}

// hostFor picks a host for vm: where it is when the rules allow it, else the
// first that they allow. The caller holds c.mu.
func (c *Center) hostFor(vm, now types.ManagedObjectReference, hosts []types.ManagedObjectReference, rules []types.BaseClusterRuleInfo) (types.ManagedObjectReference, types.BaseMethodFault) {
	candidates := append([]types.ManagedObjectReference{now}, hosts...)
	for _, r := range rules {
		info := r.GetClusterRuleInfo()
		if info.Enabled == nil || !*info.Enabled {
			continue
		}
		var members []types.ManagedObjectReference
		together := false
		switch r := r.(type) {
		case *types.ClusterAntiAffinityRuleSpec:
			members = r.Vm
		case *types.ClusterAffinityRuleSpec:
			members, together = r.Vm, true
		}
		if !slices.Contains(members, vm) {
			continue
		}
		taken := c.hostsOf(members, vm)
		allowed := slices.DeleteFunc(slices.Clone(candidates), func(h types.ManagedObjectReference) bool {
			if together {
				return len(taken) > 0 && !slices.Contains(taken, h)
			}
			return slices.Contains(taken, h)
		})
		if len(allowed) > 0 {
			candidates = allowed
		} else if info.Mandatory != nil && *info.Mandatory {
			return now, &types.RuleViolation{Host: &now, Rule: r}
		}
	}
	return candidates[0], nil
}

// hostsOf lists where machines but one run.
func (c *Center) hostsOf(machines []types.ManagedObjectReference, but types.ManagedObjectReference) []types.ManagedObjectReference {
	var out []types.ManagedObjectReference
	for _, ref := range machines {
		m := c.machines[ref]
		if m == nil || ref == but {
			continue
		}
		m.mu.Lock()
		if m.on || m.starting {
			out = append(out, m.host)
		}
		m.mu.Unlock()
	}
	return out
}
