package platformtest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func describe(t testing.TB, s driver.Site, ref string) *psn.VM {
	t.Helper()
	vm, err := s.DescribeVM(within(t), ref)
	if err != nil {
		t.Fatalf("describe: %v", err)
	}
	return vm
}

// testMachineGrows: disks grow and are added, cards are added, nothing shrinks.
// Where storage grows no volume in use, a machine that is off has its disks
// grown all the same, but for the one it boots from.
func testMachineGrows(t *testing.T, h *Harness) {
	s := h.open(t)
	id := h.ownTenant(t, s)
	ref := h.machine(t, s, id, "grows", func(v *driver.VMSpec) { v.Disks = []driver.DiskSpec{{CapacityBytes: 2 * gib}} })
	before := describe(t, s, ref)
	first := int64(3 * gib)
	if h.FixedAttached {
		err := s.UpdateVM(within(t), ref, driver.VMChange{Disks: []driver.DiskSpec{{CapacityBytes: first}}})
		wantCode(t, err, psn.Conflict)
		wantText(t, err, "boot disk", "online_extend_support")
		first = 2 * gib // and the disk is what it was
	}
	disks := []driver.DiskSpec{{CapacityBytes: first}, {CapacityBytes: gib}}
	for range 2 { // what is so already is not done again
		if err := s.UpdateVM(within(t), ref, driver.VMChange{Disks: disks}); err != nil {
			t.Fatal(err)
		}
		vm := describe(t, s, ref)
		if len(vm.Disks) != 2 || vm.Disks[0].CapacityBytes != first || vm.Disks[1].CapacityBytes != gib {
			t.Fatalf("disks: %+v", vm.Disks)
		}
		if vm.Disks[0].UUID != before.Disks[0].UUID || vm.Disks[0].Key != before.Disks[0].Key {
			t.Errorf("the disk that grew is another: %+v, was %+v", vm.Disks[0], before.Disks[0])
		}
	}
	h.growsData(t, s, ref, first)
	for name, bad := range map[string][]driver.DiskSpec{
		"smaller": {{CapacityBytes: first}, {CapacityBytes: gib}},
		"fewer":   {{CapacityBytes: first}},
	} {
		err := s.UpdateVM(within(t), ref, driver.VMChange{Disks: bad})
		if !psn.Is(err, psn.InvalidInput) {
			t.Errorf("%s: %v, want code %s", name, err, psn.InvalidInput)
		}
	}
	cards := []driver.NICSpec{{Network: h.Network}, {Network: h.Network}}
	for range 2 {
		if err := s.UpdateVM(within(t), ref, driver.VMChange{NICs: cards}); err != nil {
			t.Fatal(err)
		}
		vm := describe(t, s, ref)
		if len(vm.NICs) != 2 || vm.NICs[0].MAC != before.NICs[0].MAC || vm.NICs[1].Network != h.Network {
			t.Fatalf("cards: %+v, the first was %+v", vm.NICs, before.NICs)
		}
	}
	wantCode(t, s.UpdateVM(within(t), ref, driver.VMChange{NICs: cards[:1]}), psn.InvalidInput)
	wantCode(t, s.UpdateVM(within(t), ref, driver.VMChange{NICs: append(cards, driver.NICSpec{Network: "nix"})}), psn.InvalidInput)
	if vm := describe(t, s, ref); len(vm.NICs) != 2 || len(vm.Disks) != 2 {
		t.Errorf("refused changes left %d cards and %d disks", len(vm.NICs), len(vm.Disks))
	}
}

// growsData grows the second disk of a machine that is off, then of one that
// runs. The first has so many bytes.
func (h *Harness) growsData(t testing.TB, s driver.Site, ref string, first int64) {
	t.Helper()
	before := describe(t, s, ref)
	disks := []driver.DiskSpec{{CapacityBytes: first}, {CapacityBytes: 2 * gib}}
	same := func() {
		t.Helper()
		vm := describe(t, s, ref)
		if len(vm.Disks) != 2 || vm.Disks[1].CapacityBytes != disks[1].CapacityBytes || vm.Disks[1].UUID != before.Disks[1].UUID || vm.Disks[1].Key != before.Disks[1].Key {
			t.Fatalf("disks: %+v, were %+v", vm.Disks, before.Disks)
		}
	}
	for range 2 {
		if err := s.UpdateVM(within(t), ref, driver.VMChange{Disks: disks}); err != nil {
			t.Fatal(err)
		}
		same()
	}
	if err := s.Power(within(t), ref, psn.PoweredOn); err != nil {
		t.Fatal(err)
	}
	more := []driver.DiskSpec{disks[0], {CapacityBytes: 3 * gib}}
	err := s.UpdateVM(within(t), ref, driver.VMChange{Disks: more})
	switch {
	case h.FixedAttached:
		wantCode(t, err, psn.Conflict)
		wantText(t, err, "power the machine off")
	case err != nil:
		t.Fatal(err)
	default:
		disks = more
	}
	same()
	if err := s.Power(within(t), ref, psn.PoweredOff); err != nil {
		t.Fatal(err)
	}
}

func testMachineRenamed(t *testing.T, h *Harness) {
	s := h.open(t)
	id := h.ownTenant(t, s)
	ref := h.machine(t, s, id, "renamed", func(v *driver.VMSpec) {
		v.DisplayName, v.Metadata = "Sportello 1", map[string]string{"owner": "anagrafe", "floor": "2"}
	})
	vm := describe(t, s, ref)
	if d := cmp.Diff(map[string]string{"owner": "anagrafe", "floor": "2"}, vm.Metadata); d != "" || vm.Name != "Sportello 1" {
		t.Errorf("made as %q, metadata %s", vm.Name, d)
	}
	name, metadata := "Sportello 2", map[string]string{"owner": "protocollo"}
	for range 2 {
		if err := s.UpdateVM(within(t), ref, driver.VMChange{DisplayName: &name, Metadata: &metadata}); err != nil {
			t.Fatal(err)
		}
		vm := describe(t, s, ref)
		if d := cmp.Diff(metadata, vm.Metadata); d != "" || vm.Name != name {
			t.Errorf("changed to %q, metadata %s", vm.Name, d)
		}
		if vm.ID != psn.VMID(string(id)+"/renamed") || vm.Service == "" || vm.Role != psn.RoleActive {
			t.Errorf("a new name or metadata took our labels away: %+v", vm)
		}
	}
	ours := map[string]string{"psn.role": "standby"}
	err := s.UpdateVM(within(t), ref, driver.VMChange{Metadata: &ours})
	wantCode(t, err, psn.InvalidInput)
	wantText(t, err, "psn.role")
	spec := h.spec("refused")
	spec.ID, spec.Metadata = psn.VMID(string(id)+"/refused"), ours
	_, err = s.CreateVM(within(t), spec)
	wantCode(t, err, psn.InvalidInput)
}

func testMachineSecurityGroups(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.SecurityGroups](t, s)
	id := h.ownTenant(t, s)
	for _, name := range []string{"web", "db"} {
		spec := webGroup(id)
		spec.Name = name
		if _, err := o.CreateSecurityGroup(within(t), spec); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := as[driver.Networks](t, s).CreateNetwork(within(t), frontend(id)); err != nil {
		t.Fatal(err)
	}
	ref := h.machine(t, s, id, "guarded", func(v *driver.VMSpec) {
		v.NICs, v.SecurityGroups = []driver.NICSpec{{Network: "frontend"}}, []string{"web"}
	})
	for _, want := range [][]string{{"web"}, {"db", "web"}, {"db"}} {
		if err := s.UpdateVM(within(t), ref, driver.VMChange{SecurityGroups: &want}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, describe(t, s, ref).SecurityGroups); d != "" {
			t.Errorf("security groups: %s", d)
		}
	}
	// Cards that are added have the machine's groups, and no other.
	groups, cards := []string{"db"}, []driver.NICSpec{{Network: "frontend"}, {Network: "frontend"}}
	for range 2 {
		if err := s.UpdateVM(within(t), ref, driver.VMChange{NICs: cards, SecurityGroups: &groups}); err != nil {
			t.Fatal(err)
		}
		vm := describe(t, s, ref)
		if d := cmp.Diff(groups, vm.SecurityGroups); d != "" || len(vm.NICs) != 2 {
			t.Errorf("with cards %+v: security groups: %s", vm.NICs, d)
		}
	}
	nix := []string{"nix"}
	err := s.UpdateVM(within(t), ref, driver.VMChange{SecurityGroups: &nix})
	wantCode(t, err, psn.InvalidInput)
	wantText(t, err, `"nix"`)
}

func testFixedAddress(t *testing.T, h *Harness) {
	s := h.open(t)
	id := h.ownTenant(t, s)
	if _, err := as[driver.Networks](t, s).CreateNetwork(within(t), frontend(id)); err != nil {
		t.Fatal(err)
	}
	at := func(v *driver.VMSpec) { v.NICs = []driver.NICSpec{{Network: "frontend", FixedIP: "10.77.0.42"}} }
	ref := h.machine(t, s, id, "addressed", at)
	vm := describe(t, s, ref)
	if len(vm.NICs) != 1 || cmp.Diff([]string{"10.77.0.42"}, vm.NICs[0].IPs) != "" {
		t.Errorf("cards: %+v", vm.NICs)
	}
	for name, ip := range map[string]string{"taken": "10.77.0.42", "elsewhere": "10.99.0.1", "none": "x"} {
		spec := h.spec("other")
		spec.ID, spec.NICs = psn.VMID(string(id)+"/other"), []driver.NICSpec{{Network: "frontend", FixedIP: ip}}
		_, err := s.CreateVM(within(t), spec)
		if c := psn.CodeOf(err); c != psn.InvalidInput && c != psn.Conflict {
			t.Errorf("%s: %v (code %s)", name, err, c)
		}
		wantText(t, err, ip)
	}
	if o, ok := s.(driver.Volumes); ok {
		all, err := o.Volumes(within(t))
		if err != nil {
			t.Fatal(err)
		}
		all = slices.DeleteFunc(all, func(v driver.Volume) bool { return v.Tenant != id })
		if len(all) != len(vm.Disks) {
			t.Errorf("refused machines left volumes: %+v", all)
		}
	}
}
