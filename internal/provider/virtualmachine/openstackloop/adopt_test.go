package openstackloop_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestOpenStackTakesOver imports a server that somebody made with the cloud's
// own command line: the first apply marks it and changes nothing of it.
func TestOpenStackTakesOver(t *testing.T) {
	c := open(t, psn.SantoStefanoTicino)
	lab := providertest.Against(t, c.lab.ConfigFile, psn.OpenStack)
	site := c.lab.Site(t, psn.SantoStefanoTicino)
	zone := site.Zones[0]
	bare := lab.Config(providertest.Tenant)
	declared := lab.Config(byHand(psn.SantoStefanoTicino, zone, "vcpus = 2\n disks = [{ size_gib = 1 }, { size_gib = 2 }]\n metadata = { owner = \"mario\" }"))
	block := func(id string) string {
		return fmt.Sprintf("import {\n  to = psn_virtual_machine.web\n  id = \"p_bs/web-1@santo-stefano-ticino/openstack/%s\"\n}\n", id)
	}
	var was *psn.VM
	theirs := "" // a volume of somebody's data, which stays when the server goes
	untouched := func(vm *psn.VM) bool {
		return slices.ContainsFunc(vm.Disks, func(d psn.Disk) bool { return d.UUID == theirs && d.Foreign && d.CapacityBytes == 3<<30 })
	}
	byCommand := func() {
		project := ""
		var projects []struct{ ID, Name string }
		c.json(&projects, "project", "list", "--tags", "psn")
		for _, p := range projects {
			if strings.Contains(p.Name, "p_bs") {
				project = p.Name
			}
		}
		if project == "" {
			t.Fatalf("no project of the tenant among %v", projects)
		}
		inside := c.as(project).run
		boot := inside("volume", "create", "--size", "1", "--image", site.Image, "--availability-zone", zone, "by-hand-boot", "-f", "value", "-c", "id")
		data := inside("volume", "create", "--size", "2", "--availability-zone", zone, "by-hand-data", "-f", "value", "-c", "id")
		for _, v := range []string{boot, data} {
			c.await("volume "+v, func() bool { return inside("volume", "show", v, "-f", "value", "-c", "status") == "available" })
		}
		theirs = strings.TrimSpace(inside("volume", "create", "--size", "3", "--availability-zone", zone, "people-data", "-f", "value", "-c", "id"))
		ref := inside("server", "create", "--wait", "--flavor", "psn.v2m4", "--volume", boot, "--block-device", "uuid="+data+",source_type=volume,destination_type=volume,boot_index=-1,delete_on_termination=true", "--network", site.Network,
			"--availability-zone", zone, "--property", "owner=mario", "by-hand", "-f", "value", "-c", "id")
		ref = strings.TrimSpace(ref)
		c.await("volume "+theirs, func() bool { return inside("volume", "show", theirs, "-f", "value", "-c", "status") == "available" })
		inside("server", "add", "volume", ref, theirs)
		c.await("volume "+theirs, func() bool { return inside("volume", "show", theirs, "-f", "value", "-c", "status") == "in-use" })
		t.Cleanup(func() { // when the test failed before it was ours
			if strings.Contains(c.run("server", "list", "--all-projects", "-f", "value", "-c", "ID"), ref) {
				c.run("server", "delete", "--wait", ref)
				inside("volume", "delete", boot, data)
			}
		})
		vm, err := lab.Site(psn.SantoStefanoTicino).DescribeVM(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		was = vm
	}
	steps := []resource.TestStep{{Config: bare}}
	providertest.Test(t, append(steps,
		resource.TestStep{PreConfig: byCommand, Config: bare, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		refuses(declared+block("nobody"), `Unable to import virtual machine "p_bs/web-1"`),
		resource.TestStep{
			Config: declared + block("by-hand"),
			ConfigPlanChecks: before(
				providertest.OnlyThese("update "+address),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("disruption"), knownvalue.StringExact("takes the machine over, no restart")),
			),
			Check: func(*terraform.State) error {
				is := lab.VM(psn.SantoStefanoTicino, web)
				if is == nil || is.Ref != was.Ref || is.Service != "p_bs/sito-web" || is.Role != psn.RoleActive {
					return fmt.Errorf("not taken over: %+v", is)
				}
				if is.Name != was.Name || is.Power != was.Power || is.VCPUs != was.VCPUs || len(is.Disks) != 3 || !untouched(is) || is.Disks[0].UUID != was.Disks[0].UUID ||
					is.Disks[1].UUID != was.Disks[1].UUID || len(is.NICs) != 1 || is.NICs[0].MAC != was.NICs[0].MAC || is.Metadata["owner"] != "mario" {
					return fmt.Errorf("changed:\n%+v\n%+v", was, is)
				}
				return nil
			},
		},
		resource.TestStep{Config: declared, ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		// What was taken over grows like any other.
		resource.TestStep{Config: strings.Replace(declared, "size_gib = 2 }", "size_gib = 2 }, { size_gib = 1 }", 1), Check: func(*terraform.State) error {
			if is := lab.VM(psn.SantoStefanoTicino, web); len(is.Disks) != 4 || is.Disks[2].CapacityBytes != 1<<30 || !untouched(is) {
				return fmt.Errorf("not grown: %+v", is.Disks)
			}
			return nil
		}},
		// A destroy leaves their volume, which has to go before the tenant can.
		resource.TestStep{Config: bare, Check: func(*terraform.State) error {
			status := func() string {
				return c.run("volume", "list", "--all-projects", "--name", "people-data", "-f", "value", "-c", "Status")
			}
			if got := status(); got != "available" {
				return fmt.Errorf("the volume of somebody else is %q", got)
			}
			c.run("volume", "delete", theirs)
			c.await("volume "+theirs+" to go", func() bool { return status() == "" })
			return nil
		}},
	))
	if at := lab.Sites(web); at != "" {
		t.Errorf("destroyed, still at %s", at)
	}
	c.nothingLeft()
}
