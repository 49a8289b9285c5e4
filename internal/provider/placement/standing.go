package placement

import (
	"strconv"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Standing reads assignments back from the machines of a tenant that stand at
// the sites: the active one gives the place, the standby its standby. Machines
// whose name is not "<workload>-<n>" were not placed by a psn_placement.
func Standing(inv psn.Inventory, tenant psn.TenantID) map[string]placement.Assignment {
	out := map[string]placement.Assignment{}
	for _, s := range inv.Sites {
		for _, vm := range s.VMs {
			name := vm.ID.Name()
			workload, ok := workloadOf(name)
			if vm.ID.Tenant() != tenant || !ok {
				continue
			}
			a := out[name]
			a.VM, a.Workload, a.Service, a.Classification = name, workload, vm.Service, vm.Classification
			if vm.Role == psn.RoleStandby {
				a.StandbySite, a.StandbyRegion, a.StandbyPlatform, a.StandbyCluster = s.Site, s.Site.Region(), s.Platform, vm.Cluster
			} else {
				a.Site, a.Region, a.Platform, a.Cluster = s.Site, s.Site.Region(), s.Platform, vm.Cluster
				a.Resources = psn.Resources{VCPUs: vm.VCPUs, MemoryMiB: vm.MemoryMiB, StorageMiB: vm.StorageMiB}
			}
			out[name] = a
		}
	}
	for name, a := range out {
		if a.Site == "" {
			delete(out, name)
		}
	}
	return out
}

// workloadOf splits "<workload>-<n>".
func workloadOf(machine string) (string, bool) {
	i := strings.LastIndexByte(machine, '-')
	if i < 1 {
		return "", false
	}
	n, err := strconv.ParseInt(machine[i+1:], 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != machine[i+1:] {
		return "", false
	}
	return machine[:i], true
}

func isMachineOf(machine, workload string) bool {
	w, ok := workloadOf(machine)
	return ok && w == workload
}
