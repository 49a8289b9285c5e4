package placement

import "github.com/italia/terraform-provider-psn/internal/psn"

// Request is everything a decision depends on. Order of its slices does not matter.
type Request struct {
	Tenant    psn.TenantID `json:"tenant"`
	Workloads []Workload   `json:"workloads"`
	// Sites is the inventory the decision is taken on. What the services of this
	// request hold there (Commitments of Tenant and of a service named in
	// Workloads or Current, or of no named service) is left out, because the
	// request itself says it again; every other commitment counts as taken,
	// those of the tenant's other services too. So one placement decides for all
	// the machines of a service: two placements for one service would not see
	// each other. VMs are not read.
	Sites []psn.SiteInventory `json:"sites"`
	// Current is where machines stand today; they stay unless that has become
	// impossible or Rebalance is set.
	Current map[string]Assignment `json:"current,omitempty"`
	// Rebalance lets the solver move machines that could stay.
	Rebalance bool `json:"rebalance,omitempty"`
}

// Workload is a set of equal machines of one service.
type Workload struct {
	Name           string             `json:"name"`
	Service        psn.ServiceID      `json:"service"`
	Classification psn.Classification `json:"classification"`
	Instances      int64              `json:"instances"`
	PerInstance    psn.Resources      `json:"per_instance"`
	Sites          []psn.Site         `json:"sites,omitempty"`         // allowed primary sites; empty means any. A standby may stand at any site of Regions
	Platforms      []psn.Platform     `json:"platforms,omitempty"`     // allowed platforms for primary and standby; empty means any
	Regions        []psn.Region       `json:"regions,omitempty"`       // allowed regions for primary and standby; empty means any
	AntiAffinity   bool               `json:"anti_affinity,omitempty"` // instances on different sites as far as there are sites, else different clusters
}

// Assignment is where one machine lives. Standby fields are empty for ordinary services.
type Assignment struct {
	VM              string             `json:"vm"` // "<workload>-<n>", n from 1
	Workload        string             `json:"workload"`
	Service         psn.ServiceID      `json:"service"`
	Classification  psn.Classification `json:"classification"`
	Resources       psn.Resources      `json:"resources"`
	Site            psn.Site           `json:"site"`
	Region          psn.Region         `json:"region"`
	Platform        psn.Platform       `json:"platform"`
	Cluster         string             `json:"cluster"`
	StandbySite     psn.Site           `json:"standby_site,omitempty"`
	StandbyRegion   psn.Region         `json:"standby_region,omitempty"`
	StandbyPlatform psn.Platform       `json:"standby_platform,omitempty"`
	StandbyCluster  string             `json:"standby_cluster,omitempty"`
}

// Verdict is one of exactly three.
type Verdict string

// The three verdicts.
const (
	Placed     Verdict = "placed"
	Infeasible Verdict = "proven infeasible"
	NotFound   Verdict = "not found within budget"
)

// Result is a decision and its reasons.
type Result struct {
	Verdict     Verdict               `json:"verdict"`
	Assignments map[string]Assignment `json:"assignments"` // by VM; empty unless Placed
	// Headroom is what is left on each cluster, sorted by site, platform,
	// cluster and lost site: normally and after the loss of each other site. It
	// counts this request only when Placed.
	Headroom []Headroom `json:"headroom"`
	// Moves lists machines of Current whose primary or standby changes place,
	// sorted by VM. Gaining or shedding a standby is not a move.
	Moves []Move `json:"moves"`
	// Explanation says in plain sentences what was decided and why, or, when
	// not Placed, which requirements conflict and by how much.
	Explanation []string `json:"explanation"`
	// Findings are the rules (PLC-*) that the decision itself broke or could not
	// decide, with basis and remedy, sorted. Rules on the places that were
	// decided, such as a critical standby in the same region, are policy's.
	Findings []psn.Finding `json:"findings"`
}

// Headroom is what a cluster has left in one scenario.
type Headroom struct {
	Site     psn.Site      `json:"site"`
	Platform psn.Platform  `json:"platform"`
	Cluster  string        `json:"cluster"`
	Lost     psn.Site      `json:"lost,omitempty"` // "" in normal operation, otherwise the site assumed lost
	Free     psn.Resources `json:"free"`
}

// Move is a machine that changes place.
type Move struct {
	VM   string     `json:"vm"`
	From Assignment `json:"from"`
	To   Assignment `json:"to"`
}
