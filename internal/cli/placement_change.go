package cli

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// change is what a what-if changes in a request.
type change struct {
	without   []string
	instances []string
	rebalance bool
	region    bool
}

func (ch change) empty() bool {
	return len(ch.without)+len(ch.instances) == 0 && !ch.rebalance && !ch.region
}

// apply changes the request and returns the machines of Current that leave with
// their workload.
func (ch change) apply(req *placement.Request) (leave map[string]placement.Assignment, err error) {
	req.Workloads, req.Excluded = slices.Clone(req.Workloads), slices.Clone(req.Excluded)
	leave = map[string]placement.Assignment{}
	for _, w := range ch.without {
		if err := ch.takeOut(req, w, leave); err != nil {
			return nil, err
		}
	}
	if len(req.Workloads) == 0 {
		return nil, psn.Errorf(psn.InvalidInput, "--without takes every workload out: leave one to place")
	}
	if err := ch.resize(req); err != nil {
		return nil, err
	}
	req.Rebalance = req.Rebalance || ch.rebalance
	req.SurviveRegion = req.SurviveRegion || ch.region
	return leave, nil
}

// takeOut takes a workload or a place out of use.
func (ch change) takeOut(req *placement.Request, what string, leave map[string]placement.Assignment) error {
	name, onlyWorkload := strings.CutPrefix(what, "workload:")
	place, onlyPlace := strings.CutPrefix(what, "site:")
	parts := strings.Split(place, "/")
	site, noSite := psn.ParseSite(parts[0])
	known := slices.ContainsFunc(req.Workloads, func(w placement.Workload) bool { return w.Name == name })
	switch {
	case onlyWorkload && !known, noSite != nil && !known:
		return psn.Errorf(psn.InvalidInput, "--without %q: neither a site (%s) nor a workload of the request (%s): write workload, site, site/platform or site/platform/cluster", what, join(psn.Sites()), join(workloadNames(*req)))
	case known && noSite == nil && !onlyWorkload && !onlyPlace:
		return psn.Errorf(psn.InvalidInput, "--without %q: both a site and a workload of the request have that name: write site:%s or workload:%s", what, what, what)
	case known && !onlyPlace:
		withoutWorkload(req, name, leave)
		return nil
	case len(parts) > 3 || slices.Contains(parts, ""):
		return psn.Errorf(psn.InvalidInput, "--without %q: write site, site/platform or site/platform/cluster", what)
	}
	parts = append(parts, "", "")
	if _, err := psn.ParsePlatform(parts[1]); parts[1] != "" && err != nil {
		return psn.Errorf(psn.InvalidInput, "--without %q: %w", what, err)
	}
	if !slices.ContainsFunc(req.Sites, func(s psn.SiteInventory) bool {
		return s.Site == site && (parts[1] == "" || string(s.Platform) == parts[1]) &&
			(parts[2] == "" || slices.ContainsFunc(s.Clusters, func(c psn.Cluster) bool { return c.Name == parts[2] }))
	}) {
		return psn.Errorf(psn.InvalidInput, "--without %q: the request has no such place among its sites: name one that it has", what)
	}
	req.Excluded = append(req.Excluded, placement.Exclusion{Site: site, Platform: psn.Platform(parts[1]), Cluster: parts[2], Reason: "--without " + what})
	return nil
}

// withoutWorkload takes a workload out with all that it holds: its machines, its
// part in groups and, when no other workload is of its service, what the
// inventory says the service has committed.
func withoutWorkload(req *placement.Request, name string, leave map[string]placement.Assignment) {
	i := slices.IndexFunc(req.Workloads, func(w placement.Workload) bool { return w.Name == name })
	service := req.Workloads[i].Service
	req.Workloads = slices.Delete(req.Workloads, i, i+1)
	current := map[string]placement.Assignment{}
	for vm, a := range req.Current {
		if workloadOf(vm, a) == name {
			leave[vm] = a
		} else {
			current[vm] = a
		}
	}
	req.Current = current
	var groups []placement.Group
	for _, g := range req.Groups {
		g.Workloads = slices.DeleteFunc(slices.Clone(g.Workloads), func(w string) bool { return w == name })
		// One workload alone still has its machines together.
		if len(g.Workloads) > 1 || len(g.Workloads) == 1 && g.Kind == placement.Together {
			groups = append(groups, g)
		}
	}
	req.Groups = groups
	if slices.ContainsFunc(req.Workloads, func(w placement.Workload) bool { return w.Service == service }) {
		return
	}
	req.Sites = slices.Clone(req.Sites)
	for s := range req.Sites {
		clusters := slices.Clone(req.Sites[s].Clusters)
		for c := range clusters {
			clusters[c].Commitments = slices.DeleteFunc(slices.Clone(clusters[c].Commitments), func(k psn.Commitment) bool {
				return k.Tenant == req.Tenant && k.Service == service
			})
		}
		req.Sites[s].Clusters = clusters
	}
}

// workloadOf is the workload of a machine that stands, told or from its name.
func workloadOf(vm string, a placement.Assignment) string {
	if a.Workload != "" {
		return a.Workload
	}
	return vm[:max(strings.LastIndexByte(vm, '-'), 0)]
}

// resize gives workloads another number of machines.
func (ch change) resize(req *placement.Request) error {
	seen := map[string]bool{}
	for _, v := range ch.instances {
		name, number, _ := strings.Cut(v, "=")
		i := slices.IndexFunc(req.Workloads, func(w placement.Workload) bool { return w.Name == name })
		n, err := strconv.ParseInt(number, 10, 64)
		switch {
		case seen[name]:
			return psn.Errorf(psn.InvalidInput, "--instances %q: workload %q is given twice: keep one", v, name)
		case i < 0:
			return psn.Errorf(psn.InvalidInput, "--instances %q: no workload %q: write name=number, with one of %s", v, name, join(workloadNames(*req)))
		case err != nil || n < 1:
			return psn.Errorf(psn.InvalidInput, "--instances %q: %q is not a number of machines: write 1 or more, or --without %s for none", v, number, name)
		}
		seen[name] = true
		req.Workloads[i].Instances = n
	}
	return nil
}

func workloadNames(req placement.Request) []string {
	names := make([]string, len(req.Workloads))
	for i, w := range req.Workloads {
		names[i] = w.Name
	}
	return names
}

// elsewhere lists the machines of both decisions whose place differs, by name.
func elsewhere(before, after map[string]placement.Assignment) []string {
	var out []string
	for _, vm := range slices.Sorted(maps.Keys(after)) {
		was, ok := before[vm]
		is := after[vm]
		if ok && (was.Place() != is.Place() || was.StandbyPlace() != is.StandbyPlace()) {
			out = append(out, vm)
		}
	}
	return out
}
