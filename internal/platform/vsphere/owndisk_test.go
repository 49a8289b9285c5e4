package vsphere_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func setting(kv ...string) []types.BaseOptionValue {
	var out []types.BaseOptionValue
	for i := 0; i < len(kv); i += 2 {
		out = append(out, &types.OptionValue{Key: kv[i], Value: kv[i+1]})
	}
	return out
}

// byHand changes a machine behind the driver's back.
func byHand(t *testing.T, c *sandbox.Center, ref string, spec types.VirtualMachineConfigSpec) {
	t.Helper()
	cl := (&admin{c: c}).client(t)
	vm := object.NewVirtualMachine(cl.Client, types.ManagedObjectReference{Type: "VirtualMachine", Value: ref})
	task, err := vm.Reconfigure(bounded(t), spec)
	if err == nil {
		err = task.Wait(bounded(t))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// takeOff removes a machine's n-th disk and its file.
func takeOff(t *testing.T, c *sandbox.Center, ref string, n int) {
	t.Helper()
	disks := object.VirtualDeviceList(raw(t, c, ref).Config.Hardware.Device).SelectByType((*types.VirtualDisk)(nil))
	byHand(t, c, ref, types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{&types.VirtualDeviceConfigSpec{
		Operation: types.VirtualDeviceConfigSpecOperationRemove, FileOperation: types.VirtualDeviceConfigSpecFileOperationDestroy, Device: disks[n],
	}}})
}

func option(t *testing.T, c *sandbox.Center, ref, key string) string {
	t.Helper()
	for _, o := range raw(t, c, ref).Config.ExtraConfig {
		if o := o.GetOptionValue(); o.Key == key {
			return o.Value.(string)
		}
	}
	return ""
}

func two(id psn.VMID) driver.VMSpec {
	v := at(id)
	v.Disks = append(v.Disks, driver.DiskSpec{CapacityBytes: 8 << 20})
	return v
}

// TestADiskInThePlaceOfAnOwnOneIsForeign: somebody takes a disk off and plugs
// another's in where it was.
func TestADiskInThePlaceOfAnOwnOneIsForeign(t *testing.T) {
	for name, c := range map[string]struct {
		forget []types.BaseOptionValue
		want   []string // after disks are asked for again, nil when that is refused
	}{
		"named":                 {nil, []string{"16 own", "4 foreign", "8 own"}},
		"made before, counted":  {setting("psn.own_disks", "", "psn.disks", "2"), nil},
		"made before the count": {setting("psn.own_disks", ""), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, center := site(t)
			ctx := bounded(t)
			a := create(t, s, two("p_bs/a"))
			byHand(t, center, a, types.VirtualMachineConfigSpec{ExtraConfig: c.forget})
			if d := cmp.Diff([]string{"16 own", "8 own"}, told(t, s, a)); d != "" {
				t.Fatal(d)
			}
			store := describe(t, s, a).Disks[0].StorageClass
			takeOff(t, center, a, 1)
			addByHand(t, center, a, "["+store+"] other/other.vmdk", nil)
			file := center.DiskFile("a", 1)
			if d := cmp.Diff([]string{"16 own", "4 foreign"}, told(t, s, a)); d != "" {
				t.Fatal(d)
			}
			err := s.UpdateVM(ctx, a, driver.VMChange{Disks: two("p_bs/a").Disks})
			if c.want == nil {
				refused(t, err, psn.Conflict, "other/other.vmdk", "move it beside")
				c.want = []string{"16 own", "4 foreign"}
			} else if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, told(t, s, a)); d != "" {
				t.Fatal(d)
			}
			if err := s.DeleteVM(ctx, a); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("the other machine's disk went with this one: %v", err)
			}
		})
	}
}

// TestDisksAreNamedByUUID whatever way they came, and a call that was cut off before
// it named them does not lose them.
func TestDisksAreNamedByUUID(t *testing.T) {
	sb, c := start(t, "acilia")
	if err := c.AddTemplate("debian-12", 16<<20); err != nil {
		t.Fatal(err)
	}
	s := open(t, sandboxConfig(sb, c, sandbox.Operator))
	ctx := bounded(t)
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	named := func(ref string, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, told(t, s, ref)); d != "" {
			t.Errorf("told: %s", d)
		}
		var uuids []string
		for _, d := range describe(t, s, ref).Disks {
			uuids = append(uuids, strings.ReplaceAll(d.UUID, "-", ""))
		}
		if d := cmp.Diff(strings.Join(uuids, " "), option(t, c, ref, "psn.own_disks")); d != "" {
			t.Errorf("named: %s", d)
		}
	}
	clone := two("p_bs/clone")
	clone.Image, clone.Firmware, clone.GuestOS = "debian-12", "", ""
	clone.Disks[0].CapacityBytes = 24 << 20
	made := create(t, s, clone)
	named(made, "24 own", "8 own")
	if err := s.UpdateVM(ctx, made, driver.VMChange{Disks: append(clone.Disks, driver.DiskSpec{CapacityBytes: 4 << 20})}); err != nil {
		t.Fatal(err)
	}
	named(made, "24 own", "8 own", "4 own")

	cfg := sandboxConfig(sb, c, sandbox.Operator)
	cut := &severed{method: "ReconfigVM_Task", dead: true}
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper { cut.next = next; return cut }
	if _, err := open(t, cfg).CreateVM(ctx, two("p_bs/b")); err == nil || !cut.cut.Load() {
		t.Fatal("not cut off")
	}
	b, err := s.FindVM(ctx, "p_bs/b")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"16 own", "8 own"}, told(t, s, b.Ref)); d != "" {
		t.Errorf("cut off: %s", d)
	}
	if again := create(t, s, two("p_bs/b")); again != b.Ref {
		t.Errorf("made twice: %s and %s", b.Ref, again)
	}
	named(b.Ref, "16 own", "8 own")

	// As an addition that was cut off leaves it: the next one does not make it again.
	first, _, _ := strings.Cut(option(t, c, b.Ref, "psn.own_disks"), " ")
	byHand(t, c, b.Ref, types.VirtualMachineConfigSpec{ExtraConfig: setting("psn.own_disks", first+" scsi0:1")})
	if err := s.UpdateVM(ctx, b.Ref, driver.VMChange{Disks: two("p_bs/b").Disks}); err != nil {
		t.Fatal(err)
	}
	named(b.Ref, "16 own", "8 own")
}
