package report

import (
	_ "embed" // the words of both languages
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Language is the language a report is written in. Attribute names, ids and the
// titles of acts stay as they are.
type Language string

// The languages.
const (
	English Language = "en"
	Italian Language = "it"
)

// Languages returns the languages in which a report can be written.
func Languages() []Language { return []Language{English, Italian} }

//go:embed words.json
var wordsJSON []byte

var words = sync.OnceValue(func() map[string]map[Language]string {
	var table map[string]map[Language]string
	if err := json.Unmarshal(wordsJSON, &table); err != nil {
		panic(fmt.Sprintf("report: words.json: %v", err)) // the tests of this package show that it parses
	}
	return table
})

// word returns the words for key; a key without words is printed as it is, so
// that a value of the file that is not foreseen is still shown.
func (l Language) word(key string) string {
	if w, ok := words()[key][l]; ok {
		return w
	}
	return key
}

// citation puts the opening of a citation into the language; titles of acts
// stay Italian.
func (l Language) citation(c string) string {
	const own = "regola di progetto, non di legge"
	if rest, ok := strings.CutPrefix(c, own); ok && l == English {
		return "regola di progetto: a rule of this project, not of law" + rest
	}
	return c
}

// grounds says what a rule rests on. A rule of this project says so in its
// citation already.
func (l Language) grounds(b psn.Basis, citation string) string {
	if b == psn.BasisProject {
		return l.citation(citation)
	}
	return l.word("basis "+string(b)) + ": " + l.citation(citation)
}
