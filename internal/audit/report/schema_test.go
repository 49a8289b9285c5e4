package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/audit/report"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func schema(t *testing.T, path string) *jsonschema.Schema {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	doc, err := jsonschema.UnmarshalJSON(in)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, doc []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// every returns the report of every example, of a state, and of a plan with a state.
func every(t *testing.T) map[string]*audit.Report {
	t.Helper()
	out := map[string]*audit.Report{}
	for _, name := range names() {
		out[name] = evaluate(t, example(t, name))
	}
	state, err := audit.Read(bytes.NewReader(load(t, "clean/state.json")))
	if err != nil {
		t.Fatal(err)
	}
	out["state"] = evaluate(t, load(t, "clean/state.json"))
	out["compared"] = evaluate(t, load(t, "later/plan.json"), audit.Against(state))
	dossier := evaluate(t, load(t, "clean/plan.json"))
	dossier.Schedule = []audit.Schedule{{Service: "p_bs/protocollo", Phase: "cutover", Start: "2026-01-10", NotKnown: []string{"completion_date"}}}
	dossier.Usage = []audit.Usage{{Service: "p_bs/protocollo", From: "2026-01-10", To: "2026-02-10", Metrics: []string{"cpu", "ram", "storage", "connectivity"}, Origin: "PSN"}}
	for item, state := range map[string]string{
		"acceptance_test": "present", "security_review": "missing", "contract": "not known", "catalogue_reference": "missing", "report": "present", "public_ips": "present",
		"access_mode": "missing", "resources": "missing", "software": "missing", "production_statement": "missing", "production_note": "missing",
		"critical_data_document": "missing", "dnsh_declaration": "missing", "dnsh_sheets": "missing",
	} {
		dossier.Papers = append(dossier.Papers, audit.Paper{Service: "p_bs/protocollo", Item: item, State: state})
	}
	out["dossier"] = dossier
	return out
}

func TestJSONIsWhatTheSchemaPublishes(t *testing.T) {
	t.Parallel()
	s := schema(t, filepath.Join(examples, "report.schema.json"))
	for name, r := range every(t) {
		for _, lang := range report.Languages() {
			doc := written(t, r, report.JSON, lang)
			if err := valid(t, s, doc); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			// The schema refuses what it does not describe.
			if valid(t, s, bytes.Replace(doc, []byte(`"language"`), []byte(`"tongue"`), 1)) == nil {
				t.Error("the schema accepts anything")
			}
		}
	}
}

func TestSARIFIsWhatOASISPublishes(t *testing.T) {
	t.Parallel()
	s := schema(t, "testdata/sarif-schema-2.1.0.json")
	for name, r := range every(t) {
		doc := written(t, r, report.SARIF, report.English)
		if err := valid(t, s, doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if open := bytes.Count(doc, []byte(`"kind": "open"`)); open != r.Counts.Undecidable {
			t.Errorf("%s: %d open results, %d findings undecidable", name, open, r.Counts.Undecidable)
		}
		if aside := bytes.Count(doc, []byte(`"suppressions"`)); aside != r.Counts.Derogated {
			t.Errorf("%s: %d suppressed results, %d findings derogated", name, aside, r.Counts.Derogated)
		}
		if valid(t, s, bytes.Replace(doc, []byte(`"2.1.0"`), []byte(`"2.2"`), 1)) == nil {
			t.Error("the schema accepts anything")
		}
	}
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	for name, r := range every(t) {
		var got struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Skipped  int `xml:"skipped,attr"`
			Cases    []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testsuite>testcase"`
		}
		if err := xml.Unmarshal(written(t, r, report.JUnit, report.Italian), &got); err != nil {
			t.Fatal(name, err)
		}
		failures, skipped := 0, 0
		for i, c := range got.Cases {
			id := r.Rules[i].ID
			if !strings.HasPrefix(c.Name, id+" ") {
				t.Errorf("%s: case %d is %q, not %s", name, i, c.Name, id)
			}
			failed := slices.ContainsFunc(r.Findings, func(f psn.Finding) bool {
				return f.Rule == id && f.Outcome == psn.Failed && f.Severity == psn.SeverityError
			})
			if failed != (c.Failure != nil) || c.Failure != nil && c.Skipped != nil {
				t.Errorf("%s: %s: %+v", name, id, c)
			}
			if c.Failure != nil {
				failures++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
		if got.Tests != len(r.Rules) || len(got.Cases) != len(r.Rules) || got.Failures != failures || got.Skipped != skipped {
			t.Errorf("%s: %d tests, %d failures, %d skipped; counted %d, %d, %d", name, got.Tests, got.Failures, got.Skipped, len(got.Cases), failures, skipped)
		}
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	for _, separator := range []rune{',', ';'} {
		r := evaluate(t, broken(t))
		r.Findings[0].Message = "=1+1; \"due\", tre"
		var out bytes.Buffer
		if err := report.Write(&out, r, report.Options{Format: report.CSV, Language: report.Italian, Separator: separator}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "\r\n") {
			t.Error("lines do not end as RFC 4180 wants")
		}
		in := csv.NewReader(&out)
		in.Comma = separator
		rows, err := in.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		quiet := r.Counts.RulesPassed + r.Counts.RulesNotApplied
		if len(rows) != 1+len(r.Findings)+quiet {
			t.Errorf("%d rows for %d findings and %d rules", len(rows), len(r.Findings), quiet)
		}
		// A spreadsheet must not take a message for a formula.
		if !strings.HasPrefix(rows[1][4], "'=1+1") {
			t.Errorf("%q", rows[1][4])
		}
		for _, row := range rows[1:] {
			if strings.ContainsAny(row[4][:min(1, len(row[4]))], "=+-@") {
				t.Errorf("formula: %q", row[4])
			}
		}
	}
}

func TestUnknownFormatAndLanguage(t *testing.T) {
	t.Parallel()
	r := evaluate(t, load(t, "clean/plan.json"))
	for _, o := range []report.Options{{Format: "pdf"}, {Format: report.HTML, Language: "fr"}} {
		var out bytes.Buffer
		if err := report.Write(&out, r, o); !psn.Is(err, psn.InvalidInput) || out.Len() > 0 {
			t.Errorf("%+v: %v, %d bytes", o, err, out.Len())
		}
	}
}
