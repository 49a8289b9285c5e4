package vsphere_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// site is a PSN site with tenant p_bs.
func site(t *testing.T) (*vsphere.Site, *sandbox.Center) {
	t.Helper()
	sb, c := start(t, "acilia")
	s := open(t, sandboxConfig(sb, c, sandbox.Operator))
	if err := s.EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// at is a small machine at the site.
func at(id psn.VMID) driver.VMSpec {
	v := spec(id)
	v.Cluster, v.NICs[0] = "acilia-cl01", driver.NICSpec{Network: "psn-acilia"}
	v.Disks[0].CapacityBytes, v.MemoryMiB = 16<<20, 512
	return v
}

func create(t *testing.T, s driver.Site, v driver.VMSpec) string {
	t.Helper()
	ref, err := s.CreateVM(bounded(t), v)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func describe(t *testing.T, s driver.Site, ref string) *psn.VM {
	t.Helper()
	vm, err := s.DescribeVM(bounded(t), ref)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

// raw reads properties of a machine with a client of the test's own.
func raw(t *testing.T, c *sandbox.Center, ref string) mo.VirtualMachine {
	t.Helper()
	var m mo.VirtualMachine
	cl := (&admin{c: c}).client(t)
	vm := object.NewVirtualMachine(cl.Client, types.ManagedObjectReference{Type: "VirtualMachine", Value: ref})
	if err := vm.Properties(bounded(t), vm.Reference(), nil, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func refused(t *testing.T, err error, code psn.Code, says ...string) {
	t.Helper()
	if !psn.Is(err, code) {
		t.Errorf("err = %v, want code %s", err, code)
		return
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("err = %v; it should say %q", err, text)
		}
	}
}

func TestAMachineIsFoundByItsIDUnderAnyName(t *testing.T) {
	s, _ := site(t)
	ctx := bounded(t)
	v := at("p_bs/a")
	v.DisplayName = "Protocollo, primo"
	ref := create(t, s, v)
	if again := create(t, s, v); again != ref {
		t.Errorf("made twice: %s, %s", ref, again)
	}
	other := "Protocollo, rinominato"
	if err := s.UpdateVM(ctx, ref, driver.VMChange{DisplayName: &other}); err != nil {
		t.Fatal(err)
	}
	if again := create(t, s, v); again != ref {
		t.Errorf("made again after a change of name: %s, %s", ref, again)
	}
	if vm := describe(t, s, ref); vm.Name != other || vm.ID != v.ID {
		t.Errorf("name %q, id %q", vm.Name, vm.ID)
	}
	b := at("p_bs/b")
	b.DisplayName = other
	_, err := s.CreateVM(ctx, b)
	refused(t, err, psn.AlreadyExists, other)
	b.DisplayName = ""
	refused(t, s.UpdateVM(ctx, create(t, s, b), driver.VMChange{DisplayName: &other}), psn.AlreadyExists)
	none, slash := "", "a/b"
	if err := s.UpdateVM(ctx, ref, driver.VMChange{DisplayName: &none}); err != nil {
		t.Fatal(err)
	}
	if vm := describe(t, s, ref); vm.Name != "a" {
		t.Errorf("without a display name it is called %q", vm.Name)
	}
	refused(t, s.UpdateVM(ctx, ref, driver.VMChange{DisplayName: &slash}), psn.InvalidInput, slash)
}

func TestMetadataIsReplacedAsAWhole(t *testing.T) {
	s, _ := site(t)
	ctx := bounded(t)
	v := at("p_bs/a")
	v.Metadata = map[string]string{"ufficio": "Protocollo «generale»", "vuoto": ""}
	ref := create(t, s, v)
	if d := cmp.Diff(v.Metadata, describe(t, s, ref).Metadata); d != "" {
		t.Error(d)
	}
	for _, want := range []map[string]string{{"altro": "1"}, nil} {
		if err := s.UpdateVM(ctx, ref, driver.VMChange{Metadata: &want}); err != nil {
			t.Fatal(err)
		}
		inv, err := s.Inventory(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, vm := range inv.VMs {
			if d := cmp.Diff(want, vm.Metadata); vm.Ref == ref && d != "" {
				t.Error(d)
			}
		}
	}
	bad := map[string]string{"psn.id": "p_bs/z"}
	refused(t, s.UpdateVM(ctx, ref, driver.VMChange{Metadata: &bad}), psn.InvalidInput, "psn.id")
	v = at("p_bs/b")
	v.Metadata = bad
	_, err := s.CreateVM(ctx, v)
	refused(t, err, psn.InvalidInput, "psn.id")
}

func TestUserDataReachesTheGuestAndIsNotShown(t *testing.T) {
	s, c := site(t)
	v := at("p_bs/a")
	v.UserData, v.VendorData = []byte("#cloud-config\npassword: topsecret\n"), []byte("#cloud-config\nlocale: it_IT\n")
	ref := create(t, s, v)
	extra := map[string]string{}
	for _, o := range raw(t, c, ref).Config.ExtraConfig {
		extra[o.GetOptionValue().Key], _ = o.GetOptionValue().Value.(string)
	}
	for key, want := range map[string]string{
		"guestinfo.userdata": string(v.UserData), "guestinfo.vendordata": string(v.VendorData),
		"guestinfo.metadata": `{"instance-id":"` + v.ID.InstanceUUID() + `","local-hostname":"a"}`,
	} {
		if extra[key+".encoding"] != "gzip+base64" {
			t.Errorf("%s is encoded as %q", key, extra[key+".encoding"])
		}
		if got := unpacked(t, extra[key]); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if vm := describe(t, s, ref); strings.Contains(cmp.Diff(psn.VM{}, *vm), "topsecret") || len(vm.Metadata) != 0 {
		t.Errorf("what was observed: %+v", vm)
	}
}

func unpacked(t *testing.T, v string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(v)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestWhatAVCenterHasNotIsRefusedByName(t *testing.T) {
	s, _ := site(t)
	ctx := bounded(t)
	ref := create(t, s, at("p_bs/a"))
	fixed := at("p_bs/b")
	fixed.NICs[0].FixedIP = "10.0.0.5"
	_, err := s.CreateVM(ctx, fixed)
	refused(t, err, psn.Unsupported, "fixed ip", "network card 0")
	groups := at("p_bs/b")
	groups.SecurityGroups = []string{"web"}
	_, err = s.CreateVM(ctx, groups)
	refused(t, err, psn.Unsupported, "security group")
	refused(t, s.UpdateVM(ctx, ref, driver.VMChange{SecurityGroups: &groups.SecurityGroups}), psn.Unsupported, "security group")
	refused(t, s.UpdateVM(ctx, ref, driver.VMChange{NICs: append(at("p_bs/a").NICs, fixed.NICs...)}), psn.Unsupported, "network card 1")
}

func TestDisksAndCardsGrowInPlace(t *testing.T) {
	s, c := site(t)
	ctx := bounded(t)
	v := at("p_bs/a")
	v.Disks = append(v.Disks, driver.DiskSpec{CapacityBytes: 8 << 20, StorageClass: "acilia-cl02-ds01"})
	ref := create(t, s, v)
	before := describe(t, s, ref)
	want := []driver.DiskSpec{{CapacityBytes: 64 << 20}, {CapacityBytes: 8 << 20}, {CapacityBytes: 24 << 20, StorageClass: "acilia-cl01-ds01"}}
	nics := append(v.NICs, driver.NICSpec{MAC: "00:50:56:00:00:07"})
	for range 2 { // a second time changes nothing
		if err := s.UpdateVM(ctx, ref, driver.VMChange{Disks: want, NICs: nics}); err != nil {
			t.Fatal(err)
		}
	}
	vm := describe(t, s, ref)
	if len(vm.Disks) != 3 || len(vm.NICs) != 2 || vm.NICs[1].MAC != "00:50:56:00:00:07" || vm.NICs[1].Network != "psn-acilia" {
		t.Fatalf("machine: %+v", vm)
	}
	for i, d := range vm.Disks {
		if d.CapacityBytes != want[i].CapacityBytes || i < 2 && (d.UUID != before.Disks[i].UUID || d.Key != before.Disks[i].Key) {
			t.Errorf("disk %d: %+v, was %+v", i, d, before.Disks[min(i, 1)])
		}
	}
	if vm.Disks[1].StorageClass != "acilia-cl02-ds01" || vm.Disks[2].StorageClass != "acilia-cl01-ds01" || vm.StorageMiB != 96 {
		t.Errorf("disks: %+v, %d MiB", vm.Disks, vm.StorageMiB)
	}
	if file := c.DiskFile("a", 0); file == "" || sizeOf(t, file) != 64<<20 {
		t.Errorf("file %s of the grown disk", file)
	}
	for name, change := range map[string]driver.VMChange{
		"fewer disks":    {Disks: want[:2]},
		"smaller disk":   {Disks: []driver.DiskSpec{want[0], {CapacityBytes: 4 << 20}, want[2]}},
		"other store":    {Disks: []driver.DiskSpec{want[0], {CapacityBytes: 8 << 20, StorageClass: "acilia-cl01-ds01"}, want[2]}},
		"no such store":  {Disks: append(want[:3:3], driver.DiskSpec{CapacityBytes: 1 << 20, StorageClass: "nix"})},
		"fewer cards":    {NICs: nics[:1]},
		"other address":  {NICs: []driver.NICSpec{{MAC: "00:50:56:00:00:09"}, nics[1]}},
		"other network":  {NICs: []driver.NICSpec{{Network: "nix"}, nics[1]}},
		"no vcpus":       {VCPUs: new(int64)},
		"half a sector":  {Disks: []driver.DiskSpec{{CapacityBytes: 64<<20 + 1}, want[1], want[2]}},
		"memory of zero": {MemoryMiB: new(int64)},
	} {
		if err := s.UpdateVM(ctx, ref, change); !psn.Is(err, psn.InvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	huge := append(want[:3:3], driver.DiskSpec{CapacityBytes: 1 << 59})
	refused(t, s.UpdateVM(ctx, ref, driver.VMChange{Disks: huge}), psn.Exhausted, "disk 3")
	if d := cmp.Diff(vm, describe(t, s, ref)); d != "" {
		t.Errorf("refused changes changed the machine: %s", d)
	}
	if _, err := s.CreateSnapshot(ctx, ref, "prima", nil); err != nil {
		t.Fatal(err)
	}
	want[0].CapacityBytes *= 2
	refused(t, s.UpdateVM(ctx, ref, driver.VMChange{Disks: want}), psn.Conflict, "prima")
}

// running brings machines up and returns their hosts.
func running(t *testing.T, s *vsphere.Site, c *sandbox.Center, refs ...string) []string {
	t.Helper()
	var hosts []string
	for _, r := range refs {
		if err := s.Power(context.WithoutCancel(bounded(t)), r, psn.PoweredOn); err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, raw(t, c, r).Runtime.Host.Value)
	}
	return hosts
}
