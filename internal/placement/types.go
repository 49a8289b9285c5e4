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
	// Groups keep workloads together or apart.
	Groups []Group `json:"groups,omitempty"`
	// Excluded places take nothing, neither machines nor standbys, and what
	// stands there must leave: maintenance.
	Excluded []Exclusion `json:"excluded,omitempty"`
	// Facts are what the inventory does not say of clusters: GPUs, storage
	// classes, prices.
	Facts []ClusterFacts `json:"facts,omitempty"`
	// Quota limits what the tenant may run.
	Quota *Quota `json:"quota,omitempty"`
	// SurviveRegion asks that the loss of both sites of a region at once, too,
	// leaves room for everything critical and strategic. Critical standbys then
	// must be in the other region, like strategic ones.
	SurviveRegion bool `json:"survive_region,omitempty"`
	// DRReserve is how much of the vCPUs, memory and GPUs that standbys take over
	// after the loss of a site is kept for it, in percent, rounded up for each
	// machine; nil means 100, all of it. With less, not all can start at once:
	// Headroom then tells by how much clusters fall short. Disks, and what active
	// standbys use, are always kept whole.
	DRReserve *int64 `json:"dr_reserve,omitempty"`
	// Weights set what the soft wishes are worth; nil means DefaultWeights.
	Weights *Weights `json:"weights,omitempty"`
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
	// GPUs each machine needs. They follow the rules of vCPUs.
	GPUs int64 `json:"gpus,omitempty"`
	// StorageClasses says how much of each machine's storage, in MiB, must be of
	// a named class; the rest may be of any.
	StorageClasses map[string]int64 `json:"storage_classes,omitempty"`
	// StandbyMode is how the standby of a critical or strategic machine waits; "" means Reserve.
	StandbyMode StandbyMode `json:"standby_mode,omitempty"`
	// Near are the sites where the data is that the machines work on. Any of
	// them is as good for the primary, another site is disliked.
	Near []psn.Site `json:"near,omitempty"`
}

// StandbyMode says what a standby needs while its primary lives.
type StandbyMode string

// The modes.
const (
	Reserve StandbyMode = "reserve"       // disaster recovery: its disks every day, its compute once the primary's site is lost
	Active  StandbyMode = "active-active" // serves too: all of it every day
)

// GroupKind is what a group asks for.
type GroupKind string

// The kinds of groups.
const (
	Together     GroupKind = "affinity"              // all machines on one cluster, all their standbys on one
	ApartCluster GroupKind = "anti-affinity"         // machines of different workloads on different clusters
	ApartSite    GroupKind = "anti-affinity-by-site" // and on different sites
)

// Group ties workloads. Anti-affinity looks at primaries only; instances of one
// workload are kept apart by its own AntiAffinity.
type Group struct {
	Name      string    `json:"name"`
	Kind      GroupKind `json:"kind"`
	Workloads []string  `json:"workloads"` // names; at least two to be apart
}

// Exclusion takes a site, a platform of it or one cluster out of use.
type Exclusion struct {
	Site     psn.Site     `json:"site"`
	Platform psn.Platform `json:"platform,omitempty"` // "" means all
	Cluster  string       `json:"cluster,omitempty"`  // "" means all
	Reason   string       `json:"reason,omitempty"`   // printed where the exclusion matters
}

// ClusterFacts completes one cluster of the inventory.
type ClusterFacts struct {
	Site     psn.Site     `json:"site"`
	Platform psn.Platform `json:"platform"`
	Cluster  string       `json:"cluster"`
	// GPUs and StorageClasses (MiB by class) are what this request may use: what
	// others hold is not in them, what the request's own machines hold is. A
	// class that is not named is not there.
	GPUs           int64            `json:"gpus,omitempty"`
	StorageClasses map[string]int64 `json:"storage_classes,omitempty"`
	// Price of what stands on the cluster every day.
	Price Price `json:"price,omitzero"`
}

// Price is in units of cost, whatever the user counts in, for example euro cents a month.
type Price struct {
	PerVCPU       int64 `json:"per_vcpu,omitempty"`
	PerMemoryGiB  int64 `json:"per_memory_gib,omitempty"`
	PerStorageGiB int64 `json:"per_storage_gib,omitempty"`
	PerGPU        int64 `json:"per_gpu,omitempty"`
}

// Quota limits what the tenant's machines use, in total and by site. Only what
// runs every day counts: machines, and standbys that are active; the tenant's
// other services count with what the inventory says they hold.
type Quota struct {
	Total Limits              `json:"total,omitzero"`
	Sites map[psn.Site]Limits `json:"sites,omitempty"`
}

// Limits bound a use. Nil and -1 both mean unlimited; 0 means nothing.
type Limits struct {
	VCPUs      *int64 `json:"vcpus,omitempty"`
	MemoryMiB  *int64 `json:"memory_mib,omitempty"`
	StorageMiB *int64 `json:"storage_mib,omitempty"`
}

// Weights are what the soft wishes are worth, in units of cost.
type Weights struct {
	Move          int64 `json:"move"`           // a primary that leaves where it stands; a standby half of it
	MovePerGiB    int64 `json:"move_per_gib"`   // and each GiB of storage it takes along
	SameRegion    int64 `json:"same_region"`    // a critical standby in the region of its primary: HA, not DR
	OtherPlatform int64 `json:"other_platform"` // a standby on another platform than its primary
	OffLocality   int64 `json:"off_locality"`   // a primary at none of the sites it should be near
	// Balance is what a vCPU costs on a cluster that is nearly empty, and as much
	// of RAM and of storage as there is to a vCPU in the estate; each further
	// tenth of a cluster costs more than the one before, the last forty times.
	Balance int64 `json:"balance"`
}

// DefaultWeights make, without prices, what stands stay, then critical standbys
// go to the other region, then platforms agree, then clusters fill evenly. A
// rebalance makes moves cheap; raise Move to make it sparing.
func DefaultWeights(rebalance bool) Weights {
	w := Weights{Move: 20_000, MovePerGiB: 2, SameRegion: 10_000, OtherPlatform: 3_000, OffLocality: 3_000, Balance: 2}
	if rebalance {
		w.Move, w.MovePerGiB = 5, 0
	}
	return w
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
	StandbyMode     StandbyMode        `json:"standby_mode,omitempty"` // "" means Reserve
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
	// cluster and lost site: normally and after the loss of each other site. Of
	// this request it counts what was decided; unless Placed, what stands today.
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
	// Cost is what the decision costs; zero unless Placed.
	Cost Cost `json:"cost,omitzero"`
	// Quota is what the tenant uses of each limit that was set, sorted as given.
	Quota []QuotaUse `json:"quota,omitempty"`
}

// Cost is the objective and its parts, in millionths of a unit of cost so that
// no part is rounded.
type Cost struct {
	Total   int64 `json:"total"`
	Price   int64 `json:"price"`
	Moves   int64 `json:"moves"`
	Wishes  int64 `json:"wishes"` // same region, other platform, off locality
	Balance int64 `json:"balance"`
}

// QuotaUse is one limit and what counts against it.
type QuotaUse struct {
	Site     psn.Site `json:"site,omitempty"` // "" means in total
	Resource string   `json:"resource"`       // vcpus, memory_mib, storage_mib
	Limit    int64    `json:"limit"`
	Used     int64    `json:"used"`
}

// Headroom is what a cluster has left in one scenario.
type Headroom struct {
	Site     psn.Site      `json:"site"`
	Platform psn.Platform  `json:"platform"`
	Cluster  string        `json:"cluster"`
	Lost     psn.Site      `json:"lost,omitempty"` // "" in normal operation, otherwise the site assumed lost
	Free     psn.Resources `json:"free"`
	// LostRegion is the region assumed lost, with SurviveRegion.
	LostRegion psn.Region `json:"lost_region,omitempty"`
	// Reserved is what standbys of this request take over after the loss, all of
	// it whatever DRReserve is; Free is without it, so that it may be below 0.
	Reserved psn.Resources `json:"-"`
	// Named resources, where the request knows of any.
	GPUs           int64            `json:"gpus,omitempty"`
	StorageClasses map[string]int64 `json:"storage_classes,omitempty"`
}

// Move is a machine that changes place.
type Move struct {
	VM   string     `json:"vm"`
	From Assignment `json:"from"`
	To   Assignment `json:"to"`
	// CopyMiB is the storage to be copied: the primary's, the standby's or both.
	CopyMiB int64 `json:"copy_mib,omitempty"`
}

// Place is where the machine stands: site/platform/cluster.
func (a Assignment) Place() string { return joinPlace(a.Site, a.Platform, a.Cluster) }

// StandbyPlace is where its standby stands, "" when it has none.
func (a Assignment) StandbyPlace() string {
	if a.StandbySite == "" {
		return ""
	}
	return joinPlace(a.StandbySite, a.StandbyPlatform, a.StandbyCluster)
}

func joinPlace(s psn.Site, p psn.Platform, cluster string) string {
	return string(s) + "/" + string(p) + "/" + cluster
}
