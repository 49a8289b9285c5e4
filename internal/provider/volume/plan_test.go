package volume_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/volume"
)

func model(size int64, class, zone, image string) volume.Model {
	text := func(s string) types.String {
		if s == "" {
			return types.StringNull()
		}
		return types.StringValue(s)
	}
	m := volume.Model{SizeGiB: types.Int64Value(size), StorageClass: text(class), Zone: text(zone), Image: text(image)}
	m.ID, m.TenantID, m.Platform = types.StringValue("p_bs/acilia/vsphere/dati"), types.StringValue("p_bs"), types.StringValue("vsphere")
	return m
}

func TestPlan(t *testing.T) {
	prior := model(10, "ssd", "a", "debian")
	imported := model(10, "ssd", "a", "")
	for name, c := range map[string]struct {
		config, prior volume.Model
		replace       string
		says          string
	}{
		"same":                {model(10, "ssd", "a", "debian"), prior, "", ""},
		"defaults stay":       {model(10, "", "", "debian"), prior, "", ""},
		"grown":               {model(11, "ssd", "", "debian"), prior, "", ""},
		"shrunk":              {model(9, "", "", "debian"), prior, "", "has 10 GiB, 9 are asked for"},
		"another class":       {model(10, "hdd", "", "debian"), prior, "storage_class", "will be lost"},
		"another, and shrunk": {model(9, "hdd", "", "debian"), prior, "storage_class", "will be lost"},
		"another zone":        {model(10, "", "b", "debian"), prior, "zone", "will be lost"},
		"another image":       {model(10, "", "", "rocky"), prior, "image", "will be lost"},
		"image left out":      {model(10, "", "", ""), prior, "", ""},
		"imported":            {model(10, "", "", "debian"), imported, "", ""},
	} {
		plan, replace, diags := volume.Plan(c.config, c.prior)
		got := ""
		for _, p := range replace {
			got += p.String()
		}
		if got != c.replace {
			t.Errorf("%s: replaced for %q, want %q", name, got, c.replace)
		}
		if said := fmt.Sprint(diags); c.says == "" && len(diags) > 0 || !strings.Contains(said, c.says) {
			t.Errorf("%s: %s, want %q", name, said, c.says)
		}
		if diags.HasError() != (name == "shrunk") {
			t.Errorf("%s: %v", name, diags)
		}
		if plan.StorageClass.IsUnknown() || plan.Zone.IsUnknown() {
			t.Errorf("%s: what stays is not known in the plan: %+v", name, plan)
		}
	}
}

// TestFlatten: a volume that went to other storage with its machine is not what
// a plan replaces; what nobody asked for is what the platform chose.
func TestFlatten(t *testing.T) {
	seen := driver.Volume{Ref: "v", VolumeSpec: driver.VolumeSpec{SizeBytes: 256 << 20, StorageClass: "hdd", Image: "0815"}}
	for name, c := range map[string]struct{ before, want volume.Model }{
		"asked for":  {model(10, "ssd", "a", "debian"), model(1, "ssd", "a", "debian")},
		"left alone": {model(10, "", "", ""), model(1, "hdd", "", "")},
	} {
		c.want.Ref, c.want.AttachedTo = types.StringValue("v"), types.StringValue("p_bs/db-1")
		if got := volume.Flatten(c.before, seen, "p_bs/db-1"); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: got  %+v\nwant %+v", name, got, c.want)
		}
	}
}

func TestValidate(t *testing.T) {
	for vm, want := range map[string]string{"p_bs/db-1": "", "p_mi/db-1": `tenant "p_mi"`, "db": "not valid"} {
		m := model(1, "", "", "")
		m.AttachedTo = types.StringValue(vm)
		diags := volume.Validate(m)
		if (want == "") == diags.HasError() || !strings.Contains(fmt.Sprint(diags), want) {
			t.Errorf("%s: %v, want %q", vm, diags, want)
		}
	}
}
