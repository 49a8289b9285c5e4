package placement

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Derogable are the rules on places that admit a derogation.
func Derogable() []string { return policy.DerogableOnPlaces() }

// derogations are those of one configuration, and the day they are judged on.
type derogations struct {
	list []psn.Derogation
	day  time.Time // zero when there are none
}

// derogationsOf expects everything known. A derogation that is incomplete or
// has expired is an error: what it set aside is no longer set aside.
func derogationsOf(m model, ws map[string]workload) (derogations, diag.Diagnostics) {
	var diags diag.Diagnostics
	list, _ := finding.ExpandDerogations(m.Derogations)
	if len(list) == 0 {
		return derogations{}, nil
	}
	day, err := time.Parse(time.DateOnly, m.AsOf.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("as_of"), "Unable to judge the derogations of "+describe(m.ID),
			fmt.Sprintf("as_of is %q: without a date nobody can tell whether a derogation has expired, and a plan reads no clock.\n\n"+
				"What to do: set as_of to a date, for example formatdate(\"YYYY-MM-DD\", plantimestamp()).", m.AsOf.ValueString()))
		return derogations{}, diags
	}
	d := derogations{list, day}
	for _, f := range policy.Evaluate(policy.Document{Now: day, Derogations: list}) {
		if f.Rule != "DER-001" && f.Rule != "DER-002" {
			continue
		}
		at := path.Root("derogations")
		if i := slices.IndexFunc(list, func(d psn.Derogation) bool { return d.ID == f.Subject }); i >= 0 {
			at = at.AtListIndex(i)
			if f.Rule == "DER-002" {
				at = at.AtName("expiry")
			}
		}
		diags.AddAttributeError(at, fmt.Sprintf("Unable to accept derogation %q", f.Subject), finding.Text(f)+"\n\nJudged on "+m.AsOf.ValueString()+" (as_of).")
	}
	for i, one := range list {
		if why := refused(one, psn.TenantID(m.TenantID.ValueString()), ws); why != "" {
			diags.Append(diagnose.UnableAt(path.Root("derogations").AtListIndex(i), "accept", fmt.Sprintf("derogation %q from %s for %s", one.ID, one.Rule, one.Subject),
				psn.Errorf(psn.InvalidInput, "%s", why)))
		}
	}
	return d, diags
}

// refused says why a derogation could set nothing aside here, "" when it can. A
// document that nothing comes of would read as if something had been allowed.
func refused(d psn.Derogation, tenant psn.TenantID, ws map[string]workload) string {
	switch d.Rule {
	case "PLC-006":
		if strings.Count(d.Subject, "/") < 2 { // a cluster is site/platform/name
			return "the reserve for the loss of a site is kept by a cluster for all that would start there, not for one service or machine; " +
				"name a cluster, \"site/platform/cluster\", to set aside that its reserve is short, or derogate from PLC-001 for what shall do without a standby"
		}
	case "PLC-005":
		for _, name := range slices.Sorted(maps.Keys(ws)) {
			w := ws[name]
			its := d.Subject == w.ServiceID.ValueString() || isMachineOf(strings.TrimPrefix(d.Subject, string(tenant)+"/"), name)
			if its && !w.AntiAffinity.ValueBool() && len(w.Apart.Elements())+len(w.ApartBySite.Elements()) > 0 {
				return fmt.Sprintf("workload %q asks for nothing of the rule: its groups in apart and apart_by_site are wishes of this configuration and bind whatever a derogation says; take the workload out of the group instead", name)
			}
		}
	}
	return ""
}

// cover reports whether the rule is set aside for every machine of a workload.
func (d derogations) cover(rule string, tenant psn.TenantID, w placement.Workload) bool {
	aside := func(subject string) bool {
		return slices.ContainsFunc(d.list, func(d psn.Derogation) bool { return d.Rule == rule && d.Subject == subject })
	}
	if aside(string(w.Service)) {
		return true
	}
	for n := int64(1); n <= w.Instances; n++ {
		if !aside(fmt.Sprintf("%s/%s-%d", tenant, w.Name, n)) {
			return false
		}
	}
	return true
}

// attempts are the requests to try in turn: as the rules want it, then as they
// want it less what is set aside. Placing a strategic workload as a critical one
// lets its standby stand in the same region, placing it as an ordinary one lets
// it do without; what it is stays the same for every rule that judges the places.
func (d derogations) attempts(req placement.Request) []placement.Request {
	out := []placement.Request{req}
	try := func(relax func(*placement.Workload)) {
		last := out[len(out)-1]
		next := last
		next.Workloads = slices.Clone(last.Workloads)
		changed := false
		for i := range next.Workloads {
			relax(&next.Workloads[i])
			changed = changed || next.Workloads[i].Classification != last.Workloads[i].Classification || next.Workloads[i].AntiAffinity != last.Workloads[i].AntiAffinity
		}
		if changed {
			out = append(out, next)
		}
	}
	if len(d.list) == 0 {
		return out
	}
	try(func(w *placement.Workload) {
		if w.Classification == psn.Strategic && d.cover("PLC-002", req.Tenant, *w) {
			w.Classification = psn.Critical
		}
		if d.cover("PLC-005", req.Tenant, *w) {
			w.AntiAffinity = false
		}
	})
	try(func(w *placement.Workload) {
		if w.Classification.Protected() && d.cover("PLC-001", req.Tenant, *w) {
			w.Classification = psn.Ordinary
		}
	})
	return out
}

// place solves the first attempt that needs no move, else the first that can be
// placed; what none can place is told of the rules as they stand. A derogation
// sets its rule aside and no other: what cannot be decided while a site does not
// answer stays undecided.
func (d derogations) place(req placement.Request) (placement.Result, error) {
	var best *placement.Result
	for i, attempt := range d.attempts(req) {
		res, err := placement.Solve(attempt)
		if err != nil || i == 0 && undecidable(res) {
			return res, err
		}
		still := res.Verdict == placement.Placed && (req.Rebalance || len(res.Moves) == 0)
		if best == nil || still || best.Verdict != placement.Placed && res.Verdict == placement.Placed {
			best = &res
		}
		if still {
			break
		}
	}
	class := map[string]psn.Classification{}
	for _, w := range req.Workloads {
		class[w.Name] = w.Classification
	}
	for key, a := range best.Assignments {
		a.Classification = class[a.Workload]
		best.Assignments[key] = a
	}
	return *best, nil
}

// undecidable reports whether a strategic workload has to wait for a site that
// does not answer.
func undecidable(res placement.Result) bool {
	return slices.ContainsFunc(res.Findings, func(f psn.Finding) bool {
		return f.Outcome == psn.Undecidable && f.Severity == psn.SeverityError
	})
}

// tell says in sentences what is set aside, for the explanation.
func tell(found []psn.Finding) []string {
	var out []string
	for _, f := range found {
		if d := f.Derogation; f.Outcome == psn.Derogated {
			out = append(out, fmt.Sprintf("%s is set aside for %s until %s by derogation %s (%s): %s", f.Rule, f.Subject, d.Expiry, d.ID, d.Author, d.Reason))
		}
	}
	return out
}

// asideByMachine lists the rules set aside for each machine, by key of assignments.
func asideByMachine(tenant psn.TenantID, found []psn.Finding) map[string]string {
	out := map[string]string{}
	for _, f := range found {
		key, ok := strings.CutPrefix(f.Subject, string(tenant)+"/")
		if !ok || f.Outcome != psn.Derogated {
			continue
		}
		rules := strings.Fields(out[key])
		if !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
			slices.Sort(rules)
			out[key] = strings.Join(rules, " ")
		}
	}
	return out
}

// withdrawn reports whether a derogation of the prior configuration is gone.
func withdrawn(now, prior types.List) bool {
	was, _ := finding.ExpandDerogations(prior)
	is, _ := finding.ExpandDerogations(now)
	return slices.ContainsFunc(was, func(d psn.Derogation) bool { return !slices.Contains(is, d) })
}

// sameDerogations compares what is known, in order.
func sameDerogations(a, b types.List) bool {
	as, _ := finding.ExpandDerogations(a)
	bs, _ := finding.ExpandDerogations(b)
	return a.IsNull() == b.IsNull() && slices.Equal(as, bs)
}
