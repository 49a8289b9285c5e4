package driver

import (
	"context"
	"reflect"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Site is one site on one platform, or one source.
type Site interface {
	// Inventory reads the whole site. The number of requests it makes does not
	// depend on the number of machines.
	Inventory(ctx context.Context) (*psn.SiteInventory, error)

	// EnsureTenant makes what a tenant needs at the site (on vSphere a folder,
	// a resource pool per cluster and tags). Idempotent.
	EnsureTenant(ctx context.Context, t Tenant) error
	// TenantExists reports whether the tenant's containers exist here.
	TenantExists(ctx context.Context, t psn.TenantID) (bool, error)
	// DeleteTenant removes the tenant's containers. It fails with psn.Conflict,
	// naming what is left, when the tenant still has machines here.
	DeleteTenant(ctx context.Context, t psn.TenantID) error

	// CreateVM makes a machine, powered off but for what VMSpec.On says. Idempotent
	// by spec.ID; with a Maker by that too, so that what another made, be it at the
	// same time, is psn.AlreadyExists.
	CreateVM(ctx context.Context, spec VMSpec) (ref string, err error)
	// DescribeVM reads one machine with its disks and NICs. It is for a machine
	// at hand (discovery, preflight), never for loops over an inventory.
	DescribeVM(ctx context.Context, ref string) (*psn.VM, error)
	// UpdateVM changes in place. A change of size may restart the machine, which is
	// then in the power state it was in before.
	UpdateVM(ctx context.Context, ref string, c VMChange) error
	// DeleteVM powers the machine off and deletes it with its disks, except the
	// disks that were attached by AttachDisk. psn.NotFound is not an error here.
	DeleteVM(ctx context.Context, ref string) error
	// Power brings the machine to the state; already there is success.
	Power(ctx context.Context, ref string, want psn.PowerState) error

	// Close ends the session.
	Close(ctx context.Context) error
}

// Finder looks for one machine of ours where that costs less than reading the
// whole site.
type Finder interface {
	// FindVM returns the machine of the id as Inventory tells it, or psn.NotFound.
	// It makes a few requests, however many machines the site has.
	FindVM(ctx context.Context, id psn.VMID) (*psn.VM, error)
}

// Remains tells and removes what may outlive a machine where its disks and cards
// are objects of their own: of one that somebody deleted by other means, or whose
// deletion was cut off.
type Remains interface {
	// VMRemains names, for people, the disks and cards of the machine of the id,
	// when the machine itself does not stand; nothing while it does. psn.Conflict,
	// with how it is restored, while the platform keeps a deleted machine so that
	// it can be: then they are its own yet.
	VMRemains(ctx context.Context, id psn.VMID) ([]string, error)
	// DeleteVMRemains removes them; psn.Conflict while the machine stands or can be
	// restored.
	DeleteVMRemains(ctx context.Context, id psn.VMID) error
}

// Labels say whose a machine is and what it is for. Backends store them on the
// machine itself in the create call, so that no machine of ours is ever
// unlabelled, and as tags where the platform has tags.
type Labels struct {
	Service        psn.ServiceID
	Classification psn.Classification
	Role           psn.Role
	PrimarySite    psn.Site
}

// VMSpec is a machine to make.
type VMSpec struct {
	ID        psn.VMID
	Labels    Labels
	Cluster   string
	VCPUs     int64
	MemoryMiB int64
	GuestOS   string // platform's guest id; empty means a generic 64-bit one
	Firmware  string // "bios" (default) or "efi"
	Disks     []DiskSpec
	NICs      []NICSpec
	Notes     string

	// DisplayName is the name people see at the platform; empty means that of ID.
	DisplayName string
	// Image, by name or ref, fills the first disk; empty means an empty disk.
	Image string
	// UserData and VendorData are what cloud-init reads at first boot, complete.
	// They may hold secrets: never logged, never read back.
	UserData, VendorData []byte
	// SecurityGroups, by name, apply to every card. Nil means the platform's default.
	SecurityGroups []string
	// Metadata is the owner's own; keys of ours ("psn.…") are refused.
	Metadata map[string]string
	// Group names machines of the tenant that GroupPolicy holds together or apart.
	Group       string
	GroupPolicy GroupPolicy
	// On says that the machine is to run once it is made. Whoever asks for it
	// powers it on; where the platform makes no machine that does not start, it is
	// left running, so that no first boot is cut off.
	On bool
	// Maker is a word that whoever makes this one machine has chosen for it alone.
	// The machine bears it. Empty where any machine of the id will do.
	Maker string
}

// GroupPolicy says how machines of a group share hosts.
type GroupPolicy string

// The policies. A hard one fails where it cannot be kept, with psn.Exhausted.
const (
	Apart      GroupPolicy = "anti-affinity"
	ApartIfCan GroupPolicy = "soft-anti-affinity"
	OnOneHost  GroupPolicy = "affinity"
)

// DiskSpec is a disk to make, empty. Disks are made in order.
type DiskSpec struct {
	CapacityBytes int64
	StorageClass  string // datastore or volume type; empty lets the backend choose by free space
}

// NICSpec is a network card to make. An empty MAC lets the platform choose.
type NICSpec struct {
	Network string // empty means the tenant's default network at the site
	MAC     string
	FixedIP string // empty lets the platform choose; NotionFixedIP
}

// VMChange is what UpdateVM changes; nil fields stay.
type VMChange struct {
	VCPUs       *int64
	MemoryMiB   *int64
	Labels      *Labels
	DisplayName *string
	Metadata    *map[string]string // the owner's whole metadata
	// Disks is the whole list: those that stand, as large or larger, then new
	// ones. A shorter list or a smaller disk is psn.InvalidInput.
	Disks []DiskSpec
	// NICs is the whole list: those that stand, then new ones.
	NICs           []NICSpec
	SecurityGroups *[]string
}

// IsZero reports whether c changes nothing.
func (c VMChange) IsZero() bool { return reflect.ValueOf(c).IsZero() }

// Guest acts inside the machine.
type Guest interface {
	// ShutdownGuest asks the guest to shut down and returns at once.
	ShutdownGuest(ctx context.Context, ref string) error
}

// Links connects and disconnects network cards.
type Links interface {
	// SetLinks connects or disconnects the NICs of the machine, except those
	// with the MACs named, which stay as they are.
	SetLinks(ctx context.Context, ref string, connected bool, except ...string) error
}

// Snapshot is a frozen state of all disks of a machine.
type Snapshot struct {
	Ref   string // platform's id of the snapshot
	Name  string
	Disks []SnapshotDisk
}

// SnapshotDisk is one frozen disk. Match disks by Key and UUID, never by order.
type SnapshotDisk struct {
	Key           int32
	UUID          string
	CapacityBytes int64
	Path          string // of the frozen content
	ChangeID      string // empty when the platform tracked nothing
}

// Snapshotter freezes machines.
type Snapshotter interface {
	// CreateSnapshot freezes all disks under the name. When a snapshot of that
	// name exists it is returned instead of a second one. started, when not
	// nil, is called with the platform's task id before the task is waited for.
	CreateSnapshot(ctx context.Context, ref, name string, started func(task string)) (*Snapshot, error)
	// Snapshots lists the machine's snapshots.
	Snapshots(ctx context.Context, ref string) ([]Snapshot, error)
	// RemoveSnapshot removes one snapshot; a missing one is success.
	RemoveSnapshot(ctx context.Context, ref, snapshot string) error
}

// ChangeTracker answers which areas of a disk changed.
type ChangeTracker interface {
	// EnableChangeTracking turns tracking on; already on is success. It fails
	// with psn.Conflict when the machine has snapshots.
	EnableChangeTracking(ctx context.Context, ref string) error
	// ChangedAreas returns one page of areas of the disk, frozen in snapshot
	// (empty for a powered-off machine's live disk), changed since changeID
	// ("*" means allocated), from offset on. It fails with psn.Stale when
	// changeID does not describe this disk any more, and with psn.Unsupported
	// when the platform cannot tell the allocated areas: then the whole disk is
	// to be taken.
	ChangedAreas(ctx context.Context, ref, snapshot string, diskKey int32, changeID string, offset int64) (*AreaPage, error)
}

// AreaPage covers [Start, Start+Length) of a disk. An empty Areas says that
// nothing changed in that range, not that the disk ends there.
type AreaPage struct {
	Start, Length int64
	Areas         []Area
}

// Area is a byte range.
type Area struct{ Start, Length int64 }

// DiskReader opens frozen or powered-off disks for reading.
type DiskReader interface {
	// OpenDisk opens the disk's content. snapshot is empty for a powered-off
	// machine's live disk.
	OpenDisk(ctx context.Context, ref, snapshot string, disk SnapshotDisk) (DiskContent, error)
	// Transport names how the bytes travel, for plans and reports, for example
	// "datastore https range".
	Transport() string
}

// DiskContent reads one disk. Reads may run concurrently.
type DiskContent interface {
	// ReadAt fills p from offset off or fails; a short read is an error.
	ReadAt(ctx context.Context, p []byte, off int64) error
	Size() int64
	Close() error
}

// DiskAttacher makes a VM's disk visible to a worker as a local block device.
type DiskAttacher interface {
	// AttachDisk attaches the disk of VM ref to the worker VM and returns the
	// identity (UUID, lower-case hex without hyphens) under which the worker's
	// operating system shows it. Already attached there is success.
	AttachDisk(ctx context.Context, workerRef, ref string, diskKey int32) (deviceID string, err error)
	// DetachDisk takes it off the worker without deleting it; not attached is success.
	DetachDisk(ctx context.Context, workerRef, deviceID string) error
}

// WorkerReach tells what can be attached where, before it is tried.
type WorkerReach interface {
	// Reaches reports whether disks of the cluster can be attached to the
	// worker VM at all. psn.InvalidInput when there is no such cluster.
	Reaches(ctx context.Context, workerRef, cluster string) (bool, error)
}
