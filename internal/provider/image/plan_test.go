package image_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/image"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const none = ""

func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func given(file, sum string, edit ...func(*image.Model)) image.Model {
	m := image.Model{File: text(file), SHA256: text(sum), Format: types.StringValue("qcow2")}
	m.ID = types.StringValue("_/acilia/openstack/debian-12")
	for _, e := range edit {
		e(&m)
	}
	return m
}

func TestContent(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	abc, same, other := file("abc", "abc"), file("same", "abc"), file("other", "abcd")
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-4's example for "abc"
	absent := strings.Repeat("0", 64)
	standing := given(abc, sum)
	standing.SizeBytes = types.Int64Value(3)
	properties := func(m *image.Model) {
		m.Properties = types.MapValueMust(types.StringType, map[string]attr.Value{"hw_disk_bus": types.StringValue("scsi")})
	}
	untold := given(none, none)
	for name, c := range map[string]struct {
		config    image.Model
		prior     *image.Model
		sum, says string
		replace   string
	}{
		"reckoned":                {given(abc, none), nil, sum, "", ""},
		"given":                   {given(abc, absent), nil, absent, "", ""},
		"fetched later":           {given(filepath.Join(dir, "later"), absent), nil, absent, "", ""},
		"missing":                 {given(filepath.Join(dir, "later"), none), nil, "", "give sha256 as well", ""},
		"a folder":                {given(dir, none), nil, "", "not a regular file", ""},
		"no file":                 {given(none, none), nil, "", "give its path", ""},
		"unchanged":               {given(abc, none), &standing, sum, "", ""},
		"elsewhere":               {given(same, none), &standing, sum, "", ""},
		"changed":                 {given(other, none), &standing, "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589", "", "sha256"},
		"imported, no file":       {given(none, none), &standing, sum, "", ""},
		"imported, hash not told": {given(abc, none), &untold, sum, "on trust", ""},
		"another format":          {given(abc, none, func(m *image.Model) { m.Format = types.StringValue("raw") }), &standing, sum, "", "format"},
		"another minimum":         {given(abc, none, func(m *image.Model) { m.MinDiskGiB = types.Int64Value(4) }), &standing, sum, "", "min_disk_gib"},
		"another firmware":        {given(abc, none, func(m *image.Model) { m.Firmware = types.StringValue("efi") }), &standing, sum, "", "firmware"},
		"another property":        {given(abc, none, properties), &standing, sum, "", "properties"},
	} {
		plan, replace, diags := image.Plan(c.config, c.prior)
		if said := fmt.Sprint(diags); c.says == "" && len(diags) > 0 || !strings.Contains(said, c.says) {
			t.Errorf("%s: %s, want %q", name, said, c.says)
		}
		if diags.HasError() {
			continue
		}
		got := ""
		for _, p := range replace {
			got += p.String()
		}
		if got != c.replace || plan.SHA256.ValueString() != c.sum {
			t.Errorf("%s: replaced for %q, want %q; sha256 %s, want %s", name, got, c.replace, plan.SHA256, c.sum)
		}
	}
}

func TestUnknownFileIsNotRead(t *testing.T) {
	m := given(none, none)
	m.File = types.StringUnknown()
	plan, _, diags := image.Plan(m, nil)
	if diags.HasError() || !plan.SHA256.IsUnknown() || !plan.SizeBytes.IsUnknown() {
		t.Errorf("%+v, %v", plan, diags)
	}
}

// TestFlatten: of the platform's own properties only those asked for are looked
// at, and what it does not tell stays.
func TestFlatten(t *testing.T) {
	m := given("f", strings.Repeat("1", 64), func(m *image.Model) {
		m.Ref = types.StringValue("i")
		m.Properties = types.MapValueMust(types.StringType, map[string]attr.Value{"hw_disk_bus": types.StringValue("scsi"), "gone": types.StringValue("x")})
	})
	seen := image.Flatten(m, driver.Image{Ref: "i", Status: "active", ImageSpec: driver.ImageSpec{
		Format: "qcow2", SizeBytes: 9, MinDiskGiB: 2, Firmware: "bios", Properties: map[string]string{"hw_disk_bus": "ide", "os_distro": "debian"},
	}})
	want := m
	want.SizeBytes, want.MinDiskGiB = types.Int64Value(9), types.Int64Value(2)
	want.MinMemoryMiB = types.Int64Null()
	want.Properties = types.MapValueMust(types.StringType, map[string]attr.Value{"hw_disk_bus": types.StringValue("ide")})
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", seen, want)
	}
}

func TestUploadTellsItsProgress(t *testing.T) {
	var log bytes.Buffer
	content := bytes.Repeat([]byte("x"), 100<<10)
	r := image.Follow(tflogtest.RootLogger(t.Context(), &log), io.NopCloser(bytes.NewReader(content)), int64(len(content)))
	got, err := io.ReadAll(iotest.OneByteReader(r))
	if err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	lines, err := tflogtest.MultilineJSONDecode(&log)
	if err != nil || len(lines) != 10 {
		t.Fatalf("%d lines of log, want one for each tenth; %v", len(lines), err)
	}
	if last := lines[9]; last["bytes"] != float64(len(content)) || last["percent"] != float64(100) || last["image"] != "debian" {
		t.Errorf("the last line is %v", last)
	}
}

// TestAnotherFileThanPlanned: the error names the file and both hashes.
func TestAnotherFileThanPlanned(t *testing.T) {
	file := filepath.Join(t.TempDir(), "debian.raw")
	if err := os.WriteFile(file, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	const is = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	for _, planned := range []string{"", is} {
		if got, err := image.AsPlanned(file, planned); err != nil || got != is {
			t.Errorf("planned %q: %q, %v", planned, got, err)
		}
	}
	planned := strings.Repeat("0", 64)
	_, err := image.AsPlanned(file, planned)
	if !psn.Is(err, psn.Corrupt) {
		t.Fatal(err)
	}
	for _, text := range []string{file, is, planned, "Nothing was uploaded"} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v: it should say %q", err, text)
		}
	}
	if _, err := image.AsPlanned(file+".gone", ""); !psn.Is(err, psn.InvalidInput) {
		t.Error(err)
	}
}
