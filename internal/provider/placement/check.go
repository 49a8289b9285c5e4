package placement

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/italia/terraform-provider-psn/internal/provider/classes"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// check refuses what contradicts other resources of the configuration: a class
// lower than the service's, and a workload that another placement decides too.
func (r *placementResource) check(config model) diag.Diagnostics {
	var diags diag.Diagnostics
	ws, _ := expandWorkloads(config.Workloads)
	for _, name := range slices.Sorted(maps.Keys(ws)) {
		w := ws[name]
		id := config.TenantID.ValueString() + "/" + name
		if !config.ID.IsUnknown() {
			if err := r.data.ClaimFor(describe(config.ID), "workload", id); err != nil {
				diags.Append(diagnose.UnableAt(at(name), "place", fmt.Sprintf("workload %q", name), err))
			}
		}
		use := classes.Use{Machine: psn.VMID(id), Service: psn.ServiceID(w.ServiceID.ValueString()), Class: psn.Classification(w.Classification.ValueString())}
		finding.Report(&diags, r.data.Classes().Rely(use),
			func(psn.Finding) string { return diagnose.Summary("place", fmt.Sprintf("workload %q", name)) },
			func(psn.Finding) path.Path { return at(name).AtName("classification") })
	}
	return diags
}
