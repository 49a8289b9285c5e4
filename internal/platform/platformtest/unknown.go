package platformtest

import (
	"bytes"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// testUnknownAtFirst: what was just made is not known for a moment. It is made
// all the same, once, and ours.
func testUnknownAtFirst(t *testing.T, h *Harness) {
	a := amnesia{Forgetting: h.Forgets}
	s := h.openAs(t, Access{Wrap: a.Wrap})
	met := func(what string, do func()) {
		t.Helper()
		n := a.during(do)
		t.Logf("%s: %d requests named what was not known yet", what, n)
		if n == 0 {
			t.Errorf("%s: the endpoint knew everything", what)
		}
	}
	met("tenant", func() { h.tenant(t, s) })
	spec := h.spec("fresh")
	ref := ""
	met("machine", func() { ref = h.create(t, s, "fresh") })
	disks := append(spec.Disks, driver.DiskSpec{CapacityBytes: h.DiskUnit})
	a.during(func() { // a disk that is no object of its own is known at once
		if err := s.UpdateVM(within(t), ref, driver.VMChange{Disks: disks}); err != nil {
			t.Errorf("add a disk: %v", err)
		}
	})
	vms := h.named(t, s, "fresh")
	if len(vms) != 1 || vms[0].Ref != ref || vms[0].ID != spec.ID {
		t.Fatalf("stands: %+v, want one, %s", vms, ref)
	}
	vm, err := s.DescribeVM(within(t), ref)
	if err != nil {
		t.Fatal(err)
	}
	if len(vm.Disks) != 2 {
		t.Errorf("%d disks, want 2", len(vm.Disks))
	}
	if err := s.DeleteVM(within(t), ref); err != nil {
		t.Error(err)
	}
	if left := h.named(t, s, "fresh"); len(left) != 0 {
		t.Errorf("after delete: %+v", left)
	}
}

// unknownAtFirst makes an object and ends it, as testUnknownAtFirst does.
func unknownAtFirst(t *testing.T, h *Harness, create func(driver.Site, psn.TenantID) (string, error), stand func(driver.Site, psn.TenantID) int, end func(driver.Site, string) error) {
	t.Helper()
	a := amnesia{Forgetting: h.Forgets}
	s := h.openAs(t, Access{Wrap: a.Wrap})
	id := h.ownTenant(t, s)
	var ref string
	var err error
	if n := a.during(func() { ref, err = create(s, id) }); n == 0 && h.Forgets.Made != nil {
		t.Error("the endpoint knew everything")
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := stand(s, id); n != 1 {
		t.Errorf("%d stand, want 1", n)
	}
	if err := end(s, ref); err != nil {
		t.Error(err)
	}
	if n := stand(s, id); n != 0 {
		t.Errorf("%d stand after the end", n)
	}
}

func testNetworkUnknown(t *testing.T, h *Harness) {
	unknownAtFirst(t, h, func(s driver.Site, id psn.TenantID) (string, error) {
		spec := frontend(id)
		spec.Uplink = h.Uplink
		n, err := as[driver.Networks](t, s).CreateNetwork(within(t), spec)
		if err != nil {
			return "", err
		}
		return n.Ref, nil
	}, func(s driver.Site, id psn.TenantID) int { return len(networksOf(t, s, id)) },
		func(s driver.Site, ref string) error { return as[driver.Networks](t, s).DeleteNetwork(within(t), ref) })
}

func testSecurityGroupUnknown(t *testing.T, h *Harness) {
	unknownAtFirst(t, h, func(s driver.Site, id psn.TenantID) (string, error) {
		g, err := as[driver.SecurityGroups](t, s).CreateSecurityGroup(within(t), driver.SecurityGroupSpec{
			Tenant: id, Name: "fresh", Rules: []driver.SecurityRule{{Direction: "egress"}},
		})
		if err != nil {
			return "", err
		}
		return g.Ref, nil
	}, func(s driver.Site, id psn.TenantID) int { return len(securityGroupsOf(t, s, id)) },
		func(s driver.Site, ref string) error {
			return as[driver.SecurityGroups](t, s).DeleteSecurityGroup(within(t), ref)
		})
}

// testVolumeUnknown also grows the volume and gives it to a machine while it is new.
func testVolumeUnknown(t *testing.T, h *Harness) {
	unknownAtFirst(t, h, func(s driver.Site, id psn.TenantID) (string, error) {
		o, spec := as[driver.Volumes](t, s), h.volume(id, "fresh")
		vm := h.machine(t, s, id, "holder", nil)
		v, err := o.CreateVolume(within(t), spec)
		if err != nil {
			return "", err
		}
		spec.SizeBytes *= 2
		if _, err := o.UpdateVolume(within(t), v.Ref, spec); err != nil {
			return v.Ref, err
		}
		if err := o.AttachVolume(within(t), v.Ref, vm); err != nil {
			return v.Ref, err
		}
		return v.Ref, o.DetachVolume(within(t), v.Ref, vm)
	}, func(s driver.Site, id psn.TenantID) int {
		n := 0
		for _, v := range volumesOf(t, s, id) {
			if v.Name == "fresh" {
				n++
			}
		}
		return n
	}, func(s driver.Site, ref string) error { return as[driver.Volumes](t, s).DeleteVolume(within(t), ref) })
}

func testImageUnknown(t *testing.T, h *Harness) {
	unknownAtFirst(t, h, func(s driver.Site, id psn.TenantID) (string, error) {
		spec, content := picture(id, "fresh", 1<<20)
		i, err := as[driver.ImageUpload](t, s).CreateImage(within(t), spec, bytes.NewReader(content))
		if err != nil {
			return "", err
		}
		return i.Ref, nil
	}, func(s driver.Site, id psn.TenantID) int { return len(imagesOf(t, s, id)) },
		func(s driver.Site, ref string) error { return as[driver.ImageUpload](t, s).DeleteImage(within(t), ref) })
}
