package report

import (
	_ "embed" // the Italian of messages
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/italia/terraform-provider-psn/internal/catalog"
)

//go:embed italian.json
var italianJSON []byte

// phrase is a message in English with {places} and its Italian. A place whose
// name begins with "class" holds a class: "class" is put in the masculine,
// "classf" in the feminine; one that begins with "text" holds a message again,
// one that begins with "amount" an amount with units, "km" a distance.
type phrase struct {
	fixed  []string // what stands between the places, one more than places
	places []string
	target string
}

var phrases = sync.OnceValue(func() []phrase {
	var table [][2]string
	if err := json.Unmarshal(italianJSON, &table); err != nil {
		panic(fmt.Sprintf("report: italian.json: %v", err)) // the tests of this package show that it parses
	}
	var out []phrase
	for _, row := range table {
		p := phrase{target: row[1]}
		rest := row[0]
		for {
			open := strings.IndexByte(rest, '{')
			if open < 0 {
				p.fixed = append(p.fixed, rest)
				break
			}
			end := open + strings.IndexByte(rest[open:], '}')
			p.fixed = append(p.fixed, rest[:open])
			p.places = append(p.places, rest[open+1:end])
			rest = rest[end+1:]
		}
		out = append(out, p)
	}
	// Messages on migrations end in a verdict of the matrix of their call.
	for _, m := range catalog.Matrices() {
		for _, v := range m.Verdicts {
			out = append(out, phrase{fixed: []string{v.English}, target: v.Italian})
		}
	}
	// What says more stands first: "{a} has no {b}" must not take what is meant
	// for "machine {a} has no standby at {b}".
	slices.SortStableFunc(out, func(a, b phrase) int { return len(strings.Join(b.fixed, "")) - len(strings.Join(a.fixed, "")) })
	return out
})

// inItalian translates a message; ok is false when there are no words for it,
// and the message is returned as it is.
func inItalian(message string) (string, bool) {
	if message == "" {
		return "", true
	}
	for _, p := range phrases() {
		values, ok := p.match(message)
		if !ok {
			continue
		}
		if out, complete := p.fill(values); complete {
			return out, true
		}
	}
	return message, false
}

func (p phrase) match(message string) ([]string, bool) {
	rest, ok := strings.CutPrefix(message, p.fixed[0])
	if !ok {
		return nil, false
	}
	last := len(p.fixed) - 1
	if last == 0 {
		return nil, rest == ""
	}
	values := make([]string, 0, last)
	for _, f := range p.fixed[1:last] {
		i := strings.Index(rest, f)
		if i < 0 {
			return nil, false
		}
		values = append(values, rest[:i])
		rest = rest[i+len(f):]
	}
	end, ok := strings.CutSuffix(rest, p.fixed[last])
	return append(values, end), ok
}

// fill puts values into the target; ok is false when one has no words.
func (p phrase) fill(values []string) (out string, ok bool) {
	out = p.target
	for i, place := range p.places {
		v, known := valueInItalian(place, values[i])
		if !known {
			return "", false
		}
		out = strings.ReplaceAll(out, "{"+place+"}", v)
	}
	return out, true
}

func valueInItalian(place, v string) (string, bool) {
	switch {
	case strings.HasPrefix(place, "classf"):
		return inTable(v, map[string]string{"ordinary": "ordinaria", "critical": "critica", "strategic": "strategica"}), true
	case strings.HasPrefix(place, "class"):
		return inTable(v, map[string]string{"ordinary": "ordinario", "critical": "critico", "strategic": "strategico", "of every class": "di ogni classe"}), true
	case strings.HasPrefix(place, "what"):
		it, ok := map[string]string{
			"site": "il sito", "standby site": "il sito della riserva", "target site": "il sito di destinazione", "standby_site": "il sito della riserva",
			"destroyed": "distrutto", "destroyed and made again": "distrutto e rifatto", "left to itself, no longer managed": "lasciato a sé, non più gestito",
		}[v]
		return it, ok
	case strings.HasPrefix(place, "text"):
		return inItalian(v)
	case strings.HasPrefix(place, "amount"):
		return strings.NewReplacer("vCPUs", "vCPU", " of RAM", " di RAM", " of memory", " di RAM", " of storage", " di disco").Replace(v), true
	case strings.HasPrefix(place, "km"):
		return Italian.decimal(v), true
	case strings.HasPrefix(place, "value"):
		return inTable(v, map[string]string{"absent": "assente", "another value": "un altro valore", "set": "valorizzato"}), true
	case strings.HasPrefix(place, "field"):
		return strings.Replace(v, " of service ", " del servizio ", 1), true
	}
	return clusterAt.ReplaceAllString(v, "cluster $1 a $2"), true
}

// clusterAt is how a place names a cluster.
var clusterAt = regexp.MustCompile(`\bcluster (\S+) at (\S+)`)

func inTable(v string, table map[string]string) string {
	if it, ok := table[v]; ok {
		return it
	}
	return v
}
