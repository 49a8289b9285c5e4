package driver

import (
	"context"
	"io"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Images tells the contents that machines start from (NotionImage).
type Images interface {
	// Images lists what may be started from, sorted by tenant, name, then ref.
	Images(ctx context.Context) ([]Image, error)
}

// ImageUpload makes images of contents at hand (NotionImageUpload).
type ImageUpload interface {
	// CreateImage uploads content and checks on arrival that it has the hash.
	// Idempotent by tenant and name when the hash is the same; psn.AlreadyExists
	// when it is not. An upload that fails leaves nothing behind; one that was cut
	// off keeps no other from being made.
	CreateImage(ctx context.Context, spec ImageSpec, content io.Reader) (*Image, error)
	// DeleteImage removes an image; a missing one is success.
	DeleteImage(ctx context.Context, ref string) error
}

// ImageSpec is an image to upload.
type ImageSpec struct {
	Tenant       psn.TenantID // empty means every tenant of the site may use it
	Name         string
	Format       string // "raw", "qcow2", "vmdk", "iso"
	SizeBytes    int64  // of the content as uploaded
	SHA256       string // of the content as uploaded, lower-case hex
	MinDiskGiB   int64
	MinMemoryMiB int64
	Firmware     string            // "bios" or "efi"; empty means the platform's default
	Properties   map[string]string // platform's own, for example hw_disk_bus
}

// Image is an image as observed. SHA256 is empty when the platform does not
// know it.
type Image struct {
	ImageSpec
	Ref    string
	Status string // in the platform's word; only "active" ones can be started from
	Making bool   // it is being uploaded, or was when that was cut off
}

// Flavor is a size the platform offers.
type Flavor struct {
	Ref       string
	Name      string
	VCPUs     int64
	MemoryMiB int64
	DiskGiB   int64 // root disk on the host; 0 means the machine boots from a volume
	Public    bool
	Tenants   []psn.TenantID    // that may use a private one
	Extra     map[string]string // extra specs, when the platform tells them in the list
}

// Flavors lists sizes.
type Flavors interface {
	// Flavors lists the sizes, sorted by vCPUs, memory, then name.
	Flavors(ctx context.Context) ([]Flavor, error)
}

// Console reads what a guest wrote on its serial console.
type Console interface {
	// ConsoleLog returns the last lines of it; lines 0 means all that is kept.
	ConsoleLog(ctx context.Context, ref string, lines int) (string, error)
}
