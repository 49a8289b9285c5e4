package placement

import "github.com/italia/terraform-provider-psn/internal/psn"

// Request is everything a decision depends on. Order of its slices does not matter.
type Request struct {
	Tenant    psn.TenantID
	Workloads []Workload
	// Sites is the inventory the decision is taken on. What the services of this
	// request hold there (Commitments of Tenant and of a service named in
	// Workloads or Current, or of no named service) is left out, because the
	// request itself says it again; every other commitment counts as taken,
	// those of the tenant's other services too. So one placement decides for all
	// the machines of a service: two placements for one service would not see
	// each other. VMs are not read.
	Sites []psn.SiteInventory
	// Current is where machines stand today; they stay unless that has become
	// impossible or Rebalance is set.
	Current map[string]Assignment
	// Rebalance lets the solver move machines that could stay.
	Rebalance bool
}

// Workload is a set of equal machines of one service.
type Workload struct {
	Name           string
	Service        psn.ServiceID
	Classification psn.Classification
	Instances      int64
	PerInstance    psn.Resources
	Sites          []psn.Site     // allowed primary sites; empty means any. A standby may stand at any site of Regions
	Platforms      []psn.Platform // allowed platforms for primary and standby; empty means any
	Regions        []psn.Region   // allowed regions for primary and standby; empty means any
	AntiAffinity   bool           // instances on different sites as far as there are sites, else different clusters
}

// Assignment is where one machine lives. Standby fields are empty for ordinary services.
type Assignment struct {
	VM              string // "<workload>-<n>", n from 1
	Workload        string
	Service         psn.ServiceID
	Classification  psn.Classification
	Resources       psn.Resources
	Site            psn.Site
	Region          psn.Region
	Platform        psn.Platform
	Cluster         string
	StandbySite     psn.Site
	StandbyRegion   psn.Region
	StandbyPlatform psn.Platform
	StandbyCluster  string
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
	Verdict     Verdict
	Assignments map[string]Assignment // by VM; empty unless Placed
	// Headroom is what is left on each cluster, sorted by site, platform,
	// cluster and lost site: normally and after the loss of each other site. It
	// counts this request only when Placed.
	Headroom []Headroom
	// Moves lists machines of Current whose primary or standby changes place,
	// sorted by VM. Gaining or shedding a standby is not a move.
	Moves []Move
	// Explanation says in plain sentences what was decided and why, or, when
	// not Placed, which requirements conflict and by how much.
	Explanation []string
	// Findings are the rules (PLC-*) that the decision itself broke or could not
	// decide, with basis and remedy, sorted. Rules on the places that were
	// decided, such as a critical standby in the same region, are policy's.
	Findings []psn.Finding
}

// Headroom is what a cluster has left in one scenario.
type Headroom struct {
	Site     psn.Site
	Platform psn.Platform
	Cluster  string
	Lost     psn.Site // "" in normal operation, otherwise the site assumed lost
	Free     psn.Resources
}

// Move is a machine that changes place.
type Move struct {
	VM       string
	From, To Assignment
}
