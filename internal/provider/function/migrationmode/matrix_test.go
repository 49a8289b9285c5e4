package migrationmode_test

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/provider/function/migrationmode"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestMode(t *testing.T) {
	for _, tc := range []struct{ origin, destination, mode, outcome string }{
		{"on-premise-unstructured", "iaas", "", migrationmode.NotFundable},
		{"on-premise-unstructured", "paas", "", migrationmode.Impossible},
		{"on-premise-unstructured", "saas", "B", migrationmode.Admissible},
		{"on-premise-structured", "iaas", "A", migrationmode.Admissible},
		{"on-premise-structured", "paas", "B", migrationmode.Admissible},
		{"on-premise-structured", "saas", "B", migrationmode.Admissible},
		{"iaas", "iaas", "", migrationmode.NotFundable},
		{"iaas", "paas", "B", migrationmode.Admissible},
		{"iaas-qualified", "saas", "B", migrationmode.Conditional},
		{"paas", "paas", "", migrationmode.NotFundable},
		{"paas", "saas", "B", migrationmode.Admissible},
		{"paas-qualified", "saas", "", migrationmode.NotFundable},
		{"saas", "iaas", "", migrationmode.NotFundable},
	} {
		got, err := migrationmode.Mode(tc.origin, tc.destination)
		if err != nil {
			t.Fatal(err)
		}
		if got.Mode != tc.mode || got.Outcome != tc.outcome || got.Explanation == "" {
			t.Errorf("%s -> %s: got %+v, want mode %q, outcome %q", tc.origin, tc.destination, got, tc.mode, tc.outcome)
		}
	}
	for _, tc := range []struct{ origin, destination, want string }{
		{"mainframe", "iaas", `unknown origin "mainframe"`},
		{"iaas", "cloud", `unknown destination "cloud"`},
	} {
		if _, err := migrationmode.Mode(tc.origin, tc.destination); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s -> %s: got %v, want %q", tc.origin, tc.destination, err, tc.want)
		}
	}
}
