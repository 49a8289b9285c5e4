package ipacodevalid_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/function/functiontest"
	"github.com/italia/terraform-provider-psn/internal/provider/function/ipacodevalid"
)

func TestFunction(t *testing.T) {
	for code, want := range map[string]bool{"p_bs": true, "p bs": false, "": false} {
		got, err := functiontest.Run(t, ipacodevalid.New(), types.StringValue(code))
		if err != nil || !got.Equal(types.BoolValue(want)) {
			t.Errorf("%q: %v, %v", code, got, err)
		}
	}
}
