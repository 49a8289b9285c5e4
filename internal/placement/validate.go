package placement

import (
	"fmt"
	"maps"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Bounds that keep every sum and product of the solver inside 64 bits.
const (
	maxMachines = 100_000       // machines of one request
	maxAmount   = 1 << 40       // vCPUs or MiB of one machine or cluster (1 EiB)
	maxTaken    = 4 * (1 << 40) // vCPUs or MiB committed on one cluster
)

// check returns an error that names field, value and remedy when the request is
// malformed. What is well formed but cannot be placed is a verdict instead.
func check(req Request) error {
	if _, err := psn.TenantOf(string(req.Tenant)); err != nil {
		return psn.Errorf(psn.InvalidInput, "tenant: %w", err)
	}
	if err := checkWorkloads(req); err != nil {
		return err
	}
	if err := checkSites(req.Sites); err != nil {
		return err
	}
	if err := checkCurrent(req.Current); err != nil {
		return err
	}
	return checkExtras(req)
}

// checkCurrent refuses places that there are not: a machine would seem to stand
// nowhere and be moved. A cluster that is no more is none of these.
func checkCurrent(current map[string]Assignment) error {
	for _, vm := range slices.Sorted(maps.Keys(current)) {
		c := current[vm]
		if c.VM != "" && c.VM != vm {
			return psn.Errorf(psn.InvalidInput, "current[%q] is about machine %q: give each machine its own entry", vm, c.VM)
		}
		bad := func(field string, err error) error {
			return psn.Errorf(psn.InvalidInput, "current[%q]: %s: %w", vm, field, err)
		}
		if _, err := psn.ParseSite(string(c.Site)); err != nil {
			return bad("site", err)
		}
		if _, err := psn.ParsePlatform(string(c.Platform)); err != nil {
			return bad("platform", err)
		}
		if c.StandbySite == "" && c.StandbyPlatform == "" {
			continue
		}
		if _, err := psn.ParseSite(string(c.StandbySite)); err != nil {
			return bad("standby_site", err)
		}
		if _, err := psn.ParsePlatform(string(c.StandbyPlatform)); err != nil {
			return bad("standby_platform", err)
		}
		if !slices.Contains([]StandbyMode{"", Reserve, Active}, c.StandbyMode) {
			return bad("standby_mode", psn.Errorf(psn.InvalidInput, "unknown mode %q: use %q or %q", c.StandbyMode, Reserve, Active))
		}
	}
	return nil
}

func checkWorkloads(req Request) error {
	seen := map[string]bool{}
	var total int64
	for _, w := range req.Workloads {
		if err := checkWorkload(req.Tenant, w); err != nil {
			return err
		}
		if seen[w.Name] {
			return psn.Errorf(psn.InvalidInput, "workload name %q is given twice: give each workload its own name", w.Name)
		}
		seen[w.Name] = true
		if total += w.Instances; total > maxMachines {
			return psn.Errorf(psn.InvalidInput, "workloads ask for more than %d machines in one placement: split them by service", maxMachines)
		}
	}
	return nil
}

func checkWorkload(tenant psn.TenantID, w Workload) error {
	bad := func(field string, value any, remedy string) error {
		return psn.Errorf(psn.InvalidInput, "workload %q: %s is %v: %s", w.Name, field, value, remedy)
	}
	if err := psn.CheckName("workload name", w.Name); err != nil {
		return err
	}
	if w.Instances < 1 || w.Instances > maxMachines {
		return bad("instances", w.Instances, fmt.Sprintf("use 1 to %d, or remove the workload", maxMachines))
	}
	if longest := fmt.Sprintf("%s-%d", w.Name, w.Instances); len(longest) > 63 {
		return bad("name", fmt.Sprintf("%d characters long", len(w.Name)), fmt.Sprintf("shorten it so that machine name %q has at most 63 characters", longest))
	}
	service, err := psn.ParseServiceID(string(w.Service))
	if err != nil {
		return psn.Errorf(psn.InvalidInput, "workload %q: service: %w", w.Name, err)
	}
	if service.Tenant() != tenant {
		return bad("service", fmt.Sprintf("%q", w.Service), fmt.Sprintf("name a service of tenant %q, the tenant of this placement", tenant))
	}
	if _, err := psn.ParseClassification(string(w.Classification)); err != nil {
		return psn.Errorf(psn.InvalidInput, "workload %q: %w", w.Name, err)
	}
	for r := range basic {
		if v := toVec(w.PerInstance)[r]; v < 1 || v > maxAmount {
			return bad(fieldOf[r], v, fmt.Sprintf("use 1 to %d", int64(maxAmount)))
		}
	}
	if w.GPUs < 0 || w.GPUs > maxAmount {
		return bad("gpus", w.GPUs, fmt.Sprintf("use 0 to %d", int64(maxAmount)))
	}
	var named int64
	for _, class := range slices.Sorted(maps.Keys(w.StorageClasses)) {
		v := w.StorageClasses[class]
		if class == "" || v < 0 || v > maxAmount {
			return bad(fmt.Sprintf("storage_classes[%q]", class), v, fmt.Sprintf("name the class and use 0 to %d", int64(maxAmount)))
		}
		named += v
	}
	if named > w.PerInstance.StorageMiB {
		return bad("the sum of storage_classes", named, fmt.Sprintf("it is part of storage_mib, which is %d: use at most that", w.PerInstance.StorageMiB))
	}
	switch w.StandbyMode {
	case "", Reserve, Active:
	default:
		return bad("standby_mode", fmt.Sprintf("%q", w.StandbyMode), fmt.Sprintf("use %q or %q", Reserve, Active))
	}
	for field, list := range map[string][]psn.Site{"sites": w.Sites, "near": w.Near} {
		for _, s := range list {
			if _, err := psn.ParseSite(string(s)); err != nil {
				return psn.Errorf(psn.InvalidInput, "workload %q: %s: %w", w.Name, field, err)
			}
		}
	}
	for _, r := range w.Regions {
		if _, err := psn.ParseRegion(string(r)); err != nil {
			return psn.Errorf(psn.InvalidInput, "workload %q: regions: %w", w.Name, err)
		}
	}
	for _, p := range w.Platforms {
		if _, err := psn.ParsePlatform(string(p)); err != nil {
			return psn.Errorf(psn.InvalidInput, "workload %q: platforms: %w", w.Name, err)
		}
	}
	return nil
}

func checkSites(sites []psn.SiteInventory) error {
	seen := map[string]bool{}
	for _, s := range sites {
		if _, err := psn.ParseSite(string(s.Site)); err != nil {
			return psn.Errorf(psn.InvalidInput, "inventory: %w", err)
		}
		where := placeName(s.Site, s.Platform)
		if _, err := psn.ParsePlatform(string(s.Platform)); err != nil {
			return psn.Errorf(psn.InvalidInput, "inventory of %s: %w", s.Site, err)
		}
		if seen[where] {
			return psn.Errorf(psn.InvalidInput, "inventory: %s is given twice: give each site and platform once", where)
		}
		seen[where] = true
		if err := checkClusters(where, s.Clusters); err != nil {
			return err
		}
	}
	return nil
}

func checkClusters(where string, clusters []psn.Cluster) error {
	seen := map[string]bool{}
	for _, c := range clusters {
		if c.Name == "" {
			return psn.Errorf(psn.InvalidInput, "inventory of %s: a cluster has no name: name every cluster", where)
		}
		if seen[c.Name] {
			return psn.Errorf(psn.InvalidInput, "inventory of %s: cluster %q is given twice: give each cluster once", where, c.Name)
		}
		seen[c.Name] = true
		for r := range basic {
			if v := toVec(c.Capacity)[r]; v < 0 || v > maxAmount {
				return psn.Errorf(psn.InvalidInput, "inventory of %s: cluster %q: capacity %s is %d: use 0 to %d", where, c.Name, fieldOf[r], v, int64(maxAmount))
			}
		}
		var taken vec
		for _, k := range c.Commitments {
			if k.ForSite != "" && !k.ForSite.Valid() {
				return psn.Errorf(psn.InvalidInput, "inventory of %s: cluster %q: commitment of tenant %q is for unknown site %q: use one of the four sites or none", where, c.Name, k.Tenant, k.ForSite)
			}
			for r := range basic {
				v := toVec(k.Resources)[r]
				if taken[r] += v; v < 0 || v > maxTaken || taken[r] > maxTaken {
					return psn.Errorf(psn.InvalidInput, "inventory of %s: cluster %q: commitment of tenant %q has %s %d: use 0 to %d in all", where, c.Name, k.Tenant, fieldOf[r], v, int64(maxTaken))
				}
			}
		}
	}
	return nil
}
