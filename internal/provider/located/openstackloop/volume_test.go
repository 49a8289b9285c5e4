package openstackloop_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/providertest"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestOpenStackVolume(t *testing.T) {
	const at, address, db = psn.Pomezia, "psn_volume.this", psn.VMID("p_va/db-1")
	lab, site := start(t, at)
	only := lab.Config(tenant("p_va", at, ""))
	config := func(attributes string) string {
		return lab.Config(tenant("p_va", at, "") + located("volume", "dati", at, attributes))
	}
	vm := ""
	var first string
	stands := func(gib int64, class string, attached, same bool) resource.TestCheckFunc {
		return func(*terraform.State) error {
			v, err := lab.Site(at).FindVolume(t.Context(), "p_va", "dati", "")
			if err != nil {
				return err
			}
			if v.SizeBytes != gib<<30 || v.StorageClass != class || (v.AttachedTo == vm && vm != "") != attached || (v.Ref == first) != same {
				return fmt.Errorf("stands as %+v", v)
			}
			first = v.Ref
			return nil
		}
	}
	makeVM := func() {
		s := lab.Site(at)
		ref, err := s.CreateVM(t.Context(), driver.VMSpec{
			ID: db, Cluster: site.Zones[0], VCPUs: 1, MemoryMiB: 512,
			Labels: driver.Labels{Service: "p_va/protocollo", Classification: psn.Ordinary, Role: psn.RoleActive, PrimarySite: at},
			Disks:  []driver.DiskSpec{{CapacityBytes: 1 << 30}}, NICs: []driver.NICSpec{{Network: site.Network}},
		})
		if err != nil {
			t.Fatal(err)
		}
		vm = ref
		t.Cleanup(func() { // when the test failed before
			if err := lab.Site(at).DeleteVM(context.WithoutCancel(t.Context()), ref); err != nil {
				t.Error(err)
			}
		})
	}
	zone := fmt.Sprintf("  zone = %q\n", site.Zones[0])
	providertest.Test(t, []resource.TestStep{
		fails(config("  size_gib = 1\n  attached_to = \"p_va/db-1\"\n"+zone), `unable to create volume "p_va/pomezia/openstack/dati".*attached_to:.*db-1`),
		{
			Config: config("  size_gib = 1\n" + zone),
			ConfigPlanChecks: before(
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("p_va/pomezia/openstack/dati")),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("storage_class")),
			),
			Check: stands(1, site.StorageClasses[0], false, false),
		},
		{Config: config("  size_gib = 1\n" + zone), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{
			Config: config("  size_gib = 2\n" + zone), ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check: stands(2, site.StorageClasses[0], false, true),
		},
		fails(config("  size_gib = 1\n"+zone), `unable to shrink volume "p_va/pomezia/openstack/dati".*has 2 GiB, 1 are asked for`),
		{
			PreConfig: makeVM,
			Config:    config("  size_gib = 2\n  attached_to = \"p_va/db-1\"\n" + zone), ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check: stands(2, site.StorageClasses[0], true, true),
		},
		{Config: config("  size_gib = 2\n  attached_to = \"p_va/db-1\"\n" + zone), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		// This lab's storage cannot grow what a machine has: nothing is taken off for it.
		fails(config("  size_gib = 3\n  attached_to = \"p_va/db-1\"\n"+zone), `unable to update volume "p_va/pomezia/openstack/dati".*take it off`),
		{Config: config("  size_gib = 2\n  attached_to = \"p_va/db-1\"\n" + zone), Check: stands(2, site.StorageClasses[0], true, true)},
		imports(address, "p_va/pomezia/openstack/dati"),
		{
			// Taken off and grown in one go.
			Config: config("  size_gib = 3\n" + zone), ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check: stands(3, site.StorageClasses[0], false, true),
		},
		{
			Config:           config("  size_gib = 1\n  storage_class = \"" + site.StorageClasses[1] + "\"\n" + zone),
			ConfigPlanChecks: before(providertest.OnlyThese("delete+create " + address)),
			Check:            stands(1, site.StorageClasses[1], false, false),
		},
		{ // destroyed while a machine has it
			Config: config("  size_gib = 1\n  attached_to = \"p_va/db-1\"\n  storage_class = \"" + site.StorageClasses[1] + "\"\n" + zone),
			Check:  stands(1, site.StorageClasses[1], true, true),
		},
		{Config: only, ConfigPlanChecks: before(providertest.OnlyThese("delete " + address))},
		{
			Config: only,
			PreConfig: func() {
				if err := lab.Site(at).DeleteVM(t.Context(), vm); err != nil {
					t.Fatal(err)
				}
			},
		},
	})
}

func TestOpenStackCatalogue(t *testing.T) {
	const at = psn.Rozzano
	lab, site := start(t, at)
	place := "{\n  site     = \"rozzano\"\n  platform = \"openstack\"\n}\n"
	providertest.Test(t, []resource.TestStep{{
		Config: lab.Config(`
data "psn_flavors" "all" ` + place + `
data "psn_storage_classes" "all" ` + place + `
data "psn_images" "all" ` + place + `
output "flavors" { value = [for f in data.psn_flavors.all.flavors : f.name if f.public] }
output "classes" { value = [for c in data.psn_storage_classes.all.storage_classes : c.name] }
output "default" { value = [for c in data.psn_storage_classes.all.storage_classes : c.name if c.default] }
output "images" { value = [for i in data.psn_images.all.images : i.name if i.status == "active" && i.tenant_id == null] }
`),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("flavors", knownvalue.ListSizeExact(len(site.Flavors))),
			statecheck.ExpectKnownOutputValue("classes", texts(site.StorageClasses...)),
			statecheck.ExpectKnownOutputValue("default", texts(site.StorageClasses[0])),
			statecheck.ExpectKnownOutputValue("images", texts(site.Image)),
		},
	}})
}

func texts(want ...string) knownvalue.Check {
	var checks []knownvalue.Check
	for _, w := range want {
		checks = append(checks, knownvalue.StringExact(w))
	}
	return knownvalue.SetExact(checks)
}
