package report

import (
	_ "embed" // the page and its style
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

//go:embed page.gohtml
var pageText string

//go:embed page.css
var pageStyle string

// pages holds the page of every language: to make one safe costs more than to
// fill it in.
var pages = sync.OnceValue(func() map[Language]*template.Template {
	out := map[Language]*template.Template{}
	for _, l := range Languages() {
		out[l] = template.Must(template.New("page").Funcs(functions(l)).Parse(pageText))
	}
	return out
})

// sheet is what the page shows.
type sheet struct {
	*audit.Report
	Lang     Language
	Style    template.CSS
	Source   string
	Groups   []group
	Map      siteMap
	Cards    []card
	Rooms    []room
	Done     []audit.Action // what changes
	Same     int            // how many resources stay as they are
	Verdicts []verdict
	Idle     []policy.Rule // rules of which the file has no subject
	Headline string        // key of the sentence on top
	Mood     string        // "passed", "info", "warning", "undecidable" or "failed"
}

// card is one service with its machines and what was found on them.
type card struct {
	audit.Service
	Machines []audit.Machine
	Findings []said
}

// verdict is a rule with what it came to.
type verdict struct {
	policy.Rule
	Outcome string
}

func writeHTML(w io.Writer, r *audit.Report, o Options) error {
	s := sheet{
		Report: r, Lang: o.Language, Style: template.CSS(pageStyle), Source: o.Source, //nolint:gosec // our own style sheet
		Groups: groups(r, o.Language), Map: mapOf(r, o.Language), Cards: cards(r, o.Language), Rooms: rooms(r),
	}
	for _, a := range r.Actions {
		if a.Action == "none" {
			s.Same++
		} else {
			s.Done = append(s.Done, a)
		}
	}
	rules := rulesByID()
	for _, outcome := range r.Rules {
		if outcome.Outcome == "not applied" {
			s.Idle = append(s.Idle, rules[outcome.ID])
		} else {
			s.Verdicts = append(s.Verdicts, verdict{rules[outcome.ID], outcome.Outcome})
		}
	}
	c := r.Counts
	switch {
	case c.Errors > 0:
		s.Headline, s.Mood = "outcome some failed", "failed"
	case c.Undecidable > 0:
		s.Headline, s.Mood = "outcome some open", "undecidable"
	case c.Warnings > 0:
		s.Headline, s.Mood = "outcome some warnings", "warning"
	case c.Derogated > 0:
		s.Headline, s.Mood = "outcome some derogated", "undecidable"
	case c.Infos > 0:
		s.Headline, s.Mood = "outcome some infos", "info"
	default:
		s.Headline, s.Mood = "outcome all passed", "passed"
	}
	return pages()[o.Language].Execute(w, s)
}

func functions(lang Language) template.FuncMap {
	return template.FuncMap{
		"t": lang.word, "grounds": lang.grounds,
		"tally": func(r *audit.Report) string { return tally(r, lang) },
		"site":  siteName,
		"km":    func(v float64) string { return lang.decimal(strconv.FormatFloat(v, 'f', 1, 64)) },
		"gib":   func(mib int64) string { return lang.number(gib(mib)) },
		"n":     lang.number,
		"when": func(t time.Time) string {
			if t.IsZero() {
				return lang.word("not given")
			}
			return lang.when(t)
		},
		// known shows a value, or that it is not given or not known yet.
		"known": func(value, field string, notKnown []string) string {
			switch {
			case slices.Contains(notKnown, field):
				return lang.word("known later")
			case value == "":
				return "–"
			}
			return value
		},
		"text":   func(r policy.Rule) string { return r.Text(string(lang)) },
		"wrap":   breakable,
		"plain":  func(v any) string { return strings.ReplaceAll(toString(v), " ", "-") },
		"string": toString,
	}
}

func toString(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case psn.Severity:
		return string(x)
	case psn.Outcome:
		return string(x)
	case psn.Basis:
		return string(x)
	case psn.Site:
		return string(x)
	case psn.Platform:
		return string(x)
	case audit.Kind:
		return string(x)
	case audit.Limit:
		return string(x)
	}
	return ""
}

// siteName is the Italian name of a site as users write it; what is no site is
// shown as it is.
func siteName(v any) string {
	s := toString(v)
	if c, ok := catalog.SiteOf(psn.Site(s)); ok {
		return c.Name
	}
	return s
}

// gib rounds down to whole GiB, away from zero for a shortage.
func gib(mib int64) int64 {
	if mib < 0 {
		return -((-mib + 1023) / 1024)
	}
	return mib / 1024
}

// breakable lets long ids and digests break after their separators.
func breakable(v string) template.HTML {
	escaped := template.HTMLEscapeString(v)
	return template.HTML(strings.NewReplacer("/", "/<wbr>", ".", ".<wbr>", "[", "<wbr>[").Replace(escaped)) //nolint:gosec // escaped above
}

// cards puts services together with their machines and findings.
func cards(r *audit.Report, lang Language) []card {
	rules := rulesByID()
	machines := map[string][]audit.Machine{}
	serviceOf := map[string]string{}
	for _, m := range r.Machines {
		machines[m.Service] = append(machines[m.Service], m)
		serviceOf[m.ID] = m.Service
	}
	found := map[string][]said{}
	for _, f := range r.Findings {
		service, ok := serviceOf[f.Subject]
		if !ok {
			service = f.Subject
		}
		found[service] = append(found[service], lang.say(f, rules[f.Rule]))
	}
	var out []card
	for _, s := range r.Services {
		out = append(out, card{s, machines[s.ID], found[s.ID]})
	}
	return out
}

// room is a cluster in normal operation and after the loss that leaves it least.
type room struct {
	audit.Room
	Worst audit.Room
}

// rooms puts the scenarios of a cluster together.
func rooms(r *audit.Report) []room {
	var out []room
	at := map[string]int{}
	for _, h := range r.Headroom {
		key := string(h.Site) + "/" + string(h.Platform) + "/" + h.Cluster
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, room{Room: audit.Room{Site: h.Site, Platform: h.Platform, Cluster: h.Cluster, Capacity: h.Capacity, Free: h.Capacity}})
		}
		if h.Normal() {
			out[i].Room = h
			continue
		}
		if w := out[i].Worst; w.Cluster == "" || tightness(h) < tightness(w) {
			out[i].Worst = h
		}
	}
	return out
}

// tightness is the least share left of any resource, in thousandths.
func tightness(r audit.Room) int64 {
	least := int64(1000)
	for _, v := range [][2]int64{
		{r.Free.VCPUs, r.Capacity.VCPUs}, {r.Free.MemoryMiB, r.Capacity.MemoryMiB}, {r.Free.StorageMiB, r.Capacity.StorageMiB},
	} {
		if v[1] > 0 {
			least = min(least, v[0]*1000/v[1])
		}
	}
	return least
}
