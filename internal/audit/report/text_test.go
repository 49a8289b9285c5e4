package report_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit/report"
)

// What has expired depends on the day: a file without one is told so.
func TestTextSaysThatTheDayIsToday(t *testing.T) {
	t.Parallel()
	plan := load(t, "clean/plan.json")
	undated := regexp.MustCompile(`"timestamp":\s*"[^"]*",?`).ReplaceAll(plan, nil)
	if bytes.Equal(plan, undated) {
		t.Fatal("the plan has no timestamp to take away")
	}
	for lang, say := range map[report.Language]string{report.English: "judged at the present moment", report.Italian: "valutato al momento presente"} {
		for _, tc := range []struct {
			in   []byte
			want bool
		}{{plan, false}, {undated, true}} {
			var out strings.Builder
			if err := report.Write(&out, evaluate(t, tc.in), report.Options{Format: report.Text, Language: lang, Source: "plan.json"}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(out.String(), say); got != tc.want {
				t.Errorf("%s: said is %v, want %v:\n%s", lang, got, tc.want, out.String())
			}
		}
	}
}
