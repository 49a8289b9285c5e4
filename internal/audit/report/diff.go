package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// WriteDiff writes a comparison as text or JSON. It fails with psn.InvalidInput
// for another format.
func WriteDiff(out io.Writer, d audit.Diff, o Options) error {
	switch o.Format {
	case JSON:
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(d)
	case Text:
		w := bufio.NewWriter(out)
		writeDiffText(w, d, o.Language)
		return w.Flush()
	default:
		return psn.Errorf(psn.InvalidInput, "a comparison has no format %q: use text or json", o.Format)
	}
}

func writeDiffText(w io.Writer, d audit.Diff, lang Language) {
	t := lang.word
	for _, side := range []struct {
		sign string
		doc  audit.Document
	}{{"-", d.Old}, {"+", d.New}} {
		fmt.Fprintf(w, "%s %s, %s\n", side.sign, t(string(side.doc.Kind)), side.doc.Digest)
	}
	fmt.Fprintln(w)
	rules := rulesByID()
	var last audit.Effect
	for _, c := range d.Changes {
		if c.Effect != last {
			fmt.Fprintf(w, "%s\n", t("effect "+string(c.Effect)))
			last = c.Effect
		}
		if c.Finding != nil {
			s := lang.say(*c.Finding, rules[c.Finding.Rule])
			fmt.Fprintf(w, "  %s  %s: %s → %s\n      %s\n", c.Finding.Rule, s.Subject, t("outcome "+c.Old), t("outcome "+c.New), s.Message)
			continue
		}
		fmt.Fprintf(w, "  %s %s: %s → %s\n", t("diff "+c.What), c.Subject, side(t, c.Old), side(t, c.New))
	}
	if len(d.Changes) > 0 {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, t("diff summary")+"\n", d.Worse, d.Better, len(d.Changes)-d.Worse-d.Better)
}

func side(t func(string) string, v string) string {
	if v == "" {
		return t("absent")
	}
	if w := t("role " + v); w != "role "+v {
		return w
	}
	return t(v)
}
