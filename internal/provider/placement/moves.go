package placement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// moveFields are the attributes of a move.
var moveFields = []Field{
	{"vm", types.StringType, "Name of the machine, the key in `assignments`."},
	{"role", types.StringType, "What moves: `primary`, or its `standby`."},
	{"from_site", types.StringType, "Site it leaves."},
	{"from_platform", types.StringType, "Platform it leaves."},
	{"from_cluster", types.StringType, "Cluster it leaves."},
	{"to_site", types.StringType, "Site it goes to."},
	{"to_platform", types.StringType, "Platform it goes to."},
	{"to_cluster", types.StringType, "Cluster it goes to."},
	{"copy_gib", types.Int64Type, "What the move costs: storage to be copied, in GiB."},
	{"reason", types.StringType, "Why it moves."},
}

func moveType() types.ObjectType {
	t := map[string]attr.Type{}
	for _, f := range moveFields {
		t[f.Name] = f.Type
	}
	return types.ObjectType{AttrTypes: t}
}

func movesAttribute() schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Computed: true,
		MarkdownDescription: "Machines and standbys that this decision puts elsewhere than the one before it, known in the plan, before anything happens. " +
			"It tells of the decision recorded: it stays until something is decided anew. Without `rebalance` it is empty, unless something stands where it can no longer stand.",
		NestedObject: schema.NestedAttributeObject{Attributes: computedOf(moveFields)},
	}
}

// end is where a machine or a standby is.
type end struct {
	site     psn.Site
	platform psn.Platform
	cluster  string
}

func flattenMoves(moves []placement.Move, req placement.Request) types.List {
	t := moveType()
	elems := []attr.Value{}
	byName := make(map[string]placement.Workload, len(req.Workloads))
	for _, w := range req.Workloads {
		byName[w.Name] = w
	}
	for _, mv := range moves {
		for _, part := range []struct {
			role     string
			from, to end
		}{
			{"primary", end{mv.From.Site, mv.From.Platform, mv.From.Cluster}, end{mv.To.Site, mv.To.Platform, mv.To.Cluster}},
			{"standby", end{mv.From.StandbySite, mv.From.StandbyPlatform, mv.From.StandbyCluster}, end{mv.To.StandbySite, mv.To.StandbyPlatform, mv.To.StandbyCluster}},
		} {
			if part.from == part.to || part.from.site == "" || part.to.site == "" {
				continue // gaining or shedding a standby moves nothing
			}
			elems = append(elems, types.ObjectValueMust(t.AttrTypes, map[string]attr.Value{
				"vm":            types.StringValue(mv.VM),
				"role":          types.StringValue(part.role),
				"from_site":     types.StringValue(string(part.from.site)),
				"from_platform": types.StringValue(string(part.from.platform)),
				"from_cluster":  types.StringValue(part.from.cluster),
				"to_site":       types.StringValue(string(part.to.site)),
				"to_platform":   types.StringValue(string(part.to.platform)),
				"to_cluster":    types.StringValue(part.to.cluster),
				"copy_gib":      types.Int64Value(mv.To.Resources.StorageMiB / mibPerGiB),
				"reason":        types.StringValue(why(mv, byName[mv.To.Workload], part.role, part.from, req)),
			}))
		}
	}
	return types.ListValueMust(t, elems)
}

// why says what a move of a machine of w is for.
func why(mv placement.Move, w placement.Workload, role string, from end, req placement.Request) string {
	if reason := expelled(mv, w, role, from, req); reason != "" {
		return reason
	}
	if !req.Rebalance {
		return fmt.Sprintf("cluster %s at %s can no longer hold it", from.cluster, from.site)
	}
	if gains := gained(mv, w, role, req); len(gains) > 0 {
		return "rebalance is set: " + strings.Join(gains, "; ")
	}
	return "rebalance is set: the clusters are then filled more evenly"
}

// gained lists what a move that nothing forced is good for, apart from balance.
func gained(mv placement.Move, w placement.Workload, role string, req placement.Request) []string {
	var out []string
	apart := func(a placement.Assignment) bool {
		return a.StandbySite != "" && a.Site.Region() != a.StandbySite.Region()
	}
	alike := func(a placement.Assignment) bool { return a.StandbySite != "" && a.Platform == a.StandbyPlatform }
	if !apart(mv.From) && apart(mv.To) {
		out = append(out, "machine and standby are then in two regions")
	}
	if !alike(mv.From) && alike(mv.To) {
		out = append(out, "machine and standby are then on the same platform")
	}
	if role == "primary" && slices.Contains(w.Near, mv.To.Site) && !slices.Contains(w.Near, mv.From.Site) {
		out = append(out, fmt.Sprintf("it is then near its data at %s (locality)", mv.To.Site))
	}
	if was, is := costs(mv.From, role, w, req.Facts), costs(mv.To, role, w, req.Facts); is < was {
		out = append(out, fmt.Sprintf("it then costs %d less in the unit of prices, %d instead of %d", was-is, is, was))
	}
	return out
}

// costs is the price of a machine, or of what its standby takes every day, where
// a says that it stands; in the unit of prices.
func costs(a placement.Assignment, role string, w placement.Workload, facts []placement.ClusterFacts) int64 {
	at := end{a.Site, a.Platform, a.Cluster}
	if role == "standby" {
		at = end{a.StandbySite, a.StandbyPlatform, a.StandbyCluster}
	}
	i := slices.IndexFunc(facts, func(f placement.ClusterFacts) bool { return end{f.Site, f.Platform, f.Cluster} == at })
	if i < 0 {
		return 0
	}
	p, r := facts[i].Price, w.PerInstance
	cost := p.PerStorageGiB * (r.StorageMiB / mibPerGiB)
	if role == "primary" || w.StandbyMode == placement.Active {
		cost += p.PerVCPU*r.VCPUs + p.PerMemoryGiB*(r.MemoryMiB/mibPerGiB) + p.PerGPU*w.GPUs
	}
	return cost
}

// expelled says what forbids a machine or standby to stay, "" when nothing but
// room can.
func expelled(mv placement.Move, w placement.Workload, role string, from end, req placement.Request) string {
	switch {
	case role == "primary" && len(w.Sites) > 0 && !slices.Contains(w.Sites, from.site):
		return fmt.Sprintf("workload %s does not allow site %s", w.Name, from.site)
	case len(w.Regions) > 0 && !slices.Contains(w.Regions, from.site.Region()):
		return fmt.Sprintf("workload %s does not allow region %s", w.Name, from.site.Region())
	case len(w.Platforms) > 0 && !slices.Contains(w.Platforms, from.platform):
		return fmt.Sprintf("workload %s does not allow platform %s", w.Name, from.platform)
	case role == "standby" && w.Classification == psn.Strategic && from.site.Region() == mv.To.Site.Region():
		return "the standby of a strategic machine has to be in the other region (PLC-002)"
	}
	for _, x := range req.Excluded {
		if x.Site == from.site && (x.Platform == "" || x.Platform == from.platform) && (x.Cluster == "" || x.Cluster == from.cluster) {
			return fmt.Sprintf("%s is excluded: %s", where(x), x.Reason)
		}
	}
	if role == "standby" && req.SurviveRegion && from.site.Region() == mv.To.Site.Region() {
		return "survive_region is set: the standby has to be in the other region"
	}
	for _, s := range req.Sites {
		if s.Site != from.site || s.Platform != from.platform {
			continue
		}
		if s.Reachable() && !slices.ContainsFunc(s.Clusters, func(c psn.Cluster) bool { return c.Name == from.cluster }) {
			return fmt.Sprintf("cluster %s is no longer at %s", from.cluster, from.site)
		}
	}
	for _, g := range req.Groups {
		if slices.Contains(g.Workloads, w.Name) && !req.Rebalance {
			return fmt.Sprintf("cluster %s at %s can no longer hold it beside what group %s asks for", from.cluster, from.site, g.Name)
		}
	}
	return ""
}

// where names an excluded place.
func where(x placement.Exclusion) string {
	switch {
	case x.Cluster != "":
		return fmt.Sprintf("cluster %s at %s (%s)", x.Cluster, x.Site, x.Platform)
	case x.Platform != "":
		return fmt.Sprintf("%s (%s)", x.Site, x.Platform)
	}
	return string(x.Site)
}
