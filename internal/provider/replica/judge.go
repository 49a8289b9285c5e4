package replica

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/migration"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// judge refuses a machine whose place breaks a rule, whoever wrote the
// placement, unless a derogation in force sets the rule aside: that is told in
// every plan. Findings of one cause come together, in one diagnostic; what is
// not known yet is judged when the replica is registered. What runs already on a
// place that did not change is not judged anew, but for its derogations.
func (m *model) judge(prior *model, diags *diag.Diagnostics) {
	if prior != nil && migration.Phase(prior.StatusPhase.ValueString()).Final() && !prior.Findings.IsNull() {
		m.Findings = prior.Findings // over: nothing rests on it any more
		return
	}
	m.Findings = finding.Unknown()
	list, known := finding.ExpandDerogations(m.Derogations)
	if m.Placement.IsUnknown() || !known || m.AsOf.IsUnknown() {
		return
	}
	if len(list) > 0 && m.day().IsZero() {
		diags.AddAttributeError(path.Root("as_of"), diagnose.Summary("judge the derogations of", m.describe()),
			"as_of is not set: without a date nobody can tell whether a derogation has expired, and a plan reads no clock.\n\n"+
				"What to do: set as_of to a date, for example formatdate(\"YYYY-MM-DD\", plantimestamp()), as in the psn_placement.")
		return
	}
	unknown := policy.Unknown{}
	for _, name := range []string{"site", "platform", "cluster", "standby_site", "classification"} {
		if field(m.Placement, name).IsUnknown() {
			unknown[name] = true
		}
	}
	found := m.found(unknown)
	if len(unknown) == 0 {
		m.Findings = finding.Flatten(found)
	}
	broken, aside := split(found)
	if len(aside) > 0 {
		diags.AddAttributeWarning(path.Root("derogations"), fmt.Sprintf("Derogated: %s: %s", rulesOf(aside), m.ID.ValueString()), finding.TextsDerogated(aside))
	}
	if len(broken) == 0 || prior != nil && len(list) == 0 && m.Placement.Equal(prior.Placement) && m.Derogations.Equal(prior.Derogations) {
		return
	}
	at, text := path.Root("placement"), finding.Text(broken[0])
	if strings.HasPrefix(broken[0].Rule, "DER-") {
		at = path.Root("derogations")
		text += "\n\nJudged on " + m.AsOf.ValueString() + " (as_of)."
	}
	for _, f := range broken[1:] {
		text += "\n\n" + finding.Text(f)
	}
	if told := strings.Fields(field(m.Placement, "derogated").ValueString()); len(list) == 0 && slices.ContainsFunc(broken, func(f psn.Finding) bool { return slices.Contains(told, f.Rule) }) {
		text += "\n\nThe placement has a derogation for it, which the replica does not know. To bring the machine under that derogation, set derogations and as_of to those of the psn_placement."
	}
	diags.AddAttributeError(at, diagnose.Summary("plan", m.describe()), text)
}

// settle tells the findings where the plan could not.
func (m *model) settle() {
	if m.Findings.IsUnknown() {
		m.Findings = finding.Flatten(m.found(nil))
	}
}

// day is as_of, zero when it is none.
func (m model) day() time.Time {
	day, err := time.Parse(time.DateOnly, m.AsOf.ValueString())
	if err != nil {
		return time.Time{}
	}
	return day
}

// found are the findings on the machine and on the derogations that speak of it.
// That one of them sets nothing aside here is for the psn_placement to say.
func (m model) found(unknown policy.Unknown) []psn.Finding {
	s := m.request()
	list, _ := finding.ExpandDerogations(m.Derogations)
	s.Derogations = slices.DeleteFunc(list, func(d psn.Derogation) bool { return d.Subject != string(s.ID) && d.Subject != string(s.Service) })
	return slices.DeleteFunc(s.Findings(m.day(), unknown), func(f psn.Finding) bool { return f.Rule == "DER-003" })
}

// setAside are the derogations that a rule is set aside by, by id.
func (m model) setAside() []psn.Derogation {
	var out []psn.Derogation
	for _, f := range m.found(nil) {
		if f.Outcome == psn.Derogated && !slices.Contains(out, f.Derogation) {
			out = append(out, f.Derogation)
		}
	}
	slices.SortFunc(out, func(a, b psn.Derogation) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// split returns what fails, and what a derogation sets aside.
func split(found []psn.Finding) (broken, aside []psn.Finding) {
	for _, f := range found {
		switch {
		case f.Outcome == psn.Derogated:
			aside = append(aside, f)
		case f.Outcome == psn.Failed && f.Severity == psn.SeverityError:
			broken = append(broken, f)
		}
	}
	return broken, aside
}

func rulesOf(fs []psn.Finding) string {
	var rules []string
	for _, f := range fs {
		if !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
		}
	}
	return strings.Join(rules, ", ")
}

// checkSource refuses a source that the configuration does not know. While the
// configuration is unknown there is nothing to compare with.
func (r *replicaResource) checkSource(m model, diags *diag.Diagnostics) {
	name := field(m.Source, "name")
	if name.IsUnknown() || name.IsNull() || !r.data.Known() {
		return
	}
	fleet, err := r.data.Fleet()
	if err != nil {
		diags.Append(diagnose.Unable("plan", m.describe(), err))
		return
	}
	if _, err := fleet.Source(name.ValueString()); err != nil {
		diags.Append(diagnose.UnableAt(path.Root("source").AtName("name"), "plan", m.describe(), err))
	}
}

// engineErr is err as diagnose is to word it. What the engine's client says of
// an engine that is away names what to do; the advice for sites would mislead.
func engineErr(err error) error {
	if psn.Is(err, psn.Unavailable) {
		return errors.New(err.Error())
	}
	return err
}
