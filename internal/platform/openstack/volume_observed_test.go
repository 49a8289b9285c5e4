package openstack

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestObserveVolume(t *testing.T) {
	const shown = `{"id": "v", "name": "data", "status": "in-use", "size": 3, "volume_type": "ssd", "availability_zone": "az1",
		"metadata": {"psn.id": "p_bs/db-1"}, "volume_image_metadata": {"image_id": "i"}, "os-vol-host-attr:host": null,
		"os-vol-tenant-attr:tenant_id": "p1", "attachments": [{"server_id": "s2"}, {"server_id": null}, {"server_id": "s1"}]}`
	var v cinderVolume
	if err := json.Unmarshal([]byte(shown), &v); err != nil {
		t.Fatal(err)
	}
	want := driver.Volume{
		VolumeSpec: driver.VolumeSpec{Tenant: "p_bs", Name: "data", SizeBytes: 3 << 30, StorageClass: "ssd", Zone: "az1", Image: "i"},
		Ref:        "v", VM: "p_bs/db-1", AttachedTo: "s1", Status: "in-use",
	}
	if d := cmp.Diff(want, v.observed("p_bs")); d != "" {
		t.Error(d)
	}
	if got := v.observed("c_b157").VM; got != "" {
		t.Errorf("a volume of one tenant is a disk of another's machine %s", got)
	}
	if v.ours() || !v.on("s2") || v.on("") || !v.atRest() {
		t.Errorf("ours %v, on s2 %v, on nothing %v, at rest %v", v.ours(), v.on("s2"), v.on(""), v.atRest())
	}
	for _, status := range []string{"creating", "downloading", "attaching", "detaching", "extending", "deleting"} {
		if (cinderVolume{Status: status}).atRest() {
			t.Errorf("%q is taken for rest", status)
		}
	}
	for _, status := range []string{"available", "in-use", "error", "error_extending", "error_deleting"} {
		if !(cinderVolume{Status: status}).atRest() {
			t.Errorf("%q is waited for", status)
		}
	}
}

func TestFixedVolumeDifferences(t *testing.T) {
	v := cinderVolume{Type: "ssd", Zone: "az1", Image: map[string]string{"image_id": "i"}}
	if d := fixedVolumeDifferences(v, driver.VolumeSpec{}, ""); len(d) != 0 {
		t.Errorf("what is not asked for differs: %v", d)
	}
	if d := fixedVolumeDifferences(v, driver.VolumeSpec{StorageClass: "ssd", Zone: "az1"}, "i"); len(d) != 0 {
		t.Errorf("the same differs: %v", d)
	}
	got := fixedVolumeDifferences(v, driver.VolumeSpec{StorageClass: "hdd", Zone: "az2"}, "j")
	if d := cmp.Diff([]string{`storage class is "ssd", not "hdd"`, `zone is "az1", not "az2"`, `image is "i", not "j"`}, got); d != "" {
		t.Error(d)
	}
}

func TestCheckImage(t *testing.T) {
	good := driver.ImageSpec{Name: "debian-12", Format: "qcow2", SizeBytes: 1, SHA256: "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"}
	if err := checkImage(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*driver.ImageSpec){
		"list":     func(i *driver.ImageSpec) { i.Name = "in:a,b" },
		"id":       func(i *driver.ImageSpec) { i.Name = "91c8f9c8-5363-4fd0-8121-23dbd6f57c9d" },
		"capital":  func(i *driver.ImageSpec) { i.SHA256 = "F" + i.SHA256[1:] },
		"size":     func(i *driver.ImageSpec) { i.SizeBytes = 0 },
		"disk":     func(i *driver.ImageSpec) { i.MinDiskGiB = -1 },
		"firmware": func(i *driver.ImageSpec) { i.Properties = map[string]string{"hw_firmware_type": "uefi"} },
		"ours":     func(i *driver.ImageSpec) { i.Properties = map[string]string{"psn_sha256": "x"} },
	} {
		spec := good
		change(&spec)
		if err := checkImage(spec); !psn.Is(err, psn.InvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzGlanceImage(f *testing.F) {
	f.Add(`{"id": "i", "size": null, "os_hidden": false, "hw_disk_bus": "scsi", "stores": "a"}`)
	f.Add(`{"psn_sha256": 1}`)
	f.Fuzz(func(t *testing.T, text string) {
		var i glanceImage
		if json.Unmarshal([]byte(text), &i) != nil {
			return
		}
		for k := range i.observed("p_bs").Properties {
			if reserved(k) {
				t.Fatalf("property %q is not the owner's", k)
			}
		}
	})
}

func FuzzAmount(f *testing.F) {
	for _, v := range []string{`1.5`, `"20"`, `"infinite"`, `"unknown"`, `null`, `"`, `-1`, `1e999`} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var a amount
		if err := a.UnmarshalJSON([]byte(text)); err != nil || a.known && a.gib < 0 {
			t.Fatalf("%q is %+v, %v", text, a, err)
		}
	})
}
