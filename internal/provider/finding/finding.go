// Package finding shows the verdicts of rules in Terraform: as a computed
// attribute, which a saved plan keeps, and as diagnostics, which it does not.
// It takes documented derogations too. It judges nothing, and must not know any
// resource.
package finding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// fields are the attributes of a finding, in the order of psn.Finding.
var fields = []struct{ name, doc string }{
	{"rule", "Identifier of the rule, for example `PLC-002`."},
	{"severity", "`error`, `warning` or `info`."},
	{"outcome", "`failed`, `undecidable` when the rule could not be decided with what is known, or `derogated` when a documented derogation sets it aside."},
	{"subject", "Natural id of the tenant, service or machine judged."},
	{"message", "What is wrong, in words, with the values."},
	{"remedy", "What to change."},
	{"basis", "Where the rule comes from: `law`, `funding`, `project` (a rule of this project, not of law) or `measure`."},
	{"citation", "Source of the rule."},
}

// Attribute is the schema of a computed list of findings.
func Attribute() schema.ListNestedAttribute {
	attrs := make(map[string]schema.Attribute, len(fields))
	for _, f := range fields {
		attrs[f.name] = schema.StringAttribute{Computed: true, MarkdownDescription: f.doc}
	}
	attrs["derogation"] = referenceAttribute()
	return schema.ListNestedAttribute{
		Computed: true,
		MarkdownDescription: "Rules not passed, known in the plan: what an auditor reads in a saved plan. " +
			"An empty list means that every rule evaluated on this object was passed.",
		NestedObject: schema.NestedAttributeObject{Attributes: attrs},
	}
}

// Type is the object type of one finding.
func Type() types.ObjectType {
	t := make(map[string]attr.Type, len(fields))
	for _, f := range fields {
		t[f.name] = types.StringType
	}
	t["derogation"] = referenceType()
	return types.ObjectType{AttrTypes: t}
}

// Flatten returns fs as a Terraform list, in the order given.
func Flatten(fs []psn.Finding) types.List {
	t := Type()
	elems := make([]attr.Value, len(fs))
	for i, f := range fs {
		elems[i] = types.ObjectValueMust(t.AttrTypes, map[string]attr.Value{
			"rule":     types.StringValue(f.Rule),
			"severity": types.StringValue(string(f.Severity)),
			"outcome":  types.StringValue(string(f.Outcome)),
			"subject":  types.StringValue(f.Subject),
			"message":  types.StringValue(f.Message),
			"remedy":   types.StringValue(f.Remedy),
			"basis":    types.StringValue(string(f.Basis)),
			"citation": types.StringValue(f.Citation),

			"derogation": reference(f),
		})
	}
	return types.ListValueMust(t, elems)
}

// Unknown is a list of findings that cannot be told yet.
func Unknown() types.List { return types.ListUnknown(Type()) }

// Report adds one diagnostic per finding that is an error or a warning; summary
// is its first line and at says which attribute to blame. Undecidable findings
// are left to the caller: at plan time they only mean "not yet".
func Report(diags *diag.Diagnostics, fs []psn.Finding, summary func(psn.Finding) string, at func(psn.Finding) path.Path) {
	for _, f := range fs {
		if f.Outcome != psn.Failed {
			continue
		}
		switch f.Severity {
		case psn.SeverityError:
			diags.AddAttributeError(at(f), summary(f), Text(f))
		case psn.SeverityWarning:
			diags.AddAttributeWarning(at(f), f.Rule+": "+f.Subject, Text(f))
		case psn.SeverityInfo:
		}
	}
}

// Text words a finding: rule, message, remedy, basis and citation.
func Text(f psn.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", f.Rule, f.Subject, f.Message)
	if f.Remedy != "" {
		fmt.Fprintf(&b, "\n\nWhat to do: %s", f.Remedy)
	}
	fmt.Fprintf(&b, "\n\nBasis: %s", f.Basis)
	if f.Citation != "" {
		fmt.Fprintf(&b, ": %s", f.Citation)
	}
	return b.String()
}

// Texts words findings of one rule together, so that one cause gives one
// diagnostic: each message, each different remedy once, the basis once.
func Texts(fs []psn.Finding) string {
	if len(fs) == 1 {
		return Text(fs[0])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d times:", fs[0].Rule, len(fs))
	var remedies []string
	for _, f := range fs {
		fmt.Fprintf(&b, "\n- %s: %s", f.Subject, f.Message)
		if f.Remedy != "" && !slices.Contains(remedies, f.Remedy) {
			remedies = append(remedies, f.Remedy)
		}
	}
	if len(remedies) > 0 {
		fmt.Fprintf(&b, "\n\nWhat to do: %s", strings.Join(remedies, "; "))
	}
	fmt.Fprintf(&b, "\n\nBasis: %s", fs[0].Basis)
	if fs[0].Citation != "" {
		fmt.Fprintf(&b, ": %s", fs[0].Citation)
	}
	return b.String()
}

// OnPlace keeps the findings of rules on where machines stand, and on what sets
// them aside, for a document that names services without describing them: what
// cloud service they go to is told, and judged, with the service.
func OnPlace(fs []psn.Finding) []psn.Finding {
	var out []psn.Finding
	for _, f := range fs {
		if strings.HasPrefix(f.Rule, "PLC-") || f.Rule == "LOC-001" || f.Rule == "CLS-003" || f.Rule == "DER-003" {
			out = append(out, f)
		}
	}
	return out
}

// Without leaves out what a derogation of the placement set aside for the
// machine: rules is the attribute "derogated" of its assignment. The psn_placement
// that made the assignment holds the finding and the derogation.
func Without(fs []psn.Finding, rules string) []psn.Finding {
	aside := strings.Fields(rules)
	return slices.DeleteFunc(slices.Clone(fs), func(f psn.Finding) bool { return slices.Contains(aside, f.Rule) })
}
