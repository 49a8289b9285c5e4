package openstack

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Properties of images that we keep. The hash is given in the request that makes
// an image, so that one whose answer was lost is known as ours.
const (
	propHash     = "psn_sha256"
	propUploader = "psn_uploader" // who sends the content, until it is whole and agreed on
	propFirmware = "hw_firmware_type"
)

const (
	imageActive  = "active"
	imagePublic  = "public"
	imagePrivate = "private"
)

// glanceImage is what we read of an image.
type glanceImage struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Status      string  `json:"status"`
	Visibility  string  `json:"visibility"`
	Owner       string  `json:"owner"`
	Format      *string `json:"disk_format"`
	Size        *int64  `json:"size"`
	VirtualSize *int64  `json:"virtual_size"`
	Created     string  `json:"created_at"`
	Updated     string  `json:"updated_at"`
	MinDisk     int64   `json:"min_disk"`
	MinMemory   int64   `json:"min_ram"`
	HashAlgo    *string `json:"os_hash_algo"`
	Hash        *string `json:"os_hash_value"`
	// Extra is everything that is not of Glance's own schema.
	Extra map[string]string `json:"-"`
}

// glanceFields are the names that Glance keeps for itself.
var glanceFields = []string{
	"id", "name", "status", "visibility", "protected", "os_hidden", "checksum", "os_hash_algo", "os_hash_value",
	"owner", "size", "virtual_size", "container_format", "disk_format", "created_at", "updated_at", "tags",
	"direct_url", "min_ram", "min_disk", "self", "file", "stores", "schema", "locations",
}

// UnmarshalJSON splits Glance's own fields from properties.
func (i *glanceImage) UnmarshalJSON(b []byte) error {
	type plain glanceImage
	if err := json.Unmarshal(b, (*plain)(i)); err != nil {
		return err
	}
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	i.Extra = map[string]string{}
	for k, v := range all {
		if text, ok := v.(string); ok && !slices.Contains(glanceFields, k) {
			i.Extra[k] = text
		}
	}
	return nil
}

func (i glanceImage) id() string { return i.ID }

// sha256 is the hash of the content as uploaded, when it is known.
func (i glanceImage) sha256() string {
	if v := i.Extra[propHash]; v != "" {
		return v
	}
	if deref(i.HashAlgo) == "sha256" {
		return deref(i.Hash)
	}
	return ""
}

// unfinished reports whether the image's content has not arrived, nor will
// unless somebody is sending it this moment.
func (i glanceImage) unfinished() bool {
	switch i.Status {
	case "queued", "saving", "uploading", "importing", "killed":
		return true
	}
	return false
}

// marked reports whether it is not agreed on yet that the image is the one of its
// name.
func (i glanceImage) marked() bool { return i.Extra[propUploader] != "" }

func (i glanceImage) observed(tenant psn.TenantID) driver.Image {
	out := driver.Image{Ref: i.ID, Status: i.Status, Making: i.unfinished() || i.marked()}
	out.Tenant, out.Name, out.Format, out.SHA256 = tenant, i.Name, deref(i.Format), i.sha256()
	out.SizeBytes, out.MinDiskGiB, out.MinMemoryMiB = deref(i.Size), i.MinDisk, i.MinMemory
	switch i.Extra[propFirmware] {
	case "uefi":
		out.Firmware = "efi"
	case "bios":
		out.Firmware = "bios"
	}
	for k, v := range i.Extra {
		if !reserved(k) {
			if out.Properties == nil {
				out.Properties = map[string]string{}
			}
			out.Properties[k] = v
		}
	}
	return out
}

// reserved reports whether a property's name is Glance's or ours.
func reserved(k string) bool {
	return slices.Contains(glanceFields, k) || k == propFirmware ||
		strings.HasPrefix(k, "psn_") || strings.HasPrefix(k, "os_glance_")
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// observeImages keeps what may be started from: what every project may use, and
// what is a tenant's own.
func observeImages(found []glanceImage, tenants map[string]psn.TenantID) []driver.Image {
	out := []driver.Image{}
	for _, i := range found {
		switch tenant := tenants[i.Owner]; {
		case i.Visibility == imagePublic || i.Visibility == "community":
			out = append(out, i.observed(""))
		case tenant != "":
			out = append(out, i.observed(tenant))
		}
	}
	slices.SortFunc(out, func(a, b driver.Image) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
	})
	return out
}

var (
	sha256Re = regexp.MustCompile(`^[0-9a-f]{64}$`)
	uuidRe   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// imageFormats are the disk formats that Cinder and Nova read and that we are
// asked for.
var imageFormats = []string{"raw", "qcow2", "vmdk", "iso"}

// checkImage checks a specification as far as that needs no cloud.
func checkImage(spec driver.ImageSpec) error {
	switch {
	case spec.Name == "" || len(spec.Name) > 255 || strings.HasPrefix(spec.Name, "in:"):
		return psn.Errorf(psn.InvalidInput, "image name %q is not valid: use 1 to 255 characters, and not \"in:\" at the beginning", spec.Name)
	case uuidRe.MatchString(spec.Name):
		return psn.Errorf(psn.InvalidInput, "image name %q looks like an image's id: choose another", spec.Name)
	case !slices.Contains(imageFormats, spec.Format):
		return psn.Errorf(psn.InvalidInput, "image format %q is unknown: use one of %s", spec.Format, quoted(imageFormats))
	case spec.SizeBytes <= 0:
		return psn.Errorf(psn.InvalidInput, "image size is %d bytes: use the size of the file", spec.SizeBytes)
	case !sha256Re.MatchString(spec.SHA256):
		return psn.Errorf(psn.InvalidInput, "image sha256 %q is not valid: use 64 lower-case hexadecimal digits, as sha256sum prints them", spec.SHA256)
	case spec.MinDiskGiB < 0 || spec.MinMemoryMiB < 0:
		return psn.Errorf(psn.InvalidInput, "image needs a disk of %d GiB and a memory of %d MiB: use 0 for no minimum", spec.MinDiskGiB, spec.MinMemoryMiB)
	case spec.Firmware != "" && spec.Firmware != "bios" && spec.Firmware != "efi":
		return psn.Errorf(psn.InvalidInput, "image firmware %q is unknown: use \"bios\" or \"efi\"", spec.Firmware)
	}
	for _, k := range slices.Sorted(maps.Keys(spec.Properties)) {
		switch {
		case k == propFirmware:
			return psn.Errorf(psn.InvalidInput, "image property %q: use firmware instead", k)
		case reserved(k):
			return psn.Errorf(psn.InvalidInput, "image property %q is not for setting: choose another name", k)
		}
	}
	return nil
}

// imageBody is the request that makes the image, without content.
func imageBody(spec driver.ImageSpec) map[string]any {
	body := map[string]any{
		"name": spec.Name, "disk_format": spec.Format, "container_format": "bare", "visibility": imagePrivate,
		"min_disk": spec.MinDiskGiB, "min_ram": spec.MinMemoryMiB, propHash: spec.SHA256,
	}
	if spec.Tenant == "" {
		body["visibility"] = imagePublic
	}
	switch spec.Firmware {
	case "efi":
		body[propFirmware] = "uefi"
	case "bios":
		body[propFirmware] = "bios"
	}
	for k, v := range spec.Properties {
		body[k] = v
	}
	return body
}
