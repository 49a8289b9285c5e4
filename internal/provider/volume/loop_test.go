package volume_test

import (
	"fmt"
	"regexp"
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
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

const (
	address = "psn_volume.dati"
	tenant  = `
resource "psn_tenant" "brescia" {
  name        = "Provincia di Brescia"
  ipa_code    = "p_bs"
  fiscal_code = "80008750178"
  sites       = ["acilia"]
}
`
)

func dati(more string) string {
	return tenant + fmt.Sprintf(`
resource "psn_volume" "dati" {
  tenant_id = psn_tenant.brescia.id
  name      = "dati"
  site      = "acilia"
  platform  = "vsphere"
%s
}
`, more)
}

func before(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func fails(config, text string) resource.TestStep {
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?is)" + text)}
}

func TestVSphere(t *testing.T) {
	lab := providertest.Start(t)
	refs := map[psn.VMID]string{}
	makeVM := func(id psn.VMID) {
		at := lab.Site(psn.Acilia)
		inv, err := at.Inventory(t.Context())
		if err == nil {
			refs[id], err = at.CreateVM(t.Context(), driver.VMSpec{
				ID: id, Cluster: inv.Clusters[0].Name, VCPUs: 1, MemoryMiB: 256,
				Labels: driver.Labels{Service: "p_bs/protocollo", Classification: psn.Ordinary, Role: psn.RoleActive, PrimarySite: psn.Acilia},
				Disks:  []driver.DiskSpec{{CapacityBytes: 1 << 30}},
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	stands := func(gib int64, holder psn.VMID) resource.TestCheckFunc {
		return func(*terraform.State) error {
			v, err := lab.Site(psn.Acilia).FindVolume(t.Context(), "p_bs", "dati", "")
			if err != nil {
				return err
			}
			if v.SizeBytes != gib<<30 || v.AttachedTo != refs[holder] {
				return fmt.Errorf("stands as %+v, want %d GiB at %q", v, gib, refs[holder])
			}
			return nil
		}
	}
	db1, db2 := "  attached_to = \"p_bs/db-1\"\n", "  attached_to = \"p_bs/db-2\"\n"
	providertest.Test(t, []resource.TestStep{
		fails(lab.Config(dati("  size_gib = 1\n"+db1)), `unable to create volume "p_bs/acilia/vsphere/dati".*attached_to:.*db-1`),
		{
			Config: lab.Config(dati("  size_gib = 1")),
			ConfigPlanChecks: before(
				providertest.OnlyThese("create "+address),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("p_bs/acilia/vsphere/dati")),
			),
			Check:             stands(1, ""),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(address, tfjsonpath.New("storage_class"), knownvalue.NotNull())},
		},
		{Config: lab.Config(dati("  size_gib = 1")), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		{
			PreConfig: func() { makeVM("p_bs/db-1"); makeVM("p_bs/db-2") },
			Config:    lab.Config(dati("  size_gib = 2\n" + db1)), ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check: stands(2, "p_bs/db-1"),
		},
		{Config: lab.Config(dati("  size_gib = 2\n" + db1)), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
		fails(lab.Config(dati("  size_gib = 1\n"+db1)), `unable to shrink volume "p_bs/acilia/vsphere/dati".*has 2 GiB, 1 are asked for`),
		{
			ResourceName: address, ImportState: true, ImportStateId: "p_bs/acilia/vsphere/dati", ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"timeouts"},
		},
		{Config: lab.Config(dati("  size_gib = 3\n" + db2)), Check: stands(3, "p_bs/db-2")}, // from one to the other
		{
			PreConfig: func() { // taken off by other means: given back
				at := lab.Site(psn.Acilia)
				v, err := at.FindVolume(t.Context(), "p_bs", "dati", "")
				if err == nil {
					err = at.DetachVolume(t.Context(), v.Ref, v.AttachedTo)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			Config: lab.Config(dati("  size_gib = 3\n" + db2)), ConfigPlanChecks: before(providertest.OnlyThese("update " + address)),
			Check: stands(3, "p_bs/db-2"),
		},
		{Config: lab.Config(dati("  size_gib = 3")), Check: stands(3, "")},
		{Config: lab.Config(dati("  size_gib = 3\n" + db1)), Check: stands(3, "p_bs/db-1")},
		{Config: lab.Config(tenant), ConfigPlanChecks: before(providertest.OnlyThese("delete " + address))}, // taken off first
		{
			PreConfig: func() {
				for id, ref := range refs {
					vm := lab.VM(psn.Acilia, id)
					if vm == nil || len(vm.Disks) != 1 {
						t.Errorf("%s has lost more than the volume: %+v", id, vm)
					}
					if err := lab.Site(psn.Acilia).DeleteVM(t.Context(), ref); err != nil {
						t.Error(err)
					}
				}
			},
			Config: lab.Config(tenant),
		},
	})
	if _, err := lab.Site(psn.Acilia).FindVolume(t.Context(), "p_bs", "dati", ""); !psn.Is(err, psn.NotFound) {
		t.Errorf("destroyed: %v", err)
	}
}

// TestWhatNobodyDeclaredOutlivesTheTenant: bytes are never deleted because their
// tenant is.
func TestWhatNobodyDeclaredOutlivesTheTenant(t *testing.T) {
	lab := providertest.Start(t)
	providertest.Test(t, []resource.TestStep{
		{Config: lab.Config(tenant)},
		{
			PreConfig: func() {
				if _, err := lab.Site(psn.Acilia).CreateVolume(t.Context(), driver.VolumeSpec{Tenant: "p_bs", Name: "a-mano", SizeBytes: 1 << 30}); err != nil {
					t.Fatal(err)
				}
			},
			Config: lab.Config("locals {\n  gone = true\n}\n"),
		},
	})
	if v, err := lab.Site(psn.Acilia).FindVolume(t.Context(), "p_bs", "a-mano", ""); err != nil || v.SizeBytes != 1<<30 {
		t.Errorf("%+v, %v", v, err)
	}
	if ok, err := lab.Site(psn.Acilia).TenantExists(t.Context(), "p_bs"); ok || err != nil {
		t.Errorf("the tenant stands: %v, %v", ok, err)
	}
}

// TestNeverTakesOver: a volume that stands may be another configuration's. It is
// neither taken over nor removed until somebody imports it.
func TestNeverTakesOver(t *testing.T) {
	lab := providertest.Start(t)
	ours := lab.Config(dati("  size_gib = 1"))
	stands := func(*terraform.State) error {
		_, err := lab.Site(psn.Acilia).FindVolume(t.Context(), "p_bs", "dati", "")
		return err
	}
	made := func() {
		if _, err := lab.Site(psn.Acilia).CreateVolume(t.Context(), driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 1 << 30}); err != nil {
			t.Fatal(err)
		}
	}
	refused := fails(ours, `unable to create volume "p_bs/acilia/vsphere/dati".*stands\s+already.*import\s+it\s+by\s+the\s+id\s+"p_bs/acilia/vsphere/dati"`)
	refused.PreConfig = made
	providertest.Test(t, []resource.TestStep{
		{Config: lab.Config(tenant)},
		refused,
		{Config: lab.Config(tenant), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()), Check: stands}, // nothing is left to delete
		{
			Config:           ours + "import {\n  to = psn_volume.dati\n  id = \"p_bs/acilia/vsphere/dati\"\n}\n",
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			Check:            stands,
		},
	})
}

// TestCatalogue: what a simulated site offers, and what it has no notion of.
func TestCatalogue(t *testing.T) {
	lab := providertest.Start(t)
	if err := lab.Center("acilia").AddTemplate("debian-12", sandbox.MinDisk); err != nil {
		t.Fatal(err)
	}
	place := "{\n  site     = \"acilia\"\n  platform = \"vsphere\"\n}\n"
	providertest.Test(t, []resource.TestStep{
		{
			Config: lab.Config(tenant + `
data "psn_storage_classes" "all" ` + place + `
data "psn_images" "all" ` + place + `
data "psn_tenant_usage" "now" {
  tenant_id  = psn_tenant.brescia.id
  depends_on = [psn_tenant.brescia]
}
output "classes" { value = length(data.psn_storage_classes.all.storage_classes) > 0 }
output "reached" { value = alltrue([for c in data.psn_storage_classes.all.storage_classes : length(c.clusters) > 0 && c.free_mib <= c.capacity_mib]) }
output "images" { value = [for i in data.psn_images.all.images : i.name] }
output "limits" { value = [for u in data.psn_tenant_usage.now.usage : u.quantity if u.limit != null] }
output "places" { value = distinct([for u in data.psn_tenant_usage.now.usage : "${u.site} ${u.platform}"]) }
`),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("classes", knownvalue.Bool(true)),
				statecheck.ExpectKnownOutputValue("reached", knownvalue.Bool(true)),
				statecheck.ExpectKnownOutputValue("images", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("debian-12")})),
				statecheck.ExpectKnownOutputValue("limits", knownvalue.ListSizeExact(0)),
				statecheck.ExpectKnownOutputValue("places", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("acilia vsphere")})),
			},
		},
		fails(lab.Config(`data "psn_flavors" "all" `+place), `unable to list the flavors.*platform\s+"vsphere"\s+has\s+no\s+notion\s+of\s+flavour`),
		fails(lab.Config(`data "psn_images" "all" `+"{\n  site = \"acilia\"\n  platform = \"openstack\"\n}\n"), `unable to list the images of site acilia.*no\s+platform\s+"openstack"`),
		fails(lab.Config(`data "psn_tenant_usage" "x" { tenant_id = "p_xx" }`), `unable to read the usage of tenant "p_xx".*no site that was asked has the tenant`),
	})
}
