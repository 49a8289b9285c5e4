package securitygroup_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
)

func group(platform, rules string) string {
	return fmt.Sprintf(`
resource "psn_security_group" "web" {
  tenant_id = "p_bs"
  name      = "web"
  site      = "acilia"
  platform  = %q
  rules     = [%s]
}
`, platform, rules)
}

func TestPlanRefuses(t *testing.T) {
	lab := providertest.Start(t)
	var steps []resource.TestStep
	for _, c := range []struct{ platform, rules, want string }{
		{"vsphere", "", `platform\s+"vsphere"\s+has\s+no\s+notion\s+of\s+security\s+group;\s+platform\s+"openstack"\s+has`},
		{"openstack", `{ direction = "in" }`, `egress`},
		{"openstack", `{ direction = "ingress", protocol = "http" }`, `protocol\s+"http"`},
		{"openstack", `{ direction = "ingress", first_port = 80 }`, `need\s+protocol\s+tcp`},
		{"openstack", `{ direction = "ingress", protocol = "tcp", first_port = 80, last_port = 79 }`, `80\s+to\s+79`},
		{"openstack", `{ direction = "ingress", cidr = "10.0.0.1/8" }`, `names\s+a\s+host`},
		{"openstack", `{ direction = "ingress" }, { direction = "ingress", description = "again" }`, `same\s+traffic`},
		{"openstack", `{ direction = "ingress" }, { direction = "ingress", cidr = "0.0.0.0/0" }`, `same\s+traffic`},
		{"openstack", `{ direction = "ingress" }`, `no\s+platform\s+"openstack"`},
	} {
		steps = append(steps, resource.TestStep{
			Config: lab.Config(group(c.platform, c.rules)), PlanOnly: true, ExpectError: regexp.MustCompile(`(?is)` + c.want),
		})
	}
	providertest.Test(t, steps)
}
