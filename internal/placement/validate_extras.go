package placement

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

const (
	maxPrice = 1_000_000 // units of cost for one vCPU, GiB or GPU
	maxCost  = 1 << 60   // millionths of a unit, for everything
)

func checkExtras(req Request) error {
	named := map[string]bool{}
	for _, w := range req.Workloads {
		for class := range w.StorageClasses {
			named[class] = true
		}
	}
	if len(named) > maxClasses {
		return psn.Errorf(psn.InvalidInput, "workloads name %d storage classes: name at most %d in one placement", len(named), maxClasses)
	}
	for _, check := range []func(Request) error{checkGroups, checkExcluded, checkFacts, checkQuota, checkReserve, checkWeights} {
		if err := check(req); err != nil {
			return err
		}
	}
	return nil
}

func checkGroups(req Request) error {
	workloads := map[string]Workload{}
	names := map[string]bool{}
	for _, w := range req.Workloads {
		workloads[w.Name] = w
		names[w.Name] = true
	}
	together := map[string]string{}
	for _, g := range req.Groups {
		bad := func(format string, args ...any) error {
			return psn.Errorf(psn.InvalidInput, "group %q: "+format, append([]any{g.Name}, args...)...)
		}
		if err := psn.CheckName("group name", g.Name); err != nil {
			return err
		}
		if names[g.Name] {
			return bad("the name is taken by a workload or another group: give each its own")
		}
		names[g.Name] = true
		if !slices.Contains([]GroupKind{Together, ApartCluster, ApartSite}, g.Kind) {
			return bad("kind is %q: use %q, %q or %q", g.Kind, Together, ApartCluster, ApartSite)
		}
		if least := map[bool]int{true: 1, false: 2}[g.Kind == Together]; len(g.Workloads) < least {
			return bad("%d workloads are named: name at least %d", len(g.Workloads), least)
		}
		for i, name := range g.Workloads {
			w, ok := workloads[name]
			switch {
			case !ok:
				return bad("there is no workload %q: name workloads of this request", name)
			case slices.Contains(g.Workloads[:i], name):
				return bad("workload %q is named twice", name)
			case g.Kind == Together && w.AntiAffinity && w.Instances > 1:
				return bad("workload %q keeps its instances apart (anti_affinity): it cannot be kept together as well", name)
			case g.Kind == Together && together[name] != "":
				return bad("workload %q is in group %q already: join the groups", name, together[name])
			case g.Kind == Together:
				together[name] = g.Name
			}
		}
	}
	for _, g := range req.Groups {
		for i, a := range g.Workloads {
			for _, b := range g.Workloads[:i] {
				if g.Kind != Together && together[a] != "" && together[a] == together[b] {
					return psn.Errorf(psn.InvalidInput, "group %q: workloads %q and %q are to be apart here and together in group %q: take one out", g.Name, b, a, together[a])
				}
			}
		}
	}
	return nil
}

// clusterOf returns whether the inventory has a cluster, and whether it may have
// one because its site could not be read.
func clusterOf(req Request, site psn.Site, platform psn.Platform, name string) (known, unread bool) {
	for _, s := range req.Sites {
		if s.Site == site && (platform == "" || s.Platform == platform) {
			unread = unread || !s.Reachable()
			known = known || name == "" || slices.ContainsFunc(s.Clusters, func(c psn.Cluster) bool { return c.Name == name })
		}
	}
	return known, unread
}

func checkExcluded(req Request) error {
	for _, x := range req.Excluded {
		if _, err := psn.ParseSite(string(x.Site)); err != nil {
			return psn.Errorf(psn.InvalidInput, "excluded: %w", err)
		}
		if x.Platform != "" {
			if _, err := psn.ParsePlatform(string(x.Platform)); err != nil {
				return psn.Errorf(psn.InvalidInput, "excluded at %s: %w", x.Site, err)
			}
		}
		if known, unread := clusterOf(req, x.Site, x.Platform, x.Cluster); x.Cluster != "" && !known && !unread {
			return psn.Errorf(psn.InvalidInput, "excluded at %s: the inventory has no cluster %q there: name one it has", x.Site, x.Cluster)
		}
	}
	return nil
}

func checkFacts(req Request) error {
	seen := map[[3]string]bool{}
	for _, f := range req.Facts {
		where := placeName(f.Site, f.Platform) + " cluster " + f.Cluster
		if known, unread := clusterOf(req, f.Site, f.Platform, f.Cluster); !known && !unread || f.Cluster == "" || f.Platform == "" {
			return psn.Errorf(psn.InvalidInput, "facts of %s: the inventory has no such cluster: name one it has", where)
		}
		key := [3]string{string(f.Site), string(f.Platform), f.Cluster}
		if seen[key] {
			return psn.Errorf(psn.InvalidInput, "facts of %s are given twice: give them once", where)
		}
		seen[key] = true
		if f.GPUs < 0 || f.GPUs > maxAmount {
			return psn.Errorf(psn.InvalidInput, "facts of %s: gpus is %d: use 0 to %d", where, f.GPUs, int64(maxAmount))
		}
		for _, class := range slices.Sorted(maps.Keys(f.StorageClasses)) {
			if v := f.StorageClasses[class]; v < 0 || v > maxAmount {
				return psn.Errorf(psn.InvalidInput, "facts of %s: storage_classes[%q] is %d: use 0 to %d", where, class, v, int64(maxAmount))
			}
		}
		for i, p := range []int64{f.Price.PerVCPU, f.Price.PerMemoryGiB, f.Price.PerStorageGiB, f.Price.PerGPU} {
			if p < 0 || p > maxPrice {
				return psn.Errorf(psn.InvalidInput, "facts of %s: price %s is %d: use 0 to %d", where, []string{"per_vcpu", "per_memory_gib", "per_storage_gib", "per_gpu"}[i], p, maxPrice)
			}
		}
	}
	return nil
}

func checkQuota(req Request) error {
	if req.Quota == nil {
		return nil
	}
	limits := func(where string, l Limits) error {
		for i, v := range [basic]*int64{l.VCPUs, l.MemoryMiB, l.StorageMiB} {
			if v != nil && *v < -1 {
				return psn.Errorf(psn.InvalidInput, "quota %s: %s is %d: use -1 or null for unlimited, or 0 and more", where, fieldOf[i], *v)
			}
		}
		return nil
	}
	if err := limits("in total", req.Quota.Total); err != nil {
		return err
	}
	for _, s := range slices.Sorted(maps.Keys(req.Quota.Sites)) {
		if _, err := psn.ParseSite(string(s)); err != nil {
			return psn.Errorf(psn.InvalidInput, "quota: sites: %w", err)
		}
		if err := limits("at "+string(s), req.Quota.Sites[s]); err != nil {
			return err
		}
	}
	return nil
}

func checkReserve(req Request) error {
	if r := req.DRReserve; r != nil && (*r < 1 || *r > maxReserve) {
		return psn.Errorf(psn.InvalidInput, "dr_reserve is %d: it is a percentage; use 1 to %d, or leave it out for %d", *r, maxReserve, wholeReserve)
	}
	return nil
}

// checkWeights also makes sure that the cost of everything stays inside 64 bits.
func checkWeights(req Request) error {
	w := DefaultWeights(req.Rebalance)
	if req.Weights != nil {
		w = *req.Weights
	}
	for i, v := range []int64{w.Move, w.MovePerGiB, w.SameRegion, w.OtherPlatform, w.OffLocality, w.Balance} {
		if v < 0 || v > maxPrice {
			return psn.Errorf(psn.InvalidInput, "weights: %s is %d: use 0 to %d", []string{"move", "move_per_gib", "same_region", "other_platform", "off_locality", "balance"}[i], v, maxPrice)
		}
	}
	var top Price
	for _, f := range req.Facts {
		top = Price{max(top.PerVCPU, f.Price.PerVCPU), max(top.PerMemoryGiB, f.Price.PerMemoryGiB), max(top.PerStorageGiB, f.Price.PerStorageGiB), max(top.PerGPU, f.Price.PerGPU)}
	}
	var sum int64
	count := func(units, price, n int64) { // twice: primary and standby
		hi, lo := bits.Mul64(uint64(units), uint64(price*2))
		hi2, lo := bits.Mul64(lo, uint64(n))
		hi3, lo := bits.Mul64(lo, millionths)
		if hi|hi2|hi3 != 0 || lo > maxCost-uint64(sum) {
			sum = maxCost
			return
		}
		sum += int64(lo)
	}
	for _, x := range req.Workloads {
		gib := func(mib int64) int64 { return mib/1024 + 1 }
		count(x.PerInstance.VCPUs, top.PerVCPU, x.Instances)
		count(gib(x.PerInstance.MemoryMiB), top.PerMemoryGiB, x.Instances)
		count(gib(x.PerInstance.StorageMiB), top.PerStorageGiB+w.MovePerGiB, x.Instances)
		count(x.GPUs, top.PerGPU, x.Instances)
		count(1, w.Move+w.SameRegion+w.OtherPlatform+w.OffLocality, x.Instances)
	}
	if sum >= maxCost {
		return psn.Errorf(psn.InvalidInput, "prices and weights make the cost of all machines exceed %d units: count it in larger units", int64(maxCost)/millionths)
	}
	return nil
}
