package policy

import "github.com/italia/terraform-provider-psn/internal/psn"

// Dates in these types are "YYYY-MM-DD", "" when not declared. References name a
// document (protocol number, file name, address); the document itself never
// stands here, nor does any personal data of a legal representative.

// Backup is a copy of a service's data at a site.
type Backup struct {
	ID            string        `json:"id"`
	Service       psn.ServiceID `json:"service,omitempty"`
	Site          string        `json:"site,omitempty"`
	RetentionDays int64         `json:"retention_days,omitempty"`
	Unknown       Unknown       `json:"unknown,omitempty"`
}

// Certificate is a qualification or a certificate with its validity.
type Certificate struct {
	ID      string  `json:"id"`
	Kind    string  `json:"kind,omitempty"` // "qualification", or the norm ("ISO 27001")
	Issued  string  `json:"issued,omitempty"`
	Expires string  `json:"expires,omitempty"`
	Unknown Unknown `json:"unknown,omitempty"`
}

// Migration is the move of one service, under a funding call or not.
type Migration struct {
	ID                     string        `json:"id"`
	Service                psn.ServiceID `json:"service,omitempty"`
	Call                   string        `json:"call,omitempty"`        // id of the funding call, "" when paid otherwise
	Origin                 string        `json:"origin,omitempty"`      // as in the matrix of the call
	Destination            string        `json:"destination,omitempty"` // "iaas", "paas" or "saas"
	FundedMode             string        `json:"funded_mode,omitempty"` // mode of the candidature, "A" or "B"; "" means what the matrix gives
	FirstStep              string        `json:"first_step,omitempty"`  // date of on-premise to IaaS, when this is the second step
	Changes                string        `json:"changes,omitempty"`     // of guests or applications, in words; "" means none
	ImprovementDeclaration string        `json:"improvement_declaration,omitempty"`
	StartDate              string        `json:"start_date,omitempty"`
	PaidDate               string        `json:"paid_date,omitempty"` // of the grant, "" while not paid
	Phase                  string        `json:"phase,omitempty"`     // one of Phases
	Completed              bool          `json:"completed,omitempty"`
	Parts                  []Part        `json:"parts,omitempty"` // every machine, data set and application of the service
	AcceptanceTest         string        `json:"acceptance_test,omitempty"`
	SecurityReview         string        `json:"security_review,omitempty"`
	Unknown                Unknown       `json:"unknown,omitempty"`
}

// Part is something that moves with a service.
type Part struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind,omitempty"` // "vm", "dataset" or "application"
	Moved   bool    `json:"moved,omitempty"`
	Unknown Unknown `json:"unknown,omitempty"`
}

// Phases are the phases of a migration, in order.
func Phases() []string {
	return []string{"discovered", "assessed", "planned", "replicating", "test-failover", "cutover", "verified", "production", "decommissioned"}
}

// Candidature is an application to a funding call, and the project that came of it.
type Candidature struct {
	ID                       string          `json:"id"`
	Tenant                   psn.TenantID    `json:"tenant,omitempty"`
	Call                     string          `json:"call,omitempty"`
	CUP                      string          `json:"cup,omitempty"`
	Services                 []psn.ServiceID `json:"services,omitempty"`    // of calls without modes
	Transfers                []psn.ServiceID `json:"transfers,omitempty"`   // in mode A
	Upgrades                 []psn.ServiceID `json:"upgrades,omitempty"`    // in mode B
	DecreeDate               string          `json:"decree_date,omitempty"` // "" while not funded
	GrantEuro                int64           `json:"grant_euro,omitempty"`
	EndDate                  string          `json:"end_date,omitempty"`        // planned
	CompletionDate           string          `json:"completion_date,omitempty"` // actual
	PaidDate                 string          `json:"paid_date,omitempty"`
	Servers                  int64           `json:"servers,omitempty"`
	VirtualMachines          int64           `json:"virtual_machines,omitempty"`
	DoubleFundingDeclaration string          `json:"double_funding_declaration,omitempty"`
	Unknown                  Unknown         `json:"unknown,omitempty"`
}

// all returns the services of c in every mode.
func (c Candidature) all() []psn.ServiceID {
	out := append([]psn.ServiceID{}, c.Services...)
	return append(append(out, c.Transfers...), c.Upgrades...)
}

// Evidence is the evidence pack of one service's migration.
type Evidence struct {
	Service              psn.ServiceID   `json:"service"`
	Destination          string          `json:"destination,omitempty"` // "iaas" (also when ""), "paas" or "saas"
	Contract             string          `json:"contract,omitempty"`
	ContractDate         string          `json:"contract_date,omitempty"`
	CatalogueReference   string          `json:"catalogue_reference,omitempty"` // in the catalogue of qualified cloud services
	MigrationStart       string          `json:"migration_start,omitempty"`
	MigrationEnd         string          `json:"migration_end,omitempty"`
	Report               *ResourceReport `json:"report,omitempty"`
	PublicIPs            []string        `json:"public_ips,omitempty"`
	AccessMode           string          `json:"access_mode,omitempty"` // when there is no public address
	Resources            []string        `json:"resources,omitempty"`   // unique ids of the machines
	Software             []Software      `json:"software,omitempty"`
	ProductionStatement  string          `json:"production_statement,omitempty"`
	ProductionNote       string          `json:"production_note,omitempty"`
	ProductionExpected   string          `json:"production_expected,omitempty"` // date in the note
	CriticalDataDocument string          `json:"critical_data_document,omitempty"`
	DNSHDeclaration      string          `json:"dnsh_declaration,omitempty"`
	DNSHSheets           []string        `json:"dnsh_sheets,omitempty"` // "3", "6", "8"
	CompletionDate       string          `json:"completion_date,omitempty"`
	Unknown              Unknown         `json:"unknown,omitempty"`
}

// ResourceReport is the report of the resources used during a migration.
type ResourceReport struct {
	From         string `json:"from,omitempty"`
	To           string `json:"to,omitempty"` // last day, included
	CPU          bool   `json:"cpu,omitempty"`
	RAM          bool   `json:"ram,omitempty"`
	Storage      bool   `json:"storage,omitempty"`
	Connectivity bool   `json:"connectivity,omitempty"`
	ThirdParty   string `json:"third_party,omitempty"` // who wrote it
}

// Software is an entry of the software list.
type Software struct {
	Product  string `json:"product,omitempty"`
	Vendor   string `json:"vendor,omitempty"`
	Function string `json:"function,omitempty"`
}

// Attestation is the attestation file of servers or machines as it stands, cell
// by cell.
type Attestation struct {
	ID           string     `json:"id"`
	Kind         string     `json:"kind,omitempty"` // "physical" or "vm"
	Columns      []string   `json:"columns,omitempty"`
	Rows         [][]string `json:"rows,omitempty"`
	ExpectedRows int64      `json:"expected_rows,omitempty"` // of the pre-filled template; 0 when not known
	Unknown      Unknown    `json:"unknown,omitempty"`
}
