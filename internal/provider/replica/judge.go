package replica

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// judge refuses a machine whose place breaks a rule, whoever wrote the
// placement. Findings of one cause come together, in one diagnostic; what is
// not known yet is judged when the replica is registered.
func (m model) judge(diags *diag.Diagnostics) {
	if m.Placement.IsUnknown() {
		return
	}
	unknown := policy.Unknown{}
	for _, name := range []string{"site", "platform", "cluster", "standby_site", "classification"} {
		if field(m.Placement, name).IsUnknown() {
			unknown[name] = true
		}
	}
	var broken []psn.Finding
	for _, f := range m.expand().Findings(unknown) {
		if f.Severity == psn.SeverityError && f.Outcome == psn.Failed {
			broken = append(broken, f)
		}
	}
	if len(broken) == 0 {
		return
	}
	text := finding.Text(broken[0])
	for _, f := range broken[1:] {
		text += "\n\n" + finding.Text(f)
	}
	diags.AddAttributeError(path.Root("placement"), diagnose.Summary("plan", m.describe()), text)
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
