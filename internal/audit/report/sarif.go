package report

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

type object = map[string]any

// writeSARIF writes SARIF 2.1.0. A rule that could not be decided is a result of
// kind "open", as the standard wants it, and has no level.
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
	results := []object{}
	for _, f := range r.Findings {
		s := o.Language.say(f, rules[f.Rule])
		text := s.Message
		if s.Remedy != "" {
			text += " (" + o.Language.word("remedy") + ": " + s.Remedy + ")"
		}
		result := object{
			"ruleId": f.Rule, "ruleIndex": index[f.Rule], "kind": "fail", "level": level(f.Severity),
			"message": object{"text": text},
			"locations": []object{{
				"physicalLocation": object{"artifactLocation": object{"uri": sourceURI(o.Source), "index": 0}},
				"logicalLocations": logicalLocations(r.Addresses[f.Subject], s.Subject),
			}},
			"partialFingerprints": object{"psn/v1": f.Rule + ":" + f.Subject},
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
	artifact := object{
		"location": object{"uri": sourceURI(o.Source)}, "length": r.Document.Bytes, "mimeType": "application/json",
		"hashes": object{"sha-256": strings.TrimPrefix(r.Document.Digest, "sha256:")},
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(object{
		"$schema": sarifSchema, "version": "2.1.0",
		"runs": []object{{
			"tool": object{"driver": driver}, "language": string(o.Language), "columnKind": "utf16CodeUnits",
			"artifacts": []object{artifact}, "results": results,
			"invocations": []object{{"executionSuccessful": true, "endTimeUtc": r.EvaluatedAt.Format(time.RFC3339)}},
		}},
	})
}

// logicalLocations are the addresses in the configuration, then the natural id.
func logicalLocations(addresses []string, subject string) []object {
	out := []object{}
	for _, a := range addresses {
		out = append(out, object{"fullyQualifiedName": a, "kind": "resource"})
	}
	if !slices.Contains(addresses, subject) {
		out = append(out, object{"fullyQualifiedName": subject, "kind": "resource"})
	}
	return out
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

// sourceURI is the file's name as a URI reference.
func sourceURI(source string) string {
	if source == "" {
		source = "plan.json"
	}
	return (&url.URL{Path: filepath.ToSlash(source)}).String()
}
