package whole_test

import (
	"math/big"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/provider/function/whole"
)

func TestNumber(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-3": -3, "3.0": 3, "2500000": 2500000} {
		v, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
		if err != nil {
			t.Fatal(err)
		}
		if got, ferr := whole.Number(1, "n", v); ferr != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, ferr)
		}
	}
	for text, say := range map[string]string{"1.5": "n is 1.5: give a whole number", "0.1": "n is 0.1: ", "1e30": "n is 1e+30: "} {
		v, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
		if err != nil {
			t.Fatal(err)
		}
		_, ferr := whole.Number(1, "n", v)
		if ferr == nil || len(ferr.Text) < len(say) || ferr.Text[:len(say)] != say || *ferr.FunctionArgument != 1 {
			t.Errorf("%s: %v", text, ferr)
		}
	}
}
