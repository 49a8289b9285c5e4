package placement

import "github.com/italia/terraform-provider-psn/internal/psn"

// Request is everything a decision depends on. Order of its slices does not matter.
type Request struct {
	Tenant    psn.TenantID
	Workloads []Workload
	// Sites is the inventory the decision is taken on. Commitments of Tenant
	// whose machines belong to this request are ignored (OwnVMs), all others
	// count as taken.
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
	Sites          []psn.Site     // allowed primary sites; empty means any
	Platforms      []psn.Platform // allowed platforms; empty means any
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
	// Headroom is what is left on each cluster, sorted: normally and after the
	// loss of each site.
	Headroom []Headroom
	// Moves lists machines that stand elsewhere today, sorted by VM.
	Moves []Move
	// Explanation says in plain sentences what was decided and why, or, when
	// not Placed, which requirements conflict and by how much.
	Explanation []string
	// Findings are the rules broken (PLC-*), with basis and remedy.
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
