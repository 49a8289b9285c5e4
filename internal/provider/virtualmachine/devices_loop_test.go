package virtualmachine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const webAddress = "psn_virtual_machine.web"

// says expects the plan to change web alone, in those words.
func says(words string) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply: []plancheck.PlanCheck{
			providertest.OnlyThese("update " + webAddress),
			plancheck.ExpectKnownValue(webAddress, tfjsonpath.New("disruption"), knownvalue.StringExact(words)),
		},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
}

// machineIs compares what stands with what is wanted, in few words.
func machineIs(lab *providertest.Lab, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		vm := lab.VM(psn.Acilia, web)
		if vm == nil {
			return fmt.Errorf("%s is gone", web)
		}
		var sizes []string
		for _, d := range vm.Disks {
			sizes = append(sizes, fmt.Sprint(d.CapacityBytes>>30))
		}
		got := fmt.Sprintf("%s %d/%d disks %s cards %d %s %v", vm.Name, vm.VCPUs, vm.MemoryMiB>>10, strings.Join(sizes, ","), len(vm.NICs), vm.Power, vm.Metadata)
		if got != want {
			return fmt.Errorf("stands as %q, want %q", got, want)
		}
		return nil
	}
}

// TestGrowsInPlace changes all that changes in place, one after another: nothing
// is ever made anew, and every plan says what it does.
func TestGrowsInPlace(t *testing.T) {
	lab := providertest.Start(t)
	vm := func(vcpus int, disks, more string) string {
		return lab.Config(providertest.Tenant + fmt.Sprintf(`
resource "psn_virtual_machine" "web" {
  name           = "web-1"
  service_id     = psn_service.web.id
  classification = psn_service.web.classification
  site           = "acilia"
  cluster        = "acilia-cl01"
  vcpus          = %d
  memory_gib     = 4
  disks          = [%s]
  %s
}
`, vcpus, disks, more))
	}
	ref := ""
	same := func(check resource.TestCheckFunc) resource.TestCheckFunc {
		return func(s *terraform.State) error {
			if now := lab.VM(psn.Acilia, web); now == nil || now.Ref != ref {
				return fmt.Errorf("another machine stands: %+v", now)
			}
			return check(s)
		}
	}
	const named = `display_name = "sito web"` + "\n" + `metadata = { cost-centre = "A1" }` + "\n"
	providertest.Test(t, []resource.TestStep{
		{
			Config: vm(2, `{ size_gib = 10 }`, ""),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply:             []plancheck.PlanCheck{plancheck.ExpectKnownValue(webAddress, tfjsonpath.New("disruption"), knownvalue.StringExact("new machine"))},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			Check: func(*terraform.State) error { ref = lab.VM(psn.Acilia, web).Ref; return nil },
		},
		{Config: vm(2, `{ size_gib = 20 }`, ""), ConfigPlanChecks: says("grows disks[0] from 10 to 20 GiB, no restart"), Check: same(machineIs(lab, "web-1 2/4 disks 20 cards 1 on map[]"))},
		{Config: vm(2, `{ size_gib = 20 }, { size_gib = 5 }`, ""), ConfigPlanChecks: says("adds disks[1] of 5 GiB, no restart"), Check: same(machineIs(lab, "web-1 2/4 disks 20,5 cards 1 on map[]"))},
		refuses(vm(2, `{ size_gib = 20 }, { size_gib = 4 }`, ""), `Unable to change the disks.*Disk 2 has 5 GiB, 4 are asked for.*write 5 or more`),
		refuses(vm(2, `{ size_gib = 20 }`, ""), `Disk 2 \(5 GiB\) stands and is not declared any more`),
		refuses(vm(2, `{ size_gib = 20, storage_class = "elsewhere" }, { size_gib = 5 }`, ""), `Disk 1 is on ".*", "elsewhere" is\s+asked for`),
		{Config: vm(2, `{ size_gib = 20 }, { size_gib = 5 }`, named), ConfigPlanChecks: says("none"), Check: same(machineIs(lab, "sito web 2/4 disks 20,5 cards 1 on map[cost-centre:A1]"))},
		{Config: vm(2, `{ size_gib = 20 }, { size_gib = 5 }`, named+`nics = [{}, {}]`), ConfigPlanChecks: says("adds nics[1], no restart"), Check: same(machineIs(lab, "sito web 2/4 disks 20,5 cards 2 on map[cost-centre:A1]"))},
		refuses(vm(2, `{ size_gib = 20 }, { size_gib = 5 }`, named+`nics = [{}]`), `Card 2 .* stands and is not declared any more`),
		refuses(vm(2, `{ size_gib = 20 }, { size_gib = 5 }`, named+`nics = [{ mac = "00:50:56:00:00:01" }, {}]`), `Card 1 has mac ".*",\s+"00:50:56:00:00:01" is asked for`),
		{Config: vm(4, `{ size_gib = 21 }, { size_gib = 5 }`, named+`nics = [{}, {}]`), ConfigPlanChecks: says("restart: vCPUs 2 -> 4; grows disks[0] from 20 to 21 GiB"), Check: same(machineIs(lab, "sito web 4/4 disks 21,5 cards 2 on map[cost-centre:A1]"))},
		{Config: vm(4, `{ size_gib = 21 }, { size_gib = 5 }`, `power_state = "off"`), ConfigPlanChecks: says("stops the machine"), Check: same(machineIs(lab, "sito web 4/4 disks 21,5 cards 2 off map[]"))},
		{Config: vm(2, `{ size_gib = 22 }, { size_gib = 5 }`, `power_state = "off"`), ConfigPlanChecks: says("vCPUs 4 -> 2, grows disks[0] from 21 to 22 GiB, the machine is off"), Check: same(machineIs(lab, "sito web 2/4 disks 22,5 cards 2 off map[]"))},
	})
}

// TestDestroyWhatIsRefused: the CLI plans as for an apply before it destroys, so
// that a refused change stands in the way of a destroy, too. The refusal says how
// to go on, and that works: the last destroy of a test is one without a refresh.
func TestDestroyWhatIsRefused(t *testing.T) {
	lab := providertest.Start(t)
	smaller := strings.Replace(byHand(psn.Acilia, ""), "size_gib = 10", "size_gib = 9", 1)
	refused := refuses(lab.Config(smaller), `Disk 1 has 10 GiB, 9 are asked for.*add -refresh=false to the destroy`)
	destroy := refused
	destroy.Destroy = true
	providertest.Test(t, []resource.TestStep{
		{Config: lab.Config(byHand(psn.Acilia, "")), Check: standsAt(lab, web, "acilia:active")},
		refuses(lab.Config(byHand(psn.Acilia, `security_groups = ["web"]`)), `security_groups cannot be given.*add -refresh=false to the destroy`),
		refused, destroy,
	})
	if diff := cmp.Diff("", lab.Sites(web)); diff != "" {
		t.Errorf("destroyed, still at %s", diff)
	}
}

// TestNeverOnThePlatform gives vSphere what only OpenStack has, and what neither
// takes: each is refused in the plan, by name.
func TestNeverOnThePlatform(t *testing.T) {
	lab := providertest.Start(t)
	with := func(more string) string { return lab.Config(byHand(psn.Acilia, more)) }
	providertest.Test(t, []resource.TestStep{
		refuses(with(`security_groups = ["web"]`), `Unable to plan virtual machine "p_bs/web-1".*security_groups cannot be given: platform "vsphere" has no notion of\s+security group; platform "openstack" has.*What to do`),
		refuses(with(`nics = [{}, { fixed_ip = "10.0.0.5" }]`), `nics\[1\].fixed_ip cannot be given`),
		refuses(with(`nics = [{ fixed_ip = "10.0.0" }]`), `must be an IP address`),
		refuses(with(`nics = [{ mac = "00:50" }]`), `must be a MAC address`),
		refuses(with(`metadata = { "psn.id" = "x" }`), `(?i)metadata key "psn.id" begins with "psn."`),
		refuses(with(`ssh_keys = ["-----BEGIN OPENSSH PRIVATE KEY-----"]`), `(?i)this is a private key`),
		refuses(with("user_data = \"#cloud-config\"\nuser_data_wo = \"x\"\nuser_data_wo_version = 1"), `(?i)user_data`),
		refuses(with(`user_data_wo = "x"`), `user_data_wo_version`),
		refuses(with(`group_policy = "affinity"`), `group`),
		refuses(with(`platform = "openstack"`+"\n"+`vendor_data_wo = "x"`+"\n"+`vendor_data_wo_version = 1`), `vendor_data_wo cannot be given: platform "openstack"`),
		// What the platform will be is told only in the apply.
		refuses(strings.ReplaceAll(with(`platform = terraform_data.platform.output`+"\n"+`security_groups = ["web"]`), `resource "psn_virtual_machine"`,
			"resource \"terraform_data\" \"platform\" {\n  input = \"vsphere\"\n}\nresource \"psn_virtual_machine\""), `security_groups cannot be given`),
	})
	if diff := cmp.Diff("", lab.Sites(web)); diff != "" {
		t.Errorf("a refused machine stands: %s", diff)
	}
}
