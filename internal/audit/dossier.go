package audit

import (
	"maps"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// dossier reads what a psn_service declares of its backups, its migration and
// its evidence.
func (s *subjects) dossier(v view) {
	id := psn.ServiceID(v.text("id"))
	if v.unknownAt("backups") {
		s.doc.Backups = append(s.doc.Backups, policy.Backup{ID: string(id), Service: id, Unknown: policy.Unknown{"site": true, "retention_days": true}})
	}
	backups := v.objects("backups")
	for _, name := range slices.Sorted(maps.Keys(backups)) {
		b := backups[name]
		s.doc.Backups = append(s.doc.Backups, policy.Backup{
			ID: string(id) + "/" + name, Service: id, Site: b.text("site"), RetentionDays: b.integer("retention_days"), Unknown: unknowns(b, "site", "retention_days"),
		})
	}
	migration := v.object("migration")
	if v.present("migration") || v.unknownAt("migration") {
		s.doc.Migrations = append(s.doc.Migrations, readMigration(id, migration))
	}
	if v.present("evidence") || v.unknownAt("evidence") {
		s.doc.Evidence = append(s.doc.Evidence, readEvidence(id, v.object("evidence"), migration))
	}
}

func readMigration(id psn.ServiceID, v view) policy.Migration {
	out := policy.Migration{
		ID: string(id), Service: id, Call: v.text("call"), Origin: v.text("origin"), Destination: v.text("destination"), FundedMode: v.text("funded_mode"),
		FirstStep: v.text("first_step"), Changes: v.text("changes"), ImprovementDeclaration: v.text("improvement_declaration"), StartDate: v.text("start_date"), PaidDate: v.text("paid_date"),
		Phase: v.text("phase"), Completed: v.flag("completed"), AcceptanceTest: v.text("acceptance_test"), SecurityReview: v.text("security_review"),
		Unknown: unknowns(v, "call", "origin", "destination", "funded_mode", "first_step", "changes", "improvement_declaration", "start_date", "paid_date",
			"phase", "completed", "parts", "acceptance_test", "security_review"),
	}
	for _, p := range v.list("parts") {
		out.Parts = append(out.Parts, policy.Part{Name: p.text("name"), Kind: p.text("kind"), Moved: p.flag("moved"), Unknown: unknowns(p, "name", "kind", "moved")})
	}
	return out
}

func readEvidence(id psn.ServiceID, v, migration view) policy.Evidence {
	out := policy.Evidence{
		Service: id, Destination: migration.text("destination"), Contract: v.text("contract"), ContractDate: v.text("contract_date"),
		CatalogueReference: v.text("catalogue_reference"), MigrationStart: v.text("migration_start"), MigrationEnd: v.text("migration_end"),
		AccessMode: v.text("access_mode"), PublicIPs: v.words("public_ips"), Resources: v.words("resources"), DNSHSheets: v.words("dnsh_sheets"),
		ProductionStatement: v.text("production_statement"), ProductionNote: v.text("production_note"), ProductionExpected: v.text("production_expected"),
		CriticalDataDocument: v.text("critical_data_document"), DNSHDeclaration: v.text("dnsh_declaration"), CompletionDate: v.text("completion_date"),
		Unknown: merge(unknowns(migration, "destination"), unknowns(v, "contract", "contract_date", "catalogue_reference", "migration_start", "migration_end",
			"access_mode", "production_statement", "production_note", "production_expected", "critical_data_document", "dnsh_declaration", "completion_date")),
	}
	for _, name := range []string{"public_ips", "resources", "dnsh_sheets", "report", "software"} {
		if anyUnknown(v.below(name)) {
			out.Unknown[name] = true
		}
	}
	if v.present("report") {
		r := v.object("report")
		out.Report = &policy.ResourceReport{
			From: r.text("from"), To: r.text("to"), CPU: r.flag("cpu"), RAM: r.flag("ram"), Storage: r.flag("storage"), Connectivity: r.flag("connectivity"), ThirdParty: r.text("third_party"),
		}
	}
	for _, p := range v.list("software") {
		out.Software = append(out.Software, policy.Software{Product: p.text("product"), Vendor: p.text("vendor"), Function: p.text("function")})
	}
	return out
}

// anyUnknown reports whether anything below is known after apply only.
func anyUnknown(unknown any) bool {
	switch u := unknown.(type) {
	case bool:
		return u
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(u)), anyUnknown)
	case []any:
		return slices.ContainsFunc(u, anyUnknown)
	}
	return false
}
