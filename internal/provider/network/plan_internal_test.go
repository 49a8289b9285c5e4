package network

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// TestRange: a range that is not declared is the platform's, as an import reads
// it, and no plan takes it away; another one is another network.
func TestRange(t *testing.T) {
	text := func(s string) types.String {
		if s == "" {
			return types.StringNull()
		}
		return types.StringValue(s)
	}
	with := func(cidr, first, last string) model {
		m := model{CIDR: text(cidr), FirstAddress: text(first), LastAddress: text(last), DNS: types.ListNull(types.StringType)}
		return m
	}
	const cidr, a, b, c = "10.0.0.0/24", "10.0.0.2", "10.0.0.254", "10.0.0.9"
	made := with(cidr, "", "")
	imported := with(cidr, a, b)
	for name, tc := range map[string]struct {
		config   model
		prior    *model
		first    types.String
		replaced int
	}{
		"new, none":       {with(cidr, "", ""), nil, text(""), 0},
		"new":             {with(cidr, a, b), nil, text(a), 0},
		"imported, none":  {with(cidr, "", ""), &imported, text(a), 0},
		"imported, same":  {with(cidr, a, b), &imported, text(a), 0},
		"imported, other": {with(cidr, c, b), &imported, text(c), 1},
		"made, none":      {with(cidr, "", ""), &made, text(""), 0},
		"made, given":     {with(cidr, a, b), &made, text(a), 2},
		"other range":     {with("10.1.0.0/24", "", ""), &imported, text(""), 0}, // replaced for its cidr
	} {
		plan := tc.config
		plan.FirstAddress, plan.LastAddress = types.StringUnknown(), types.StringUnknown() // as the framework marks them
		replace, diags := network{}.Plan(tc.config, &plan, tc.prior)
		if diags.HasError() || len(replace) != tc.replaced || cmp.Diff(tc.first.String(), plan.FirstAddress.String()) != "" {
			t.Errorf("%s: first_address %s, replaced for %v, %v", name, plan.FirstAddress, replace, diags)
		}
	}
}
