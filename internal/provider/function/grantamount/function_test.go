package grantamount_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/function/functiontest"
	"github.com/italia/terraform-provider-psn/internal/provider/function/grantamount"
)

func TestGrantAmount(t *testing.T) {
	run := func(call string, a, b float64) (any, string, int64) {
		v, err := functiontest.Run(t, grantamount.New(), types.StringValue(call), types.NumberValue(big.NewFloat(a)), types.NumberValue(big.NewFloat(b)))
		if err != nil {
			if err.FunctionArgument == nil {
				return nil, err.Text, -1
			}
			return nil, err.Text, *err.FunctionArgument
		}
		return v.(types.Int64).ValueInt64(), "", 0
	}
	if v, _, _ := run("pnrr-1.2-province-2025", 0, 5); v != int64(931712) {
		t.Errorf("five upgrades: %v", v)
	}
	for _, tc := range []struct {
		call string
		a, b float64
		say  string
		arg  int64
	}{
		{"pnrr-1.2", 0, 5, `unknown funding call "pnrr-1.2"`, 0},
		{"pnrr-1.1-pac-pilota", 0, 5, "no formula", 0},
		{"pnrr-1.2-province-2025", 3, 3, "transfers 3 and upgrades 3 together: 6 services: call", -1},
		{"pnrr-1.2-province-2025", 1.5, 3, "transfers is 1.5: give a whole number", 1},
		{"pnrr-1.2-province-2025", 1, 2.5, "upgrades is 2.5: give a whole number", 2},
		{"pnrr-1.2-province-2025", 9e9, 0, "transfers is 9000000000", -1},
		{"pnrr-1.2-province-2025", 3, -1, "upgrades is -1", 2},
	} {
		if v, text, arg := run(tc.call, tc.a, tc.b); v != nil || !strings.Contains(text, tc.say) || arg != tc.arg {
			t.Errorf("%+v: %v, %q on argument %d", tc, v, text, arg)
		}
	}
}
