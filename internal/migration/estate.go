package migration

import (
	"context"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Estate is what the activities reach: sites, sources, and where a worker finds
// the disks attached to it. Every answer is a live handle, not a cached view.
type Estate interface {
	Site(ctx context.Context, site psn.Site, platform psn.Platform) (driver.Site, error)
	Source(ctx context.Context, name string) (driver.Site, error)
	// Worker says which machine of the site its worker runs in and where that
	// machine's devices appear. psn.NotFound when none is configured.
	Worker(ctx context.Context, site psn.Site, platform psn.Platform) (WorkerPlace, error)
}

// WorkerPlace is where a worker runs.
type WorkerPlace struct {
	VM      string // name of the worker's own machine at the site
	Devices string // folder with one entry "wwn-0x<disk uuid>" per attached disk
}

// OpenDevice opens the disk that the worker's operating system shows under the
// identity, once it appears.
type OpenDevice func(ctx context.Context, folder, deviceID string, size int64) (blockcopy.Target, error)

// Machine is the source as found by the preflight.
type Machine struct {
	Ref          string         `json:"ref"`
	Name         string         `json:"name"`
	InstanceUUID string         `json:"instance_uuid,omitempty"`
	Power        psn.PowerState `json:"power,omitempty"` // before anything was done
	GuestOS      string         `json:"guest_os,omitempty"`
	Firmware     string         `json:"firmware,omitempty"`
	VCPUs        int64          `json:"vcpus"`
	MemoryMiB    int64          `json:"memory_mib"`
	Disks        []SourceDisk   `json:"disks"`               // by Key
	MACs         []string       `json:"macs"`                // in the order of the cards
	Unplugged    []string       `json:"unplugged,omitempty"` // MACs of the cards that were not connected before anything was done
	Transport    string         `json:"transport"`
}

// SourceDisk is one disk of the source.
type SourceDisk struct {
	Key           int32  `json:"key"`
	UUID          string `json:"uuid"`
	CapacityBytes int64  `json:"capacity_bytes"`
}

// storageMiB is what the disks take, rounded up.
func (m Machine) storageMiB() int64 {
	var n int64
	for _, d := range m.Disks {
		n += (d.CapacityBytes + 1<<20 - 1) >> 20
	}
	return n
}

// Target is the machine made for the replica.
type Target struct {
	Ref     string       `json:"ref"`
	Disks   []TargetDisk `json:"disks"`             // in the order of Machine.Disks
	Standby *Standby     `json:"standby,omitempty"` // nil when the request names no standby site
}

// TargetDisk is the counterpart of a source disk.
type TargetDisk struct {
	SourceKey int32  `json:"source_key"`
	Key       int32  `json:"key"`
	DeviceID  string `json:"device_id"` // under which a worker sees it while attached
	Path      string `json:"path"`
}

// capability returns the driver's capability T, or psn.Unsupported in words.
func capability[T any](d driver.Site, where, what string) (T, error) {
	c, ok := d.(T)
	if !ok {
		return c, psn.Errorf(psn.Unsupported, "%s cannot %s", where, what)
	}
	return c, nil
}
