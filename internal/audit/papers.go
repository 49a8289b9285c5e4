package audit

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/italia/terraform-provider-psn/internal/policy"
)

// Schedule is the course of one service's move, as far as the file tells it.
// Dates are "YYYY-MM-DD", "" when the file does not tell them.
type Schedule struct {
	Service            string   `json:"service"`
	Call               string   `json:"call"` // funding call, "" when paid otherwise
	Phase              string   `json:"phase"`
	Start              string   `json:"start"`
	Contract           string   `json:"contract"`
	MigrationStart     string   `json:"migration_start"`
	MigrationEnd       string   `json:"migration_end"`
	ProductionExpected string   `json:"production_expected"`
	Completion         string   `json:"completion"`
	NotKnown           []string `json:"not_known"`
}

// Usage is a report of the resources a service used during its move: what it
// covers, not what it says.
type Usage struct {
	Service string   `json:"service"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Metrics []string `json:"metrics"` // of "cpu", "ram", "storage", "connectivity"
	Origin  string   `json:"origin"`  // who wrote it
}

// Paper is something an evidence pack asks for. Only references are in the file,
// never the documents.
type Paper struct {
	Service   string `json:"service"`
	Item      string `json:"item"`      // attribute that names it
	Reference string `json:"reference"` // or how many entries, for a list
	State     string `json:"state"`     // "present", "missing" or "not known"
}

// papers fills the parts of the report on moves and their evidence.
func (r *Report) papers(doc policy.Document) {
	r.Schedule, r.Usage, r.Papers = []Schedule{}, []Usage{}, []Paper{}
	at := map[string]int{}
	course := func(service string) *Schedule {
		i, ok := at[service]
		if !ok {
			i = len(r.Schedule)
			at[service] = i
			r.Schedule = append(r.Schedule, Schedule{Service: service, NotKnown: []string{}})
		}
		return &r.Schedule[i]
	}
	for _, m := range doc.Migrations {
		c := course(string(m.Service))
		c.Call, c.Phase, c.Start = m.Call, m.Phase, m.StartDate
		c.notKnown(m.Unknown, "call", "phase", "start_date")
		for _, p := range []struct{ item, reference string }{
			{"acceptance_test", m.AcceptanceTest}, {"security_review", m.SecurityReview},
		} {
			r.paper(string(m.Service), p.item, p.reference, m.Unknown.Has(p.item))
		}
	}
	for _, e := range doc.Evidence {
		service := string(e.Service)
		c := course(service)
		c.Contract, c.MigrationStart, c.MigrationEnd, c.ProductionExpected, c.Completion = e.ContractDate, e.MigrationStart, e.MigrationEnd, e.ProductionExpected, e.CompletionDate
		c.notKnown(e.Unknown, "contract_date", "migration_start", "migration_end", "production_expected", "completion_date")
		if u := e.Report; u != nil {
			r.Usage = append(r.Usage, usageOf(service, *u))
		}
		for _, p := range []struct{ item, reference string }{
			{"contract", e.Contract}, {"catalogue_reference", e.CatalogueReference}, {"report", reportReference(e.Report)},
			{"public_ips", counted(len(e.PublicIPs))}, {"access_mode", e.AccessMode}, {"resources", counted(len(e.Resources))},
			{"software", counted(len(e.Software))}, {"production_statement", e.ProductionStatement}, {"production_note", e.ProductionNote},
			{"critical_data_document", e.CriticalDataDocument}, {"dnsh_declaration", e.DNSHDeclaration}, {"dnsh_sheets", counted(len(e.DNSHSheets))},
		} {
			r.paper(service, p.item, p.reference, e.Unknown.Has(p.item))
		}
	}
	slices.SortFunc(r.Schedule, func(a, b Schedule) int { return cmp.Compare(a.Service, b.Service) })
	slices.SortFunc(r.Usage, func(a, b Usage) int { return cmp.Compare(a.Service, b.Service) })
	slices.SortStableFunc(r.Papers, func(a, b Paper) int { return cmp.Compare(a.Service, b.Service) })
}

func (s *Schedule) notKnown(u policy.Unknown, fields ...string) {
	for _, f := range fields {
		if u.Has(f) {
			s.NotKnown = append(s.NotKnown, f)
		}
	}
}

func (r *Report) paper(service, item, reference string, unknown bool) {
	state := "present"
	switch {
	case unknown:
		state = "not known"
	case reference == "":
		state = "missing"
	}
	r.Papers = append(r.Papers, Paper{service, item, reference, state})
}

func usageOf(service string, r policy.ResourceReport) Usage {
	u := Usage{Service: service, From: r.From, To: r.To, Metrics: []string{}, Origin: r.ThirdParty}
	for _, m := range []struct {
		name string
		told bool
	}{{"cpu", r.CPU}, {"ram", r.RAM}, {"storage", r.Storage}, {"connectivity", r.Connectivity}} {
		if m.told {
			u.Metrics = append(u.Metrics, m.name)
		}
	}
	return u
}

func reportReference(r *policy.ResourceReport) string {
	if r == nil {
		return ""
	}
	return r.From + " – " + r.To
}

func counted(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
