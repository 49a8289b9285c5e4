package virtualmachine

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// TestFirstBootCutOff: who makes a machine of an image that is to be off is told,
// before it is made, what OpenStack does.
func TestFirstBootCutOff(t *testing.T) {
	for _, c := range []struct {
		platform, image, power string
		warned                 bool
	}{
		{"openstack", "debian", "off", true},
		{"openstack", "debian", "on", false},
		{"openstack", "", "off", false},
		{"vsphere", "debian", "off", false},
	} {
		m := model{Platform: types.StringValue(c.platform), PowerState: types.StringValue(c.power), Image: types.StringValue(c.image)}
		if c.image == "" {
			m.Image = types.StringNull()
		}
		var diags diag.Diagnostics
		m.cutBoot(&diags)
		if warned := diags.WarningsCount() == 1; warned != c.warned || diags.HasError() {
			t.Errorf("%+v: %v", c, diags)
		}
	}
}
