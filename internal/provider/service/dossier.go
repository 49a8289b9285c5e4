package service

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// backupsAttribute is where copies of the data are.
func backupsAttribute() schema.Attribute {
	return schema.MapNestedAttribute{
		Optional: true, MarkdownDescription: "Backups of the service by name (rule BKP-002: one away from the site of each machine).",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"site":           schema.StringAttribute{Required: true, MarkdownDescription: "Site of the backup.", Validators: []validator.String{stringvalidator.OneOf(names(psn.Sites())...)}},
			"retention_days": schema.Int64Attribute{Required: true, MarkdownDescription: "How long it is kept, in days.", Validators: []validator.Int64{int64validator.Between(1, 36600)}},
		}},
	}
}

// migrationAttribute is the move of the service to the PSN.
func migrationAttribute() schema.Attribute {
	attrs := texts(map[string]string{
		"call":                    "Id of the funding call, as in `data.psn_funding_call`; leave it out when the move is paid otherwise.",
		"origin":                  "Where the service comes from, in the words of the call's matrix, for example `on-premise-structured`.",
		"changes":                 "Changes of guests or applications, in words; none in mode A towards IaaS (rule MIG-002).",
		"improvement_declaration": "Reference of the declaration of an improving migration (rule MIG-004).",
		"acceptance_test":         "Reference of the record of acceptance (rule MIG-005).",
		"security_review":         "Reference of the security review (rule MIG-005).",
	})
	attrs["destination"] = word("Kind of service it becomes: `iaas`, `paas` or `saas`.", "iaas", "paas", "saas")
	attrs["funded_mode"] = word("Mode of the candidature, `A` or `B`. Default: what the matrix of the call gives.", "A", "B")
	attrs["phase"] = word("Phase of the migration.", policy.Phases()...)
	attrs["first_step"] = day("Date of on-premise to IaaS, when this is the second step.")
	attrs["start_date"] = day("Start of the activities (rule FND-002).")
	attrs["paid_date"] = day("Day the grant of the call was paid: from then on the service is kept for the years of the call (rule FND-006).")
	attrs["completed"] = schema.BoolAttribute{Optional: true, MarkdownDescription: "Declares the migration completed (rule MIG-003). Default: `false`."}
	attrs["parts"] = schema.ListNestedAttribute{
		Optional: true, MarkdownDescription: "Everything that moves with the service.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name":  schema.StringAttribute{Required: true, MarkdownDescription: "Name of the part."},
			"kind":  schema.StringAttribute{Required: true, MarkdownDescription: "`vm`, `dataset` or `application`.", Validators: []validator.String{stringvalidator.OneOf("vm", "dataset", "application")}},
			"moved": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether it has moved. Default: `false`."},
		}},
	}
	return schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "The move of the service to the PSN (rules MIG and FND-002).", Attributes: attrs}
}

// evidenceAttribute is the evidence pack. References name documents; none of
// them, and no personal data, stands in the state.
func evidenceAttribute() schema.Attribute {
	attrs := texts(map[string]string{
		"contract":               "Reference of the contract.",
		"catalogue_reference":    "Reference in the catalogue of qualified cloud services.",
		"access_mode":            "How the service is reached when there is no public address.",
		"production_statement":   "Reference of the statement of production release.",
		"production_note":        "Reference of the note that stands in for it.",
		"critical_data_document": "Reference of the document of a third party on critical data.",
		"dnsh_declaration":       "Reference of the DNSH declaration of the supplier.",
	})
	for name, doc := range map[string]string{
		"contract_date": "Date of the contract.", "migration_start": "First day of the migration.", "migration_end": "Last day of the migration.",
		"production_expected": "Date of release that the note expects.", "completion_date": "Date of completion.",
	} {
		attrs[name] = day(doc)
	}
	for name, doc := range map[string]string{
		"public_ips": "Public addresses of the service.", "resources": "Unique identifiers of the machines.", "dnsh_sheets": "DNSH sheets that apply: `3`, `6`, `8`.",
	} {
		attrs[name] = schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: doc}
	}
	attrs["report"] = schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "Report of the resources used during the migration (rule EVI-002).",
		Attributes: map[string]schema.Attribute{
			"from": day("First day it covers."), "to": day("Last day it covers."),
			"cpu": flag("CPU"), "ram": flag("RAM"), "storage": flag("storage"), "connectivity": flag("connectivity"),
			"third_party": schema.StringAttribute{Optional: true, MarkdownDescription: "Who wrote it."},
		},
	}
	attrs["software"] = schema.ListNestedAttribute{
		Optional: true, MarkdownDescription: "Software of the service (rule EVI-005).",
		NestedObject: schema.NestedAttributeObject{Attributes: texts(map[string]string{"product": "Product.", "vendor": "Vendor.", "function": "Function."})},
	}
	return schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "Evidence pack of the migration (rules EVI): references, never documents. What it lacks is a warning in the plan and stays in `findings` with its own severity, which `psn audit` counts.",
		Attributes: attrs,
	}
}

func texts(docs map[string]string) map[string]schema.Attribute {
	out := map[string]schema.Attribute{}
	for name, doc := range docs {
		out[name] = schema.StringAttribute{Optional: true, MarkdownDescription: doc}
	}
	return out
}

func word(doc string, allowed ...string) schema.Attribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: doc, Validators: []validator.String{stringvalidator.OneOf(allowed...)}}
}

func day(doc string) schema.Attribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: doc + " `YYYY-MM-DD`.", Validators: []validator.String{finding.Day{}}}
}

func flag(what string) schema.Attribute {
	return schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether it tells " + what + "."}
}

func names[T ~string](vs []T) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return out
}

// dossier adds to the document what the service declares of its backups, its
// migration and its evidence.
func (m model) dossier(doc *policy.Document, id psn.ServiceID) {
	if m.Backups.IsUnknown() {
		doc.Backups = append(doc.Backups, policy.Backup{ID: string(id), Service: id, Unknown: policy.Unknown{"site": true, "retention_days": true}})
	}
	for name, e := range m.Backups.Elements() {
		r := read(e)
		doc.Backups = append(doc.Backups, policy.Backup{ID: string(id) + "/" + name, Service: id, Site: r.text("site"), RetentionDays: r.number("retention_days"), Unknown: r.unknown})
	}
	if !m.Migration.IsNull() {
		r := read(m.Migration)
		v := policy.Migration{
			ID: string(id), Service: id, Call: r.text("call"), Origin: r.text("origin"), Destination: r.text("destination"), FundedMode: r.text("funded_mode"),
			FirstStep: r.text("first_step"), Changes: r.text("changes"), ImprovementDeclaration: r.text("improvement_declaration"), StartDate: r.text("start_date"), PaidDate: r.text("paid_date"),
			Phase: r.text("phase"), Completed: r.flag("completed"), AcceptanceTest: r.text("acceptance_test"), SecurityReview: r.text("security_review"),
		}
		for _, e := range r.list("parts") {
			p := read(e)
			v.Parts = append(v.Parts, policy.Part{Name: p.text("name"), Kind: p.text("kind"), Moved: p.flag("moved"), Unknown: p.unknown})
		}
		v.Unknown = r.unknown
		doc.Migrations = append(doc.Migrations, v)
	}
	if !m.Evidence.IsNull() {
		doc.Evidence = append(doc.Evidence, evidence(id, read(m.Evidence), m.Migration))
	}
}

func evidence(id psn.ServiceID, r reader, migration types.Object) policy.Evidence {
	v := policy.Evidence{
		Service: id, Contract: r.text("contract"), ContractDate: r.text("contract_date"), CatalogueReference: r.text("catalogue_reference"),
		MigrationStart: r.text("migration_start"), MigrationEnd: r.text("migration_end"), AccessMode: r.text("access_mode"),
		PublicIPs: r.texts("public_ips"), Resources: r.texts("resources"), DNSHSheets: r.texts("dnsh_sheets"),
		ProductionStatement: r.text("production_statement"), ProductionNote: r.text("production_note"), ProductionExpected: r.text("production_expected"),
		CriticalDataDocument: r.text("critical_data_document"), DNSHDeclaration: r.text("dnsh_declaration"), CompletionDate: r.text("completion_date"),
	}
	if report := r.value("report"); report != nil {
		p := read(report)
		v.Report = &policy.ResourceReport{
			From: p.text("from"), To: p.text("to"), CPU: p.flag("cpu"), RAM: p.flag("ram"), Storage: p.flag("storage"), Connectivity: p.flag("connectivity"), ThirdParty: p.text("third_party"),
		}
		if len(p.unknown) > 0 {
			r.unknown["report"] = true
		}
	}
	for _, e := range r.list("software") {
		p := read(e)
		v.Software = append(v.Software, policy.Software{Product: p.text("product"), Vendor: p.text("vendor"), Function: p.text("function")})
		if len(p.unknown) > 0 {
			r.unknown["software"] = true
		}
	}
	if !migration.IsNull() {
		to := read(migration)
		if v.Destination = to.text("destination"); to.unknown["destination"] {
			r.unknown["destination"] = true
		}
	}
	v.Unknown = r.unknown
	return v
}

// unsettled reports whether anything the rules read is not known yet.
func unsettled(doc policy.Document) bool {
	return slices.ContainsFunc(doc.Services, func(s policy.Service) bool { return len(s.Unknown) > 0 }) ||
		slices.ContainsFunc(doc.Backups, func(b policy.Backup) bool { return len(b.Unknown) > 0 }) ||
		slices.ContainsFunc(doc.Evidence, func(e policy.Evidence) bool { return len(e.Unknown) > 0 }) ||
		slices.ContainsFunc(doc.Migrations, func(m policy.Migration) bool {
			return len(m.Unknown) > 0 || slices.ContainsFunc(m.Parts, func(p policy.Part) bool { return len(p.Unknown) > 0 })
		})
}

// reader reads the attributes of an object and notes which are not known yet.
type reader struct {
	attrs   map[string]attr.Value
	whole   bool // nothing of the object is known
	unknown policy.Unknown
}

func read(v attr.Value) reader {
	o, _ := v.(types.Object)
	return reader{attrs: o.Attributes(), whole: o.IsUnknown(), unknown: policy.Unknown{}}
}

// value returns the attribute, nil when it is null, unknown or not there.
func (r reader) value(name string) attr.Value {
	v := r.attrs[name]
	if r.whole || v != nil && v.IsUnknown() {
		r.unknown[name] = true
		return nil
	}
	if v == nil || v.IsNull() {
		return nil
	}
	return v
}

func (r reader) text(name string) string {
	s, _ := r.value(name).(types.String)
	return s.ValueString()
}

func (r reader) number(name string) int64 {
	n, _ := r.value(name).(types.Int64)
	return n.ValueInt64()
}

func (r reader) flag(name string) bool {
	b, _ := r.value(name).(types.Bool)
	return b.ValueBool()
}

func (r reader) list(name string) []attr.Value {
	l, _ := r.value(name).(types.List)
	return l.Elements()
}

func (r reader) texts(name string) []string {
	var out []string
	for _, e := range r.list(name) {
		s, _ := e.(types.String)
		if s.IsUnknown() {
			r.unknown[name] = true
		}
		out = append(out, s.ValueString())
	}
	return out
}
