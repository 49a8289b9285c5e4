package sitesfor_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/provider/function/functiontest"
	"github.com/italia/terraform-provider-psn/internal/provider/function/sitesfor"
)

func TestSitesFor(t *testing.T) {
	for _, tc := range []struct{ class, required, acilia, level string }{
		{"ordinary", "false", `[]`, `"QC1"`},
		{"critical", "true", `["rozzano","santo-stefano-ticino"]`, `"QC2"`},
		{"strategic", "true", `["rozzano","santo-stefano-ticino"]`, `"QC3"`},
	} {
		v, err := functiontest.Run(t, sitesfor.New(), types.StringValue(tc.class))
		if err != nil {
			t.Fatal(err)
		}
		a := v.(types.Object).Attributes()
		acilia := a["standbys"].(types.Map).Elements()["acilia"].String()
		if a["standby_required"].String() != tc.required || acilia != tc.acilia || a["minimum_qualification"].String() != tc.level || len(a["sites"].(types.List).Elements()) != 4 {
			t.Errorf("%s: %s", tc.class, v)
		}
		project, law := a["citation"].(types.String).ValueString(), a["minimum_qualification_citation"].(types.String).ValueString()
		if !strings.HasPrefix(project, "regola di progetto, non di legge") || !strings.HasPrefix(law, "DD ACN 21007/24, art. 17") {
			t.Errorf("%s: citations %q and %q", tc.class, project, law)
		}
	}
	if _, err := functiontest.Run(t, sitesfor.New(), types.StringValue("secret")); err == nil || *err.FunctionArgument != 0 {
		t.Errorf("a class that does not exist: %v", err)
	}
}
