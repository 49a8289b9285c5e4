package service

import (
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// exceptions are the derogations of the service and the day they are judged on;
// known is false when any of that is not known yet.
func (m model) exceptions() (list []psn.Derogation, day time.Time, known bool) {
	list, known = finding.ExpandDerogations(m.Derogations)
	day, _ = time.Parse(time.DateOnly, m.AsOf.ValueString())
	return list, day, known && !m.AsOf.IsUnknown()
}

// judge evaluates the rules on the service. Whether a derogation is of any use
// is the audit's to say: it alone sees the machines and the replicas.
func judge(doc policy.Document) []psn.Finding {
	return slices.DeleteFunc(policy.Evaluate(doc), func(f psn.Finding) bool { return f.Rule == "DER-003" })
}

// dated refuses derogations without a day to judge them on.
func (m model) dated() (diags diag.Diagnostics) {
	list, day, known := m.exceptions()
	if known && len(list) > 0 && day.IsZero() {
		diags.AddAttributeError(path.Root("as_of"), "Unable to judge the derogations of "+describe(m.ID),
			fmt.Sprintf("as_of is %q: without a date nobody can tell whether a derogation has expired, and a plan reads no clock.\n\n"+
				"What to do: set as_of to a date, for example formatdate(\"YYYY-MM-DD\", plantimestamp()).", m.AsOf.ValueString()))
	}
	return diags
}

// report shows findings as diagnostics, those that a derogation sets aside too.
// While a derogation is not known yet, a rule it may set aside fails no plan.
func (m model) report(diags *diag.Diagnostics, found []psn.Finding) {
	_, _, known := m.exceptions()
	for _, f := range found {
		if f.Outcome == psn.Derogated {
			diags.AddAttributeWarning(path.Root(pathOf(f.Rule)), f.Rule+": "+f.Subject+", set aside", finding.TextsDerogated([]psn.Finding{f}))
		}
	}
	if !known {
		m.pending(diags, found)
		rules := policy.DerogableOnServices()
		found = slices.DeleteFunc(slices.Clone(found), func(f psn.Finding) bool { return slices.Contains(rules, f.Rule) })
	}
	finding.Report(diags, stopping(found),
		func(psn.Finding) string { return diagnose.Summary("accept", describe(m.ID)) },
		func(f psn.Finding) path.Path { return path.Root(pathOf(f.Rule)) })
}

// pending warns that derogations cannot be judged before they are known, and
// names what fails unless they set it aside: the apply decides it.
func (m model) pending(diags *diag.Diagnostics, found []psn.Finding) {
	var open []psn.Finding
	for _, f := range found {
		if f.Outcome == psn.Failed && slices.Contains(policy.DerogableOnServices(), f.Rule) {
			open = append(open, f)
		}
	}
	text := "A derogation, or the day to judge it on (as_of), is not known yet. Whether it is complete and in force, and what it sets aside, cannot be decided at plan: " +
		"nothing of it is passed here, and the apply stops at what it does not cover."
	for i, f := range open {
		if i == 0 {
			text += "\n\nWithout it these are not passed:"
		}
		text += fmt.Sprintf("\n- %s (%s): %s", f.Rule, f.Subject, f.Message)
	}
	diags.AddAttributeWarning(path.Root("derogations"), "Derogations of "+describe(m.ID)+" are not decidable at plan",
		text+"\n\nWhat to do: give the derogation and as_of as values that are known at plan, or apply what they depend on first.")
}

// asOf is the day to record: the prior one while each derogation is in force on
// both days or on neither, so that the date alone is no change.
func (m model) asOf(prior model) types.String {
	return finding.DayOfRecord(m.AsOf, prior.AsOf, m.Derogations, prior.Derogations)
}
