package report_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit/report"
)

// Every word that the package asks for is there in both languages, and every
// word that is there is asked for.
func TestWords(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("words.json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]map[string]string
	if err := json.Unmarshal(raw, &words); err != nil {
		t.Fatal(err)
	}
	for key, w := range words {
		if w["it"] == "" || w["en"] == "" || len(w) != 2 {
			t.Errorf("%q: %v", key, w)
		}
		if strings.Count(w["it"], "%d") != strings.Count(w["en"], "%d") {
			t.Errorf("%q: other numbers in other languages", key)
		}
	}
	page, err := os.ReadFile("page.gohtml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\bt "([^"]+)"`).FindAllSubmatch(page, -1) {
		if words[string(m[1])] == nil {
			t.Errorf("the page asks for %q", m[1])
		}
	}
}

// Nothing in an Italian report of the examples is left in English, nor a key
// without words in any.
func TestReportsAreInOneLanguage(t *testing.T) {
	t.Parallel()
	for name, r := range every(t) {
		for _, format := range report.Formats() {
			if out := written(t, r, format, report.Italian); bytes.Contains(out, []byte("in inglese")) {
				i := bytes.Index(out, []byte("in inglese"))
				t.Errorf("%s, %s: %s", name, format, out[max(0, i-200):i])
			}
		}
		for _, lang := range report.Languages() {
			out := string(written(t, r, report.HTML, lang))
			for _, m := range regexp.MustCompile(`>(column|basis|outcome|action|role|short|limit|count|h|caption|check|paper|metric) [a-z_]+<`).FindAllString(out, -1) {
				t.Errorf("%s, %s: no words for %s", name, lang, m)
			}
			if strings.Contains(strings.ToLower(out), "conforme") {
				t.Errorf("%s: the report says \"conforme\"", name)
			}
		}
	}
}

// judging are the sources of package policy whose sentences a finding can say.
var judging = []string{
	"apart", "attestation", "classes", "derogation", "evaluate", "evidence", "funding", "identity", "inventory", "migrations", "places",
	"protection", "replication",
}

// composed are sentences with words of ours in the middle; internal/tools/regoparity
// words them, and every other, on generated documents.
var composed = map[string]bool{
	"candidature %s %s %s, %d days after the deadline of %s (call %s, decree of %s)": true, "is not completed on": true, "is planned to end on": true,
	"candidature %s has %d %s; call %s admits 0 to %d":                               true,
	"service %s was paid on %s under call %s and must be kept until %s (%s planned)": true, "%s expired on %s": true,
}

// Every sentence that the rules can say has its Italian.
// Sentences are the string constants of the rules' own source.
func TestEveryMessageHasItsItalian(t *testing.T) {
	t.Parallel()
	verbs := regexp.MustCompile(`%(\.\d)?[a-z]`)
	tail := regexp.MustCompile(`: %[sv]$`) // another sentence follows
	seen := 0
	for _, name := range judging {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "policy", name+".go"), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || len(strings.Fields(text)) < 4 || strings.HasPrefix(text, " ") || strings.HasPrefix(text, `"`) || strings.HasPrefix(text, ",") || strings.HasSuffix(text, " ") || strings.HasSuffix(text, ",") {
				return true // a part of a sentence
			}
			if composed[text] {
				return true
			}
			seen++
			if _, ok := report.InItalian(verbs.ReplaceAllString(tail.ReplaceAllString(text, ": no software is listed"), "site")); !ok {
				t.Errorf("%s.go: no Italian for %q: add it to italian.json", name, text)
			}
			return true
		})
	}
	if seen < 120 {
		t.Errorf("only %d sentences found", seen)
	}
}

// What the audit says of a message, and the message, are both translated.
func TestWhatIsNotDecidedHasItsItalian(t *testing.T) {
	t.Parallel()
	const message = "service p_bs/sito keeps data at US, outside the European Union; a derogation that is not known yet may set this aside"
	if it, ok := report.InItalian(message); !ok || !strings.Contains(it, "fuori dall'Unione europea; una deroga non ancora nota") {
		t.Error(it, ok)
	}
	const missing = "the configuration declares the resource, the plan neither has nor deletes it: it was taken out of the file, or the plan was made for some targets only; " +
		"or a count or for_each that functions make of constants, of which the file has nothing, asks for none"
	const margin = "if acilia is lost, cluster c1 at rozzano (vsphere) has not the margin that dr_reserve asks for: -2 vCPUs, 1 MiB of memory, 0 MiB of storage would be left"
	if it, ok := report.InItalian(margin); !ok || !strings.Contains(it, "cluster c1 a rozzano (vsphere) non ha il margine") {
		t.Error(it, ok)
	}
	if it, ok := report.InItalian(missing); !ok || !strings.Contains(it, "ottenuto da costanti") {
		t.Error(it, ok)
	}
}
