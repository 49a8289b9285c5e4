package report

import (
	"encoding/csv"
	"io"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/audit"
)

// writeCSV writes one row per finding, UTF-8, lines ended by CR LF (RFC 4180),
// then one row for every rule that was passed or had nothing to judge.
func writeCSV(w io.Writer, r *audit.Report, o Options) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if o.Separator != 0 {
		out.Comma = o.Separator
	}
	t := o.Language.word
	var head []string
	for _, h := range []string{"rule", "outcome", "severity", "subject", "message", "remedy", "basis", "citation", "rule text"} {
		head = append(head, t("column "+h))
	}
	if err := out.Write(head); err != nil {
		return err
	}
	row := func(cells ...string) error {
		for i, c := range cells {
			cells[i] = inert(c)
		}
		return out.Write(cells)
	}
	rules := rulesByID()
	for _, f := range r.Findings {
		rule := rules[f.Rule]
		s := o.Language.say(f, rule)
		err := row(f.Rule, t("outcome "+string(f.Outcome)), t(string(f.Severity)), s.Subject, s.Message, s.Remedy,
			t("basis "+string(f.Basis)), o.Language.citation(f.Citation), rule.Text(string(o.Language)))
		if err != nil {
			return err
		}
	}
	for _, outcome := range r.Rules {
		if outcome.Outcome != "passed" && outcome.Outcome != "not applied" {
			continue
		}
		rule := rules[outcome.ID]
		err := row(rule.ID, t("outcome "+outcome.Outcome), "", "", "", "",
			t("basis "+string(rule.Basis)), o.Language.citation(rule.Citation), rule.Text(string(o.Language)))
		if err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// inert keeps a spreadsheet from taking a cell for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
