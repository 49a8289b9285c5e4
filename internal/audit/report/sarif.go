package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

type object = map[string]any

// writeSARIF writes SARIF 2.1.0. A rule that could not be decided is a result of
// kind "open", as the standard wants it, and has no level. A result is where the
// configuration declares its subject, or else in the file audited.
func writeSARIF(w io.Writer, r *audit.Report, o Options) error {
	rules := rulesByID()
	index := map[string]int{}
	var descriptors []object
	for i, outcome := range r.Rules {
		rule := rules[outcome.ID]
		index[rule.ID] = i
		descriptors = append(descriptors, object{
			"id":                   rule.ID,
			"shortDescription":     object{"text": rule.Text(string(o.Language))},
			"fullDescription":      object{"text": rule.Text(string(o.Language)) + " " + o.Language.word("basis") + ": " + o.Language.word("basis "+string(rule.Basis)) + "; " + o.Language.citation(rule.Citation)},
			"defaultConfiguration": object{"level": level(rule.Severity)},
			"properties":           object{"basis": rule.Basis, "citation": rule.Citation, "outcome": outcome.Outcome},
		})
	}
	where := newPlaces(r, o)
	results := []object{}
	for _, f := range r.Findings {
		s := o.Language.say(f, rules[f.Rule])
		text := s.Message
		if s.Remedy != "" {
			text += " (" + o.Language.word("remedy") + ": " + s.Remedy + ")"
		}
		result := object{
			"ruleId": f.Rule, "ruleIndex": index[f.Rule], "kind": "fail", "level": level(f.Severity),
			"message":             object{"text": text},
			"partialFingerprints": object{"psn/v1": f.Rule + ":" + f.Subject},
		}
		first, others := where.of(f.Subject, s.Subject)
		result["locations"] = []object{first}
		if len(others) > 0 {
			result["relatedLocations"] = others
		}
		if f.Outcome == psn.Undecidable {
			result["kind"], result["level"] = "open", "none"
		}
		if f.Outcome == psn.Derogated {
			result["suppressions"] = []object{{"kind": "external", "status": "accepted", "justification": s.Aside}}
		}
		results = append(results, result)
	}
	driver := object{"name": "psn audit", "rules": descriptors, "properties": object{"policyDigest": r.PolicyDigest}}
	if r.Program != "" {
		driver["version"] = r.Program
	}
	invocation := object{"executionSuccessful": true, "endTimeUtc": r.EvaluatedAt.Format(time.RFC3339)}
	if notes := where.notes(); len(notes) > 0 {
		invocation["toolExecutionNotifications"] = notes
		driver["notifications"] = []object{{"id": notRead, "shortDescription": object{"text": o.Language.word("configuration not read")}}}
	}
	run := object{
		"tool": object{"driver": driver}, "language": string(o.Language), "columnKind": "utf16CodeUnits",
		"artifacts": where.artifacts, "results": results, "invocations": []object{invocation},
	}
	if bases := where.bases(); bases != nil {
		run["originalUriBaseIds"] = bases
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(object{"$schema": sarifSchema, "version": "2.1.0", "runs": []object{run}})
}

func level(s psn.Severity) string {
	switch s {
	case psn.SeverityError:
		return "error"
	case psn.SeverityWarning:
		return "warning"
	default:
		return "note"
	}
}
