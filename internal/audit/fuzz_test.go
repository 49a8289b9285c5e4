package audit_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/audit/report"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// FuzzRead holds that no input panics, that refusals carry a code, and that what
// is accepted can be judged and printed.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds in testdata: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte(`{"format_version":"1.0","values":{"root_module":{"resources":[{"type":"psn_placement","provider_name":"x/italia/psn","values":{"workloads":{"a":{"instances":9223372036854775807}},"inventory":[null,{"clusters":[{}]}]}}]}}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		file, err := audit.Read(bytes.NewReader(in))
		if err != nil {
			if !psn.Is(err, psn.InvalidInput) {
				t.Fatalf("code %s: %v", psn.CodeOf(err), err)
			}
			return
		}
		r, err := audit.Evaluate(file, time.Unix(0, 0))
		if err != nil {
			if !psn.Is(err, psn.InvalidInput) {
				t.Fatalf("code %s: %v", psn.CodeOf(err), err)
			}
			return
		}
		for _, format := range report.Formats() {
			if err := report.Write(io.Discard, r, report.Options{Format: format, Language: report.Italian, Source: "plan.json"}); err != nil {
				t.Fatal(format, err)
			}
		}
	})
}
