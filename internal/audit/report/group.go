package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// group is what one rule found with one severity and outcome, in the words of a
// language.
type group struct {
	Rule     string
	Severity psn.Severity
	Outcome  psn.Outcome
	Text     string // what the rule demands
	Grounds  string // basis and citation
	Items    []item
	Remedies []string // distinct, in order

	at map[string]int // index of items by their words
}

// item is what was found, once for all subjects of which it is said in the same
// words.
type item struct {
	said
	Subjects []string
}

// said is a finding in the words of a language.
type said struct {
	psn.Finding
	// Foreign says that message or remedy are in English because there are no
	// words for them in the language asked for.
	Foreign bool
	Aside   string // the derogation that set the rule aside, in words
}

// groups puts the findings of a report together by rule, keeping their order.
func groups(r *audit.Report, lang Language) []group {
	type key struct {
		rule     string
		severity psn.Severity
		outcome  psn.Outcome
	}
	rules := rulesByID()
	var out []group
	at := map[key]int{}
	for _, f := range r.Findings {
		k := key{f.Rule, f.Severity, f.Outcome}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, group{
				Rule: f.Rule, Severity: f.Severity, Outcome: f.Outcome, Text: rules[f.Rule].Text(string(lang)),
				Grounds: lang.grounds(f.Basis, f.Citation),
			})
		}
		s := lang.say(f, rules[f.Rule])
		out[i].add(s)
		if s.Remedy != "" && !slices.Contains(out[i].Remedies, s.Remedy) {
			out[i].Remedies = append(out[i].Remedies, s.Remedy)
		}
	}
	return out
}

func (g *group) add(s said) {
	words := s.Message + "\x00" + s.Aside
	if i, ok := g.at[words]; ok {
		g.Items[i].Subjects = append(g.Items[i].Subjects, s.Subject)
		return
	}
	if g.at == nil {
		g.at = map[string]int{}
	}
	g.at[words] = len(g.Items)
	g.Items = append(g.Items, item{s, []string{s.Subject}})
}

func rulesByID() map[string]policy.Rule {
	out := map[string]policy.Rule{}
	for _, r := range audit.Rules() {
		out[r.ID] = r
	}
	return out
}

// say puts a finding into words for people.
func (l Language) say(f psn.Finding, rule policy.Rule) said {
	// The text of the rule stands above the message already.
	if short, cut := strings.CutSuffix(f.Message, ", so this cannot be decided: "+rule.English); cut {
		// So does the subject.
		f.Message = strings.Replace(short, " of "+f.Subject+" is not known yet", " is not known yet", 1)
	}
	s := said{Finding: f}
	if f.Subject == "" {
		s.Subject = l.word("id known after apply")
	}
	if f.Derogation.ID != "" {
		d := f.Derogation
		s.Aside = l.word("derogation") + " " + d.ID + ", " + d.Author + ", " + d.Date + ": " + d.Reason + " (" + l.word("until") + " " + d.Expiry + ")"
	}
	if l == Italian {
		message, ok := inItalian(f.Message)
		remedy, also := inItalian(f.Remedy)
		s.Message, s.Remedy, s.Foreign = message, remedy, !ok || !also
		if !ok {
			s.Message += " [in inglese]"
		}
		if !also {
			s.Remedy += " [in inglese]"
		}
	}
	return s
}

// tally counts what a plan does, "" for a state.
func tally(r *audit.Report, lang Language) string {
	counts := map[string]int{}
	for _, a := range r.Actions {
		counts[a.Action]++
	}
	var parts []string
	for _, a := range []string{"create", "update", "replace", "delete", "forget", "move", "none"} {
		if n := counts[a]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", lang.word("action "+a), n))
		}
	}
	return strings.Join(parts, ", ")
}
