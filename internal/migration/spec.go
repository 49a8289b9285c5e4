package migration

import (
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Spec is the durable request to keep a machine in step and to cut it over.
// It is the workflow's input; durations and sizes are plain numbers in JSON.
type Spec struct {
	ID             psn.VMID           `json:"id"` // of the target machine
	Service        psn.ServiceID      `json:"service"`
	Classification psn.Classification `json:"classification"`
	Source         SourceRef          `json:"source"`
	Target         TargetRef          `json:"target"`
	Resources      psn.Resources      `json:"resources,omitzero"` // what the place was decided for; a zero is unknown
	// Derogations set rules aside for this machine, each with its document. They
	// are judged by date when the replica is registered, in its preflight and when
	// its cutover is approved: one that has expired then is refused. Neither the
	// cycles in between nor a rollback are stopped by one.
	Derogations    []psn.Derogation `json:"derogations,omitempty"`
	RPO            time.Duration    `json:"rpo"`                        // delta cycles start at most this far apart
	MinDeltas      int              `json:"min_deltas"`                 // delta cycles before approval is accepted (>= 1)
	BytesPerSecond int64            `json:"bytes_per_second,omitempty"` // 0 means unlimited
	Verify         VerifyPolicy     `json:"verify"`
	ShutdownAfter  time.Duration    `json:"shutdown_after"` // how long the guest may take to shut down
	HardPowerOff   bool             `json:"hard_power_off"` // what to do then: power off (true) or fail (false)
	Health         HealthGate       `json:"health,omitempty"`
	HealthWithin   time.Duration    `json:"health_within,omitempty"`  // how long the target may take to pass the gate; 0 means 10 minutes
	CutoverWithin  time.Duration    `json:"cutover_within,omitempty"` // from asking the guest to stop to the target powered on, then roll back; 0 means 4 hours
}

// SourceRef names the machine to bring.
type SourceRef struct {
	Name string `json:"name"` // source in the configuration, for example "brescia"
	VM   string `json:"vm"`   // name or instance UUID; a name must be unique in the source
}

// TargetRef is the place decided for the machine.
type TargetRef struct {
	Site            psn.Site     `json:"site"`
	Platform        psn.Platform `json:"platform"`
	Cluster         string       `json:"cluster"`
	StandbySite     psn.Site     `json:"standby_site,omitempty"`
	StandbyPlatform psn.Platform `json:"standby_platform,omitempty"` // empty means Platform
	StandbyCluster  string       `json:"standby_cluster,omitempty"`  // empty means the one with most room
	Network         string       `json:"network,omitempty"`
}

// VerifyPolicy says how much of the target is read back and hashed again.
type VerifyPolicy string

// Verify policies. Every policy hashes each block in transit.
const (
	VerifyTransit  VerifyPolicy = "transit"  // nothing is read back
	VerifyReadback VerifyPolicy = "readback" // what was written is read back each cycle; everything at cutover
)

// HealthGate says what the target must show before a cutover counts as verified.
type HealthGate string

// Health gates.
const (
	HealthGuest HealthGate = "guest" // the guest reports its host name (the default)
	HealthPower HealthGate = "power" // the machine is powered on; for guests without tools
)

// Phase is where a replica stands.
type Phase string

// The phases, in order. Failed and RolledBack are final, as is Finalized.
const (
	PhasePreflight   Phase = "preflight"
	PhaseProvision   Phase = "provisioning"
	PhaseSeeding     Phase = "seeding"
	PhaseReplicating Phase = "replicating" // delta cycles
	PhaseCutover     Phase = "cutover"
	PhaseVerified    Phase = "verified" // target runs, source off; may be finalized or rolled back
	PhaseFinalized   Phase = "finalized"
	PhaseRolledBack  Phase = "rolled back"
	PhaseFailed      Phase = "failed"
)

// Final reports whether nothing can follow p.
func (p Phase) Final() bool {
	return p == PhaseFinalized || p == PhaseRolledBack || p == PhaseFailed
}

// Status is what the "status" query answers.
type Status struct {
	ID         psn.VMID     `json:"id"`
	Phase      Phase        `json:"phase"`
	Reason     string       `json:"reason,omitempty"` // why it failed, waits or rolled back
	Transport  string       `json:"transport,omitempty"`
	StartedAt  time.Time    `json:"started_at"`
	LastSyncAt time.Time    `json:"last_sync_at"` // instant of the last committed snapshot
	Deltas     int          `json:"deltas"`       // delta cycles committed so far
	Cycles     []Cycle      `json:"cycles"`       // the seed and the last ones, at most keepCycles
	Disks      []DiskStatus `json:"disks"`
	ApprovedBy string       `json:"approved_by,omitempty"`
	ApprovedAt time.Time    `json:"approved_at"`
	Report     *Report      `json:"report,omitempty"`
	// Derogations are those it runs under: of the request, then of the approval.
	Derogations []psn.Derogation `json:"derogations,omitempty"`
}

// Cycle is one committed pass over all disks.
type Cycle struct {
	Number        int       `json:"number"` // 0 is the seed
	Kind          string    `json:"kind"`   // "seed" | "delta" | "compare" | "final"; compare when any disk was compared whole
	SnapshotAt    time.Time `json:"snapshot_at"`
	DoneAt        time.Time `json:"done_at"`
	ChangedBytes  int64     `json:"changed_bytes"`  // named by the source as changed
	WrittenBytes  int64     `json:"written_bytes"`  // really written to the target by the worker that finished the cycle
	RecopiedBytes int64     `json:"recopied_bytes"` // at most this much was copied again because a worker died
	Resumes       int       `json:"resumes"`        // times a worker took over in the middle
}

// DiskStatus is the state of one disk.
type DiskStatus struct {
	Key           int32  `json:"key"`
	CapacityBytes int64  `json:"capacity_bytes"`
	DoneBytes     int64  `json:"done_bytes"` // of the running cycle, as last heard
	TotalBytes    int64  `json:"total_bytes"`
	ChangeID      string `json:"change_id,omitempty"` // of the last committed cycle
	RootHash      string `json:"root_hash,omitempty"` // of the last committed cycle, "sha256:<hex>"
	TargetPath    string `json:"target_path,omitempty"`
}

// Report is the account of a finished cutover.
type Report struct {
	DowntimeSeconds float64   `json:"downtime_seconds"` // guest asked to stop until target powered on
	SourceOffAt     time.Time `json:"source_off_at"`
	TargetOnAt      time.Time `json:"target_on_at"`
	TargetRef       string    `json:"target_ref"`
	MACs            []string  `json:"macs"`
	// Derogations are those in force when the cutover was approved.
	Derogations []psn.Derogation `json:"derogations,omitempty"`
	Disks       []DiskReport     `json:"disks"`
	// Of a cutover that was taken back; zero otherwise.
	RolledBackAt  time.Time `json:"rolled_back_at"`
	RolledBackBy  string    `json:"rolled_back_by,omitempty"`
	RolledBackWhy string    `json:"rolled_back_why,omitempty"`
}

// DiskReport proves one disk.
type DiskReport struct {
	Key           int32  `json:"key"`
	CapacityBytes int64  `json:"capacity_bytes"`
	SourceRoot    string `json:"source_root"` // over block hashes taken on read
	TargetRoot    string `json:"target_root"` // over block hashes read back from the target
	SHA256        string `json:"sha256"`      // of the whole target disk, first byte to last
}

// Names on the wire between clients, workflows and workers.
const (
	QueryStatus    = "status"
	UpdateApprove  = "approve"  // argument: Approval; refused by its validator unless replicating, lag within RPO, MinDeltas done
	UpdateRollback = "rollback" // argument: Approval; refused once finalized
	UpdateFinalize = "finalize" // argument: Approval; refused unless verified
	SignalSyncNow  = "sync-now" // start the next delta at once
)

// Approval says who decided and why.
type Approval struct {
	By   string `json:"by"`
	Note string `json:"note,omitempty"`
	// Derogations, when there are any, take the place of those of the request: a
	// derogation that was renewed while the replica ran. Read by UpdateApprove only.
	Derogations []psn.Derogation `json:"derogations,omitempty"`
}

// WorkflowID is the id of a replica's workflow.
func WorkflowID(id psn.VMID) string { return "replica/" + string(id) }

// TaskQueue is the queue served by the workers of a site, so that bytes move
// where the target's devices are.
func TaskQueue(s psn.Site) string { return "site/" + string(s) }
