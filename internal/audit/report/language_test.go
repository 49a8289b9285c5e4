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
			for _, m := range regexp.MustCompile(`>(column|basis|outcome|action|role|short|limit|count|h|caption|check) [a-z]+<`).FindAllString(out, -1) {
				t.Errorf("%s, %s: no words for %s", name, lang, m)
			}
			if strings.Contains(strings.ToLower(out), "conforme") {
				t.Errorf("%s: the report says \"conforme\"", name)
			}
		}
	}
}

// judged by a plan or state; funding, evidence and migrations never are, and
// their messages are printed in English, marked as such.
var translated = []string{"apart", "classes", "identity", "places", "replication", "protection"}

// Every sentence that the rules on what a plan holds can say has its Italian.
// Sentences are the string constants of the rules' own source.
func TestEveryMessageHasItsItalian(t *testing.T) {
	t.Parallel()
	verbs := regexp.MustCompile(`%(\.\d)?[a-z]`)
	seen := 0
	for _, name := range translated {
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
			seen++
			if _, ok := report.InItalian(verbs.ReplaceAllString(text, "site")); !ok {
				t.Errorf("%s.go: no Italian for %q: add it to italian.json", name, text)
			}
			return true
		})
	}
	if seen < 60 {
		t.Errorf("only %d sentences found", seen)
	}
}
