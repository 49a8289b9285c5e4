package fiscalcodevalid_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/function/fiscalcodevalid"
	"github.com/italia/terraform-provider-psn/internal/provider/function/functiontest"
)

func TestFunction(t *testing.T) {
	for code, want := range map[string]bool{"80008750178": true, "80008750179": false, "": false} {
		got, err := functiontest.Run(t, fiscalcodevalid.New(), types.StringValue(code))
		if err != nil || !got.Equal(types.BoolValue(want)) {
			t.Errorf("%q: %v, %v", code, got, err)
		}
	}
}
