package projectdeadline_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/function/functiontest"
	"github.com/italia/terraform-provider-psn/internal/provider/function/projectdeadline"
)

func grants(vs ...float64) attr.Value {
	elems := make([]attr.Value, len(vs))
	kinds := make([]attr.Type, len(vs))
	for i, v := range vs {
		elems[i], kinds[i] = types.NumberValue(big.NewFloat(v)), types.NumberType
	}
	return types.TupleValueMust(kinds, elems)
}

func TestProjectDeadline(t *testing.T) {
	for _, tc := range []struct {
		call, decree string
		grants       attr.Value
		want         string
	}{
		{"pnrr-1.2-province-2025", "2025-06-23", grants(), `"2026-03-20" capped=false`},
		{"pnrr-1.2-province-2025", "2025-07-21", grants(), `"2026-03-31" capped=true`},
		{"pnrr-1.1-altre-pac-2023", "2024-01-15", grants(2000000), `"2025-04-15" capped=false`},
		{"pnrr-1.1-altre-pac-2023", "2023-12-31", grants(1500000), `"2024-06-30" capped=false`},
	} {
		v, err := functiontest.Run(t, projectdeadline.New(), types.StringValue(tc.call), types.StringValue(tc.decree), tc.grants)
		if err != nil {
			t.Fatal(err)
		}
		a := v.(types.Object).Attributes()
		if got := a["date"].String() + " capped=" + a["capped"].String(); got != tc.want {
			t.Errorf("%s, %s: %s, want %s", tc.call, tc.decree, got, tc.want)
		}
	}
	for _, tc := range []struct {
		call, decree string
		grants       attr.Value
		say          string
	}{
		{"pnrr", "2025-06-23", grants(), "unknown funding call"},
		{"pnrr-1.2-province-2025", "23/06/2025", grants(), `decree_date "23/06/2025" is not a date`},
		{"pnrr-1.1-altre-pac-2023", "2024-01-15", grants(), "amount of the grant"},
		{"pnrr-1.1-altre-pac-2023", "2024-01-15", grants(1, 2), "one amount"},
		{"pnrr-1.1-altre-pac-2023", "2024-01-15", grants(1.5), "grant_euro is 1.5: give a whole number"},
		{"pnrr-1.2-province-2025", "2019-05-01", grants(), `before the first decree of call "pnrr-1.2-province-2025", 2025-06-23`},
		{"pnrr-1.2-province-2025", "2031-01-01", grants(), `the date of the decree is 2031-01-01, but projects of call "pnrr-1.2-province-2025" end by 2026-03-31: give the date`},
	} {
		if _, err := functiontest.Run(t, projectdeadline.New(), types.StringValue(tc.call), types.StringValue(tc.decree), tc.grants); err == nil || !strings.Contains(err.Text, tc.say) {
			t.Errorf("%s, %s: %v must say %q", tc.call, tc.decree, err, tc.say)
		}
	}
}
