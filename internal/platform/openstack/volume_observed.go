package openstack

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const gib = 1 << 30 // what Cinder counts in

// keyVolume is metadata of volumes that CreateVolume made, given in the request
// that makes them: a volume whose answer was lost is known by it.
const keyVolume = "psn.volume"

// cinderVolume is what we read of a volume.
type cinderVolume struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Status      string            `json:"status"`
	SizeGiB     int64             `json:"size"`
	Type        string            `json:"volume_type"`
	Zone        string            `json:"availability_zone"`
	Metadata    map[string]string `json:"metadata"`
	Image       map[string]string `json:"volume_image_metadata"`
	Host        string            `json:"os-vol-host-attr:host"` // empty until a backend took it
	Created     string            `json:"created_at"`
	Updated     string            `json:"updated_at"`
	Bootable    string            `json:"bootable"` // "true" or "false"
	ProjectID   string            `json:"os-vol-tenant-attr:tenant_id"`
	Attachments []struct {
		ServerID string `json:"server_id"`
	} `json:"attachments"`
}

func (v cinderVolume) id() string { return v.ID }

// ours reports whether CreateVolume made it.
func (v cinderVolume) ours() bool { return v.Metadata[keyVolume] != "" }

// on reports whether the machine has the volume.
func (v cinderVolume) on(server string) bool { return slices.Contains(v.servers(), server) }

// servers are the machines that have it, sorted.
func (v cinderVolume) servers() []string {
	var out []string
	for _, a := range v.Attachments {
		if a.ServerID != "" {
			out = append(out, a.ServerID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// atRest reports whether Cinder and Nova are done with what they were at.
func (v cinderVolume) atRest() bool {
	switch v.Status {
	case "creating", "downloading", "attaching", "detaching", "reserved", "extending", "retyping",
		"uploading", "backing-up", "restoring-backup", "maintenance", "managing", "deleting":
		return false
	}
	return true
}

func (v cinderVolume) observed(tenant psn.TenantID) driver.Volume {
	out := driver.Volume{Ref: v.ID, Status: v.Status, Making: v.Status == "creating" || v.Status == "downloading"}
	out.Tenant, out.Name, out.SizeBytes = tenant, v.Name, v.SizeGiB*gib
	out.StorageClass, out.Zone, out.Image = v.Type, v.Zone, v.Image["image_id"]
	if id := psn.VMID(v.Metadata[keyID]); tenant != "" && id.Tenant() == tenant {
		out.VM = id
	}
	if mark := v.Metadata[keyMaking]; v.ours() && mark != unnamedMaker {
		out.Maker = mark
	}
	if at := v.servers(); len(at) > 0 {
		out.AttachedTo = at[0]
	}
	return out
}

func compareVolumes(a, b driver.Volume) int {
	return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
}

// sizeGiB rounds up to what Cinder counts in.
func sizeGiB(bytes int64) int64 { return bytes/gib + min(1, bytes%gib) }

// checkVolume checks a specification as far as that needs no cloud.
func checkVolume(spec driver.VolumeSpec) error {
	if spec.Tenant == "" {
		return psn.Errorf(psn.InvalidInput, "volume %q names no tenant", spec.Name)
	}
	if err := psn.CheckName("volume name", spec.Name); err != nil {
		return err
	}
	if spec.SizeBytes <= 0 || sizeGiB(spec.SizeBytes) > 1<<31-1 {
		return psn.Errorf(psn.InvalidInput, "size of %d bytes: use a positive number; it is rounded up to a whole GiB", spec.SizeBytes)
	}
	return nil
}

// fixedVolumeDifferences names what keeps a volume from being the one asked for
// and cannot be changed. image is the id of the one asked for.
func fixedVolumeDifferences(v cinderVolume, spec driver.VolumeSpec, image string) []string {
	var out []string
	differ := func(field, is, want string) {
		if want != "" && is != want {
			out = append(out, fmt.Sprintf("%s is %q, not %q", field, is, want))
		}
	}
	differ("storage class", v.Type, spec.StorageClass)
	differ("zone", v.Zone, spec.Zone)
	differ("image", v.Image["image_id"], image)
	return out
}
