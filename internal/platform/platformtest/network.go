package platformtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// networksOf lists the networks of one tenant.
func networksOf(t testing.TB, s driver.Site, id psn.TenantID) []driver.Network {
	t.Helper()
	all, err := as[driver.Networks](t, s).Networks(within(t))
	if err != nil {
		t.Fatalf("networks: %v", err)
	}
	var out []driver.Network
	for _, n := range all {
		if n.Tenant == id {
			out = append(out, n)
		}
	}
	return out
}

func frontend(id psn.TenantID) driver.NetworkSpec {
	return driver.NetworkSpec{
		Tenant: id, Name: "frontend", Description: "rete di sportello", CIDR: "10.77.0.0/24", Gateway: "10.77.0.254",
		DHCP: true, DNS: []string{"10.77.0.53", "10.77.0.5"}, First: "10.77.0.10", Last: "10.77.0.99",
	}
}

func testNetwork(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Networks](t, s)
	spec := frontend("c_nessuno")
	_, err := o.CreateNetwork(within(t), spec)
	wantCode(t, err, psn.NotFound) // no such tenant
	id := h.ownTenant(t, s)
	spec.Tenant = id
	made, err := o.CreateNetwork(within(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(driver.Network{NetworkSpec: spec, Ref: made.Ref}, *made); d != "" || made.Ref == "" {
		t.Errorf("made: %s", d)
	}
	// Another process, which remembers nothing.
	again, err := as[driver.Networks](t, h.open(t)).CreateNetwork(within(t), spec)
	if err != nil || again.Ref != made.Ref {
		t.Fatalf("made again: %+v, %v", again, err)
	}
	if d := cmp.Diff([]driver.Network{*made}, networksOf(t, s, id)); d != "" {
		t.Errorf("listed: %s", d)
	}
	for name, change := range map[string]func(*driver.NetworkSpec){
		"cidr":  func(n *driver.NetworkSpec) { *n = driver.NetworkSpec{Tenant: id, Name: n.Name, CIDR: "10.78.0.0/24"} },
		"first": func(n *driver.NetworkSpec) { n.First = "10.77.0.11" },
	} {
		other := spec
		change(&other)
		_, err := o.CreateNetwork(within(t), other)
		wantCode(t, err, psn.AlreadyExists)
		wantText(t, err, name, spec.Name)
		_, err = o.UpdateNetwork(within(t), made.Ref, other)
		wantCode(t, err, psn.InvalidInput)
		wantText(t, err, name)
	}
	spec.DNS, spec.DHCP, spec.Gateway, spec.Description = []string{"10.77.0.5"}, false, "10.77.0.1", ""
	changed, err := o.UpdateNetwork(within(t), made.Ref, spec)
	if err != nil {
		t.Fatal(err)
	}
	want := driver.Network{NetworkSpec: spec, Ref: made.Ref}
	if d := cmp.Diff(want, *changed); d != "" {
		t.Errorf("changed: %s", d)
	}
	if d := cmp.Diff([]driver.Network{want}, networksOf(t, s, id)); d != "" {
		t.Errorf("listed after the change: %s", d)
	}
	for range 2 {
		if err := o.DeleteNetwork(within(t), made.Ref); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	if left := networksOf(t, s, id); len(left) != 0 {
		t.Errorf("after delete: %+v", left)
	}
	_, err = o.UpdateNetwork(within(t), made.Ref, spec)
	wantCode(t, err, psn.NotFound)
}

func testNetworkChecks(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Networks](t, s)
	id := h.ownTenant(t, s)
	for name, c := range map[string]struct {
		change func(*driver.NetworkSpec)
		code   psn.Code
		says   []string
	}{
		"name":         {func(n *driver.NetworkSpec) { n.Name = "Front End" }, psn.InvalidInput, []string{`"Front End"`}},
		"vlan":         {func(n *driver.NetworkSpec) { n.VLAN = 12 }, psn.Unsupported, []string{"vlan"}},
		"cidr":         {func(n *driver.NetworkSpec) { n.CIDR = "10.77.0.0" }, psn.InvalidInput, []string{`cidr "10.77.0.0"`}},
		"host bits":    {func(n *driver.NetworkSpec) { n.CIDR = "10.77.0.5/24" }, psn.InvalidInput, []string{`"10.77.0.0/24"`}},
		"gateway":      {func(n *driver.NetworkSpec) { n.Gateway = "10.78.0.1" }, psn.InvalidInput, []string{"gateway 10.78.0.1", "10.77.0.0/24"}},
		"dns":          {func(n *driver.NetworkSpec) { n.DNS = []string{"ns.example"} }, psn.InvalidInput, []string{`"ns.example"`}},
		"dns twice":    {func(n *driver.NetworkSpec) { n.DNS = []string{"10.0.0.1", "10.0.0.1"} }, psn.InvalidInput, []string{"twice"}},
		"first alone":  {func(n *driver.NetworkSpec) { n.Last = "" }, psn.InvalidInput, []string{"first", "last"}},
		"reversed":     {func(n *driver.NetworkSpec) { n.First, n.Last = n.Last, n.First }, psn.InvalidInput, []string{"above"}},
		"gateway in":   {func(n *driver.NetworkSpec) { n.Gateway = "10.77.0.50" }, psn.InvalidInput, []string{"gateway 10.77.0.50"}},
		"no addresses": {func(n *driver.NetworkSpec) { n.CIDR = "" }, psn.InvalidInput, []string{"cidr"}},
		"uplink":       {func(n *driver.NetworkSpec) { n.Uplink = "nix" }, psn.InvalidInput, []string{`"nix"`, h.Uplink}},
		"no gateway":   {func(n *driver.NetworkSpec) { n.Uplink, n.Gateway = h.Uplink, "none" }, psn.InvalidInput, []string{"gateway"}},
	} {
		spec := frontend(id)
		c.change(&spec)
		_, err := o.CreateNetwork(within(t), spec)
		if !psn.Is(err, c.code) {
			t.Errorf("%s: err = %v, want code %s", name, err, c.code)
		}
		wantText(t, err, c.says...)
	}
	if left := networksOf(t, s, id); len(left) != 0 {
		t.Errorf("refused specifications left %+v", left)
	}
}

func testNetworkIPv6(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Networks](t, s)
	id := h.ownTenant(t, s)
	spec := driver.NetworkSpec{Tenant: id, Name: "six", CIDR: "fd00:77::/64", DHCP: true, DNS: []string{"fd00:77::53"}}
	made, err := o.CreateNetwork(within(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	if made.CIDR != spec.CIDR || made.Gateway != "fd00:77::1" || !made.DHCP {
		t.Errorf("made: %+v", made)
	}
	bare, err := o.CreateNetwork(within(t), driver.NetworkSpec{Tenant: id, Name: "bare"})
	if err != nil || bare.CIDR != "" || bare.Gateway != "" {
		t.Errorf("without addresses: %+v, %v", bare, err)
	}
	got := networksOf(t, s, id)
	if len(got) != 2 || got[0].Name != "bare" || got[1].Name != "six" {
		t.Errorf("listed, sorted by name: %+v", got)
	}
}

func testNetworkUplink(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Networks](t, s)
	id := h.ownTenant(t, s)
	spec := frontend(id)
	spec.Uplink = h.Uplink
	made, err := o.CreateNetwork(within(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := o.CreateNetwork(within(t), spec); err != nil || again.Ref != made.Ref {
		t.Fatalf("made again: %+v, %v", again, err)
	}
	without := spec
	without.Uplink = ""
	_, err = o.CreateNetwork(within(t), without)
	wantCode(t, err, psn.AlreadyExists)
	wantText(t, err, "uplink", h.Uplink)
	spec.Gateway = "10.77.0.1"
	changed, err := o.UpdateNetwork(within(t), made.Ref, spec)
	if err != nil {
		t.Fatal(err)
	}
	want := driver.Network{NetworkSpec: spec, Ref: made.Ref}
	if d := cmp.Diff(want, *changed); d != "" {
		t.Errorf("changed: %s", d)
	}
	if d := cmp.Diff([]driver.Network{want}, networksOf(t, s, id)); d != "" {
		t.Errorf("listed: %s", d)
	}
	for range 2 {
		if err := o.DeleteNetwork(within(t), made.Ref); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
}

// testNetworkAtOnce: one stands afterwards, with one router, and nothing is left
// when that has gone.
func testNetworkAtOnce(t *testing.T, h *Harness) {
	s := h.open(t)
	id := h.ownTenant(t, s)
	spec := frontend(id)
	spec.Uplink = h.Uplink
	ref := atOnce(t, h, func(s driver.Site) (string, error) {
		n, err := as[driver.Networks](t, s).CreateNetwork(within(t), spec)
		if err != nil {
			return "", err
		}
		return n.Ref, nil
	})
	if d := cmp.Diff([]driver.Network{{NetworkSpec: spec, Ref: ref}}, networksOf(t, s, id)); d != "" {
		t.Errorf("listed: %s", d)
	}
	if again, err := as[driver.Networks](t, s).CreateNetwork(within(t), spec); err != nil || again.Ref != ref {
		t.Errorf("made again: %+v, %v", again, err)
	}
	if err := as[driver.Networks](t, s).DeleteNetwork(within(t), ref); err != nil {
		t.Error(err)
	}
	if err := s.DeleteTenant(within(t), id); err != nil { // refused while a router, or anything else, is left
		t.Errorf("left: %v", err)
	}
}

func testNetworkLost(t *testing.T, h *Harness) {
	var c cutter
	s := h.openAs(t, Access{Wrap: c.Wrap})
	o := as[driver.Networks](t, s)
	id := h.ownTenant(t, s)
	h.eachLost(t, &c, func(name string) (string, error) {
		spec := frontend(id)
		spec.Name, spec.Uplink = name, h.Uplink
		n, err := o.CreateNetwork(within(t), spec)
		if err != nil {
			return "", err
		}
		if d := cmp.Diff([]driver.Network{{NetworkSpec: spec, Ref: n.Ref}}, networksOf(t, s, id)); d != "" {
			t.Errorf("after a lost answer: %s", d)
		}
		return n.Ref, nil
	}, func(ref string) error { return o.DeleteNetwork(within(t), ref) })
}

// testNetworkCutShort: a call that ends after any of its requests leaves what
// the next call goes on with, in making and in removing.
func testNetworkCutShort(t *testing.T, h *Harness) {
	var c cutter
	s := h.openAs(t, Access{Wrap: c.Wrap})
	o := as[driver.Networks](t, s)
	id := h.ownTenant(t, s)
	spec := frontend(id)
	spec.Uplink = h.Uplink
	var made *driver.Network
	calls := upToTheEnd(t, func() (err error) {
		c.arm(2, true) // one request that changes something gets through
		made, err = o.CreateNetwork(within(t), spec)
		c.arm(0, false)
		if got := networksOf(t, s, id); len(got) > 1 {
			t.Errorf("%d networks", len(got))
		}
		return err
	})
	if calls < 4 {
		t.Errorf("the network took only %d requests", calls)
	}
	if d := cmp.Diff([]driver.Network{{NetworkSpec: spec, Ref: made.Ref}}, networksOf(t, s, id)); d != "" {
		t.Errorf("completed: %s", d)
	}
	through := 0 // what is gone already may be removed again, and counts
	calls = upToTheEnd(t, func() error {
		through++
		c.arm(through+1, true)
		defer c.arm(0, false)
		return o.DeleteNetwork(within(t), made.Ref)
	})
	if calls < 3 {
		t.Errorf("its end took only %d requests", calls)
	}
}

func testNetworkInUse(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Networks](t, s)
	id := h.ownTenant(t, s)
	made, err := o.CreateNetwork(within(t), frontend(id))
	if err != nil {
		t.Fatal(err)
	}
	ref := h.machine(t, s, id, "web-1", func(v *driver.VMSpec) { v.NICs = []driver.NICSpec{{Network: "frontend"}} })
	err = o.DeleteNetwork(within(t), made.Ref)
	wantCode(t, err, psn.Conflict)
	wantText(t, err, "web-1", "frontend")
	if err := s.DeleteVM(within(t), ref); err != nil {
		t.Fatal(err)
	}
	if err := o.DeleteNetwork(within(t), made.Ref); err != nil {
		t.Errorf("after the machine is gone: %v", err)
	}
}
