package policy

import (
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Document is the neutral description that rules read. Slices may come in any
// order; Evaluate sorts what it prints. Text fields hold what the user wrote,
// right or wrong: judging them is the rules' work. A document need not speak of
// everything: see Topic.
//
// Its JSON form is published: field names are the tags, instants are RFC 3339,
// durations whole nanoseconds ("_ns"), dates "YYYY-MM-DD"; a field left out is
// its zero value. The Rego bundle reads the same form.
type Document struct {
	Now      time.Time `json:"now,omitzero"` // for ages and expiries; supplied by the caller
	Tenants  []Tenant  `json:"tenants,omitempty"`
	Services []Service `json:"services,omitempty"` // nil when machines are judged by their own class alone
	Machines []Machine `json:"machines,omitempty"`
	Replicas []Replica `json:"replicas,omitempty"`
	// Headroom is what the clusters have left, from a placement; nil when the
	// document holds none. PLC-006 and PLC-008 read it.
	Headroom []Headroom `json:"headroom,omitempty"`

	// Topics are subjects that the document must speak of even where it
	// declares nothing about them.
	Topics       []Topic          `json:"topics,omitempty"`
	Backups      []Backup         `json:"backups,omitempty"`
	Certificates []Certificate    `json:"certificates,omitempty"`
	Migrations   []Migration      `json:"migrations,omitempty"`
	Candidatures []Candidature    `json:"candidatures,omitempty"`
	Evidence     []Evidence       `json:"evidence,omitempty"`
	Attestations []Attestation    `json:"attestations,omitempty"`
	Derogations  []psn.Derogation `json:"derogations,omitempty"`
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
	ID         psn.TenantID `json:"id"`
	Name       string       `json:"name,omitempty"`
	IPACode    string       `json:"ipa_code,omitempty"`
	FiscalCode string       `json:"fiscal_code,omitempty"`
	CUP        string       `json:"cup,omitempty"`
	Unknown    Unknown      `json:"unknown,omitempty"`
}

// Service is a digital service of a tenant.
type Service struct {
	ID                     psn.ServiceID `json:"id"`
	Tenant                 psn.TenantID  `json:"tenant,omitempty"`
	Name                   string        `json:"name,omitempty"`
	Category               string        `json:"category,omitempty"`
	Classification         string        `json:"classification,omitempty"`       // as written
	PriorClassification    string        `json:"prior_classification,omitempty"` // before this plan, "" when new
	ClassificationState    string        `json:"classification_state,omitempty"` // ACN state: "draft", "submitted", "validated", …; "" when not declared
	ClassificationDate     string        `json:"classification_date,omitempty"`  // RFC 3339 date, "" when not declared
	Reclassification       string        `json:"reclassification,omitempty"`     // reference of the act that lowered the class, "" when there is none
	RPO                    time.Duration `json:"rpo_ns,omitempty"`
	RTO                    time.Duration `json:"rto_ns,omitempty"`
	DataLocation           string        `json:"data_location,omitempty"`            // ISO country codes or "EU", separated by commas or spaces; "" when not declared
	DataLocationDerogation string        `json:"data_location_derogation,omitempty"` // id of the derogation from LOC-002 among Derogations
	Qualification          string        `json:"qualification,omitempty"`            // QC level of the cloud service it goes to ("QC4"); "" when not declared
	BackupPolicy           string        `json:"backup_policy,omitempty"`
	KeyReference           string        `json:"key_reference,omitempty"`     // of keys under the administration's control; never a key
	KeyManagement          string        `json:"key_management,omitempty"`    // "byok", "hyok" or another word; "" when not declared
	HSM                    string        `json:"hsm,omitempty"`               // reference of the dedicated HSM
	MetadataLocation       string        `json:"metadata_location,omitempty"` // as DataLocation
	LogLocation            string        `json:"log_location,omitempty"`
	BackupLocation         string        `json:"backup_location,omitempty"`
	SiteList               string        `json:"site_list,omitempty"`        // reference of the documented list of sites and infrastructures
	AccessProcedure        string        `json:"access_procedure,omitempty"` // reference of the procedure for non-EU access
	StaffList              string        `json:"staff_list,omitempty"`       // reference of the list of privileged staff
	Change                 string        `json:"change,omitempty"`           // "destroy" or "downsize" when that is planned
	Unknown                Unknown       `json:"unknown,omitempty"`
}

// Machine is a VM, planned or real, with its place.
type Machine struct {
	ID                   psn.VMID      `json:"id"`
	Service              psn.ServiceID `json:"service,omitempty"`
	Workload             string        `json:"workload,omitempty"`
	Classification       string        `json:"classification,omitempty"` // of the machine as declared; "" means that of the service
	Site                 string        `json:"site,omitempty"`           // as written or assigned
	Platform             string        `json:"platform,omitempty"`
	Cluster              string        `json:"cluster,omitempty"`
	StandbySite          string        `json:"standby_site,omitempty"`
	StandbyPlatform      string        `json:"standby_platform,omitempty"`
	StandbyCluster       string        `json:"standby_cluster,omitempty"`
	AntiAffinity         string        `json:"anti_affinity,omitempty"`  // group name; machines of one group are kept apart
	Qualification        string        `json:"qualification,omitempty"`  // QC level of the target ("QC4"); "" means that of its service
	FromPlacement        bool          `json:"from_placement,omitempty"` // the place was decided by a psn_placement
	PlacementSite        string        `json:"placement_site,omitempty"` // what that decision says, to find contradictions
	PlacementStandbySite string        `json:"placement_standby_site,omitempty"`
	MoreStandbySites     []string      `json:"more_standby_sites,omitempty"` // beyond StandbySite
	Product              string        `json:"product,omitempty"`            // of the PSN, as in the catalogue ("iaas-shared")
	Name                 string        `json:"name,omitempty"`               // "" means the name in the id
	Function             string        `json:"function,omitempty"`
	Owner                string        `json:"owner,omitempty"`  // responsible for it
	Office               string        `json:"office,omitempty"` // of the owner
	Addresses            []string      `json:"addresses,omitempty"`
	Unknown              Unknown       `json:"unknown,omitempty"`
}

// Replica is a machine kept in step from a source.
type Replica struct {
	ID       psn.VMID      `json:"id"`
	Service  psn.ServiceID `json:"service,omitempty"`
	Mode     string        `json:"mode,omitempty"`        // "synchronous" | "asynchronous"
	FromSite string        `json:"from_site,omitempty"`   // sites when both ends are PSN sites, else source name
	ToSite   string        `json:"to_site,omitempty"`     // sites when both ends are PSN sites, else source name
	Interval time.Duration `json:"interval_ns,omitempty"` // zero: as often as the RPO demands
	RPO      time.Duration `json:"rpo_ns,omitempty"`      // zero: that of the service
	LastTest time.Time     `json:"last_test,omitzero"`    // zero when never tested
	Unknown  Unknown       `json:"unknown,omitempty"`
}

// Headroom is what a cluster has left in one scenario.
type Headroom struct {
	Site     psn.Site      `json:"site"`
	Platform psn.Platform  `json:"platform"`
	Cluster  string        `json:"cluster"`
	Lost     psn.Site      `json:"lost,omitempty"` // "" in normal operation, otherwise the site assumed lost
	Free     psn.Resources `json:"free,omitzero"`
	// Reserved is what of the vCPUs and memory not in Free standbys take over
	// after the loss: what dr_reserve is a percentage of.
	Reserved psn.Resources `json:"reserved,omitzero"`
}
