package driver

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Volumes makes disks that live apart from machines.
type Volumes interface {
	// Volumes lists the volumes of all tenants, the disks of machines among
	// them where the platform keeps those as volumes, in a number of requests
	// that grows by pages only.
	Volumes(ctx context.Context) ([]Volume, error)
	// CreateVolume makes a volume and waits until it can be used. Idempotent by
	// tenant and name; with a Maker by that too, so that what another made, be it
	// at the same time, is psn.AlreadyExists.
	CreateVolume(ctx context.Context, spec VolumeSpec) (*Volume, error)
	// UpdateVolume grows a volume, attached or not. psn.InvalidInput when it
	// would shrink.
	UpdateVolume(ctx context.Context, ref string, spec VolumeSpec) (*Volume, error)
	// AttachVolume gives the volume to the machine; already there is success.
	// psn.Conflict when another machine has it.
	AttachVolume(ctx context.Context, ref, vm string) error
	// DetachVolume takes it off; not attached is success.
	DetachVolume(ctx context.Context, ref, vm string) error
	// DeleteVolume removes the volume and its bytes; a missing one is success.
	// psn.Conflict while a machine has it.
	DeleteVolume(ctx context.Context, ref string) error
}

// VolumeSpec is a volume to make.
type VolumeSpec struct {
	Tenant       psn.TenantID
	Name         string
	SizeBytes    int64  // rounded up to what the platform counts in
	StorageClass string // volume type or datastore; empty means the platform's default
	Zone         string // cluster it must be reachable from; empty means any
	Image        string // name or ref of the image it starts from; empty means zeros
	// Maker is a word that whoever makes this one volume has chosen for it alone,
	// by which it knows its own after an answer that was lost; without one what
	// anybody made is taken over. It is observed until the making is answered.
	Maker string
}

// Volume is a volume as observed.
type Volume struct {
	VolumeSpec
	Ref        string
	VM         psn.VMID // whose disk it is, when it was made as one
	AttachedTo string   // ref of a machine, empty when free
	Status     string   // in the platform's word
	Making     bool     // it is still being made, and nobody can have used it
}

// StorageClass is a kind of storage a disk or volume may ask for.
type StorageClass struct {
	Name        string
	Clusters    []string // it can be reached from
	CapacityMiB int64    // -1 when the platform does not tell
	FreeMiB     int64    // -1 when the platform does not tell
	Default     bool     // taken when none is asked for
}

// StorageClasses lists what disks can be made of.
type StorageClasses interface {
	// StorageClasses lists the kinds, sorted by name.
	StorageClasses(ctx context.Context) ([]StorageClass, error)
}
