package vsphere_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestNetworksArePortGroupsOfTheSwitch(t *testing.T) {
	s, _ := site(t)
	ctx := bounded(t)
	spec := driver.NetworkSpec{Tenant: "p_bs", Name: "dorsale", Description: "Dorsale", VLAN: 120}
	n, err := s.CreateNetwork(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(spec, n.NetworkSpec); d != "" || n.Shared {
		t.Errorf("made: %+v %s", n, d)
	}
	if again, err := s.CreateNetwork(ctx, spec); err != nil || again.Ref != n.Ref {
		t.Errorf("again: %+v, %v", again, err)
	}
	other := spec
	other.VLAN = 121
	_, err = s.CreateNetwork(ctx, other)
	refused(t, err, psn.AlreadyExists, "120")
	other = spec
	other.Name = "altra"
	_, err = s.CreateNetwork(ctx, other)
	refused(t, err, psn.Conflict, "120", "psn.p_bs.dorsale")
	other.VLAN = 0
	_, err = s.CreateNetwork(ctx, other)
	refused(t, err, psn.InvalidInput, "4094")
	other.VLAN, other.CIDR = 9, "10.0.0.0/24"
	_, err = s.CreateNetwork(ctx, other)
	refused(t, err, psn.Unsupported, "subnet")
	other.CIDR, other.Tenant = "", "c_b157"
	_, err = s.CreateNetwork(ctx, other)
	refused(t, err, psn.NotFound, "c_b157")

	v := at("p_bs/a")
	v.NICs = []driver.NICSpec{{Network: "dorsale"}, {Network: "psn-acilia"}}
	ref := create(t, s, v)
	if vm := describe(t, s, ref); vm.NICs[0].Network != "dorsale" || vm.NICs[1].Network != "psn-acilia" {
		t.Errorf("cards: %+v", vm.NICs)
	}
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "c_b157"}); err != nil {
		t.Fatal(err)
	}
	foreign := at("c_b157/a")
	foreign.NICs[0].Network = "dorsale"
	_, err = s.CreateVM(ctx, foreign)
	refused(t, err, psn.InvalidInput, "dorsale", "psn-acilia")

	refused(t, s.DeleteNetwork(ctx, n.Ref), psn.Conflict, `"a"`)
	spec.Description = "Dorsale, nuova"
	if n, err = s.UpdateNetwork(ctx, n.Ref, spec); err != nil || n.Description != spec.Description {
		t.Fatalf("update: %+v, %v", n, err)
	}
	all, err := s.Networks(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range all {
		names = append(names, string(n.Tenant)+"/"+n.Name)
		if (n.Tenant == "") != n.Shared || n.Tenant == "p_bs" && n.Description != spec.Description {
			t.Errorf("%+v", n)
		}
		if n.Shared {
			refused(t, s.DeleteNetwork(ctx, n.Ref), psn.Conflict, n.Name)
		}
	}
	if d := cmp.Diff([]string{"/psn-acilia", "p_bs/dorsale"}, names); d != "" {
		t.Error(d)
	}
	if err := s.DeleteVM(ctx, ref); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.DeleteNetwork(ctx, n.Ref); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNetworksCostTheSameRequestsForAnyNumber(t *testing.T) {
	sb, c := start(t, "acilia")
	s, m := metered(t, sandboxConfig(sb, c, "psn-operator"))
	if err := s.EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	var requests []int
	for i, name := range []string{"a", "b", "c"} {
		if _, err := s.CreateNetwork(bounded(t), driver.NetworkSpec{Tenant: "p_bs", Name: name, VLAN: int64(i + 1)}); err != nil {
			t.Fatal(err)
		}
		m.reset()
		if _, err := s.Networks(bounded(t)); err != nil {
			t.Fatal(err)
		}
		requests = append(requests, m.requests)
	}
	if requests[0] > 3 || requests[2] != requests[0] {
		t.Errorf("requests: %v", requests)
	}
}

func TestACenterWithoutSwitchSaysSo(t *testing.T) {
	s := open(t, config(t, sim(t, 0))) // it has one, of the simulator
	if err := s.EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	cfg := config(t, sim(t, 0))
	cfg.Switch = "nix"
	s = open(t, cfg)
	if err := s.EnsureTenant(bounded(t), driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	_, err := s.CreateNetwork(bounded(t), driver.NetworkSpec{Tenant: "p_bs", Name: "a", VLAN: 7})
	refused(t, err, psn.InvalidInput, "nix", "DVS0")
}
