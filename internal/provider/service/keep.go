package service

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
)

// mayGo warns when a call paid for the service that is to be destroyed. A plan
// reads no clock, so it tells until when the service must be kept and leaves it
// to the reader, and to psn audit, whether that day has passed.
func (m model) mayGo(diags *diag.Diagnostics) {
	doc := m.document(model{})
	for i := range doc.Services {
		doc.Services[i].Change = "destroy"
	}
	for _, f := range policy.Evaluate(doc) {
		if f.Rule == "FND-006" {
			diags.AddAttributeWarning(path.Root("migration"), f.Rule+": "+f.Subject, finding.Text(f))
		}
	}
}
