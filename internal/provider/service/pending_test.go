package service_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	psnservice "github.com/italia/terraform-provider-psn/internal/provider/service"
)

// A derogation of which a date is known after apply only sets nothing aside at
// plan and stops none: the plan says that this is not decided, and of which rule.
func TestDerogationWithoutItsDate(t *testing.T) {
	known, later := types.StringValue, types.StringUnknown()
	for name, tc := range map[string]struct {
		date, expiry, asOf types.String
		decided            bool
	}{
		"known":          {known("2026-01-10"), known("2026-12-31"), known("2026-11-22"), true},
		"unknown date":   {later, known("2026-12-31"), known("2026-11-22"), false},
		"unknown expiry": {known("2026-01-10"), later, known("2026-11-22"), false},
		"unknown day":    {known("2026-01-10"), known("2026-12-31"), later, false},
	} {
		diags, decided := psnservice.Planned(t, tc.date, tc.expiry, tc.asOf)
		if diags.HasError() || decided != tc.decided {
			t.Errorf("%s: decided %v, %v", name, decided, diags.Errors())
		}
		told := slices.ContainsFunc(diags.Warnings(), func(d diag.Diagnostic) bool {
			return strings.Contains(d.Summary(), `service "p_bs/conservazione" are not decidable at plan`) &&
				strings.Contains(d.Detail(), "Without it these are not passed:\n- LOC-002 (p_bs/conservazione): ")
		})
		aside := slices.ContainsFunc(diags.Warnings(), func(d diag.Diagnostic) bool { return strings.Contains(d.Summary(), "set aside") })
		if told == tc.decided || aside != tc.decided {
			t.Errorf("%s: %v", name, diags)
		}
	}
}
