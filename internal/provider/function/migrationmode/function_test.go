package migrationmode_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/function/functiontest"
	"github.com/italia/terraform-provider-psn/internal/provider/function/migrationmode"
)

func TestMigrationMode(t *testing.T) {
	for _, tc := range []struct{ origin, destination, mode, outcome string }{
		{"on-premise-unstructured", "iaas", "<null>", "not fundable"},
		{"on-premise-unstructured", "paas", "<null>", "impossible"},
		{"on-premise-unstructured", "saas", `"B"`, "admissible"},
		{"on-premise-structured", "iaas", `"A"`, "admissible"},
		{"on-premise-structured", "paas", `"B"`, "admissible"},
		{"on-premise-structured", "saas", `"B"`, "admissible"},
		{"iaas", "iaas", "<null>", "not fundable"},
		{"iaas", "paas", `"B"`, "admissible"},
		{"iaas-qualified", "saas", `"B"`, "conditional"},
		{"paas", "paas", "<null>", "not fundable"},
		{"paas", "saas", `"B"`, "admissible"},
		{"paas-qualified", "saas", "<null>", "not fundable"},
		{"saas", "iaas", "<null>", "not fundable"},
	} {
		for _, calls := range [][]string{nil, {migrationmode.DefaultCall}} {
			v, err := functiontest.Run(t, migrationmode.New(), types.StringValue(tc.origin), types.StringValue(tc.destination), functiontest.Strings(calls...))
			if err != nil {
				t.Fatal(err)
			}
			a := v.(types.Object).Attributes()
			if a["mode"].String() != tc.mode || a["outcome"].String() != `"`+tc.outcome+`"` || a["explanation"].String() == `""` || a["citation"].String() == `""` {
				t.Errorf("%s to %s: %s, want mode %s, outcome %s", tc.origin, tc.destination, v, tc.mode, tc.outcome)
			}
			assumed := tc.outcome == "admissible" && (tc.origin == "iaas" || tc.origin == "paas")
			if got := a["assumption"].String(); (got == `"origin not qualified"`) != assumed || (got == "<null>") == assumed {
				t.Errorf("%s to %s assumes %s", tc.origin, tc.destination, got)
			}
		}
	}
	for _, tc := range []struct {
		origin, destination string
		calls               []string
		say                 string
		arg                 int64
	}{
		{"mainframe", "iaas", nil, `unknown origin "mainframe"`, 0},
		{"iaas", "cloud", nil, `unknown destination "cloud"`, 1},
		{"iaas", "paas", []string{"pnrr"}, `unknown funding call "pnrr"`, 2},
		{"iaas", "paas", []string{"pnrr-1.1-pac-pilota"}, "knows no modes", 2},
		{"iaas", "paas", []string{"a", "b"}, "one funding call", 3},
	} {
		_, err := functiontest.Run(t, migrationmode.New(), types.StringValue(tc.origin), types.StringValue(tc.destination), functiontest.Strings(tc.calls...))
		if err == nil || !strings.Contains(err.Text, tc.say) || *err.FunctionArgument != tc.arg {
			t.Errorf("%+v: %v", tc, err)
		}
	}
}
