package audit

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Language is the language of headings and of the summary. Messages of rules
// keep the words they are written in.
type Language string

// The languages.
const (
	English Language = "en"
	Italian Language = "it"
)

// Languages returns the languages in which a report can be printed.
func Languages() []Language { return []Language{English, Italian} }

type words struct {
	kind                                         map[Kind]string
	file, rules, at, rule, remedy, basis         string
	tenants, services, machines, replicas        string
	severity                                     map[psn.Severity]string
	undecidable                                  string
	bases                                        map[psn.Basis]string
	rulesSummary, findingsSummary, none, unnamed string
}

var vocabulary = map[Language]words{
	English: {
		kind: map[Kind]string{KindPlan: "plan", KindState: "state"},
		file: "file", rules: "rules", at: "judged at", rule: "rule", remedy: "remedy", basis: "basis",
		tenants: "tenants", services: "services", machines: "machines", replicas: "replicas",
		severity:    map[psn.Severity]string{psn.SeverityError: "error", psn.SeverityWarning: "warning", psn.SeverityInfo: "info"},
		undecidable: "undecidable",
		bases: map[psn.Basis]string{
			psn.BasisLaw: "law", psn.BasisFunding: "funding rule", psn.BasisProject: "project", psn.BasisMeasure: "published data",
		},
		rulesSummary:    "rules passed: %d, not passed: %d, undecidable: %d, without a subject: %d\n",
		findingsSummary: "findings: %d errors, %d warnings, %d info, %d undecidable\n",
		none:            "no findings",
		unnamed:         "(id known after apply)",
	},
	Italian: {
		kind: map[Kind]string{KindPlan: "piano", KindState: "stato"},
		file: "documento", rules: "regole", at: "valutato al", rule: "regola", remedy: "rimedio", basis: "base",
		tenants: "amministrazioni", services: "servizi", machines: "macchine", replicas: "repliche",
		severity:    map[psn.Severity]string{psn.SeverityError: "errore", psn.SeverityWarning: "avviso", psn.SeverityInfo: "informazione"},
		undecidable: "non decidibile",
		bases: map[psn.Basis]string{
			psn.BasisLaw: "norma", psn.BasisFunding: "regola di finanziamento", psn.BasisProject: "progetto", psn.BasisMeasure: "dati pubblicati",
		},
		rulesSummary:    "regole superate: %d, non superate: %d, non decidibili: %d, senza soggetti: %d\n",
		findingsSummary: "rilievi: %d errori, %d avvisi, %d informazioni, %d non decidibili\n",
		none:            "nessun rilievo",
		unnamed:         "(id noto dopo l'apply)",
	},
}

// WriteText prints the report for people.
func (r *Report) WriteText(out io.Writer, lang Language) error {
	t, ok := vocabulary[lang]
	if !ok {
		return psn.Errorf(psn.InvalidInput, "unknown language %q: use one of %q", lang, Languages())
	}
	w := bufio.NewWriter(out)
	d := r.Document
	fmt.Fprintf(w, "%s: %s, format %s, %s, %d bytes\n", t.file, t.kind[d.Kind], d.FormatVersion, d.Digest, d.Bytes)
	fmt.Fprintf(w, "%s: %s, %s %s\n", t.rules, r.PolicyDigest, t.at, r.EvaluatedAt.Format(time.RFC3339))
	s := r.Subjects
	fmt.Fprintf(w, "%s: %d, %s: %d, %s: %d, %s: %d\n\n", t.tenants, s.Tenants, t.services, s.Services, t.machines, s.Machines, t.replicas, s.Replicas)
	for _, f := range r.Findings {
		writeFinding(w, t, lang, f)
	}
	if len(r.Findings) == 0 {
		fmt.Fprintf(w, "%s\n\n", t.none)
	}
	c := r.Counts
	fmt.Fprintf(w, t.findingsSummary, c.Errors, c.Warnings, c.Infos, c.Undecidable)
	fmt.Fprintf(w, t.rulesSummary, c.RulesPassed, c.RulesFailed, c.RulesUndecidable, c.RulesNotApplied)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func writeFinding(w io.Writer, t words, lang Language, f psn.Finding) {
	heading := t.severity[f.Severity]
	if f.Outcome == psn.Undecidable {
		heading = fmt.Sprintf("%s (%s)", t.undecidable, heading)
	}
	subject := f.Subject
	if subject == "" {
		subject = t.unnamed
	}
	fmt.Fprintf(w, "%s  %s  %s\n    %s\n", heading, f.Rule, subject, f.Message)
	if rule := textOf(f.Rule, lang); rule != "" {
		fmt.Fprintf(w, "    %s: %s\n", t.rule, rule)
	}
	fmt.Fprintf(w, "    %s: %s; %s\n", t.basis, t.bases[f.Basis], f.Citation)
	if f.Remedy != "" {
		fmt.Fprintf(w, "    %s: %s\n", t.remedy, f.Remedy)
	}
	fmt.Fprintln(w)
}
