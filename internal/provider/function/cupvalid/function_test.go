package cupvalid_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/function/cupvalid"
	"github.com/italia/terraform-provider-psn/internal/provider/function/functiontest"
)

func TestFunction(t *testing.T) {
	for code, want := range map[string]bool{"B11C22000000006": true, "B11": false, "": false} {
		got, err := functiontest.Run(t, cupvalid.New(), types.StringValue(code))
		if err != nil || !got.Equal(types.BoolValue(want)) {
			t.Errorf("%q: %v, %v", code, got, err)
		}
	}
}
