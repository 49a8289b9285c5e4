package regoparity_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/audit/report"
	"github.com/italia/terraform-provider-psn/internal/policy"
)

// TestItalian words what the rules find on generated documents in Italian: no
// message may be left in English.
func TestItalian(t *testing.T) {
	const mark = "[in inglese]"
	told, said := map[string]bool{}, 0
	for seed := range uint64(1500) {
		found := policy.Evaluate(document(seed))
		said += len(found)
		var out bytes.Buffer
		if err := report.Write(&out, &audit.Report{Findings: found}, report.Options{Format: report.CSV, Language: report.Italian, Separator: ';'}); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(out.String(), "\r\n") {
			rule, _, _ := strings.Cut(line, ";")
			if strings.Contains(line, mark) && !told[rule] {
				told[rule] = true
				t.Errorf("seed %d: no Italian for: %s", seed, line)
			}
		}
	}
	if said < 5000 {
		t.Errorf("only %d findings were worded", said)
	}
}
