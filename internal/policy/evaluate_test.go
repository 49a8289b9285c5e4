package policy_test

import (
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// clean returns a document that every rule passes: a strategic service with a
// machine in Lazio, its standby in Lombardia, and a replica.
func clean() policy.Document {
	return policy.Document{
		Now:     now,
		Tenants: []policy.Tenant{{ID: "p_bs", Name: "Provincia di Brescia", IPACode: "p_bs", FiscalCode: "80008750178", CUP: "B11C22000000006"}},
		Services: []policy.Service{{
			ID: "p_bs/protocollo", Tenant: "p_bs", Name: "protocollo", Classification: "strategic", PriorClassification: "strategic",
			ClassificationState: "validated", ClassificationDate: "2024-11-30", RPO: 15 * time.Minute, RTO: 4 * time.Hour, DataLocation: "IT", Qualification: "QC3",
		}},
		Machines: []policy.Machine{
			{ID: "p_bs/db-1", Service: "p_bs/protocollo", Workload: "db", Site: "acilia", Platform: "vsphere", Cluster: "c1", StandbySite: "rozzano", StandbyPlatform: "vsphere", StandbyCluster: "c1",
				AntiAffinity: "db", FromPlacement: true, PlacementSite: "acilia", PlacementStandbySite: "rozzano"},
			{ID: "p_bs/db-2", Service: "p_bs/protocollo", Workload: "db", Site: "rozzano", Platform: "vsphere", Cluster: "c1", StandbySite: "pomezia", StandbyPlatform: "vsphere", StandbyCluster: "c1",
				AntiAffinity: "db", FromPlacement: true, PlacementSite: "rozzano", PlacementStandbySite: "pomezia"},
		},
		Replicas: []policy.Replica{{ID: "p_bs/db-1", Service: "p_bs/protocollo", Mode: "asynchronous", FromSite: "old-vcenter", ToSite: "acilia", Interval: 15 * time.Minute, RPO: 15 * time.Minute, LastTest: now.AddDate(0, 0, -180)}},
		Headroom: []policy.Headroom{{Site: psn.Rozzano, Platform: psn.VSphere, Cluster: "c1"}, {Site: psn.Rozzano, Platform: psn.VSphere, Cluster: "c1", Lost: psn.Acilia}},
	}
}

func TestCleanDocumentHasNoFindings(t *testing.T) {
	if got := policy.Evaluate(clean()); len(got) > 0 {
		t.Errorf("findings: %+v", got)
	}
	if got := policy.Evaluate(policy.Document{}); len(got) > 0 {
		t.Errorf("findings on nothing: %+v", got)
	}
}

type doc = policy.Document

// Every rule, broken or undecidable in one way: exactly the wanted findings
// come out, as "rule severity outcome subject", and the words contain say.
func TestRules(t *testing.T) {
	svc := func(f func(*policy.Service)) func(*doc) { return func(d *doc) { f(&d.Services[0]) } }
	vm := func(f func(*policy.Machine)) func(*doc) { return func(d *doc) { f(&d.Machines[0]) } }
	rep := func(f func(*policy.Replica)) func(*doc) { return func(d *doc) { f(&d.Replicas[0]) } }
	ten := func(f func(*policy.Tenant)) func(*doc) { return func(d *doc) { f(&d.Tenants[0]) } }
	un := func(names ...string) policy.Unknown {
		u := policy.Unknown{}
		for _, n := range names {
			u[n] = true
		}
		return u
	}
	all := func(ms func(*policy.Machine)) func(*doc) {
		return func(d *doc) {
			for i := range d.Machines {
				ms(&d.Machines[i])
			}
		}
	}
	abroad := func(f func(*psn.Derogation)) func(*doc) {
		return func(d *doc) {
			d.Services[0].DataLocation, d.Services[0].DataLocationDerogation = "US", "D-1"
			v := psn.Derogation{ID: "D-1", Rule: "LOC-002", Subject: "p_bs/protocollo", Author: "RTD", Date: "2026-01-10", Reason: "archive abroad until the contract ends", Expiry: "2026-12-31"}
			f(&v)
			d.Derogations = append(d.Derogations, v)
		}
	}
	const service, db1 = " p_bs/protocollo", " p_bs/db-1"
	tests := []ruleCase{
		{"CLS-001 missing", svc(func(s *policy.Service) { s.Classification, s.PriorClassification = "", "" }), nil, []string{"CLS-001 error failed" + service}, []string{"no class", `"strategic"`}},
		{"CLS-001 misspelt", svc(func(s *policy.Service) { s.Classification = "strategico" }), nil, []string{"CLS-001 error failed" + service}, []string{`"strategico"`}},
		{"CLS-001 unknown", svc(func(s *policy.Service) {
			s.Classification, s.PriorClassification, s.Unknown = "", "", un("classification")
		}), nil,
			[]string{"CLS-001 error undecidable" + service}, []string{"not known yet"}},
		{"CLS-002 undeclared", svc(func(s *policy.Service) { s.ClassificationState, s.ClassificationDate = "", "" }), nil, []string{"CLS-002 warning failed" + service}, nil},
		{"CLS-002 submitted", svc(func(s *policy.Service) { s.ClassificationState = "submitted" }), nil, []string{"CLS-002 warning failed" + service}, []string{`"submitted"`}},
		{"CLS-002 undated", svc(func(s *policy.Service) { s.ClassificationDate = "" }), nil, []string{"CLS-002 warning failed" + service}, []string{"without a date"}},
		{"CLS-002 bad date", svc(func(s *policy.Service) { s.ClassificationDate = "30/11/2024" }), nil, []string{"CLS-002 warning failed" + service}, []string{"30/11/2024"}},
		{"CLS-002 future", svc(func(s *policy.Service) { s.ClassificationDate = "2027-01-01" }), nil, []string{"CLS-002 warning failed" + service}, []string{"future"}},
		{"CLS-002 unknown", svc(func(s *policy.Service) { s.Unknown = un("classification_state") }), nil, []string{"CLS-002 warning undecidable" + service}, nil},
		{"CLS-003 below", vm(func(m *policy.Machine) { m.Classification = "critical" }), nil, []string{"CLS-003 error failed" + db1}, []string{"critical", "strategic", "p_bs/protocollo"}},
		{"CLS-003 misspelt", vm(func(m *policy.Machine) { m.Classification = "alta" }), nil, []string{"CLS-003 error failed" + db1}, []string{`"alta"`}},
		{"CLS-003 unknown", vm(func(m *policy.Machine) { m.Unknown = un("classification") }), nil, []string{"CLS-003 error undecidable" + db1}, nil},
		{"CLS-003 service elsewhere", vm(func(m *policy.Machine) { m.Service, m.Classification = "p_bs/altro", "strategic" }), nil, []string{"CLS-003 error undecidable" + db1}, []string{`"p_bs/altro"`}},
		{"CLS-003 no services", func(d *doc) {
			d.Services, d.Machines[0].Classification, d.Machines[1].Classification = nil, "strategic", "critical"
		}, nil, nil, nil},
		{"CLS-003 no services and no class", func(d *doc) { d.Services, d.Machines[0].Classification = nil, "strategic" }, nil, []string{"CLS-003 error undecidable p_bs/db-2"}, nil},
		{"unknown by the name of the field", vm(func(m *policy.Machine) { m.Unknown = un("Qualification") }), nil, []string{"KEY-002 error undecidable" + service, "LVL-001 error undecidable" + db1, "ACC-002 warning undecidable" + service}, nil},
		{"CLS-004 lowered", svc(func(s *policy.Service) { s.Classification = "critical" }), nil, []string{"CLS-004 error failed" + service}, []string{"strategic", "critical", "reclassification"}},
		{"CLS-004 lowered with reference", svc(func(s *policy.Service) { s.Classification, s.Reclassification = "critical", "ACN 123/2026" }), nil, nil, nil},
		{"CLS-004 raised", svc(func(s *policy.Service) { s.PriorClassification = "ordinary" }), nil, nil, nil},
		{"CLS-004 unknown", svc(func(s *policy.Service) { s.Unknown = un("classification") }), nil, []string{"CLS-001 error undecidable" + service, "CLS-004 error undecidable" + service}, nil},
		{"CLS-004 reference unknown", svc(func(s *policy.Service) { s.Classification, s.Unknown = "critical", un("reclassification") }), nil, []string{"CLS-004 error undecidable" + service}, nil},
		{"LVL-001 below", vm(func(m *policy.Machine) { m.Qualification = "QC2" }), nil, []string{"LVL-001 error failed" + db1}, []string{"QC2", "QC3"}},
		{"LVL-001 enough", vm(func(m *policy.Machine) { m.Qualification = "QC3" }), nil, nil, nil},
		{"LVL-001 misspelt", vm(func(m *policy.Machine) { m.Qualification = "qc3" }), nil, []string{"LVL-001 error failed" + db1}, []string{`"qc3"`}},
		{"LVL-001 unknown", svc(func(s *policy.Service) { s.Unknown = un("qualification") }), nil, []string{"KEY-002 error undecidable" + service, "LVL-001 error undecidable" + service, "ACC-002 warning undecidable" + service}, nil},
		{"LVL-001 service below", svc(func(s *policy.Service) { s.Qualification = "QC2" }), nil, []string{"LVL-001 error failed" + service}, []string{"below the minimum QC3"}},
		{"LVL-001 undeclared", svc(func(s *policy.Service) { s.Qualification = "" }), nil, []string{"LVL-001 warning undecidable" + service}, []string{"does not declare the qualification", "nothing says that it is one of them"}},
		{"LVL-001 declared by the machines", func(d *doc) {
			d.Services[0].Qualification, d.Machines[0].Qualification, d.Machines[1].Qualification = "", "QC3", "QC3"
		}, nil, nil, nil},
		{"KEY-002 and ACC-002 of a declared level 4", svc(func(s *policy.Service) { s.Qualification = "QC4" }), nil, []string{"KEY-002 error failed" + service, "ACC-002 warning failed" + service}, []string{"level 4"}},
		{"KEY-002 undeclared level", svc(func(s *policy.Service) { s.Qualification, s.KeyReference, s.KeyManagement = "", "HSM-1/root", "byok" }), nil,
			[]string{"KEY-002 warning undecidable" + service, "LVL-001 warning undecidable" + service}, []string{"does not declare the qualification"}},
		{"LVL-001 class unknown", func(d *doc) {
			d.Services[0].Unknown, d.Services[0].PriorClassification = un("classification"), ""
			d.Machines[0].Qualification = "QC1"
		}, nil, []string{"CLS-001 error undecidable" + service, "LVL-001 error undecidable" + db1}, nil},
		{"LOC-001 elsewhere", vm(func(m *policy.Machine) { m.StandbySite, m.PlacementStandbySite = "torino", "torino" }), nil, []string{"LOC-001 error failed" + db1}, []string{`"torino"`, "acilia"}},
		{"LOC-001 none", vm(func(m *policy.Machine) { m.Site, m.PlacementSite = "", "" }), nil, []string{"LOC-001 error failed" + db1}, []string{"no site"}},
		{"LOC-001 replica", rep(func(r *policy.Replica) { r.ToSite = "torino" }), nil, []string{"LOC-001 error failed" + db1}, []string{`"torino"`}},
		{"LOC-001 replica unknown", rep(func(r *policy.Replica) { r.Unknown = un("to_site") }), nil, []string{"LOC-001 error undecidable" + db1}, nil},
		{"LOC-002 outside", svc(func(s *policy.Service) { s.DataLocation = "IT, US" }), nil, []string{"LOC-002 error failed" + service}, []string{`"US"`}},
		{"LOC-002 named derogation", svc(func(s *policy.Service) { s.DataLocation, s.DataLocationDerogation = "US", "boh" }), nil, []string{"LOC-002 error failed" + service}, []string{`"US"`, `derogation "boh", which it names, is not documented`}},
		{"LOC-002 documented derogation", abroad(func(*psn.Derogation) {}), nil, []string{"LOC-002 error derogated" + service}, []string{`"US"`}},
		{"LOC-002 expired derogation", abroad(func(d *psn.Derogation) { d.Expiry = "2026-11-21" }), nil, []string{"DER-002 error failed D-1", "LOC-002 error failed" + service}, []string{"expired on 2026-11-21"}},
		{"LOC-002 derogation without a reason", abroad(func(d *psn.Derogation) { d.Reason = "" }), nil, []string{"DER-001 error failed D-1", "LOC-002 error failed" + service}, []string{"reason is missing"}},
		{"LOC-002 derogation of another", abroad(func(d *psn.Derogation) { d.Subject = "p_bs/altro" }), nil, []string{"LOC-002 error failed" + service, "DER-003 info failed D-1"}, []string{"not documented"}},
		{"LOC-002 reference unknown", svc(func(s *policy.Service) { s.DataLocation, s.Unknown = "US", un("data_location_derogation") }), nil, []string{"LOC-002 error undecidable" + service}, nil},
		{"LOC-002 several", svc(func(s *policy.Service) { s.DataLocation = "it;FR EU" }), nil, nil, nil},
		{"LOC-002 undeclared", svc(func(s *policy.Service) { s.DataLocation = " " }), nil, []string{"LOC-002 warning undecidable" + service}, nil},
		{"LOC-002 unknown", svc(func(s *policy.Service) { s.Unknown = un("data_location") }), nil, []string{"LOC-002 error undecidable" + service}, nil},
		{"PLC-001 no standby", vm(func(m *policy.Machine) { m.StandbySite, m.PlacementStandbySite = "", "" }), nil, []string{"PLC-001 error failed" + db1}, []string{"no standby"}},
		{"PLC-001 and 005 own site", vm(func(m *policy.Machine) { m.StandbySite, m.PlacementStandbySite = "acilia", "acilia" }), nil,
			[]string{"PLC-001 error failed" + db1, "PLC-005 error failed" + db1}, []string{"own site", "share site"}},
		{"PLC-001 ordinary", func(d *doc) {
			d.Services[0].Classification, d.Services[0].PriorClassification = "ordinary", ""
			d.Machines[0].StandbySite, d.Machines[0].FromPlacement = "", false
		}, nil, nil, nil},
		{"PLC-001 class unknown", func(d *doc) {
			d.Services[0].Unknown, d.Services[0].PriorClassification = un("classification"), ""
			d.Machines[0].StandbySite, d.Machines[0].PlacementStandbySite = "", ""
		}, nil, []string{"CLS-001 error undecidable" + service, "PLC-001 error undecidable" + db1}, nil},
		{"standby unknown", vm(func(m *policy.Machine) { m.Unknown = un("standby_site") }), []policy.Option{policy.MinDRKilometres(1)},
			[]string{"LOC-001 error undecidable" + db1, "PLC-001 error undecidable" + db1, "PLC-002 error undecidable" + db1, "PLC-007 error undecidable" + db1, "PLC-003 warning undecidable" + db1, "PLC-004 warning undecidable" + db1}, nil},
		{"PLC-002 strategic", vm(func(m *policy.Machine) { m.StandbySite, m.PlacementStandbySite = "pomezia", "pomezia" }), nil,
			[]string{"PLC-002 error failed" + db1, "PLC-003 warning failed" + db1}, []string{"same region", "17.4 km", "lazio"}},
		{"PLC-002 critical", func(d *doc) {
			d.Services[0].Classification, d.Services[0].PriorClassification = "critical", ""
			d.Machines[0].StandbySite, d.Machines[0].PlacementStandbySite = "pomezia", "pomezia"
		}, nil, []string{"PLC-002 warning failed" + db1, "PLC-003 warning failed" + db1}, nil},
		{"PLC-002 critical or strategic", func(d *doc) {
			d.Services[0].Unknown, d.Services[0].PriorClassification = un("classification"), ""
			d.Machines[0].Classification = "critical"
			d.Machines[0].StandbySite, d.Machines[0].PlacementStandbySite = "pomezia", "pomezia"
		}, nil, []string{"CLS-001 error undecidable" + service, "CLS-003 error undecidable" + db1, "PLC-002 error undecidable" + db1, "PLC-002 warning failed" + db1, "PLC-003 warning failed" + db1}, nil},
		{"PLC-004 near", vm(func(*policy.Machine) {}), []policy.Option{policy.MinDRKilometres(490)}, []string{"PLC-004 warning failed" + db1}, []string{"476.9 km apart", "13.1 km less"}},
		{"PLC-005 cluster", all(func(m *policy.Machine) {
			m.Site, m.PlacementSite, m.StandbySite, m.PlacementStandbySite = "acilia", "acilia", "rozzano", "rozzano"
		}), nil, []string{"PLC-005 error failed" + db1}, []string{"cluster c1", "p_bs/db-2"}},
		{"PLC-005 site", func(d *doc) {
			d.Machines[1].Site, d.Machines[1].PlacementSite, d.Machines[1].StandbySite, d.Machines[1].PlacementStandbySite = "acilia", "acilia", "rozzano", "rozzano"
			d.Machines[1].Cluster = "c2"
		}, nil, []string{"PLC-005 warning failed" + db1}, []string{"share site acilia"}},
		{"PLC-005 cluster unknown", func(d *doc) {
			d.Machines[1].Site, d.Machines[1].PlacementSite, d.Machines[1].StandbySite, d.Machines[1].PlacementStandbySite = "acilia", "acilia", "rozzano", "rozzano"
			d.Machines[1].Unknown = un("cluster")
		}, nil, []string{"PLC-005 error undecidable p_bs/db-2"}, nil},
		{"PLC-006 short", func(d *doc) { d.Headroom[1].Free.MemoryMiB = -204 * 1024 }, nil, []string{"PLC-006 warning failed rozzano/vsphere/c1"}, []string{"204 GiB of RAM", "acilia is lost"}},
		{"PLC-006 more than all is to be kept", func(d *doc) {
			d.Headroom[1].Free, d.Headroom[1].Reserved = psn.Resources{VCPUs: 2, MemoryMiB: 9000}, psn.Resources{VCPUs: 5, MemoryMiB: 1}
		}, []policy.Option{policy.DRReserve(150)}, []string{"PLC-006 warning failed rozzano/vsphere/c1"}, []string{"short by 1 vCPU", "of which 150 % is to be kept"}},
		{"PLC-006 more than all is kept", func(d *doc) {
			d.Headroom[1].Free, d.Headroom[1].Reserved = psn.Resources{VCPUs: 3, MemoryMiB: 9000}, psn.Resources{VCPUs: 5, MemoryMiB: 1}
		}, []policy.Option{policy.DRReserve(150)}, nil, nil},
		{"PLC-006 half is to be kept", func(d *doc) {
			d.Headroom[1].Free, d.Headroom[1].Reserved = psn.Resources{VCPUs: -2}, psn.Resources{VCPUs: 5}
		}, []policy.Option{policy.DRReserve(50)}, nil, nil},
		{"PLC-006 not even half is kept", func(d *doc) {
			d.Headroom[1].Free, d.Headroom[1].Reserved = psn.Resources{VCPUs: -3}, psn.Resources{VCPUs: 5}
		}, []policy.Option{policy.DRReserve(50)}, []string{"PLC-006 warning failed rozzano/vsphere/c1"}, []string{"short by 1 vCPU"}},
		{"PLC-006 disks are kept whole", func(d *doc) {
			d.Headroom[1].Free, d.Headroom[1].Reserved = psn.Resources{StorageMiB: -1}, psn.Resources{StorageMiB: 5}
		}, []policy.Option{policy.DRReserve(50)}, []string{"PLC-006 warning failed rozzano/vsphere/c1"}, []string{"1 MiB of storage"}},
		{"PLC-006 more than there can be", func(d *doc) {
			d.Headroom[1].Free, d.Headroom[1].Reserved = psn.Resources{VCPUs: 3}, psn.Resources{VCPUs: 1 << 50}
		}, []policy.Option{policy.DRReserve(1 << 62)}, []string{"PLC-006 warning failed rozzano/vsphere/c1"}, nil},
		{"PLC-006 derogated for the cluster", func(d *doc) {
			d.Headroom[1].Free.MemoryMiB = -1024
			d.Derogations = []psn.Derogation{{ID: "D-6", Rule: "PLC-006", Subject: "rozzano/vsphere/c1", Author: "RTD", Date: "2026-01-10", Reason: "hosts ordered", Expiry: "2026-12-31"}}
		}, nil, []string{"PLC-006 warning derogated rozzano/vsphere/c1"}, nil},
		{"PLC-008 overfull", func(d *doc) { d.Headroom[0].Free = psn.Resources{VCPUs: -3, StorageMiB: -1} }, nil, []string{"PLC-008 error failed rozzano/vsphere/c1"}, []string{"3 vCPU, 1 MiB of storage"}},
		{"PLC-007 by hand", vm(func(m *policy.Machine) { m.FromPlacement = false }), nil, []string{"PLC-007 error failed" + db1}, []string{"psn_placement"}},
		{"PLC-007 contradicts", vm(func(m *policy.Machine) { m.Site = "pomezia" }), nil, []string{"PLC-007 error failed" + db1}, []string{`"pomezia"`, `"acilia"`}},
		{"PLC-007 standby contradicts", vm(func(m *policy.Machine) { m.StandbySite = "santo-stefano-ticino" }), nil, []string{"PLC-007 error failed" + db1}, nil},
		{"PLC-007 unknown", vm(func(m *policy.Machine) { m.FromPlacement, m.Unknown = false, un("from_placement") }), nil, []string{"PLC-007 error undecidable" + db1}, nil},
		{"REP-001 far", rep(func(r *policy.Replica) { r.Mode, r.FromSite, r.ToSite = "synchronous", "acilia", "rozzano" }), nil, []string{"REP-001 error failed" + db1}, []string{"476.9 km", "100 km", "4.7"}},
		{"REP-001 near", rep(func(r *policy.Replica) { r.Mode, r.FromSite, r.ToSite = "synchronous", "acilia", "pomezia" }), nil, nil, nil},
		{"REP-001 lowered maximum", rep(func(r *policy.Replica) { r.Mode, r.FromSite, r.ToSite = "synchronous", "acilia", "pomezia" }), []policy.Option{policy.MaxSyncKilometres(10)}, []string{"REP-001 error failed" + db1}, nil},
		{"REP-001 outside", rep(func(r *policy.Replica) { r.Mode = "synchronous" }), nil, []string{"REP-001 error undecidable" + db1}, []string{"old-vcenter"}},
		{"REP-001 misspelt", rep(func(r *policy.Replica) { r.Mode = "sync" }), nil, []string{"REP-001 error failed" + db1}, []string{`"sync"`}},
		{"REP-001 unknown", rep(func(r *policy.Replica) { r.Unknown = un("mode") }), nil, []string{"REP-001 error undecidable" + db1}, nil},
		{"REP-002 no RPO", svc(func(s *policy.Service) { s.RPO = 0 }), nil, []string{"REP-002 error failed" + service}, []string{"no RPO"}},
		{"REP-002 no RTO", svc(func(s *policy.Service) { s.RTO = 0 }), nil, []string{"REP-002 error failed" + service}, []string{"no RTO"}},
		{"REP-002 unknown", svc(func(s *policy.Service) { s.Unknown = un("rto") }), nil, []string{"REP-002 error undecidable" + service}, nil},
		{"REP-002 interval", rep(func(r *policy.Replica) { r.Interval = time.Hour }), nil, []string{"REP-002 error failed" + db1}, []string{"1h0m0s", "15m0s"}},
		{"REP-002 interval against the service", rep(func(r *policy.Replica) { r.Interval, r.RPO = time.Hour, 0 }), nil, []string{"REP-002 error failed" + db1}, []string{"RPO of service"}},
		{"REP-002 replica looser", rep(func(r *policy.Replica) { r.RPO = time.Hour }), nil, []string{"REP-002 error failed" + db1}, []string{"more than"}},
		{"REP-002 interval unknown", rep(func(r *policy.Replica) { r.Unknown = un("interval") }), nil, []string{"REP-002 error undecidable" + db1}, nil},
		{"REP-003 never", rep(func(r *policy.Replica) { r.LastTest = time.Time{} }), nil, []string{"REP-003 warning failed" + db1}, []string{"never"}},
		{"REP-003 old", rep(func(r *policy.Replica) { r.LastTest = now.AddDate(0, 0, -181) }), nil, []string{"REP-003 warning failed" + db1}, []string{"181 days"}},
		{"REP-003 stricter", rep(func(*policy.Replica) {}), []policy.Option{policy.MaxTestAge(24 * time.Hour)}, []string{"REP-003 warning failed" + db1}, nil},
		{"REP-003 no clock", func(d *doc) { d.Now = time.Time{} }, nil, []string{"REP-003 warning undecidable" + db1}, nil},
		{"REP-003 unknown", rep(func(r *policy.Replica) { r.Unknown = un("last_test") }), nil, []string{"REP-003 warning undecidable" + db1}, nil},
		{"IDN-001", ten(func(t *policy.Tenant) { t.IPACode = "p bs" }), nil, []string{"IDN-001 error failed p_bs"}, []string{`"p bs"`}},
		{"IDN-001 unknown", ten(func(t *policy.Tenant) { t.Unknown = un("ipa_code") }), nil, []string{"IDN-001 error undecidable p_bs"}, nil},
		{"IDN-002", ten(func(t *policy.Tenant) { t.FiscalCode = "80008750179" }), nil, []string{"IDN-002 error failed p_bs"}, []string{"check digit"}},
		{"IDN-002 undeclared", ten(func(t *policy.Tenant) { t.FiscalCode = "" }), nil, nil, nil},
		{"IDN-002 unknown", ten(func(t *policy.Tenant) { t.FiscalCode, t.Unknown = "", un("fiscal_code") }), nil, []string{"IDN-002 error undecidable p_bs"}, nil},
		{"IDN-003", ten(func(t *policy.Tenant) { t.CUP = "B11" }), nil, []string{"IDN-003 error failed p_bs"}, []string{`"B11"`}},
		{"IDN-003 odd letter", ten(func(t *policy.Tenant) { t.CUP = "Z11C22000000006" }), nil, []string{"IDN-003 warning failed p_bs"}, []string{"outside B-J"}},
		{"IDN-003 unknown", ten(func(t *policy.Tenant) { t.Unknown = un("cup") }), nil, []string{"IDN-003 error undecidable p_bs"}, nil},
	}
	broken := runCases(t, clean, tests)
	maps.Copy(broken, runCases(t, full, dossierCases()))
	for _, r := range policy.Rules() {
		if !broken[r.ID] && r.ID != "PLC-009" { // the placement's own
			t.Errorf("no case breaks %s", r.ID)
		}
	}
}

// ruleCase is a change to a document that every rule passes, and what comes of it.
type ruleCase struct {
	name   string
	change func(*doc)
	opts   []policy.Option
	want   []string
	say    []string
}

// runCases runs the cases on documents made by base and returns the rules that
// were broken.
func runCases(t *testing.T, base func() doc, tests []ruleCase) map[string]bool {
	t.Helper()
	broken := map[string]bool{}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			d := base()
			tc.change(&d)
			found := policy.Evaluate(d, tc.opts...)
			var got []string
			var text strings.Builder
			for _, f := range found {
				got = append(got, strings.Join([]string{f.Rule, string(f.Severity), string(f.Outcome), f.Subject}, " "))
				text.WriteString(f.Message + " | " + f.Remedy + "\n")
				if f.Message == "" || f.Remedy == "" || f.Citation == "" || f.Basis == "" || strings.Contains(strings.ToLower(f.Message+f.Remedy), "conform") {
					t.Errorf("incomplete finding %+v", f)
				}
				if !policy.Applies(f.Rule, d, tc.opts...) {
					t.Errorf("%s is found where it is said not to apply", f.Rule)
				}
				broken[f.Rule] = true
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s\n%s", diff, text.String())
			}
			for _, s := range tc.say {
				if !strings.Contains(text.String(), s) {
					t.Errorf("%q is not said in:\n%s", s, text.String())
				}
			}
		})
	}
	return broken
}

func TestEvaluateDoesNotDependOnOrder(t *testing.T) {
	d := clean()
	for i := range 12 {
		m := d.Machines[i%2]
		m.ID = psn.VMID("p_bs/x-" + string(rune('a'+i)))
		m.Site, m.StandbySite = "acilia", "acilia"
		d.Machines = append(d.Machines, m)
	}
	d.Services = append(d.Services, policy.Service{ID: "p_bs/altro"}, policy.Service{ID: "p_bs/terzo", Unknown: policy.Unknown{"classification": true}})
	want := policy.Evaluate(d)
	if len(want) < 20 {
		t.Fatalf("only %d findings", len(want))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r.Shuffle(len(d.Machines), func(i, j int) { d.Machines[i], d.Machines[j] = d.Machines[j], d.Machines[i] })
		r.Shuffle(len(d.Services), func(i, j int) { d.Services[i], d.Services[j] = d.Services[j], d.Services[i] })
		if diff := cmp.Diff(want, policy.Evaluate(d)); diff != "" {
			t.Fatalf("findings depend on the order of the document:\n%s", diff)
		}
	}
}
