package placement

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// silent lists the sites that did not answer, as "<site>/<platform>/", which is
// how the names of their clusters begin in findings. What stands there is frozen;
// everything else is judged as of today.
func silent(sites []psn.SiteInventory) []string {
	var out []string
	for _, s := range sites {
		if !s.Reachable() {
			out = append(out, string(s.Site)+"/"+string(s.Platform)+"/")
		}
	}
	return out
}

// sameDecision compares what was decided, not the figures it was decided on. Of
// the sites that are silent nothing is compared: what was found of their clusters
// can be neither confirmed nor withdrawn, and that they are silent was warned of.
func sameDecision(a, b model, silent []string) bool {
	return a.Assignments.Equal(b.Assignments) && a.Verdict.Equal(b.Verdict) && a.PolicyDigest.Equal(b.PolicyDigest) &&
		slices.EqualFunc(audible(a.Findings, silent), audible(b.Findings, silent), attr.Value.Equal)
}

// audible are the findings that do not depend on what silent sites have.
func audible(findings types.List, silent []string) []attr.Value {
	if len(silent) == 0 {
		return findings.Elements()
	}
	return slices.DeleteFunc(slices.Clone(findings.Elements()), func(v attr.Value) bool {
		f, ok := v.(types.Object)
		if !ok {
			return false
		}
		subject, _ := f.Attributes()["subject"].(types.String)
		outcome, _ := f.Attributes()["outcome"].(types.String)
		return outcome.ValueString() == string(psn.Undecidable) ||
			slices.ContainsFunc(silent, func(at string) bool { return strings.HasPrefix(subject.ValueString(), at) })
	})
}
