package vsphere_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func FuzzMetadata(f *testing.F) {
	f.Add(`{"a":"b"}`)
	f.Add(`{"a":1}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, v string) {
		m := vsphere.Metadata(v)
		if m == nil {
			return
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(m, vsphere.Metadata(string(b))); d != "" {
			t.Error(d)
		}
	})
}

func FuzzOwnNetwork(f *testing.F) {
	f.Add("psn.p_bs.web", "[terraform-provider-psn]")
	f.Add("psn.web", "Rete [terraform-provider-psn]")
	f.Fuzz(func(t *testing.T, name, description string) {
		tenant, local, ours := vsphere.OwnNetwork(name, description)
		if ours && vsphere.PortGroupName(tenant, local) != name {
			t.Errorf("%q is read as %q of %q", name, local, tenant)
		}
		if !ours && (tenant != psn.TenantID("") || local != "") {
			t.Errorf("not ours, and yet %q of %q", local, tenant)
		}
	})
}

func TestManyNamesAreCutToTheNearest(t *testing.T) {
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("modello-%02d", i))
	}
	got := vsphere.Nearest("debian-13", append(names, "debian-12"))
	if !strings.Contains(got, `"debian-12"`) || !strings.HasSuffix(got, "and 31 others") {
		t.Error(got)
	}
	if got := vsphere.Nearest("x", []string{"b", "a", "a"}); got != `"a", "b"` {
		t.Error(got)
	}
}

func TestSnapshotFilesAreNoVolumes(t *testing.T) {
	file := func(name string, kib int64) types.BaseFileInfo {
		return &types.VmDiskFileInfo{FileInfo: types.FileInfo{Path: name}, CapacityKb: kib}
	}
	files := []types.BaseFileInfo{file("dati.vmdk", 4), file("dati-000001.vmdk", 4), file("resto-000001.vmdk", 8), &types.FileInfo{Path: "x.vmdk"}}
	for folder, want := range map[string]map[string]int64{
		"[ds] psn-volumes/p_bs":   {"dati": 4096, "resto-000001": 8192},
		"[ds] psn-volumes/p_bs/":  {"dati": 4096, "resto-000001": 8192},
		"[ds] psn-volumes":        {},
		"[ds] psn-volumes/p_bs/x": {},
	} {
		got := vsphere.DisksIn(types.HostDatastoreBrowserSearchResults{FolderPath: folder, File: files})
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", folder, d)
		}
	}
}
