package placement

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// decide fills the computed attributes of config. It is a function of the
// configuration and the prior state alone: it runs at plan and again at apply,
// and must come to the same result. prior is nil when there is none.
func decide(ctx context.Context, config model, prior *model) (model, diag.Diagnostics) {
	out := config
	var diags diag.Diagnostics
	ws, complete := expandWorkloads(config.Workloads)
	for _, name := range slices.Sorted(maps.Keys(ws)) {
		if err := psn.CheckName("workload name", name); err != nil {
			diags.Append(diagnose.UnableAt(at(name), "place", fmt.Sprintf("workload %q", name), err))
		}
	}
	if prior != nil {
		out.AsOf = finding.DayOfRecord(config.AsOf, prior.AsOf, config.Derogations, prior.Derogations, config.Exclude, prior.Exclude)
	}
	if diags.HasError() {
		return out, diags
	}
	if reason := undecided(ctx, config, ws, complete); reason != "" {
		return postpone(out, prior, ws, complete, reason, diags)
	}
	sites, known, more := expandInventory(ctx, config.Inventory)
	if diags.Append(more...); diags.HasError() {
		return out, diags
	}
	if !known {
		return postpone(out, prior, ws, complete, "the inventory is not known yet: something it depends on has changes pending", diags)
	}
	return solve(ctx, config, out.AsOf, prior, ws, sites, diags)
}

// undecided says what is not known yet, "" when everything but the inventory is.
func undecided(ctx context.Context, config model, ws map[string]workload, complete bool) string {
	if !complete {
		return "the set of workloads is not known yet"
	}
	for _, name := range slices.Sorted(maps.Keys(ws)) {
		if !ws[name].known(ctx) {
			return fmt.Sprintf("an attribute of workload %q is not known yet", name)
		}
	}
	switch {
	case config.TenantID.IsUnknown():
		return "the tenant is not known yet"
	case config.Rebalance.IsUnknown():
		return "\"rebalance\" is not known yet"
	case config.AsOf.IsUnknown():
		return "\"as_of\" is not known yet"
	case config.AllowUnknownAtPlan.IsUnknown():
		return "\"allow_unknown_at_plan\" is not known yet"
	}
	for _, part := range []struct {
		name  string
		value attr.Value
	}{
		{"quota", config.Quota}, {"exclude", config.Exclude}, {"survive_region", config.SurviveRegion}, {"dr_reserve", config.DRReserve}, {"prices", config.Prices}, {"weights", config.Weights},
	} {
		if !settled(ctx, part.value) {
			return fmt.Sprintf("something of %q is not known yet", part.name)
		}
	}
	if _, known := finding.ExpandDerogations(config.Derogations); !known {
		return "a derogation is not known yet"
	}
	return ""
}

// postpone leaves the decision to the apply: with known keys when the machines
// are known, so that for_each works, else with nothing known. A fresh inventory or
// day shown here has to be the one recorded, and whether it is cannot be told
// before the decision, unless the configuration accepts that it is told at apply:
// then it always is (see stands).
func postpone(out model, prior *model, ws map[string]workload, complete bool, reason string, diags diag.Diagnostics) (model, diag.Diagnostics) {
	out.Verdict = types.StringUnknown()
	out.Moves = types.ListUnknown(moveType())
	out.Findings = finding.Unknown()
	out.Explanation = types.ListUnknown(types.StringType)
	out.Headroom = types.ListUnknown(headroomType)
	out.PolicyDigest = types.StringValue(policy.Digest())
	countable := complete
	for _, w := range ws {
		countable = countable && !w.Instances.IsUnknown()
	}
	out.Assignments = types.MapUnknown(AssignmentType())
	if countable {
		out.Assignments = foretold(ws)
	}
	for _, name := range slices.Sorted(maps.Keys(ws)) {
		w := ws[name]
		class := "is strategic"
		if w.Classification.IsUnknown() {
			class = "may be strategic"
		}
		if (w.Classification.IsUnknown() || w.Classification.ValueString() == string(psn.Strategic)) && !out.AllowUnknownAtPlan.ValueBool() {
			diags.AddAttributeError(at(name), fmt.Sprintf("Unable to place workload %q at plan time", name),
				fmt.Sprintf("The workload %s and %s, so its places and their separation cannot be shown before they are applied.\n\n"+
					"What to do: give the value in the configuration, apply what it depends on first, or accept a decision at apply with allow_unknown_at_plan = true.", class, reason))
		}
	}
	if !complete && !out.AllowUnknownAtPlan.ValueBool() && !diags.HasError() {
		diags.AddAttributeError(path.Root("workloads"), "Unable to place the workloads at plan time",
			"The set of workloads is not known yet and may hold strategic ones, so their places and separation cannot be shown before they are applied.\n\n"+
				"What to do: give the workloads in the configuration, apply what they depend on first, or accept a decision at apply with allow_unknown_at_plan = true.")
	}
	if prior != nil && renewed(out, *prior) && !out.AllowUnknownAtPlan.ValueBool() && !diags.HasError() {
		diags.AddAttributeError(path.Root("allow_unknown_at_plan"), "Unable to plan "+describe(out.ID),
			fmt.Sprintf("%s, and the inventory, or what is excluded or derogated by as_of, is another than that of the decision that stands. Whether that decision is kept as it was recorded, or another is taken, cannot be shown before it is applied.\n\n"+
				"What to do: give the value in the configuration, apply what it depends on first, or accept a decision at apply with allow_unknown_at_plan = true, which records every fresh inventory.", strings.ToUpper(reason[:1])+reason[1:]))
	}
	what := "The machines are known, their places will be after apply."
	if !countable {
		what = "Neither the machines nor their places are known: for_each over assignments cannot work in this plan. Apply first what the number of instances depends on."
	}
	diags.AddAttributeWarning(path.Root("workloads"), "Placement is decided at apply", strings.ToUpper(reason[:1])+reason[1:]+". "+what)
	return out, diags
}

// solve decides; the day to judge on is that of out, the one to record is day.
func solve(ctx context.Context, out model, day types.String, prior *model, ws map[string]workload, sites []psn.SiteInventory, diags diag.Diagnostics) (model, diag.Diagnostics) {
	var standing map[string]placement.Assignment
	if prior != nil {
		standing = current(prior.Assignments)
	}
	set, more := derogationsOf(out, ws)
	if diags.Append(more...); diags.HasError() {
		return out, diags
	}
	req, follows, more := request(ctx, out, ws, sites, standing)
	if diags.Append(more...); diags.HasError() {
		return out, diags
	}
	req, res, err := set.near(req, follows)
	if err != nil {
		diags.Append(diagnose.UnableAt(culprit(err), "place", "the workloads", err))
		return out, diags
	}
	grown := prior == nil || grows(ws, prior.Workloads) || withdrawn(out.Derogations, prior.Derogations) || tightened(out, *prior)
	assignments := res.Assignments
	if res.Verdict != placement.Placed && !grown {
		assignments = remaining(standing, req)
	}
	found := judge(req, res, assignments, set)
	report(&diags, ws, res, found, grown)
	if diags.HasError() {
		return out, diags
	}
	out.Assignments = flattenAssignments(assignments, asideByMachine(req.Tenant, found))
	out.Moves = flattenMoves(res.Moves, req)
	out.Verdict = types.StringValue(string(res.Verdict))
	out.Findings = finding.Flatten(found)
	out.Explanation = flattenLines(slices.Concat(tell(found), res.Explanation, tellWishes(req, res)))
	out.Headroom = flattenHeadroom(res.Headroom)
	out.PolicyDigest = types.StringValue(policy.Digest())
	out.AsOf = day
	if prior != nil && stands(out, *prior, sites) {
		kept := *prior
		kept.AllowUnknownAtPlan = out.AllowUnknownAtPlan
		if kept.Moves.IsNull() { // of a state written before there were moves
			kept.Moves = out.Moves
		}
		return kept, diags
	}
	for _, m := range res.Moves {
		diags.AddAttributeWarning(at(m.To.Workload), fmt.Sprintf("Machine %q moves", m.VM),
			fmt.Sprintf("From %s to %s.", place(m.From), place(m.To)))
	}
	return out, diags
}

// judge returns the findings of the solver and those of the separation rules on
// the decision, each once, sorted. What a derogation sets aside stays among them.
func judge(req placement.Request, res placement.Result, assignments map[string]placement.Assignment, set derogations) []psn.Finding {
	doc := policy.Document{Now: set.day, Derogations: set.list}
	spread := map[string]bool{}
	for _, w := range req.Workloads {
		spread[w.Name] = w.AntiAffinity
	}
	for _, key := range slices.Sorted(maps.Keys(assignments)) {
		a := assignments[key]
		m := policy.Machine{
			ID: psn.VMID(string(req.Tenant) + "/" + key), Service: a.Service, Workload: a.Workload, Classification: string(a.Classification),
			Site: string(a.Site), Platform: string(a.Platform), Cluster: a.Cluster,
			StandbySite: string(a.StandbySite), StandbyPlatform: string(a.StandbyPlatform), StandbyCluster: a.StandbyCluster,
			FromPlacement: true, PlacementSite: string(a.Site), PlacementStandbySite: string(a.StandbySite),
		}
		if spread[a.Workload] {
			m.AntiAffinity = a.Workload
		}
		doc.Machines = append(doc.Machines, m)
	}
	for _, w := range req.Workloads {
		doc.Services = append(doc.Services, policy.Service{ID: w.Service, Classification: string(w.Classification)})
	}
	ours := map[end]bool{}
	for _, a := range assignments {
		ours[end{a.Site, a.Platform, a.Cluster}] = true
		ours[end{a.StandbySite, a.StandbyPlatform, a.StandbyCluster}] = true
	}
	for _, h := range res.Headroom {
		if h.LostRegion != "" {
			continue // the rules know of the loss of one site; that of two is the solver's
		}
		if !ours[end{h.Site, h.Platform, h.Cluster}] {
			continue // what others overfill alone is not this tenant's to answer for
		}
		doc.Headroom = append(doc.Headroom, policy.Headroom{Site: h.Site, Platform: h.Platform, Cluster: h.Cluster, Lost: h.Lost, Free: h.Free, Reserved: h.Reserved})
	}
	found := slices.Concat(res.Findings, overdrawn(req.Tenant, res.Quota), finding.OnPlace(policy.Evaluate(doc)))
	slices.SortFunc(found, psn.CompareFindings)
	return slices.CompactFunc(found, func(a, b psn.Finding) bool {
		return a.Rule == b.Rule && a.Subject == b.Subject && a.Message == b.Message
	})
}

// report turns findings into diagnostics. What already stands and asks for no
// more than before is not made to fail: it could then be neither shrunk nor
// destroyed. Its findings are warnings and stay in the plan.
func report(diags *diag.Diagnostics, ws map[string]workload, res placement.Result, found []psn.Finding, grown bool) {
	failed := false
	for _, fs := range byCause(ws, found) {
		name, p := blame(ws, fs[0].Subject)
		summary := "Unable to place the workloads"
		switch {
		case name != "":
			summary = fmt.Sprintf("Unable to place workload %q", name)
		case overQuota(fs):
			p, summary = path.Root("quota"), "Unable to place the workloads within the quota"
		}
		switch {
		case fs[0].Outcome == psn.Derogated:
			diags.AddAttributeWarning(p, fmt.Sprintf("Derogated: %s: %s", fs[0].Rule, fs[0].Subject), finding.TextsDerogated(fs))
		case fs[0].Severity == psn.SeverityError && grown:
			failed = true
			diags.AddAttributeError(p, summary, finding.Texts(fs)+settle(res))
		case fs[0].Severity != psn.SeverityInfo:
			diags.AddAttributeWarning(p, fs[0].Rule+": "+fs[0].Subject, finding.Texts(fs))
		}
	}
	if res.Verdict != placement.Placed && grown && !failed {
		detail := fmt.Sprintf("Verdict: %s.", res.Verdict)
		for _, l := range res.Explanation {
			detail += "\n" + l
		}
		detail += settle(res)
		diags.AddAttributeError(path.Root("workloads"), "Unable to place the workloads", detail)
	}
}

// byCause gathers the findings that one diagnostic tells: same rule, same
// severity, same workload to blame. The order of found is kept.
func byCause(ws map[string]workload, found []psn.Finding) [][]psn.Finding {
	type cause struct {
		rule, workload string
		severity       psn.Severity
		derogated      bool
	}
	var out [][]psn.Finding
	where := map[cause]int{}
	for _, f := range found {
		name, _ := blame(ws, f.Subject)
		c := cause{f.Rule, name, f.Severity, f.Outcome == psn.Derogated}
		i, ok := where[c]
		if !ok {
			i = len(out)
			where[c] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], f)
	}
	return out
}

// blame finds the workload a finding is about: its subject is
// "<tenant>/<workload>", "<tenant>/<machine>", a service or the tenant.
func blame(ws map[string]workload, subject string) (string, path.Path) {
	_, rest, _ := strings.Cut(subject, "/")
	for _, name := range slices.Sorted(maps.Keys(ws)) {
		if rest == name || isMachineOf(rest, name) || subject == ws[name].ServiceID.ValueString() {
			return name, at(name)
		}
	}
	return "", path.Root("workloads")
}

// grows reports whether anything is asked for that the prior configuration did
// not ask for.
func grows(ws map[string]workload, prior types.Map) bool {
	was, _ := expandWorkloads(prior)
	for name, w := range ws {
		p, ok := was[name]
		if !ok {
			return true
		}
		for _, n := range [][2]types.Int64{{w.Instances, p.Instances}, {w.VCPUs, p.VCPUs}, {w.MemoryGiB, p.MemoryGiB}, {w.StorageGiB, p.StorageGiB}} {
			if n[0].ValueInt64() > n[1].ValueInt64() {
				return true
			}
		}
		if w.tightens(p) {
			return true
		}
		for _, v := range [][2]attr.Value{
			{w.ServiceID, p.ServiceID}, {w.Classification, p.Classification}, {w.Sites, p.Sites}, {w.Regions, p.Regions},
			{w.Platforms, p.Platforms}, {w.AntiAffinity, p.AntiAffinity},
		} {
			if !v[0].Equal(v[1]) {
				return true
			}
		}
	}
	return false
}

// remaining is what stands of the machines still asked for.
func remaining(standing map[string]placement.Assignment, req placement.Request) map[string]placement.Assignment {
	out := map[string]placement.Assignment{}
	for _, w := range req.Workloads {
		for n := int64(1); n <= w.Instances; n++ {
			key := fmt.Sprintf("%s-%d", w.Name, n)
			if a, ok := standing[key]; ok {
				a.Resources = w.PerInstance
				out[key] = a
			}
		}
	}
	return out
}

// stands reports whether the prior decision is the record still, with the inventory
// and the day it was taken on: a fresh reading alone is no change. A decision that a site's
// silence alone puts in doubt stands too, with the warning of it. Where decisions
// may be left to the apply the fresh inventory is always recorded: the plan showed
// it, without knowing what would be decided, and the apply must not show another.
func stands(out, prior model, sites []psn.SiteInventory) bool {
	return !out.AllowUnknownAtPlan.ValueBool() && sameInputs(out, prior) && sameDecision(out, prior, silent(sites))
}

// renewed reports whether the plan shows an inventory or a day that the record
// does not have.
func renewed(out, prior model) bool {
	return !out.Inventory.IsUnknown() && !out.Inventory.Equal(prior.Inventory) ||
		out.AsOf.ValueString() != "" && !prior.AsOf.IsNull() && !out.AsOf.Equal(prior.AsOf)
}

func sameInputs(a, b model) bool {
	return a.TenantID.Equal(b.TenantID) && a.Name.Equal(b.Name) && a.Workloads.Equal(b.Workloads) && a.Quota.Equal(b.Quota) && a.Rebalance.Equal(b.Rebalance) &&
		a.Exclude.Equal(b.Exclude) && a.SurviveRegion.Equal(b.SurviveRegion) && a.DRReserve.Equal(b.DRReserve) && a.Prices.Equal(b.Prices) && a.Weights.Equal(b.Weights) &&
		sameDerogations(a.Derogations, b.Derogations) && a.AsOf.IsNull() == b.AsOf.IsNull()
}

// culprit is the attribute that a malformed request comes from: the solver's
// errors begin with the part they are about.
func culprit(err error) path.Path {
	for _, part := range []struct{ begins, attribute string }{
		{"excluded", "exclude"}, {"quota", "quota"}, {"weights", "weights"}, {"prices", "prices"}, {"facts", "inventory"}, {"inventory", "inventory"}, {"tenant", "tenant_id"},
	} {
		if strings.HasPrefix(err.Error(), part.begins) {
			return path.Root(part.attribute)
		}
	}
	return path.Root("workloads")
}

// overQuota reports whether findings of one cause are about the quota.
func overQuota(fs []psn.Finding) bool {
	return slices.ContainsFunc(fs, func(f psn.Finding) bool { return strings.HasPrefix(f.Message, "quota of ") })
}

// settle says how to learn what the search left open, "" when it left nothing.
func settle(res placement.Result) string {
	if res.Verdict != placement.NotFound || slices.ContainsFunc(res.Findings, func(f psn.Finding) bool { return f.Outcome == psn.Undecidable }) {
		return ""
	}
	return "\n\nThe search ended without a place and without a proof that there is none. To settle it, write the request into a file and run " +
		"\"psn placement explain FILE\": it asks the exact solver, which a plan does not run. The guide \"Place machines and prove it\" shows how."
}

func place(a placement.Assignment) string {
	s := fmt.Sprintf("%s, cluster %s (%s)", a.Site, a.Cluster, a.Platform)
	if a.StandbySite != "" {
		s += fmt.Sprintf(" with standby at %s, cluster %s", a.StandbySite, a.StandbyCluster)
	}
	return s
}

func at(name string) path.Path { return path.Root("workloads").AtMapKey(name) }
