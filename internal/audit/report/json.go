package report

import (
	"encoding/json"
	"io"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// writeJSON writes the report as described by report.schema.json: the wording
// of messages follows the language, everything else does not.
func writeJSON(w io.Writer, r *audit.Report, o Options) error {
	rules := rulesByID()
	inWords := *r
	inWords.Findings = make([]psn.Finding, len(r.Findings))
	for i, f := range r.Findings {
		s := o.Language.say(f, rules[f.Rule])
		f.Message, f.Remedy = s.Message, s.Remedy
		inWords.Findings[i] = f
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Schema   string   `json:"$schema"`
		Language Language `json:"language"`
		*audit.Report
	}{SchemaID, o.Language, &inWords})
}

// SchemaID names the version of the JSON form. It changes when a field is
// removed or changes its meaning, not when one is added.
const SchemaID = "urn:italia:psn:audit-report:1"
