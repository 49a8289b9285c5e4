package psn

// Inventory is what every reachable site and platform offers and runs. It is
// sorted by site (canonical order) and platform.
type Inventory struct {
	Sites []SiteInventory `json:"sites"`
}

// SiteInventory is one bulk read of one site on one platform.
type SiteInventory struct {
	Site     Site     `json:"site"`
	Platform Platform `json:"platform"`
	// Error is why the site could not be read; the other fields are then empty.
	Error string `json:"error,omitempty"`
	// Code says what kind of failure Error is: InvalidInput for a mistake in the
	// local configuration, Unavailable for a site that is down.
	Code     Code      `json:"code,omitempty"`
	Clusters []Cluster `json:"clusters"`
	// VMs holds every VM of the site, ours and others', sorted by Name then Ref.
	VMs []VM `json:"vms"`
}

// Reachable reports whether the site answered.
func (s SiteInventory) Reachable() bool { return s.Error == "" }

// Cluster is a set of hosts and the storage they share. Capacity is what PSN
// may use, net of host-failure reserve.
type Cluster struct {
	Name     string    `json:"name"`
	Capacity Resources `json:"capacity"`
	// Commitments is what already stands on the cluster, aggregated and sorted
	// by Tenant, Service then ForSite.
	Commitments []Commitment `json:"commitments"`
}

// Commitment is capacity that a service of a tenant holds on a cluster. An empty
// Tenant stands for machines that this project does not manage. An empty ForSite
// means running machines; otherwise it is the reserve to be used if ForSite is
// lost: its vCPUs and memory are needed only then, while its storage is taken
// every day, since the standby's disk exists. State a disk once, here or with
// the running machines: both count the same.
//
// Service lets a placement tell its own machines from the tenant's others. When
// it is empty every machine of Tenant is taken to belong to the placement that
// is being decided.
type Commitment struct {
	Tenant    TenantID  `json:"tenant,omitempty"`
	Service   ServiceID `json:"service,omitempty"`
	ForSite   Site      `json:"for_site,omitempty"`
	Resources Resources `json:"resources"`
}

// Role says what a VM of ours is for.
type Role string

// The roles.
const (
	RoleActive  Role = "active"  // serves the tenant
	RoleStandby Role = "standby" // powered off, holds the reserve at another site
	RoleReplica Role = "replica" // being kept in step from a source, not yet cut over
)

// PowerState is the observed power state.
type PowerState string

// The power states.
const (
	PoweredOn  PowerState = "on"
	PoweredOff PowerState = "off"
	Suspended  PowerState = "suspended"
	// Unsettled is told of a machine that the platform holds between two sizes
	// until somebody ends the change. It is no state to ask for.
	Unsettled PowerState = "unsettled"
)

// VM is a machine as observed. Fields marked (managed) are empty for machines
// that this project did not make.
type VM struct {
	ID             VMID           `json:"id,omitempty"`             // (managed)
	Service        ServiceID      `json:"service,omitempty"`        // (managed)
	Classification Classification `json:"classification,omitempty"` // (managed)
	Role           Role           `json:"role,omitempty"`           // (managed)
	PrimarySite    Site           `json:"primary_site,omitempty"`   // (managed) home of the machine a standby stands for
	Ref            string         `json:"ref"`                      // platform's own id, unique within one site and platform only
	Name           string         `json:"name"`
	InstanceUUID   string         `json:"instance_uuid"`
	BIOSUUID       string         `json:"bios_uuid,omitempty"`
	Cluster        string         `json:"cluster,omitempty"`
	Folder         string         `json:"folder,omitempty"`
	GuestOS        string         `json:"guest_os,omitempty"` // platform's guest id, for example "debian12_64Guest"
	Firmware       string         `json:"firmware,omitempty"` // "bios" | "efi"
	Power          PowerState     `json:"power"`
	VCPUs          int64          `json:"vcpus"`
	MemoryMiB      int64          `json:"memory_mib"`
	StorageMiB     int64          `json:"storage_mib"`
	// Disks and NICs are filled for managed machines and by Describe, not by a
	// bulk read of a source: device lists are the costly part.
	Disks          []Disk   `json:"disks,omitempty"`
	NICs           []NIC    `json:"nics,omitempty"`
	IPs            []string `json:"ips,omitempty"`
	Hostname       string   `json:"hostname,omitempty"`
	ChangeTracking bool     `json:"change_tracking,omitempty"`
	Snapshots      int      `json:"snapshots,omitempty"`
	// What its owner gave it (managed).
	Metadata       map[string]string `json:"metadata,omitempty"`
	Image          string            `json:"image,omitempty"` // ref of the image it started from
	Group          string            `json:"group,omitempty"` // machines it is kept apart from or together with
	SecurityGroups []string          `json:"security_groups,omitempty"`
	// SecurityGroupRefs are the platform's own ids of SecurityGroups, by which
	// they may be asked for as well.
	SecurityGroupRefs map[string]string `json:"security_group_refs,omitempty"`
}

// Disk is a virtual disk of a VM.
type Disk struct {
	Key           int32  `json:"key"`            // device key, stable for the life of the disk in its VM
	UUID          string `json:"uuid,omitempty"` // identity of the disk's content
	CapacityBytes int64  `json:"capacity_bytes"`
	Path          string `json:"path,omitempty"` // "[datastore] folder/file.vmdk" or volume id
	Mode          string `json:"mode,omitempty"` // "persistent", "independent_persistent", …
	Sharing       string `json:"sharing,omitempty"`
	RawMapping    bool   `json:"raw_mapping,omitempty"`   // a LUN given to the machine as it is: outside snapshots
	StorageClass  string `json:"storage_class,omitempty"` // datastore or volume type
	Foreign       bool   `json:"foreign,omitempty"`       // somebody put it on the machine: it is not made, grown or deleted with it
}

// NIC is a network card of a VM.
type NIC struct {
	Key       int32    `json:"key"`
	MAC       string   `json:"mac"` // lower case, colons
	Network   string   `json:"network,omitempty"`
	Connected bool     `json:"connected"`
	IPs       []string `json:"ips,omitempty"` // addresses the platform gave it
}
