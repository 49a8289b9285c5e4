package service

import (
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type model struct {
	ID                     types.String `tfsdk:"id"`
	TenantID               types.String `tfsdk:"tenant_id"`
	Name                   types.String `tfsdk:"name"`
	Category               types.String `tfsdk:"category"`
	Classification         types.String `tfsdk:"classification"`
	ClassificationState    types.String `tfsdk:"classification_state"`
	ClassificationDate     types.String `tfsdk:"classification_date"`
	Reclassification       types.String `tfsdk:"reclassification"`
	Reclassifications      types.List   `tfsdk:"reclassifications"`
	Continuity             types.Object `tfsdk:"continuity"`
	DataLocation           types.String `tfsdk:"data_location"`
	DataLocationDerogation types.String `tfsdk:"data_location_derogation"`
	Qualification          types.String `tfsdk:"qualification"`
	Derogations            types.List   `tfsdk:"derogations"`
	AsOf                   types.String `tfsdk:"as_of"`
	BackupPolicy           types.String `tfsdk:"backup_policy"`
	KeyReference           types.String `tfsdk:"key_reference"`
	KeyManagement          types.String `tfsdk:"key_management"`
	HSM                    types.String `tfsdk:"hsm"`
	MetadataLocation       types.String `tfsdk:"metadata_location"`
	LogLocation            types.String `tfsdk:"log_location"`
	BackupLocation         types.String `tfsdk:"backup_location"`
	SiteList               types.String `tfsdk:"site_list"`
	AccessProcedure        types.String `tfsdk:"access_procedure"`
	StaffList              types.String `tfsdk:"staff_list"`
	Backups                types.Map    `tfsdk:"backups"`
	Migration              types.Object `tfsdk:"migration"`
	Evidence               types.Object `tfsdk:"evidence"`
	Findings               types.List   `tfsdk:"findings"`
}

type identity struct {
	TenantID types.String `tfsdk:"tenant_id"`
	Name     types.String `tfsdk:"name"`
}

// document is what the rules read of the service. prior is what the state holds,
// the zero model when the service is new. An act recorded there covers the class
// recorded with it, not a further step down.
func (m model) document(prior model) policy.Document {
	unknown := policy.Unknown{}
	text := func(field string, v attr.Value) string {
		if v == nil || v.IsUnknown() {
			unknown[field] = true
			return ""
		}
		s, _ := v.(types.String)
		return s.ValueString()
	}
	duration := func(field, name string) time.Duration {
		if m.Continuity.IsUnknown() {
			unknown[field] = true
			return 0
		}
		if m.Continuity.IsNull() {
			return 0
		}
		d, _ := time.ParseDuration(text(field, m.Continuity.Attributes()[name]))
		return d
	}
	s := policy.Service{
		ID:                     psn.ServiceID(text("id", m.ID)),
		Tenant:                 psn.TenantID(text("tenant", m.TenantID)),
		Name:                   text("name", m.Name),
		Category:               text("category", m.Category),
		Classification:         text("classification", m.Classification),
		PriorClassification:    prior.Classification.ValueString(),
		Reclassification:       text("reclassification", m.Reclassification),
		ClassificationState:    text("classification_state", m.ClassificationState),
		ClassificationDate:     text("classification_date", m.ClassificationDate),
		RPO:                    duration("rpo", "rpo"),
		RTO:                    duration("rto", "rto"),
		DataLocation:           text("data_location", m.DataLocation),
		DataLocationDerogation: text("data_location_derogation", m.DataLocationDerogation),
		Qualification:          text("qualification", m.Qualification),
		BackupPolicy:           text("backup_policy", m.BackupPolicy),
		KeyReference:           text("key_reference", m.KeyReference),
		KeyManagement:          text("key_management", m.KeyManagement),
		HSM:                    text("hsm", m.HSM),
		MetadataLocation:       text("metadata_location", m.MetadataLocation),
		LogLocation:            text("log_location", m.LogLocation),
		BackupLocation:         text("backup_location", m.BackupLocation),
		SiteList:               text("site_list", m.SiteList),
		AccessProcedure:        text("access_procedure", m.AccessProcedure),
		StaffList:              text("staff_list", m.StaffList),
	}
	if s.Reclassification == prior.Reclassification.ValueString() || slices.Contains(prior.acts(), s.Reclassification) {
		s.Reclassification = ""
	}
	s.Unknown = unknown
	doc := policy.Document{Services: []policy.Service{s}}
	doc.Derogations, doc.Now, _ = m.exceptions()
	m.dossier(&doc, s.ID)
	return doc
}

// reclassificationType is one lowering of the class and the act that allowed it.
var reclassificationType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"from": types.StringType, "to": types.StringType, "reference": types.StringType,
}}

// acts are the references of the acts used so far.
func (m model) acts() []string {
	var out []string
	for _, e := range m.Reclassifications.Elements() {
		o, _ := e.(types.Object)
		if s, ok := o.Attributes()["reference"].(types.String); ok {
			out = append(out, s.ValueString())
		}
	}
	return out
}

// reclassified is the record of acts after m: that of the state, and the act of
// this change when it lowers the class. Nothing is ever taken out.
func (m model) reclassified(prior model) types.List {
	if m.Classification.IsUnknown() || m.Reclassification.IsUnknown() {
		return types.ListUnknown(reclassificationType)
	}
	list := prior.Reclassifications.Elements()
	was, is := prior.Classification, m.Classification
	if psn.Classification(is.ValueString()).Rank() < psn.Classification(was.ValueString()).Rank() {
		list = append(list, types.ObjectValueMust(reclassificationType.AttrTypes, map[string]attr.Value{
			"from": was, "to": is, "reference": m.Reclassification,
		}))
	}
	return types.ListValueMust(reclassificationType, list)
}

// stopping are the findings as the plan reports them. An evidence pack grows
// while the service is in use: what it lacks still is told, and stops no plan.
func stopping(found []psn.Finding) []psn.Finding {
	out := slices.Clone(found)
	for i := range out {
		if strings.HasPrefix(out[i].Rule, "EVI-") && out[i].Severity == psn.SeverityError {
			out[i].Severity = psn.SeverityWarning
		}
	}
	return out
}

// pathOf says which attribute a finding of a service blames.
func pathOf(rule string) string {
	switch rule {
	case "CLS-002":
		return "classification_state"
	case "LVL-001":
		return "qualification"
	case "DER-001", "DER-002":
		return "derogations"
	case "LOC-002":
		return "data_location"
	case "LOC-003":
		return "metadata_location"
	case "REP-002":
		return "continuity"
	case "BKP-001":
		return "backup_policy"
	case "LOC-001", "BKP-002":
		return "backups"
	case "KEY-001":
		return "key_reference"
	case "KEY-002":
		return "key_management"
	case "ACC-001":
		return "access_procedure"
	case "ACC-002":
		return "staff_list"
	}
	switch {
	case strings.HasPrefix(rule, "MIG-"), strings.HasPrefix(rule, "FND-"):
		return "migration"
	case strings.HasPrefix(rule, "EVI-"):
		return "evidence"
	}
	return "classification"
}
