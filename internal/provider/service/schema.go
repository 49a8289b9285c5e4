package service

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func resourceSchema() schema.Schema {
	optional := func(doc string, v ...validator.String) schema.Attribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: doc, Validators: v}
	}
	var classes []string
	for _, c := range psn.Classifications() {
		classes = append(classes, string(c))
	}
	var levels []string
	for _, l := range catalog.Levels() {
		levels = append(levels, string(l))
	}
	return schema.Schema{
		MarkdownDescription: "A digital service of a tenant with its ACN classification. It is a record: it makes nothing at any site, and its rules are judged in the plan.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "`<tenant>/<name>`, for example `p_bs/protocollo`; known in the plan."},
			"tenant_id": schema.StringAttribute{
				Required: true, MarkdownDescription: "Id of the tenant (`psn_tenant.….id`).",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "Name of the service: lower-case letters, digits and inner hyphens.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:    []validator.String{dnsLabel{}},
			},
			"category": schema.StringAttribute{
				Required: true, MarkdownDescription: "Category of the service, one of " + categories() + ". Another one is accepted with a warning.",
				Validators: []validator.String{category{}},
			},
			"classification": schema.StringAttribute{
				Required: true, MarkdownDescription: "ACN class (DD ACN 21007/24, art. 3): `ordinary` (ordinario), `critical` (critico) or `strategic` (strategico). " +
					"A lower class than the one recorded is refused unless `reclassification` names the act that allows it.",
				Validators: []validator.String{stringvalidator.OneOf(classes...)},
			},
			"classification_state": optional("State of the classification at ACN: `draft`, `submitted`, `to be amended` or `validated`.", stringvalidator.OneOf("draft", "submitted", "to be amended", "validated")),
			"classification_date":  optional("Date of that state, `YYYY-MM-DD`.", dateString{}),
			"reclassification":     optional("Reference of the act by which the class was lowered, for example a protocol number. Each act covers one lowering; `reclassifications` keeps it.", stringvalidator.LengthAtLeast(3)),
			"reclassifications": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "Every lowering of the class and its act, oldest first. It stays when `reclassification` is taken out of the configuration.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"from":      schema.StringAttribute{Computed: true, MarkdownDescription: "Class before."},
					"to":        schema.StringAttribute{Computed: true, MarkdownDescription: "Class afterwards."},
					"reference": schema.StringAttribute{Computed: true, MarkdownDescription: "Reference of the act."},
				}},
			},
			"continuity": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "Declared continuity objectives (rule REP-002).",
				Attributes: map[string]schema.Attribute{
					"rpo": schema.StringAttribute{Required: true, MarkdownDescription: "Recovery point objective as a duration, for example `15m`.", Validators: []validator.String{durationString{}}},
					"rto": schema.StringAttribute{Required: true, MarkdownDescription: "Recovery time objective as a duration, for example `4h`.", Validators: []validator.String{durationString{}}},
				},
			},
			"data_location":            optional("Where the data live: `EU` or ISO 3166 country codes separated by commas (rule LOC-002)."),
			"data_location_derogation": optional("Id of the derogation from LOC-002 when data live outside the EU. It is a name: only the derogation itself, in `derogations`, sets the rule aside."),
			"qualification":            optional("Level, in the catalogue of ACN, of the cloud service it goes to: `QC1` to `QC4` (rules LVL-001, KEY-002 and ACC-002). It is never assumed: without it these rules are not decided.", stringvalidator.OneOf(levels...)),
			"derogations": finding.Derogations("Documented derogations from rules on the service. What one sets aside stays in `findings` with outcome `derogated` and its document, is told by every plan, and stops none. "+
				"The subject is the service (`p_bs/protocollo`), or a machine or replica of it.", policy.DerogableOnServices()...),
			"as_of": optional("Day on which `derogations` are judged, `YYYY-MM-DD`; required with them, because a plan reads no clock. `formatdate(\"YYYY-MM-DD\", plantimestamp())` is the day of the plan. "+
				"While each derogation is in force on both days, or on neither, a later day alone is no change. `psn audit` judges the same derogations on the instant recorded in the plan.", finding.Day{}),
			"backup_policy":     optional("Reference of the backup policy (rule BKP-001)."),
			"key_reference":     optional("Reference of the encryption keys under the administration's control (rule KEY-001): never a key."),
			"key_management":    optional("How the root key is managed: `byok` or `hyok` (rules KEY-001 and KEY-002).", stringvalidator.OneOf("byok", "hyok")),
			"hsm":               optional("Reference of the dedicated HSM (rule KEY-002)."),
			"metadata_location": optional("Where metadata are, as `data_location` (rule LOC-003)."),
			"log_location":      optional("Where logs are, as `data_location` (rule LOC-003)."),
			"backup_location":   optional("Where backups are, as `data_location` (rule LOC-003)."),
			"site_list":         optional("Reference of the documented list of sites and infrastructures (rule LOC-003)."),
			"access_procedure":  optional("Reference of the procedure for access from outside the European Union (rule ACC-001)."),
			"staff_list":        optional("Reference of the list of privileged staff (rule ACC-002): never the list."),
			"backups":           backupsAttribute(),
			"migration":         migrationAttribute(),
			"evidence":          evidenceAttribute(),
			"findings":          finding.Attribute(),
		},
	}
}

func identitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"tenant_id": identityschema.StringAttribute{RequiredForImport: true, Description: "Id of the tenant."},
		"name":      identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the service."},
	}}
}
