package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// writeText prints the report for a terminal: findings by rule, worst first.
func writeText(w io.Writer, r *audit.Report, o Options) error {
	t := o.Language.word
	d := r.Document
	fmt.Fprintf(w, "%s: %s, format %s, %s, %d bytes\n", t("file"), t(string(d.Kind)), d.FormatVersion, d.Digest, d.Bytes)
	if s := r.State; s != nil {
		fmt.Fprintf(w, "%s: %s, %s, %d bytes\n", t("compared with"), t(string(s.Kind)), s.Digest, s.Bytes)
	}
	fmt.Fprintf(w, "%s: %s, %s %s\n", t("rules"), r.PolicyDigest, t("judged at"), r.EvaluatedAt.Format(time.RFC3339))
	if d.Timestamp.IsZero() {
		fmt.Fprintln(w, t("judged now"))
	}
	s := r.Subjects
	fmt.Fprintf(w, "%s: %d, %s: %d, %s: %d, %s: %d\n", t("tenants"), s.Tenants, t("services"), s.Services, t("machines"), s.Machines, t("replicas"), s.Replicas)
	if did := tally(r, o.Language); did != "" {
		fmt.Fprintf(w, "%s: %s\n", t("changes"), did)
	}
	fmt.Fprintln(w)
	for _, g := range groups(r, o.Language) {
		writeGroup(w, g, o.Language)
	}
	for _, d := range r.Derogations {
		fmt.Fprintf(w, "%s  %s  %s  %s (%s)\n", t("derogation"), d.Rule, d.Subject, d.ID, t(d.State))
	}
	if len(r.Derogations) > 0 {
		fmt.Fprintln(w)
	}
	if len(r.Findings) == 0 {
		fmt.Fprintf(w, "%s\n\n", t("no findings"))
	}
	c := r.Counts
	fmt.Fprintf(w, t("findings summary")+"\n", c.Errors, c.Warnings, c.Infos, c.Undecidable, c.Derogated)
	fmt.Fprintf(w, t("rules summary")+"\n", c.RulesPassed, c.RulesFailed, c.RulesUndecidable, c.RulesDerogated, c.RulesNotApplied)
	if n := r.Open(); n > 0 {
		fmt.Fprintf(w, t("open errors")+"\n", n)
	}
	fmt.Fprintf(w, "\n%s:\n", t("h limits"))
	for _, l := range r.Limits {
		if _, err := fmt.Fprintf(w, "  - %s\n", t("limit "+string(l))); err != nil {
			return err
		}
	}
	for _, line := range r.NotCompared {
		if _, err := fmt.Fprintf(w, "      %s\n", line); err != nil {
			return err
		}
	}
	return nil
}

func writeGroup(w io.Writer, g group, lang Language) {
	heading := lang.word(string(g.Severity))
	if g.Outcome != psn.Failed {
		heading = fmt.Sprintf("%s (%s)", lang.word("outcome "+string(g.Outcome)), heading)
	}
	fmt.Fprintf(w, "%s  %s  %s\n", heading, g.Rule, g.Text)
	for _, f := range g.Items {
		fmt.Fprintf(w, "  - %s: %s\n", strings.Join(f.Subjects, ", "), f.Message)
		if f.Aside != "" {
			fmt.Fprintf(w, "    %s\n", f.Aside)
		}
	}
	fmt.Fprintf(w, "    %s: %s\n", lang.word("basis"), g.Grounds)
	for _, remedy := range g.Remedies {
		fmt.Fprintf(w, "    %s: %s\n", lang.word("remedy"), remedy)
	}
	fmt.Fprintln(w)
}
