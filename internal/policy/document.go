package policy

import (
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Document is the neutral description that rules read. Slices may come in any
// order; Evaluate sorts what it prints. Text fields hold what the user wrote,
// right or wrong: judging them is the rules' work.
type Document struct {
	Now      time.Time // for ages and expiries; supplied by the caller
	Tenants  []Tenant
	Services []Service // nil when machines are judged by their own class alone
	Machines []Machine
	Replicas []Replica
	// Headroom is what the clusters have left, from a placement; nil when the
	// document holds none. PLC-006 and PLC-008 read it.
	Headroom []Headroom
}

// Unknown names the fields whose value is not known yet, as at plan time: the
// snake_case form of the field's name ("standby_site", "rpo", "ipa_code"); the
// field's own spelling ("StandbySite") names it too, because a key that nothing
// reads would let a rule pass unseen. The zero value means that everything is
// known. A rule that needs an unknown field is reported as undecidable.
type Unknown map[string]bool

// Has reports whether field is unknown.
func (u Unknown) Has(field string) bool {
	if u[field] {
		return true
	}
	for name, unknown := range u {
		if unknown && plainKey(name) == plainKey(field) {
			return true
		}
	}
	return false
}

func plainKey(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// Tenant is an administration.
type Tenant struct {
	ID         psn.TenantID
	Name       string
	IPACode    string
	FiscalCode string
	CUP        string
	Unknown    Unknown
}

// Service is a digital service of a tenant.
type Service struct {
	ID                     psn.ServiceID
	Tenant                 psn.TenantID
	Name                   string
	Category               string
	Classification         string // as written
	PriorClassification    string // before this plan, "" when new
	ClassificationState    string // ACN state: "draft", "submitted", "validated", …; "" when not declared
	ClassificationDate     string // RFC 3339 date, "" when not declared
	Reclassification       string // reference of the act that lowered the class, "" when there is none
	RPO, RTO               time.Duration
	DataLocation           string // ISO country codes or "EU", separated by commas or spaces; "" when not declared
	DataLocationDerogation string
	BackupPolicy           string
	KeyReference           string
	Unknown                Unknown
}

// Machine is a VM, planned or real, with its place.
type Machine struct {
	ID                   psn.VMID
	Service              psn.ServiceID
	Workload             string
	Classification       string // of the machine as declared; "" means that of the service
	Site                 string // as written or assigned
	Platform             string
	Cluster              string
	StandbySite          string
	StandbyPlatform      string
	StandbyCluster       string
	AntiAffinity         string // group name; machines of one group are kept apart
	Qualification        string // QC level of the target ("QC4"); "" means the PSN's own default of the catalogue
	FromPlacement        bool   // the place was decided by a psn_placement
	PlacementSite        string // what that decision says, to find contradictions
	PlacementStandbySite string
	Unknown              Unknown
}

// Replica is a machine kept in step from a source.
type Replica struct {
	ID               psn.VMID
	Service          psn.ServiceID
	Mode             string        // "synchronous" | "asynchronous"
	FromSite, ToSite string        // sites when both ends are PSN sites, else source name
	Interval         time.Duration // zero: as often as the RPO demands
	RPO              time.Duration // zero: that of the service
	LastTest         time.Time     // zero when never tested
	Unknown          Unknown
}

// Headroom is what a cluster has left in one scenario.
type Headroom struct {
	Site     psn.Site
	Platform psn.Platform
	Cluster  string
	Lost     psn.Site // "" in normal operation, otherwise the site assumed lost
	Free     psn.Resources
}
