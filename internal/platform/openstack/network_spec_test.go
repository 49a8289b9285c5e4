package openstack

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestPlanNetwork(t *testing.T) {
	base := driver.NetworkSpec{Tenant: "p_bs", Name: "frontend", CIDR: "10.20.0.0/24"}
	with := func(change func(*driver.NetworkSpec)) driver.NetworkSpec {
		s := base
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		spec driver.NetworkSpec
		want subnetPlan // compared but for cidr
		code psn.Code
		says string
	}{
		"least":          {spec: base, want: subnetPlan{wanted: true, gateway: "10.20.0.1", pools: []addressPool{{"10.20.0.2", "10.20.0.254"}}}},
		"no gateway":     {spec: with(func(s *driver.NetworkSpec) { s.Gateway = "none" }), want: subnetPlan{wanted: true, pools: []addressPool{{"10.20.0.1", "10.20.0.254"}}}},
		"gateway within": {spec: with(func(s *driver.NetworkSpec) { s.Gateway = "10.20.0.9" }), want: subnetPlan{wanted: true, gateway: "10.20.0.9", pools: []addressPool{{"10.20.0.1", "10.20.0.8"}, {"10.20.0.10", "10.20.0.254"}}}},
		"gateway last":   {spec: with(func(s *driver.NetworkSpec) { s.Gateway = "10.20.0.254" }), want: subnetPlan{wanted: true, gateway: "10.20.0.254", pools: []addressPool{{"10.20.0.1", "10.20.0.253"}}}},
		"range":          {spec: with(func(s *driver.NetworkSpec) { s.First, s.Last = "10.20.0.5", "10.20.0.6" }), want: subnetPlan{wanted: true, gateway: "10.20.0.1", pools: []addressPool{{"10.20.0.5", "10.20.0.6"}}, chosen: true}},
		"ipv6":           {spec: with(func(s *driver.NetworkSpec) { s.CIDR = "fd00:1::/64"; s.DNS = []string{"FD00::53"} }), want: subnetPlan{wanted: true, gateway: "fd00:1::1", dns: []string{"fd00::53"}, pools: []addressPool{{"fd00:1::2", "fd00:1::ffff:ffff:ffff:ffff"}}}},
		"no addresses":   {spec: with(func(s *driver.NetworkSpec) { s.CIDR = "" })},
		"tenant":         {spec: with(func(s *driver.NetworkSpec) { s.Tenant = "" }), code: psn.InvalidInput, says: "no tenant"},
		"name":           {spec: with(func(s *driver.NetworkSpec) { s.Name = "a b" }), code: psn.InvalidInput, says: `"a b"`},
		"vlan":           {spec: with(func(s *driver.NetworkSpec) { s.VLAN = 4 }), code: psn.Unsupported, says: "vlan 4"},
		"description":    {spec: with(func(s *driver.NetworkSpec) { s.Description = "psn: x" }), code: psn.InvalidInput, says: "description"},
		"dhcp alone":     {spec: with(func(s *driver.NetworkSpec) { s.CIDR, s.DHCP = "", true }), code: psn.InvalidInput, says: "dhcp"},
		"too narrow":     {spec: with(func(s *driver.NetworkSpec) { s.CIDR = "10.20.0.0/31" }), code: psn.InvalidInput, says: "no room"},
		"mapped":         {spec: with(func(s *driver.NetworkSpec) { s.CIDR = "::ffff:10.0.0.0/120" }), code: psn.InvalidInput, says: "cidr"},
		"gateway zero":   {spec: with(func(s *driver.NetworkSpec) { s.Gateway = "10.20.0.0" }), code: psn.InvalidInput, says: "gateway 10.20.0.0"},
		"gateway all":    {spec: with(func(s *driver.NetworkSpec) { s.Gateway = "10.20.0.255" }), code: psn.InvalidInput, says: "gateway 10.20.0.255"},
		"gateway text":   {spec: with(func(s *driver.NetworkSpec) { s.Gateway = "first" }), code: psn.InvalidInput, says: `gateway "first"`},
		"last alone":     {spec: with(func(s *driver.NetworkSpec) { s.Last = "10.20.0.9" }), code: psn.InvalidInput, says: "both or neither"},
		"uplink":         {spec: with(func(s *driver.NetworkSpec) { s.Uplink, s.Gateway = "public", "none" }), code: psn.InvalidInput, says: "uplink"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := planNetwork(c.spec)
			if c.code != "" {
				if !psn.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("err = %v (code %s), want code %s saying %q", err, psn.CodeOf(err), c.code, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got.cidr = netip.Prefix{}
			if d := cmp.Diff(c.want, got, cmp.AllowUnexported(subnetPlan{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
				t.Error(d)
			}
		})
	}
}

// FuzzPlanNetwork: ranges that cards get addresses from lie within the network
// and never hold the gateway.
func FuzzPlanNetwork(f *testing.F) {
	f.Add("10.20.0.0/24", "10.20.0.7", "10.20.0.9", "10.20.0.20")
	f.Add("fd00::/126", "", "", "")
	f.Add("0.0.0.0/0", "none", "", "")
	f.Fuzz(func(t *testing.T, cidr, gateway, first, last string) {
		p, err := planNetwork(driver.NetworkSpec{Tenant: "p_bs", Name: "n", CIDR: cidr, Gateway: gateway, First: first, Last: last})
		if err != nil || !p.wanted {
			return
		}
		g, _ := netip.ParseAddr(p.gateway)
		for _, r := range p.pools {
			a, errA := netip.ParseAddr(r.Start)
			b, errB := netip.ParseAddr(r.End)
			if errA != nil || errB != nil || b.Less(a) || !p.cidr.Contains(a) || !p.cidr.Contains(b) {
				t.Fatalf("range %+v of %s", r, p.cidr)
			}
			if g.IsValid() && !g.Less(a) && !b.Less(g) {
				t.Fatalf("range %+v holds gateway %s", r, g)
			}
		}
		if len(p.pools) == 0 {
			t.Fatalf("no addresses for cards in %s", p.cidr)
		}
	})
}

func TestObserveNetworks(t *testing.T) {
	nets := []neutronNetwork{
		{ID: "up", Name: "public", ProjectID: "admin", External: true},
		{ID: "n2", Name: "b", ProjectID: "p1", Description: beingMade},
		{ID: "n1", Name: "a", ProjectID: "p1", Description: "rete", Tags: []string{"psn"}},
		{ID: "sh", Name: "services", ProjectID: "admin", Shared: true},
		{ID: "xx", Name: "theirs", ProjectID: "other"},
	}
	subnets := []neutronSubnet{
		{ID: "s6", NetworkID: "n1", IPVersion: 6, CIDR: "fd00::/64", Gateway: "fd00::1"},
		{ID: "s4", NetworkID: "n1", IPVersion: 4, CIDR: "10.0.0.0/24", DHCP: true, DNS: []string{"10.0.0.5"}, Pools: []addressPool{{"10.0.0.2", "10.0.0.9"}}},
	}
	router := neutronRouter{ID: "r", Description: routerOfNet + "n1"}
	router.Gateway = &struct {
		NetworkID string `json:"network_id"`
	}{"up"}
	got := observeNetworks(nets, subnets, []neutronRouter{router}, map[string]psn.TenantID{"p1": "p_bs"})
	want := []driver.Network{
		{NetworkSpec: driver.NetworkSpec{Name: "services"}, Ref: "sh", Shared: true},
		{NetworkSpec: driver.NetworkSpec{Tenant: "p_bs", Name: "a", Description: "rete", CIDR: "10.0.0.0/24", Gateway: "none", DHCP: true, DNS: []string{"10.0.0.5"}, First: "10.0.0.2", Last: "10.0.0.9", Uplink: "public"}, Ref: "n1"},
		{NetworkSpec: driver.NetworkSpec{Tenant: "p_bs", Name: "b"}, Ref: "n2"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSubnetChange(t *testing.T) {
	plan, err := planNetwork(driver.NetworkSpec{Tenant: "p_bs", Name: "n", CIDR: "10.0.0.0/29", DHCP: true, DNS: []string{"10.0.0.5"}})
	if err != nil {
		t.Fatal(err)
	}
	same := neutronSubnet{Gateway: "10.0.0.1", DHCP: true, DNS: []string{"10.0.0.5"}}
	if c, _ := subnetChange(same, plan); c != nil {
		t.Errorf("the same changes by %v", c)
	}
	c, gateway := subnetChange(neutronSubnet{Gateway: "10.0.0.6"}, plan)
	want := map[string]any{
		"enable_dhcp": true, "dns_nameservers": []string{"10.0.0.5"}, "gateway_ip": "10.0.0.1",
		"allocation_pools": []addressPool{{"10.0.0.2", "10.0.0.6"}},
	}
	if d := cmp.Diff(want, c); d != "" || !gateway {
		t.Errorf("gateway %v, %s", gateway, d)
	}
	plan.gateway = ""
	if c, _ := subnetChange(same, plan); c["gateway_ip"] != nil || len(c) != 2 {
		t.Errorf("no gateway is asked for by null: %v", c)
	}
}

func TestPortsOn(t *testing.T) {
	got := portsOn([]neutronPort{
		{ID: "1", DeviceOwner: "network:dhcp", DeviceID: "dhcp"},
		{ID: "2", DeviceOwner: "network:router_interface", DeviceID: "r"},
		{ID: "3", DeviceOwner: "network:router_interface", DeviceID: "r2"},
		{ID: "4", DeviceOwner: "compute:az1", DeviceID: "vm"},
		{ID: "5", DeviceOwner: "compute:az1", DeviceID: "vm"},
		{ID: "6", Name: "psn:p_bs/db-1/0"},
		{ID: "7", Name: "vip"},
	}, "r")
	want := attached{servers: []string{"vm"}, others: []string{"network:router_interface r2", `port "vip" (7)`}, free: []string{"6"}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(attached{})); d != "" {
		t.Error(d)
	}
}
