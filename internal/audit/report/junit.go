package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// junitCase is one rule. JUnit knows no warning: a rule that failed with
// warnings only passes and says them in its output; a rule that could not be
// decided is an error when its severity is, and skipped otherwise, unless it
// failed on something else.
type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Error   *junitMessage `xml:"error,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, r *audit.Report, o Options) error {
	t := o.Language.word
	rules := rulesByID()
	byRule := map[string][]psn.Finding{}
	for _, f := range r.Findings {
		byRule[f.Rule] = append(byRule[f.Rule], f)
	}
	suite := junitSuite{
		Name: "psn audit " + o.Source, Timestamp: r.EvaluatedAt.Format(time.RFC3339),
		Properties: []junitProperty{{"document", r.Document.Digest}, {"policy", r.PolicyDigest}},
	}
	for _, outcome := range r.Rules {
		rule := rules[outcome.ID]
		c := junitCase{Class: "psn." + strings.ToLower(strings.SplitN(rule.ID, "-", 2)[0]), Name: rule.ID + " " + rule.Text(string(o.Language))}
		var failed, open, other []string
		grave := false // something of severity error could not be decided
		for _, f := range byRule[rule.ID] {
			s := o.Language.say(f, rule)
			line := fmt.Sprintf("%s: %s (%s)", s.Subject, s.Message, s.Remedy)
			switch {
			case f.Outcome == psn.Undecidable:
				open = append(open, line)
				grave = grave || f.Severity == psn.SeverityError
			case f.Outcome == psn.Derogated:
				other = append(other, t("outcome derogated")+": "+line+" "+s.Aside)
			case f.Severity == psn.SeverityError:
				failed = append(failed, line)
			default:
				other = append(other, t(string(f.Severity))+": "+line)
			}
		}
		switch {
		case len(failed) > 0:
			c.Failure = &junitMessage{failed[0], string(psn.SeverityError), strings.Join(failed, "\n")}
			c.Output = strings.Join(append(open, other...), "\n")
			suite.Failures++
		case grave:
			c.Error = &junitMessage{t("not decidable at plan"), string(psn.SeverityError), strings.Join(open, "\n")}
			c.Output = strings.Join(other, "\n")
			suite.Errors++
		case len(open) > 0:
			c.Skipped = &junitMessage{Message: t("not decidable at plan"), Text: strings.Join(open, "\n")}
			c.Output = strings.Join(other, "\n")
			suite.Skipped++
		case outcome.Outcome == "not applied":
			c.Skipped = &junitMessage{Message: t("outcome not applied")}
			suite.Skipped++
		default:
			c.Output = strings.Join(other, "\n")
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	err := enc.Encode(junitSuites{Name: "psn audit", Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Skipped: suite.Skipped, Suite: suite})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n")
	return err
}
