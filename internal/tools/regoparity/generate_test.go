package regoparity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// dice draws field values: mostly right, sometimes empty, wrong or unknown.
type dice struct{ *rand.Rand }

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func (d dice) pick(vs ...string) string { return vs[d.IntN(len(vs))] }

// unknown leaves some of the fields unknown, in either spelling.
func (d dice) unknown(fields ...string) policy.Unknown {
	if !d.chance(25) {
		return nil
	}
	u := policy.Unknown{}
	for range 1 + d.IntN(2) {
		u[d.pick(fields...)] = d.chance(90)
	}
	return u
}

func (d dice) ref() string { return d.pick("DOC-1", "DOC-2", "DOC-3", "", " ") }

func (d dice) site() string {
	return d.pick("acilia", "pomezia", "rozzano", "santo-stefano-ticino", "acilia", "rozzano", "torino", "")
}

func (d dice) day() string {
	switch d.IntN(12) {
	case 0:
		return ""
	case 1:
		return d.pick("2025-02-30", "01/02/2025", "2020-01-31", "2020-02-01", "2026-11-21", "2026-11-22", "2026-11-23", "2026-3-1")
	}
	return string(catalog.Date("2025-06-01").Plus(0, int64(d.IntN(900)-300)))
}

func (d dice) class() string {
	return d.pick("ordinary", "critical", "strategic", "critical", "strategic", "", "strategico")
}

func (d dice) place() string {
	return d.pick("IT", "EU", "IT, FR", "it;de", "US", "IT US", "", " ", "XX")
}

func (d dice) count(n int) int { return d.IntN(n + 1) }

func list[T any](n int, one func(int) T) []T {
	var out []T
	for i := range n {
		out = append(out, one(i))
	}
	return out
}

func (d dice) call() string {
	all := catalog.Calls()
	if i := d.IntN(len(all) + 3); i < len(all) {
		return all[i].ID
	}
	return d.pick("pnrr-1.2-province-2025", "pnrr-1.2-province-2025", "pnrr", "")
}

func (d dice) service() psn.ServiceID { return psn.ServiceID(fmt.Sprintf("p_bs/s%d", d.IntN(4))) }

// document draws a small document that may speak of everything.
func document(seed uint64) policy.Document {
	d := dice{rand.New(rand.NewPCG(seed, 7))}
	doc := policy.Document{Tenants: list(d.count(2), d.tenant), Services: list(d.count(3), d.newService), Machines: list(d.count(5), d.machine)}
	if d.chance(90) {
		doc.Now = now
	}
	if d.chance(15) {
		doc.Now = time.Date(2026, 12, 31, 23, 59, 0, 0, time.UTC) // the last day of many terms
	}
	if d.chance(20) {
		doc.Topics = []policy.Topic{policy.Topics()[d.IntN(len(policy.Topics()))]}
	}
	some := func(add func()) {
		if d.chance(50) {
			add()
		}
	}
	some(func() { doc.Replicas = list(d.count(3), d.replica) })
	some(func() { doc.Headroom = list(d.count(3), d.headroom) })
	some(func() { doc.Backups = list(d.count(4), d.backup) })
	some(func() { doc.Certificates = list(d.count(2), d.certificate) })
	some(func() { doc.Migrations = list(d.count(3), d.migration) })
	some(func() { doc.Candidatures = list(d.count(2), d.candidature) })
	some(func() { doc.Evidence = list(d.count(2), d.evidence) })
	some(func() { doc.Attestations = list(d.count(2), d.attestation) })
	for _, f := range policy.Evaluate(doc) {
		if d.chance(8) {
			if i := slices.IndexFunc(doc.Machines, func(m policy.Machine) bool { return string(m.ID) == f.Subject }); i >= 0 && d.chance(40) {
				f.Subject = string(doc.Machines[i].Service) // covers all its machines
			}
			doc.Derogations = append(doc.Derogations, d.derogation(f, len(doc.Derogations)))
		}
	}
	return doc
}

func (d dice) tenant(i int) policy.Tenant {
	return policy.Tenant{ID: psn.TenantID(fmt.Sprintf("p_%d", i)), IPACode: d.pick("p_bs", "p_mi", "p bs", ""), FiscalCode: d.pick("80008750178", "80008750179", "8000875017", "", "abc"),
		CUP: d.pick("B11C22000000006", "Z11C22000000006", "B11Z22000000006", "B11", ""), Unknown: d.unknown("ipa_code", "fiscal_code", "cup", "FiscalCode")}
}

func (d dice) newService(i int) policy.Service {
	s := policy.Service{ID: psn.ServiceID(fmt.Sprintf("p_bs/s%d", i)), Classification: d.class(), PriorClassification: d.pick("", "critical", "strategic"), ClassificationState: d.pick("validated", "validated", "draft", ""),
		ClassificationDate: d.day(), Reclassification: d.pick("", "ACN-1"), DataLocation: d.place(), DataLocationDerogation: d.pick("", "D-1"), Change: d.pick("", "", "destroy", "downsize", "grow"),
		RPO: time.Duration(d.count(3)) * 15 * time.Minute, RTO: time.Duration(d.count(3)) * time.Hour,
		Unknown: d.unknown("classification", "classification_state", "reclassification", "data_location", "data_location_derogation", "rpo", "RTO", "backup_policy", "key_reference", "key_management", "hsm",
			"metadata_location", "log_location", "site_list", "access_procedure", "staff_list", "change", "qualification")}
	if d.chance(60) {
		s.Qualification = d.pick("QC1", "QC2", "QC3", "QC4", "QC4", "qc4")
	}
	if d.chance(40) {
		s.BackupPolicy, s.KeyReference, s.KeyManagement, s.HSM = d.ref(), d.ref(), d.pick("byok", "hyok", "hyok", "provider", ""), d.ref()
	}
	if d.chance(40) {
		s.MetadataLocation, s.LogLocation, s.BackupLocation, s.SiteList, s.AccessProcedure, s.StaffList = d.place(), d.place(), d.place(), d.ref(), d.ref(), d.ref()
	}
	return s
}

func (d dice) machine(i int) policy.Machine {
	m := policy.Machine{ID: psn.VMID(fmt.Sprintf("%s/vm-%d", d.pick("p_bs", "p_bs", "p_mi"), i)), Service: d.service(), Classification: d.pick("", "", d.class()), Site: d.site(), Platform: d.pick("vsphere", "openstack", ""),
		Cluster: d.pick("c1", "c2", ""), StandbySite: d.site(), AntiAffinity: d.pick("", "db", "db", "web"), Qualification: d.pick("", "", "QC1", "QC2", "QC3", "QC4", "qc4"), FromPlacement: d.chance(70),
		Unknown: d.unknown("classification", "service", "site", "standby_site", "Cluster", "platform", "anti_affinity", "qualification", "from_placement", "placement_site", "product", "owner", "addresses", "more_standby_sites", "name")}
	m.PlacementSite, m.PlacementStandbySite = m.Site, m.StandbySite
	if d.chance(10) {
		m.PlacementSite = d.site()
	}
	if d.chance(20) {
		m.MoreStandbySites = list(d.count(2), func(int) string { return d.site() })
	}
	if d.chance(30) {
		m.Product = d.pick("iaas-shared", "iaas-private", "secure-public-cloud", "iaas", "")
	}
	if d.chance(30) {
		m.Name, m.Function, m.Owner, m.Office = d.pick("", "x", " "), d.ref(), d.ref(), d.ref()
		m.Addresses = list(d.count(2), func(int) string {
			return d.pick("10.1.2.3", "2001:db8::1", "10.1.2", "", "10.1.2.3/8", "::ffff:10.0.0.1", "010.1.2.3")
		})
	}
	return m
}

func (d dice) replica(i int) policy.Replica {
	r := policy.Replica{ID: psn.VMID(fmt.Sprintf("p_bs/r-%d", i)), Service: d.service(), Mode: d.pick("synchronous", "asynchronous", "sync", ""), FromSite: d.site(), ToSite: d.site(),
		Interval: time.Duration(d.count(4)) * 15 * time.Minute, RPO: time.Duration(d.count(3)) * 15 * time.Minute, Unknown: d.unknown("mode", "from_site", "to_site", "interval", "rpo", "last_test", "LastTest")}
	if d.chance(80) {
		r.LastTest = now.Add(-time.Duration(d.IntN(9000)) * time.Hour)
	}
	return r
}

func (d dice) headroom(i int) policy.Headroom {
	return policy.Headroom{Site: psn.Sites()[d.IntN(4)], Platform: psn.VSphere, Cluster: fmt.Sprint("c", i), Lost: psn.Site(d.pick("", "acilia")), Free: psn.Resources{VCPUs: int64(d.IntN(9) - 2), MemoryMiB: int64(d.IntN(99) - 9)}, Reserved: psn.Resources{VCPUs: int64(d.IntN(7)), MemoryMiB: int64(d.IntN(40)), StorageMiB: int64(d.IntN(9))}}
}

func (d dice) backup(i int) policy.Backup {
	return policy.Backup{ID: fmt.Sprint("b", i), Service: d.service(), Site: d.site(), RetentionDays: int64(d.IntN(99)), Unknown: d.unknown("site", "retention_days")}
}

func (d dice) certificate(i int) policy.Certificate {
	return policy.Certificate{ID: fmt.Sprint("q", i), Kind: d.pick("qualification", "ISO 27001"), Issued: d.pick(d.day(), "2023-11-22", "2023-11-21", "2024-02-29"), Expires: d.pick("", d.day()), Unknown: d.unknown("issued", "expires")}
}

func (d dice) migration(i int) policy.Migration {
	m := policy.Migration{ID: fmt.Sprint("m", i), Service: d.service(), Call: d.call(), Origin: d.pick("on-premise-structured", "on-premise-unstructured", "iaas", "iaas-qualified", "paas", "paas-qualified", "saas", "mainframe", ""),
		Destination: d.pick("iaas", "iaas", "paas", "saas", "cloud", ""), FundedMode: d.pick("A", "B", "", "C"), FirstStep: d.day(), Changes: d.pick("", "", "kernel"), ImprovementDeclaration: d.pick("", "DICH-1"), StartDate: d.day(),
		Phase: d.pick("", "planned", "replicating", "cutover", "production", "live"), Completed: d.chance(40), AcceptanceTest: d.ref(), SecurityReview: d.ref(),
		Unknown: d.unknown("call", "origin", "destination", "funded_mode", "first_step", "changes", "improvement_declaration", "start_date", "phase", "completed", "parts", "acceptance_test", "security_review")}
	if d.chance(50) {
		m.PaidDate = d.pick(d.day(), "2020-06-01", "2021-03-01", "2026-06-01")
	}
	if d.chance(5) {
		m.Unknown = policy.Unknown{"paid_date": true}
	}
	m.Parts = list(d.count(2), func(i int) policy.Part {
		return policy.Part{Name: d.pick("", "vm"), Moved: d.chance(70), Unknown: d.unknown("moved")}
	})
	return m
}

func (d dice) candidature(i int) policy.Candidature {
	services := func(n int) []psn.ServiceID {
		return list(d.count(n), func(int) psn.ServiceID { return d.service() })
	}
	c := policy.Candidature{ID: fmt.Sprint("c", i), Call: d.call(), CUP: d.pick("B11C22000000006", "A11C22000000006", "B1", ""), Services: services(1), Transfers: services(2), Upgrades: services(4), DecreeDate: d.day(), EndDate: d.day(),
		CompletionDate: d.pick("", d.day()), PaidDate: d.pick(d.day(), "2020-06-01", "2021-03-01"), Servers: int64(d.IntN(90) - 5), VirtualMachines: int64(d.IntN(900)), DoubleFundingDeclaration: d.pick("", "DICH-1"),
		GrantEuro: int64(d.IntN(4)) * 700000,
		Unknown:   d.unknown("call", "services", "transfers", "upgrades", "decree_date", "end_date", "completion_date", "paid_date", "servers", "virtual_machines", "double_funding_declaration", "grant_euro", "cup")}
	if d.chance(50) {
		c.DecreeDate = d.pick("2025-06-23", "2025-07-21", "2025-06-22", "2023-08-31", "2023-12-31", "2024-07-31", "2026-04-01")
	}
	if d.chance(10) {
		c.DecreeDate, c.CompletionDate = "2025-06-23", d.pick("2026-03-20", "2026-03-21") // the deadline of the call
	}
	if d.chance(50) {
		c.GrantEuro = 552632 + 46634*int64(len(c.Transfers)) + 75816*int64(len(c.Upgrades))
	}
	return c
}

func (d dice) evidence(int) policy.Evidence {
	e := policy.Evidence{Service: d.service(), Destination: d.pick("iaas", "iaas", "paas", "saas", ""), Contract: d.ref(), ContractDate: d.day(), CatalogueReference: d.ref(), MigrationStart: d.pick("2025-09-01", d.day()), MigrationEnd: d.pick("2025-09-15", d.day()),
		PublicIPs: list(d.count(2), func(int) string { return d.pick("192.0.2.7", "192.0.2.7", "www") }), AccessMode: d.pick("", "VPN"), Resources: list(d.count(4), func(i int) string { return d.pick("u-1", fmt.Sprint("u-", i), " ") }),
		Software: list(d.count(2), func(int) policy.Software {
			return policy.Software{Product: "P", Vendor: d.pick("V", "V", ""), Function: "F"}
		}),
		ProductionStatement: d.pick("", "PROD-1"), ProductionNote: d.pick("", "NOTE"), ProductionExpected: d.day(), CriticalDataDocument: d.ref(), DNSHDeclaration: d.ref(), DNSHSheets: list(d.count(2), func(int) string { return d.pick("3", "6", "8") }),
		CompletionDate: d.day(), Unknown: d.unknown("destination", "contract", "contract_date", "catalogue_reference", "migration_start", "report", "public_ips", "access_mode", "resources", "software", "production_statement", "production_note",
			"production_expected", "critical_data_document", "dnsh_declaration", "dnsh_sheets", "completion_date")}
	if d.chance(85) {
		ok := func() bool { return d.chance(95) }
		e.Report = &policy.ResourceReport{From: d.pick("2025-09-01", "2025-09-01", d.day()), To: d.pick("2025-09-15", "2025-09-14", d.day()), CPU: ok(), RAM: ok(), Storage: ok(), Connectivity: ok(), ThirdParty: d.pick("PSN", "PSN", "")}
	}
	return e
}

func (d dice) attestation(i int) policy.Attestation {
	a := policy.Attestation{ID: fmt.Sprint("a", i), Kind: d.pick("vm", "vm", "physical", "container"), ExpectedRows: int64(d.count(2)), Unknown: d.unknown("kind", "columns", "rows", "name")}
	for _, c := range catalog.AttestationColumns(a.Kind) {
		a.Columns = append(a.Columns, c.Name)
	}
	a.Columns = append(a.Columns, list(d.count(2), func(i int) string { return d.pick(fmt.Sprint("s", i), fmt.Sprint("s", i), "s0", "") })...)
	if d.chance(5) && len(a.Columns) > 0 {
		a.Columns[0] = "?"
	}
	a.Rows = list(d.count(3), func(r int) []string {
		row := list(len(a.Columns), func(i int) string {
			if i >= len(catalog.AttestationColumns(a.Kind)) {
				return d.pick("X", "X", "", "x")
			}
			return d.pick(fmt.Sprint(r*10+i), fmt.Sprint(r*10+i), fmt.Sprint(r*10+i), "4", fmt.Sprint(r*10+i), "4.5", " ")
		})
		if d.chance(5) {
			row = append(row, "")
		}
		return row
	})
	return a
}

func (d dice) derogation(f psn.Finding, i int) psn.Derogation {
	v := psn.Derogation{ID: fmt.Sprint("D-", i), Rule: f.Rule, Subject: f.Subject, Author: "Ing. Rossi", Date: "2026-01-10", Reason: "works", Expiry: d.pick("2026-12-31", "2026-11-22", "2026-11-21")}
	switch d.IntN(10) {
	case 0:
		v.ID = d.pick("", "D-0")
	case 1:
		v.Rule = d.pick("PLC-004", "PLC-099", "IDN-001", "PLC-003", "")
	case 2:
		v.Date = d.pick(d.day(), "2026-11-23", "2027-01-01")
	case 3:
		v.Reason = " "
	case 4:
		v.Expiry = d.day()
	}
	return v
}
