package finding

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// derogationFields are the attributes of a derogation, in the order of psn.Derogation.
var derogationFields = []struct{ name, doc string }{
	{"id", "Identifier of the document that grants it, each once."},
	{"rule", ""}, // told by Derogations
	{"subject", "What the rule may fail on, as `findings` names it: a machine (`p_bs/archivio-1`), or a service, which covers all its machines."},
	{"author", "Who decided it: an office, not a person."},
	{"date", "Day it was decided, `YYYY-MM-DD`."},
	{"reason", "Why."},
	{"expiry", "Last day on which it holds, `YYYY-MM-DD`. An expired derogation is an error."},
}

// Derogations is the schema of a list of documented derogations from some rules.
// It refuses every other rule, and dates that are none, before anything is planned.
func Derogations(doc string, rules ...string) schema.ListNestedAttribute {
	attrs := make(map[string]schema.Attribute, len(derogationFields))
	for _, f := range derogationFields {
		a := schema.StringAttribute{Required: true, MarkdownDescription: f.doc, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}}
		switch f.name {
		case "rule":
			a.MarkdownDescription = "Rule set aside: one of `" + strings.Join(rules, "`, `") + "`."
			a.Validators = []validator.String{derogable(rules)}
		case "date", "expiry":
			a.Validators = []validator.String{Day{}}
		}
		attrs[f.name] = a
	}
	return schema.ListNestedAttribute{Optional: true, MarkdownDescription: doc, NestedObject: schema.NestedAttributeObject{Attributes: attrs}}
}

// ExpandDerogations reads the derogations; known is false when any part of them
// is not known yet.
func ExpandDerogations(l types.List) (ds []psn.Derogation, known bool) {
	if l.IsUnknown() {
		return nil, false
	}
	for _, e := range l.Elements() {
		o, ok := e.(types.Object)
		if !ok || o.IsUnknown() {
			return nil, false
		}
		text := map[string]string{}
		for _, f := range derogationFields {
			s, _ := o.Attributes()[f.name].(types.String)
			if s.IsUnknown() {
				return nil, false
			}
			text[f.name] = s.ValueString()
		}
		ds = append(ds, psn.Derogation{
			ID: text["id"], Rule: text["rule"], Subject: text["subject"], Author: text["author"],
			Date: text["date"], Reason: text["reason"], Expiry: text["expiry"],
		})
	}
	return ds, true
}

// referenceFields are what a finding tells of the derogation that set it aside.
var referenceFields = []struct{ name, doc string }{
	{"id", "Identifier of the derogation."},
	{"author", "Who decided it."},
	{"date", "Day it was decided."},
	{"reason", "Why."},
	{"expiry", "Last day on which it holds."},
}

func referenceType() types.ObjectType {
	t := make(map[string]attr.Type, len(referenceFields))
	for _, f := range referenceFields {
		t[f.name] = types.StringType
	}
	return types.ObjectType{AttrTypes: t}
}

func referenceAttribute() schema.SingleNestedAttribute {
	attrs := make(map[string]schema.Attribute, len(referenceFields))
	for _, f := range referenceFields {
		attrs[f.name] = schema.StringAttribute{Computed: true, MarkdownDescription: f.doc}
	}
	return schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "The derogation that sets the rule aside; null unless `outcome` is `derogated`.", Attributes: attrs}
}

func reference(f psn.Finding) types.Object {
	t := referenceType()
	if f.Outcome != psn.Derogated {
		return types.ObjectNull(t.AttrTypes)
	}
	d := f.Derogation
	return types.ObjectValueMust(t.AttrTypes, map[string]attr.Value{
		"id": types.StringValue(d.ID), "author": types.StringValue(d.Author), "date": types.StringValue(d.Date),
		"reason": types.StringValue(d.Reason), "expiry": types.StringValue(d.Expiry),
	})
}

// TextsDerogated words findings of one rule that derogations set aside: each
// derogation once, then the findings.
func TextsDerogated(fs []psn.Finding) string {
	var b strings.Builder
	var told []string
	for _, f := range fs {
		if d := f.Derogation; !slices.Contains(told, d.ID) {
			told = append(told, d.ID)
			fmt.Fprintf(&b, "Set aside by derogation %s of %s, %s, until %s: %s\n", d.ID, d.Date, d.Author, d.Expiry, d.Reason)
		}
	}
	return b.String() + "\n" + Texts(fs)
}

// derogable accepts the rules it lists.
type derogable []string

func (r derogable) Description(context.Context) string {
	return "one of " + strings.Join(r, ", ")
}
func (r derogable) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }
func (r derogable) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	v := req.ConfigValue
	if v.IsNull() || v.IsUnknown() || slices.Contains(r, v.ValueString()) {
		return
	}
	why := "is not judged by this resource"
	switch rule, ok := policy.RuleOf(v.ValueString()); {
	case !ok:
		why = "does not exist"
	case !rule.Derogable:
		why = fmt.Sprintf("admits no derogation (%s: %s)", rule.Basis, rule.Citation)
	}
	resp.Diagnostics.AddAttributeError(req.Path, fmt.Sprintf("Unable to accept the derogation from rule %q", v.ValueString()),
		fmt.Sprintf("%s: rule %q %s.\n\nWhat to do: name %s, or remedy what the rule finds.", req.Path, v.ValueString(), why, r.Description(ctx)))
}

// Day accepts a date YYYY-MM-DD.
type Day struct{}

// Description implements validator.Describer.
func (Day) Description(context.Context) string { return "a date YYYY-MM-DD" }

// MarkdownDescription implements validator.Describer.
func (v Day) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (Day) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	v := req.ConfigValue
	if v.IsNull() || v.IsUnknown() {
		return
	}
	if _, err := time.Parse(time.DateOnly, v.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, fmt.Sprintf("Unable to accept the date %q", v.ValueString()),
			fmt.Sprintf("%s: %q is not a date.\n\nWhat to do: write it as year-month-day, for example \"2027-03-31\".", req.Path, v.ValueString()))
	}
}
