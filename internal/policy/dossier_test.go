package policy_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const province = "pnrr-1.2-province-2025"

func attestationColumns(kind string, services ...string) []string {
	var out []string
	for _, c := range catalog.AttestationColumns(kind) {
		out = append(out, c.Name)
	}
	return append(out, services...)
}

// full is clean with everything a document may speak of, all of it in order.
func full() policy.Document {
	d := clean()
	s := &d.Services[0]
	s.BackupPolicy, s.KeyReference, s.KeyManagement, s.HSM = "BKP-7", "HSM-1/root", "hyok", "HSM-1"
	s.MetadataLocation, s.LogLocation, s.BackupLocation, s.SiteList = "IT", "IT, FR", "EU", "DOC-12"
	s.AccessProcedure, s.StaffList, s.Qualification = "PROC-3", "DOC-13", "QC4"
	for i := range d.Machines {
		m := &d.Machines[i]
		m.Product, m.Function, m.Owner, m.Office, m.Addresses = "iaas-shared", "database", "Settore Informatica", "CED", []string{"10.1.2.3"}
	}
	d.Backups = []policy.Backup{{ID: "b1", Service: s.ID, Site: "acilia", RetentionDays: 90}, {ID: "b2", Service: s.ID, Site: "rozzano", RetentionDays: 90}}
	d.Certificates = []policy.Certificate{{ID: "qc4", Kind: "qualification", Issued: "2024-01-10"}, {ID: "iso", Kind: "ISO 27001", Expires: "2027-05-01"}}
	d.Migrations = []policy.Migration{{ID: "m1", Service: s.ID, Call: province, Origin: "on-premise-structured", Destination: "iaas", FundedMode: "A", StartDate: "2025-09-01",
		Phase: "production", Completed: true, Parts: []policy.Part{{Name: "db-1", Kind: "vm", Moved: true}, {Name: "archive", Kind: "dataset", Moved: true}}, AcceptanceTest: "COLL-1", SecurityReview: "SEC-1"}}
	d.Candidatures = []policy.Candidature{{ID: "c1", Tenant: "p_bs", Call: province, CUP: "B11C22000000006", Transfers: []psn.ServiceID{s.ID}, DecreeDate: "2025-06-23", GrantEuro: 599266,
		CompletionDate: "2026-03-20", PaidDate: "2026-06-01", DoubleFundingDeclaration: "DICH-1"}}
	d.Evidence = []policy.Evidence{{Service: s.ID, Destination: "iaas", Contract: "CIG-1", ContractDate: "2025-08-01", CatalogueReference: "SA-1234", MigrationStart: "2025-09-01", MigrationEnd: "2025-09-15",
		Report:    &policy.ResourceReport{From: "2025-09-01", To: "2025-09-15", CPU: true, RAM: true, Storage: true, Connectivity: true, ThirdParty: "PSN"},
		PublicIPs: []string{"192.0.2.7"}, Resources: []string{"u-1", "u-2"}, Software: []policy.Software{{Product: "PostgreSQL", Vendor: "PGDG", Function: "database"}},
		ProductionStatement: "PROD-1", CriticalDataDocument: "DOC-20", DNSHDeclaration: "DNSH-1", DNSHSheets: []string{"6"}, CompletionDate: "2026-03-20"}}
	d.Attestations = []policy.Attestation{{ID: "a1", Kind: "vm", Columns: attestationColumns("vm", "protocollo", "personale"), ExpectedRows: 2,
		Rows: [][]string{{"PSN S.p.A., IaaS", "vm-1", "4", "16", "200", "X", ""}, {"PSN S.p.A., IaaS", "vm-2", "4", "16", "200", "", "X"}}}}
	return d
}

func dossierCases() []ruleCase {
	svc := func(f func(*policy.Service)) func(*doc) { return func(d *doc) { f(&d.Services[0]) } }
	vm := func(f func(*policy.Machine)) func(*doc) { return func(d *doc) { f(&d.Machines[0]) } }
	mig := func(f func(*policy.Migration)) func(*doc) { return func(d *doc) { f(&d.Migrations[0]) } }
	can := func(f func(*policy.Candidature)) func(*doc) { return func(d *doc) { f(&d.Candidatures[0]) } }
	evi := func(f func(*policy.Evidence)) func(*doc) { return func(d *doc) { f(&d.Evidence[0]) } }
	att := func(f func(*policy.Attestation)) func(*doc) { return func(d *doc) { f(&d.Attestations[0]) } }
	der := func(f func(*psn.Derogation)) func(*doc) {
		return func(d *doc) {
			d.Machines[0].StandbySite, d.Machines[0].PlacementStandbySite = "pomezia", "pomezia" // PLC-002 and PLC-003
			v := psn.Derogation{ID: "D-1", Rule: "PLC-002", Subject: "p_bs/db-1", Author: "Ing. Rossi", Date: "2026-01-10", Reason: "works at Rozzano", Expiry: "2026-12-31"}
			f(&v)
			d.Derogations = append(d.Derogations, v)
		}
	}
	un := func(names ...string) policy.Unknown {
		u := policy.Unknown{}
		for _, n := range names {
			u[n] = true
		}
		return u
	}
	set := func(name string, v int64) []policy.Option {
		o, err := policy.Set(name, v)
		if err != nil {
			panic(err)
		}
		return []policy.Option{o}
	}
	const service, db1 = " p_bs/protocollo", " p_bs/db-1"
	one := func(v string) []string { return []string{v} }
	hand := []string{"PLC-002 error failed" + db1, "PLC-003 warning failed" + db1}
	return []ruleCase{
		{"everything in order", func(*doc) {}, nil, nil, nil},
		{"LVL-002 secure public cloud", vm(func(m *policy.Machine) { m.Product = "secure-public-cloud" }), nil, one("LVL-002 error failed" + db1), one("strategic")},
		{"LVL-002 undeclared", vm(func(m *policy.Machine) { m.Product = "" }), nil, one("LVL-002 error undecidable" + db1), nil},
		{"LVL-002 misspelt", vm(func(m *policy.Machine) { m.Product = "iaas" }), nil, one("LVL-002 error failed" + db1), one(`"iaas"`)},
		{"LVL-002 misspelt, ordinary", func(d *doc) {
			d.Services[0].Classification, d.Services[0].PriorClassification, d.Machines[0].Product = "ordinary", "", "iaas"
		}, nil, nil, nil},
		{"LVL-003 qualification old", func(d *doc) { d.Certificates[0].Issued = "2023-11-21" }, nil, one("LVL-003 warning failed qc4"), one("2026-11-21")},
		{"LVL-003 last day", func(d *doc) { d.Certificates[0].Issued = "2023-11-22" }, nil, nil, nil},
		{"LVL-003 certificate expired", func(d *doc) { d.Certificates[1].Expires = "2026-11-21" }, nil, one("LVL-003 warning failed iso"), nil},
		{"LVL-003 no expiry", func(d *doc) { d.Certificates[1].Expires = "" }, nil, one("LVL-003 warning failed iso"), one("no date of expiry")},
		{"LVL-003 bad date", func(d *doc) { d.Certificates[0].Issued = "10/01/2024" }, nil, one("LVL-003 warning failed qc4"), one("10/01/2024")},
		{"LVL-003 unknown", func(d *doc) { d.Certificates[0].Unknown = un("issued") }, nil, one("LVL-003 warning undecidable qc4"), nil},
		{"LOC-001 backup", func(d *doc) { d.Backups = append(d.Backups, policy.Backup{ID: "b3", Site: "torino"}) }, nil, one("LOC-001 error failed b3"), nil},
		{"LOC-003 outside", svc(func(s *policy.Service) { s.LogLocation = "US" }), nil, one("LOC-003 error failed" + service), one(`"US"`)},
		{"LOC-003 undeclared", svc(func(s *policy.Service) { s.SiteList = "" }), nil, one("LOC-003 error failed" + service), one("site_list")},
		{"LOC-003 unknown", svc(func(s *policy.Service) { s.Unknown = un("backup_location") }), nil, one("LOC-003 error undecidable" + service), nil},
		{"LOC-003 not spoken of", svc(func(s *policy.Service) {
			s.MetadataLocation, s.LogLocation, s.BackupLocation, s.SiteList = "", "", "", ""
		}), nil, nil, nil},
		{"LOC-003 asked for", func(d *doc) {
			d.Topics = []policy.Topic{policy.TopicMetadata}
			s := &d.Services[0]
			s.MetadataLocation, s.LogLocation, s.BackupLocation, s.SiteList = "", "", "", ""
		}, nil, one("LOC-003 error failed" + service), nil},
		{"PLC-001 more replicas", func(*doc) {}, set("min_replicas", 2), []string{"PLC-001 error failed" + db1, "PLC-001 error failed p_bs/db-2"}, one("minimum is 2")},
		{"PLC-001 two replicas", func(d *doc) {
			d.Machines[0].MoreStandbySites, d.Machines[1].MoreStandbySites = []string{"pomezia"}, []string{"acilia"}
		}, set("min_replicas", 2), nil, nil},
		{"PLC-002 not asked", vm(func(m *policy.Machine) { m.StandbySite, m.PlacementStandbySite = "pomezia", "pomezia" }), set("cross_region_strategic", 0), one("PLC-003 warning failed" + db1), nil},
		{"REP-002 maximum", func(*doc) {}, set("max_rpo_minutes_strategic", 5), one("REP-002 error failed" + service), one("5 minutes")},
		{"BKP-001 none", func(d *doc) { d.Services[0].BackupPolicy, d.Topics = "", []policy.Topic{policy.TopicBackup} }, nil, one("BKP-001 warning failed" + service), nil},
		{"BKP-001 unknown", svc(func(s *policy.Service) { s.BackupPolicy, s.Unknown = "", un("backup_policy") }), nil, one("BKP-001 warning undecidable" + service), nil},
		{"BKP-002 same site", func(d *doc) { d.Backups = d.Backups[:1] }, nil, one("BKP-002 warning failed" + service), one("p_bs/db-1 at acilia")},
		{"BKP-002 of another", func(d *doc) { d.Backups[0].Service, d.Backups[1].Service = "x", "x" }, nil, one("BKP-002 warning failed" + service), nil},
		{"BKP-002 unknown", func(d *doc) { d.Backups[1].Unknown = un("site") }, nil, []string{"LOC-001 error undecidable b2", "BKP-002 warning undecidable" + service}, nil},
		{"BKP-002 short", func(*doc) {}, set("min_backup_retention_days", 91), []string{"BKP-002 warning failed b1", "BKP-002 warning failed b2"}, nil},
		{"KEY-001 none", svc(func(s *policy.Service) { s.KeyReference = "" }), nil, one("KEY-001 error failed" + service), nil},
		{"KEY-001 no BYOK or HYOK", func(d *doc) {
			s := &d.Services[0]
			s.KeyReference, s.KeyManagement, s.Qualification = "provider-kms", "", "QC3"
		}, nil, one("KEY-001 error failed" + service), one("key_management")},
		{"KEY-001 management unknown", func(d *doc) {
			s := &d.Services[0]
			s.KeyManagement, s.Qualification, s.Unknown = "", "QC3", un("key_management")
		}, nil, one("KEY-001 error undecidable" + service), nil},
		{"KEY-001 provider", svc(func(s *policy.Service) { s.KeyManagement = "provider" }), nil, []string{"KEY-001 error failed" + service, "KEY-002 error failed" + service}, nil},
		{"KEY-001 unknown", svc(func(s *policy.Service) { s.Unknown = un("key_reference") }), nil, one("KEY-001 error undecidable" + service), nil},
		{"KEY-002 byok", svc(func(s *policy.Service) { s.KeyManagement = "byok" }), nil, one("KEY-002 error failed" + service), nil},
		{"KEY-002 level 3", func(d *doc) {
			d.Services[0].KeyManagement, d.Services[0].StaffList = "byok", ""
			d.Machines[0].Qualification, d.Machines[1].Qualification = "QC3", "QC3"
		}, nil, nil, nil},
		{"KEY-002 level unknown", func(d *doc) {
			d.Services[0].KeyManagement = "byok"
			d.Machines[0].Unknown, d.Machines[1].Qualification = un("qualification"), "QC3"
		}, nil, []string{"KEY-002 error undecidable" + service, "LVL-001 error undecidable" + db1}, nil},
		{"KEY-002 level of the service", func(d *doc) { d.Services[0].KeyManagement = "byok" }, nil, one("KEY-002 error failed" + service), nil},
		{"KEY-002 no HSM", svc(func(s *policy.Service) { s.HSM = "" }), nil, one("KEY-002 error failed" + service), one("hsm")},
		{"ACC-001", func(d *doc) {
			d.Services[0].AccessProcedure, d.Topics = "", []policy.Topic{policy.TopicAccess}
		}, nil, one("ACC-001 warning failed" + service), nil},
		{"ACC-002", func(d *doc) { d.Services[0].StaffList, d.Topics = " ", []policy.Topic{policy.TopicStaff} }, nil, one("ACC-002 warning failed" + service), nil},
		{"MIG-001 not fundable", mig(func(m *policy.Migration) { m.Origin = "on-premise-unstructured" }), nil, one("MIG-001 error failed m1"), one("not fundable")},
		{"MIG-001 misspelt", mig(func(m *policy.Migration) { m.Origin = "mainframe" }), nil, one("MIG-001 error failed m1"), one(`"mainframe"`)},
		{"MIG-001 B is A", mig(func(m *policy.Migration) { m.FundedMode = "B" }), nil, one("MIG-001 error failed m1"), one("mode A")},
		{"MIG-001 A from where there is none", mig(func(m *policy.Migration) {
			m.Origin, m.Destination, m.ImprovementDeclaration = "on-premise-unstructured", "saas", "DICH-2"
		}), nil, one("MIG-001 error failed m1"), one("nothing moves from on-premise-unstructured in mode A")},
		{"MIG-001 second step", mig(func(m *policy.Migration) {
			m.Origin, m.Destination, m.FundedMode, m.FirstStep = "iaas-qualified", "saas", "B", "2021-05-01"
		}), nil, nil, nil},
		{"MIG-001 second step early", mig(func(m *policy.Migration) {
			m.Origin, m.Destination, m.FundedMode, m.FirstStep = "iaas-qualified", "saas", "B", "2020-01-31"
		}), nil, one("MIG-001 error failed m1"), one("2020-01-31")},
		{"MIG-001 second step undeclared", mig(func(m *policy.Migration) { m.Origin, m.Destination, m.FundedMode = "iaas-qualified", "saas", "B" }), nil, one("MIG-001 error undecidable m1"), nil},
		{"MIG-001 no call", mig(func(m *policy.Migration) { m.Call, m.Origin = "", "mainframe" }), nil, nil, nil},
		{"MIG-001 call without modes", mig(func(m *policy.Migration) { m.Call, m.Origin = "pnrr-1.1-pac-pilota", "mainframe" }), nil, nil, nil},
		{"MIG-001 call unknown", mig(func(m *policy.Migration) { m.Unknown = un("call") }), nil, []string{"FND-002 error undecidable m1", "MIG-001 error undecidable m1"}, nil},
		{"MIG-002 changed", mig(func(m *policy.Migration) { m.Changes = "new kernel" }), nil, one("MIG-002 error failed m1"), one("new kernel")},
		{"MIG-002 unknown", mig(func(m *policy.Migration) { m.Unknown = un("changes") }), nil, one("MIG-002 error undecidable m1"), nil},
		{"MIG-003 partial", mig(func(m *policy.Migration) { m.Parts[1].Moved = false }), nil, one("MIG-003 error failed m1"), one(`"archive"`)},
		{"MIG-003 nothing listed", mig(func(m *policy.Migration) { m.Parts = nil }), nil, one("MIG-003 error undecidable m1"), nil},
		{"MIG-003 unknown", mig(func(m *policy.Migration) { m.Parts[0].Unknown = un("moved") }), nil, one("MIG-003 error undecidable m1"), nil},
		{"MIG-004", mig(func(m *policy.Migration) { m.Destination = "saas" }), nil, one("MIG-004 warning failed m1"), nil},
		{"MIG-004 declared", mig(func(m *policy.Migration) { m.Destination, m.ImprovementDeclaration = "saas", "DICH-2" }), nil, nil, nil},
		{"MIG-005 no acceptance", mig(func(m *policy.Migration) { m.AcceptanceTest = "" }), nil, one("MIG-005 warning failed m1"), nil},
		{"MIG-005 earlier", mig(func(m *policy.Migration) { m.AcceptanceTest, m.Completed, m.Phase = "", false, "replicating" }), nil, nil, nil},
		{"MIG-005 misspelt", mig(func(m *policy.Migration) { m.Phase = "live" }), nil, one("MIG-005 warning failed m1"), one(`"live"`)},
		{"MIG-005 unknown", mig(func(m *policy.Migration) { m.SecurityReview, m.Completed, m.Unknown = "", false, un("phase") }), nil, one("MIG-005 warning undecidable m1"), nil},
		{"FND-001 six", can(func(c *policy.Candidature) {
			c.GrantEuro, c.Upgrades = 0, []psn.ServiceID{"p_bs/protocollo", "p_bs/protocollo", "p_bs/protocollo", "p_bs/protocollo", "p_bs/protocollo"}
		}), nil, []string{"FND-001 error failed c1", "FND-001 error failed c1"}, []string{"6 services", "twice"}},
		{"FND-001 not evaluated", can(func(c *policy.Candidature) { c.Transfers = []psn.ServiceID{"p_bs/altro"} }), nil, one("FND-001 error undecidable c1"), nil},
		{"FND-001 call misspelt", can(func(c *policy.Candidature) { c.Call = "pnrr" }), nil,
			[]string{"FND-001 error failed c1", "FND-005 error undecidable c1", "FND-003 warning undecidable c1", "FND-006 warning undecidable c1", "FND-004 info undecidable c1"}, one(province)},
		{"FND-002 early", mig(func(m *policy.Migration) { m.StartDate = "2020-01-31" }), nil, one("FND-002 error failed m1"), one("2020-02-01")},
		{"FND-002 undeclared", mig(func(m *policy.Migration) { m.StartDate = "" }), nil, one("FND-002 error undecidable m1"), nil},
		{"FND-003 late", can(func(c *policy.Candidature) { c.CompletionDate = "2026-03-21" }), nil, one("FND-003 warning failed c1"), one("1 days after the deadline of 2026-03-20")},
		{"FND-003 capped", can(func(c *policy.Candidature) { c.DecreeDate, c.CompletionDate = "2025-07-21", "2026-04-01" }), nil, one("FND-003 warning failed c1"), one("2026-03-31")},
		{"FND-003 decree too early", can(func(c *policy.Candidature) { c.DecreeDate = "2019-05-01" }), nil, one("FND-003 warning failed c1"), one("before the first decree")},
		{"FND-003 decree too late", can(func(c *policy.Candidature) { c.DecreeDate = "2026-04-01" }), nil, one("FND-003 warning failed c1"), one("2026-04-01")},
		{"FND-003 last day of the month", can(func(c *policy.Candidature) {
			c.Call, c.GrantEuro, c.DecreeDate, c.CompletionDate = "pnrr-1.1-altre-pac-2023", 1500000, "2023-12-31", "2024-07-01"
		}), nil, one("FND-003 warning failed c1"), one("1 days after the deadline of 2024-06-30")},
		{"FND-003 not completed", can(func(c *policy.Candidature) { c.CompletionDate, c.EndDate = "", "2026-03-01" }), nil, one("FND-003 warning failed c1"), one("2026-11-22")},
		{"FND-003 needs the grant", can(func(c *policy.Candidature) { c.Call, c.GrantEuro = "pnrr-1.1-altre-pac-2023", 0 }), nil, one("FND-003 warning undecidable c1"), one("amount of the grant")},
		{"FND-004", can(func(c *policy.Candidature) { c.GrantEuro++ }), nil, one("FND-004 info failed c1"), one("599266")},
		{"FND-005", can(func(c *policy.Candidature) {
			c.Call, c.Servers, c.VirtualMachines, c.DecreeDate = "pnrr-1.1-altre-pac-2024", 41, 400, ""
		}), nil, one("FND-005 error failed c1"), one("41 physical servers")},
		{"FND-006 destroyed", svc(func(s *policy.Service) { s.Change = "destroy" }), nil, one("FND-006 warning failed" + service), one("2031-12-31")},
		{"FND-006 strict", svc(func(s *policy.Service) { s.Change = "downsize" }), set("strict", 1), one("FND-006 error failed" + service), nil},
		{"FND-006 paid migration", func(d *doc) {
			d.Candidatures, d.Services[0].Change, d.Migrations[0].PaidDate = nil, "destroy", "2026-06-01"
		}, nil, one("FND-006 warning failed" + service), one("2031-12-31")},
		{"FND-006 paid migration, no clock", func(d *doc) {
			d.Candidatures, d.Certificates, d.Replicas, d.Services[0].Change, d.Migrations[0].PaidDate, d.Now = nil, nil, nil, "destroy", "2026-06-01", time.Time{}
		}, nil, one("FND-006 warning undecidable" + service), one("must be kept until 2031-12-31")},
		{"FND-006 paid otherwise", func(d *doc) {
			d.Candidatures, d.Services[0].Change, d.Migrations[0].Call, d.Migrations[0].PaidDate = nil, "destroy", "", "2026-06-01"
		}, nil, nil, nil},
		{"FND-006 after", func(d *doc) { d.Services[0].Change, d.Candidatures[0].PaidDate = "destroy", "2020-06-01" }, nil, nil, nil},
		{"FND-006 unknown", func(d *doc) { d.Services[0].Change, d.Candidatures[0].Unknown = "destroy", un("paid_date") }, nil, one("FND-006 warning undecidable" + service), nil},
		{"FND-007", can(func(c *policy.Candidature) { c.DoubleFundingDeclaration = "" }), nil, one("FND-007 warning failed c1"), nil},
		{"EVI-001", evi(func(e *policy.Evidence) { e.CatalogueReference = "" }), nil, one("EVI-001 error failed" + service), one("catalogue_reference")},
		{"EVI-001 unknown", evi(func(e *policy.Evidence) { e.Unknown = un("contract") }), nil, one("EVI-001 error undecidable" + service), nil},
		{"EVI-002 none", evi(func(e *policy.Evidence) { e.Report = nil }), nil, one("EVI-002 error failed" + service), nil},
		{"EVI-002 metric", evi(func(e *policy.Evidence) { e.Report.Storage = false }), nil, one("EVI-002 error failed" + service), nil},
		{"EVI-002 short", evi(func(e *policy.Evidence) { e.Report.To, e.MigrationEnd = "2025-09-14", "2025-09-14" }), nil, one("EVI-002 error failed" + service), one("14 days")},
		{"EVI-002 window", evi(func(e *policy.Evidence) { e.MigrationEnd = "2025-09-16" }), nil, one("EVI-002 error failed" + service), one("2025-09-16")},
		{"EVI-002 own", evi(func(e *policy.Evidence) { e.Report.ThirdParty = "" }), nil, one("EVI-002 error failed" + service), one("third party")},
		{"EVI-002 undeclared window", evi(func(e *policy.Evidence) { e.MigrationStart = "" }), nil, one("EVI-002 error undecidable" + service), nil},
		{"EVI-002 saas", evi(func(e *policy.Evidence) {
			e.Destination, e.Report, e.PublicIPs, e.Resources, e.Software = "saas", nil, nil, nil, nil
		}), nil, nil, nil},
		{"EVI-002 destination unknown", evi(func(e *policy.Evidence) { e.Unknown, e.Report = un("destination"), nil }), nil, one("EVI-002 error undecidable" + service), nil},
		{"EVI-003", evi(func(e *policy.Evidence) { e.PublicIPs = nil }), nil, one("EVI-003 error failed" + service), nil},
		{"EVI-003 no address", evi(func(e *policy.Evidence) { e.PublicIPs = []string{"www.example.org"} }), nil, one("EVI-003 error failed" + service), one("www.example.org")},
		{"EVI-003 mode", evi(func(e *policy.Evidence) { e.PublicIPs, e.AccessMode = nil, "VPN" }), nil, nil, nil},
		{"EVI-004 twice", evi(func(e *policy.Evidence) { e.Resources[1] = "u-1" }), nil, one("EVI-004 error failed" + service), one("twice")},
		{"EVI-004 few", evi(func(e *policy.Evidence) { e.Resources = e.Resources[:1] }), nil, one("EVI-004 error failed" + service), one("1 identifiers are listed for 2 machines")},
		{"EVI-005", evi(func(e *policy.Evidence) { e.Software[0].Vendor = "" }), nil, one("EVI-005 error failed" + service), nil},
		{"EVI-006", evi(func(e *policy.Evidence) { e.ProductionStatement, e.ProductionNote = "", "NOTE" }), nil, one("EVI-006 error failed" + service), nil},
		{"EVI-006 note", evi(func(e *policy.Evidence) {
			e.ProductionStatement, e.ProductionNote, e.ProductionExpected = "", "NOTE", "2026-12-01"
		}), nil, nil, nil},
		{"EVI-007", evi(func(e *policy.Evidence) { e.CriticalDataDocument = "" }), nil, one("EVI-007 error failed" + service), nil},
		{"EVI-008", evi(func(e *policy.Evidence) { e.DNSHSheets = []string{"3"} }), nil, one("EVI-008 warning failed" + service), nil},
		{"EVI-009", evi(func(e *policy.Evidence) { e.ContractDate = "2026-03-21" }), nil, one("EVI-009 error failed" + service), nil},
		{"EVI-009 undeclared", evi(func(e *policy.Evidence) { e.ContractDate = "" }), nil, one("EVI-009 error undecidable" + service), nil},
		{"ATT-001 number", att(func(a *policy.Attestation) { a.Rows[0][2] = "4.5" }), nil, one("ATT-001 error failed a1"), one("whole number")},
		{"ATT-001 no X", att(func(a *policy.Attestation) { a.Rows[0][5] = "" }), nil, one("ATT-001 error failed a1"), one("row 1")},
		{"ATT-001 twice", att(func(a *policy.Attestation) { a.Rows[1][1] = "vm-1" }), nil, one("ATT-001 error failed a1"), one("vm-1")},
		{"ATT-001 header", att(func(a *policy.Attestation) { a.Columns[3] = "RAM" }), nil, one("ATT-001 error failed a1"), one("vRAM (GB)")},
		{"ATT-001 rows", att(func(a *policy.Attestation) { a.Rows = a.Rows[:1] }), nil, one("ATT-001 error failed a1"), one("1 rows")},
		{"ATT-001 unknown", att(func(a *policy.Attestation) { a.Unknown = un("rows") }), nil, one("ATT-001 error undecidable a1"), nil},
		{"IDN-003 candidature", can(func(c *policy.Candidature) { c.CUP = "B11" }), nil, one("IDN-003 error failed c1"), nil},
		{"INV-001", vm(func(m *policy.Machine) { m.Owner, m.Addresses = "", nil }), nil, one("INV-001 warning failed" + db1), one("owner, addresses")},
		{"INV-001 address", vm(func(m *policy.Machine) { m.Addresses = []string{"10.1.2"} }), nil, one("INV-001 warning failed" + db1), one("10.1.2")},
		{"INV-001 unknown", vm(func(m *policy.Machine) { m.Addresses, m.Unknown = nil, un("addresses") }), nil, one("INV-001 warning undecidable" + db1), nil},
		{"derogated", der(func(*psn.Derogation) {}), nil, []string{"PLC-002 error derogated" + db1, "PLC-003 warning failed" + db1}, nil},
		{"derogated by service", der(func(v *psn.Derogation) { v.Subject = "p_bs/protocollo" }), nil, []string{"PLC-002 error derogated" + db1, "PLC-003 warning failed" + db1}, nil},
		{"DER-001 no reason", der(func(v *psn.Derogation) { v.Reason = " " }), nil, append([]string{"DER-001 error failed D-1"}, hand...), one("reason is missing")},
		{"DER-001 not derogable", der(func(v *psn.Derogation) { v.Rule = "IDN-001" }), nil, append([]string{"DER-001 error failed D-1"}, hand...), one("no derogation")},
		{"DER-001 no such rule", der(func(v *psn.Derogation) { v.Rule = "PLC-099" }), nil, append([]string{"DER-001 error failed D-1"}, hand...), nil},
		{"DER-001 future", der(func(v *psn.Derogation) { v.Date = "2026-11-23" }), nil, append([]string{"DER-001 error failed D-1"}, hand...), one("future")},
		{"DER-001 no id", der(func(v *psn.Derogation) { v.ID = "" }), nil, append([]string{"DER-001 error failed derogation from PLC-002 for p_bs/db-1"}, hand...), nil},
		{"DER-002", der(func(v *psn.Derogation) { v.Expiry = "2026-11-21" }), nil, append([]string{"DER-002 error failed D-1"}, hand...), one("1 days ago")},
		{"DER-002 last day", der(func(v *psn.Derogation) { v.Expiry = "2026-11-22" }), nil, []string{"PLC-002 error derogated" + db1, "PLC-003 warning failed" + db1}, nil},
		{"DER-003", der(func(v *psn.Derogation) { v.Rule = "PLC-004" }), nil, append(slices.Clone(hand), "DER-003 info failed D-1"), nil},
	}
}

// A finding that is set aside carries the derogation, for the report.
func TestDerogatedFindingNamesItsDerogation(t *testing.T) {
	d := clean()
	d.Machines[0].StandbySite, d.Machines[0].PlacementStandbySite = "pomezia", "pomezia"
	want := psn.Derogation{ID: "D-1", Rule: "PLC-002", Subject: "p_bs/db-1", Author: "Ing. Rossi", Date: "2026-01-10", Reason: "works", Expiry: "2026-12-31"}
	d.Derogations = []psn.Derogation{want}
	for _, f := range policy.Evaluate(d) {
		if (f.Outcome == psn.Derogated) != (f.Derogation == want) || f.Outcome == psn.Derogated && f.Rule != "PLC-002" {
			t.Errorf("%+v", f)
		}
	}
	d.Now = time.Time{} // without a date nothing is set aside
	for _, f := range policy.Evaluate(d) {
		if f.Outcome == psn.Derogated {
			t.Errorf("derogated without a date: %+v", f)
		}
	}
}

// A document that speaks of none of the new subjects meets none of their rules.
func TestSilentDocuments(t *testing.T) {
	for _, f := range policy.Evaluate(clean()) {
		t.Errorf("%+v", f)
	}
	for id, want := range map[string]bool{"KEY-001": false, "FND-001": false, "EVI-001": false, "INV-001": false, "PLC-001": true, "PLC-009": false, "DER-001": false, "XYZ": false} {
		if got := policy.Applies(id, clean()); got != want {
			t.Errorf("%s applies: %v", id, got)
		}
	}
	for _, r := range policy.Rules() {
		if got := policy.Applies(r.ID, full(), policy.MinDRKilometres(1)); !got && r.ID != "PLC-009" && !strings.HasPrefix(r.ID, "DER") {
			t.Errorf("%s does not apply to the full document", r.ID)
		}
	}
}

// A rule that the parameters switch off is neither passed nor failed.
func TestSwitchedOff(t *testing.T) {
	off := func(name string) policy.Option {
		o, err := policy.Set(name, 0)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if policy.Applies("PLC-004", full()) {
		t.Error("PLC-004 applies without a least distance")
	}
	if policy.Applies("PLC-002", full(), off("cross_region_critical"), off("cross_region_strategic")) || !policy.Applies("PLC-002", full(), off("cross_region_strategic")) {
		t.Error("PLC-002 applies otherwise than its parameters ask")
	}
}

// The JSON form loses nothing.
func TestDocumentJSON(t *testing.T) {
	d := full()
	d.Services[0].Unknown = policy.Unknown{"rpo": true}
	d.Topics = policy.Topics()
	body, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back policy.Document
	if err := json.Unmarshal(body, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, back); diff != "" {
		t.Errorf("after JSON (-want +got):\n%s", diff)
	}
	if strings.Contains(string(body), "0001-01-01") {
		t.Error("an instant that is not set is written out")
	}
}

func TestSet(t *testing.T) {
	for _, tc := range []struct {
		name  string
		value int64
		say   string
	}{{"min_dr_km", -1, "-1"}, {"min_dr", 1, "min_dr_km"}} {
		if _, err := policy.Set(tc.name, tc.value); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), tc.say) {
			t.Errorf("%+v: %v", tc, err)
		}
	}
}
