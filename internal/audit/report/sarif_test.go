package report_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/audit/report"
	"github.com/italia/terraform-provider-psn/internal/audit/source"
)

func located(t testing.TB, r *audit.Report, tree *source.Tree) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := report.Write(&out, r, report.Options{Format: report.SARIF, Source: "plan.json", Configuration: tree}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type artifactLocation struct {
	URI   string `json:"uri"`
	Base  string `json:"uriBaseId"`
	Index *int   `json:"index"`
}

type location struct {
	ID       int `json:"id"`
	Physical struct {
		Artifact artifactLocation `json:"artifactLocation"`
		Region   *struct {
			StartLine int `json:"startLine"`
			EndLine   int `json:"endLine"`
		} `json:"region"`
	} `json:"physicalLocation"`
}

type sarifRun struct {
	Bases     map[string]artifactLocation           `json:"originalUriBaseIds"`
	Artifacts []struct{ Location artifactLocation } `json:"artifacts"`
	Tool      struct {
		Driver struct {
			Notifications []struct{ ID string } `json:"notifications"`
		}
	}
	Results []struct {
		RuleID    string     `json:"ruleId"`
		Locations []location `json:"locations"`
		Related   []location `json:"relatedLocations"`
	}
	Invocations []struct {
		Successful    bool `json:"executionSuccessful"`
		Notifications []struct {
			Message    struct{ Text string }
			Descriptor struct {
				ID    string
				Index int
			}
		} `json:"toolExecutionNotifications"`
	}
}

// runOf reads a run and holds it to what the standard says beyond its schema.
func runOf(t testing.TB, doc []byte) sarifRun {
	t.Helper()
	var log struct{ Runs []sarifRun }
	if err := json.Unmarshal(doc, &log); err != nil || len(log.Runs) != 1 {
		t.Fatal(err, len(log.Runs))
	}
	run := log.Runs[0]
	refers := func(a artifactLocation) {
		u, err := url.Parse(a.URI)
		switch {
		case err != nil:
			t.Error(err)
		case u.IsAbs() && a.Base != "": // 3.4.4: a base only for what is relative
			t.Errorf("%q is absolute and has a base", a.URI)
		case !u.IsAbs() && (strings.HasPrefix(u.Path, "/") || strings.Contains(u.Path, "..") || strings.Contains(a.URI, `\`) || path.Clean(u.Path) != strings.TrimPrefix(u.Path, "./")):
			t.Errorf("%q is not a plain relative path", a.URI) // 3.10.2
		case a.Base != "" && run.Bases[a.Base].URI == "":
			t.Errorf("base %q of %q is not declared", a.Base, a.URI)
		}
		if a.Index != nil { // 3.4.5: the artifact at the index is the same one
			if at := run.Artifacts[*a.Index].Location; at.URI != a.URI || at.Base != a.Base {
				t.Errorf("index %d is %+v, the location says %+v", *a.Index, at, a)
			}
		}
	}
	for name, base := range run.Bases { // 3.14.14: absolute, ends in a slash
		if u, err := url.Parse(base.URI); err != nil || !u.IsAbs() || !strings.HasSuffix(base.URI, "/") || base.Base != "" {
			t.Errorf("base %s is %+v", name, base)
		}
	}
	for _, a := range run.Artifacts {
		refers(a.Location)
	}
	for _, res := range run.Results {
		if len(res.Locations) != 1 {
			t.Errorf("%s has %d locations, which would mean that all of them are to be changed", res.RuleID, len(res.Locations))
		}
		ids := map[int]bool{}
		for i, l := range append(res.Locations, res.Related...) {
			refers(l.Physical.Artifact)
			if l.Physical.Artifact.Index == nil {
				t.Errorf("%s: no artifact", res.RuleID)
			}
			if r := l.Physical.Region; r != nil && (r.StartLine < 1 || r.EndLine < r.StartLine) {
				t.Errorf("%s: region %+v", res.RuleID, r)
			}
			if i > 0 && (l.ID == 0 || ids[l.ID]) { // 3.28.2
				t.Errorf("%s: related location without an id of its own", res.RuleID)
			}
			ids[l.ID] = true
		}
	}
	for _, n := range run.Invocations[0].Notifications {
		if at := n.Descriptor.Index; at >= len(run.Tool.Driver.Notifications) || run.Tool.Driver.Notifications[at].ID != n.Descriptor.ID {
			t.Errorf("notification %q is described nowhere", n.Message.Text)
		}
	}
	return run
}

// Every example's results are in the file and on the line that declares their
// subject, modules included.
func TestSARIFPlaces(t *testing.T) {
	t.Parallel()
	s := schema(t, "testdata/sarif-schema-2.1.0.json")
	lines := func(file string) []string {
		b, err := os.ReadFile(examples + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(b), "\n")
	}
	inModule := 0
	for name, r := range every(t) {
		folder := name
		if name == "broken" || name == "state" || name == "compared" || len(name) > 9 {
			folder = "clean"
		}
		doc := located(t, r, source.New("file:///srv/a%20b/", os.DirFS(examples), folder, nil))
		if err := valid(t, s, doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		run := runOf(t, doc)
		if len(run.Results) != len(r.Findings) {
			t.Errorf("%s: %d results of %d findings", name, len(run.Results), len(r.Findings))
		}
		for _, res := range run.Results {
			for _, l := range append(res.Locations, res.Related...) {
				at := l.Physical
				if at.Region == nil {
					if at.Artifact.URI != "plan.json" || at.Artifact.Base != "" {
						t.Errorf("%s: %s without a line: %+v", name, res.RuleID, at)
					}
					continue
				}
				line := lines(at.Artifact.URI)[at.Region.StartLine-1]
				if !strings.HasPrefix(line, `resource "psn_`) && !strings.HasPrefix(line, `module "`) || at.Artifact.Base != "%SRCROOT%" {
					t.Errorf("%s: %s at %s:%d, which is %q", name, res.RuleID, at.Artifact.URI, at.Region.StartLine, line)
				}
				if strings.HasSuffix(at.Artifact.URI, "/machine/main.tf") {
					inModule++
				}
			}
		}
	}
	if inModule == 0 {
		t.Error("no result is in a module")
	}
}

// What cannot be read is told in the run, and no finding is lost.
func TestSARIFWithoutItsConfiguration(t *testing.T) {
	t.Parallel()
	s := schema(t, "testdata/sarif-schema-2.1.0.json")
	r := evaluate(t, broken(t))
	for name, tree := range map[string]*source.Tree{
		"no folder": source.Unreadable("--config-dir infra cannot be read: no such file or directory"),
		"bad file":  source.New("file:///srv/", fstest.MapFS{"main.tf": {Data: []byte("resource {")}}, ".", nil),
		"none":      nil,
	} {
		doc := located(t, r, tree)
		if err := valid(t, s, doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		run := runOf(t, doc)
		if len(run.Results) != len(r.Findings) || run.Bases != nil || !run.Invocations[0].Successful {
			t.Errorf("%s: %d results, bases %v", name, len(run.Results), run.Bases)
		}
		if told := len(run.Invocations[0].Notifications) > 0; told != (tree != nil) {
			t.Errorf("%s: notifications %+v", name, run.Invocations[0].Notifications)
		}
	}
}

func TestNamesOfTheFileAudited(t *testing.T) {
	t.Parallel()
	r := evaluate(t, load(t, "clean/plan.json"))
	for name, want := range map[string]string{
		"": "plan.json", "-": "stdin", "./out/plan 1.json": "out/plan%201.json", "/srv/piani/è.json": "file:///srv/piani/%C3%A8.json", "c:d.json": "./c:d.json",
	} {
		var out bytes.Buffer
		if err := report.Write(&out, r, report.Options{Format: report.SARIF, Source: name}); err != nil {
			t.Fatal(err)
		}
		if got := runOf(t, out.Bytes()).Artifacts[0].Location.URI; got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
