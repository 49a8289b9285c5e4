package vsphere_test

import (
	"path"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const descriptor = `# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="vmfs"

# Extent description
RW 20971520 VMFS "web-flat.vmdk"

ddb.adapterType = "lsilogic"
`

func TestFlatExtent(t *testing.T) {
	file, size, err := vsphere.FlatExtent(descriptor)
	if file != "web-flat.vmdk" || size != 10<<30 || err != nil {
		t.Errorf("%q, %d, %v", file, size, err)
	}
	extent := `RW 20971520 VMFS "web-flat.vmdk"`
	for name, c := range map[string]struct {
		text string
		code psn.Code
	}{
		"not a descriptor": {"KDMV\x01", psn.Unsupported},
		"child":            {strings.Replace(descriptor, "createType", "parentFileNameHint=\"web.vmdk\"\ncreateType", 1), psn.Unsupported},
		"delta":            {strings.Replace(descriptor, "VMFS", "VMFSSPARSE", 1), psn.Unsupported},
		"SE sparse":        {strings.Replace(descriptor, "VMFS", "SESPARSE", 1), psn.Unsupported},
		"two files":        {strings.Replace(descriptor, extent, extent+"\n"+extent, 1), psn.Unsupported},
		"with offset":      {strings.Replace(descriptor, extent, extent+" 2048", 1), psn.Unsupported},
		"no extent":        {strings.Replace(descriptor, extent, "", 1), psn.Corrupt},
		"other folder":     {strings.Replace(descriptor, "web-flat", "../../etc/x", 1), psn.Corrupt},
		"open quote":       {strings.Replace(descriptor, `flat.vmdk"`, `flat.vmdk`, 1), psn.Corrupt},
		"negative":         {strings.Replace(descriptor, "20971520", "-5", 1), psn.Corrupt},
	} {
		if _, _, err := vsphere.FlatExtent(c.text); !psn.Is(err, c.code) {
			t.Errorf("%s: err = %v, want %s", name, err, c.code)
		}
	}
}

func FuzzFlatExtent(f *testing.F) {
	f.Add(descriptor)
	f.Add("# Disk DescriptorFile\nRW 1 FLAT \"a\" 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, size, err := vsphere.FlatExtent(text)
		if err != nil {
			if code := psn.CodeOf(err); code != psn.Unsupported && code != psn.Corrupt {
				t.Errorf("err = %v", err)
			}
			return
		}
		if size <= 0 || size%512 != 0 || file == "" || file != path.Base(file) || file == ".." {
			t.Errorf("accepted %q with %d bytes", file, size)
		}
	})
}
