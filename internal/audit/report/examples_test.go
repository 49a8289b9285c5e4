package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/audit/report"
	"github.com/italia/terraform-provider-psn/internal/audit/source"
	"github.com/italia/terraform-provider-psn/internal/policy"
)

var update = flag.Bool("update", false, "write plans and reports under examples/audit again")

const examples = "../../../examples/audit"

var judged = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(examples, name))
	if err != nil {
		t.Fatal(err)
	}
	// A change of the rules must not make the examples those of an older program.
	return recordedDigest.ReplaceAll(b, []byte(`"policy_digest":"`+policy.Digest()+`"`))
}

var recordedDigest = regexp.MustCompile(`"policy_digest":"sha256:[0-9a-f]{64}"`)

func evaluate(t testing.TB, in []byte, opts ...audit.Option) *audit.Report {
	t.Helper()
	f, err := audit.Read(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	r, err := audit.Evaluate(f, judged, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func written(t testing.TB, r *audit.Report, format report.Format, lang report.Language) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := report.Write(&out, r, report.Options{Format: format, Language: lang, Source: "plan.json"}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// example returns the plan of an example, derived anew where it is a derived one.
func example(t testing.TB, name string) []byte {
	t.Helper()
	if name == "broken" {
		return broken(t)
	}
	return load(t, name+"/plan.json")
}

func names() []string { return []string{"clean", "broken", "derogated", "unknowns"} }

func TestExamples(t *testing.T) {
	for _, name := range names() {
		in := example(t, name)
		golden(t, name+"/plan.json", in)
		r := evaluate(t, in)
		for _, lang := range report.Languages() {
			for format, ending := range map[report.Format]string{report.Text: "txt", report.HTML: "html"} {
				golden(t, name+"/report."+string(lang)+"."+ending, written(t, r, format, lang))
			}
		}
		golden(t, name+"/report.json", written(t, r, report.JSON, report.English))
	}
	for format, ending := range map[report.Format]string{report.CSV: "csv", report.SARIF: "sarif", report.JUnit: "junit.xml"} {
		golden(t, "broken/report."+ending, written(t, evaluate(t, broken(t)), format, report.Italian))
	}
	golden(t, "broken/report.located.sarif", located(t, evaluate(t, broken(t)), source.New("file:///srv/infrastruttura/", os.DirFS(examples), "clean", nil)))
}

// What each example must come to, in short.
func TestExamplesSayWhatTheyShow(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"clean":     {},
		"broken":    {"IDN-002 p_bs failed", "LOC-002 p_bs/sito-web failed", "PLC-001 p_bs/protocollo-db-1 failed", "PLC-002 p_bs/conservazione-1 failed", "PLC-008 rozzano/vsphere/rozzano-cl01 failed"},
		"derogated": {"LOC-002 p_bs/sito-web derogated", "PLC-002 p_bs/conservazione-1 derogated", "PLC-003 p_bs/conservazione-1 derogated", "DER-003 DER-2026-016 failed"},
		"unknowns":  {"CLS-001 p_bs/protocollo undecidable", "IDN-003 p_bs undecidable", "LOC-002 p_bs/sito-web undecidable", "PLC-001 p_bs/conservazione-1 undecidable", "REP-002 p_bs/protocollo undecidable", "AUD-007 check.placed undecidable"},
	} {
		r := evaluate(t, example(t, name))
		var got []string
		for _, f := range r.Findings {
			got = append(got, f.Rule+" "+f.Subject+" "+string(f.Outcome))
		}
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: no %s in\n%s", name, w, strings.Join(got, "\n"))
			}
		}
		if name == "clean" && len(got) > 0 || (name == "broken" || name == "unknowns") != r.Failed() || name != "broken" && r.Counts.Errors+r.Counts.Warnings > 0 {
			t.Errorf("%s: %v", name, got)
		}
		// Every failure of the broken plan is one that no resource records.
		if name == "broken" {
			for _, subject := range []string{"p_bs", "p_bs/sito-web", "p_bs/protocollo-db-1", "p_bs/conservazione-1", "rozzano/vsphere/rozzano-cl01"} {
				if !slices.Contains(got, "AUD-001 "+subject+" failed") {
					t.Errorf("nothing says that %s was edited", subject)
				}
			}
		}
	}
}

// plan is a plan as show -json writes it, for changing it in all its parts.
type plan struct{ doc map[string]any }

func planOf(t testing.TB, name string) plan {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(load(t, name)))
	dec.UseNumber()
	var p plan
	if err := dec.Decode(&p.doc); err != nil {
		t.Fatal(err)
	}
	return p
}

// each calls edit with every object of the file below any key, inside first.
func each(v any, edit func(map[string]any)) {
	switch x := v.(type) {
	case map[string]any:
		for _, e := range x {
			each(e, edit)
		}
		edit(x)
	case []any:
		for _, e := range x {
			each(e, edit)
		}
	}
}

func (p plan) bytes(t testing.TB) []byte {
	t.Helper()
	b, err := json.Marshal(p.doc)
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// standby moves the standby of a machine wherever the file has its place.
func (p plan) standby(vm string, site, region, cluster any) {
	each(p.doc, func(o map[string]any) {
		if _, place := o["standby_site"]; place && (o["vm"] == vm || o["id"] == "p_bs/"+vm) {
			o["standby_site"], o["standby_region"], o["standby_cluster"] = site, region, cluster
			if site == nil {
				o["standby_platform"] = nil
			}
		}
	})
}

// service changes an attribute of a psn_service.
func (p plan) service(id, attribute string, value any) {
	each(p.doc, func(o map[string]any) {
		if o["id"] == id && o["backup_policy"] != nil {
			o[attribute] = value
		}
		// In the configuration it is no longer one constant for all services.
		if e, ok := o[attribute].(map[string]any); ok && e["constant_value"] != nil {
			o[attribute] = map[string]any{"references": []any{"each.value"}}
		}
	})
}

// broken breaks the clean plan in five ways, as somebody would who knows the
// format and forgets the recorded findings.
func broken(t testing.TB) []byte {
	p := planOf(t, "clean/plan.json")
	p.standby("conservazione-1", "acilia", "lazio", "acilia-cl02")
	p.standby("protocollo-db-1", nil, nil, nil)
	p.service("p_bs/sito-web", "data_location", "US")
	each(p.doc, func(o map[string]any) {
		if o["name"] == "rozzano-cl01" && o["vcpus"] != nil {
			o["vcpus"] = json.Number("4")
		}
		if o["fiscal_code"] == "80008750178" {
			o["fiscal_code"] = "80008750179"
		}
		if o["constant_value"] == "80008750178" {
			o["constant_value"] = "80008750179"
		}
	})
	return p.bytes(t)
}

var anyDigest = regexp.MustCompile(`sha256:[0-9a-f]{64}|"sha-256": "[0-9a-f]{64}"`)

// golden compares with a file of examples/audit. Digests and sizes change with
// the rules; everything else must not without being seen.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(examples, name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	steady := func(b []byte) string { return anyDigest.ReplaceAllString(string(b), "DIGEST") }
	if diff := cmp.Diff(steady(want), steady(got)); diff != "" {
		t.Errorf("%s (-want +got; go test -update writes it):\n%.4000s", name, diff)
	}
}
