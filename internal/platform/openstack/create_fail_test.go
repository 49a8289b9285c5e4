package openstack_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestRefusedAddressLeavesNothing: an address that is taken, or not of its
// network, is found out before any disk is made, and the ports before it go.
func TestRefusedAddressLeavesNothing(t *testing.T) {
	for status, code := range map[int]psn.Code{409: psn.Conflict, 400: psn.InvalidInput} {
		s := newSite(t)
		s.ports.refuse, s.ports.said = status, "IP address 10.0.0.5 is not for you"
		_, err := open(t, s.config(t)).CreateVM(bounded(t), driver.VMSpec{
			ID: "p_bs/db", Cluster: "az1", VCPUs: 1, MemoryMiB: 512,
			Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}}, NICs: []driver.NICSpec{{Network: "front", FixedIP: "10.0.0.5"}},
		})
		if !psn.Is(err, code) || !strings.Contains(err.Error(), "10.0.0.5") || strings.Contains(err.Error(), "stay") {
			t.Errorf("%d: %v", status, err)
		}
		if s.volumes.made != 0 || len(s.ports.ids()) != 0 {
			t.Errorf("%d: %d volumes were made, ports %v are left", status, s.volumes.made, s.ports.ids())
		}
	}
}

// TestDisksOfAnotherSizeComeFirst: that an earlier disk is of another size is
// found out before any other is made.
func TestDisksOfAnotherSizeComeFirst(t *testing.T) {
	s := newSite(t)
	s.volumes.put(diskOf("p_bs/db", 1, 9))
	_, err := open(t, s.config(t)).CreateVM(bounded(t), driver.VMSpec{
		ID: "p_bs/db", Cluster: "az1", VCPUs: 1, MemoryMiB: 512, Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}, {CapacityBytes: 1 << 30}},
	})
	if !psn.Is(err, psn.Conflict) || s.volumes.made != 0 {
		t.Errorf("%d volumes made: %v", s.volumes.made, err)
	}
}

// TestMemoryOfImage: what an image needs is checked before anything is made.
func TestMemoryOfImage(t *testing.T) {
	s := newSite(t)
	s.answer("GET /image/v2/images", `{"images": [{"id": "i1", "name": "large", "status": "active", "owner": "t1", "min_ram": 1024, "min_disk": 1}]}`)
	spec := driver.VMSpec{ID: "p_bs/db", Cluster: "az1", VCPUs: 1, MemoryMiB: 512, Image: "large", Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}}}
	_, err := open(t, s.config(t)).CreateVM(bounded(t), spec)
	if !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "1024 MiB") || s.volumes.made != 0 {
		t.Errorf("%d volumes made: %v", s.volumes.made, err)
	}
}

// TestFailedMachineLeavesNoSize: the flavour and the group that were made for a
// machine go when it cannot be made, unless somebody has them.
func TestFailedMachineLeavesNoSize(t *testing.T) {
	for name, c := range map[string]struct {
		servers string // that have the flavour
		status  int
		deleted int
		groups  []string
	}{
		"refused":   {`{"servers": []}`, 400, 1, []string{}},
		"used":      {`{"servers": [{"id": "s9"}]}`, 400, 0, []string{}},
		"no answer": {`{"servers": []}`, 504, 0, []string{"g1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.answer("POST /compute/v2.1/flavors", `{"flavor": {"id": "x1", "name": "psn.p_bs.3-512"}}`)
			s.answer("POST /compute/v2.1/flavors/x1/action", `{}`)
			s.answer("DELETE /compute/v2.1/flavors/x1", ``)
			s.answer("GET /compute/v2.1/servers", c.servers)
			s.groups.stamp = object{"project_id": "t1", "members": []any{}, "policy": "anti-affinity"}
			s.servers.refuse, s.servers.said = c.status, "no"
			cfg := s.config(t)
			cfg.CreateFlavors = true
			_, err := open(t, cfg).CreateVM(bounded(t), driver.VMSpec{
				ID: "p_bs/db", Cluster: "az1", VCPUs: 3, MemoryMiB: 512, Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}},
				Group: "mine", GroupPolicy: driver.Apart,
			})
			if err == nil || s.count("POST /compute/v2.1/flavors") == 0 {
				t.Fatalf("no flavour was made: %v", err)
			}
			if n := s.count("DELETE /compute/v2.1/flavors/x1"); n != c.deleted {
				t.Errorf("the flavour was deleted %d times, want %d: %v", n, c.deleted, err)
			}
			if d := cmp.Diff(c.groups, s.groups.ids()); d != "" {
				t.Errorf("server groups: %s", d)
			}
		})
	}
}

// TestWhatCannotGoKeepsNothingElse: of a machine that cannot be made all goes that
// can go, also when its server group, or a port, cannot.
func TestWhatCannotGoKeepsNothingElse(t *testing.T) {
	for _, stays := range [][]string{{"server group"}, {"port"}, {"volume"}, {"port", "volume", "server group"}} {
		t.Run(strings.Join(stays, ", "), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.groups.stamp = object{"project_id": "t1", "members": []any{}, "policy": "anti-affinity"}
			s.servers.refuse, s.servers.said = 400, "Bad flavour"
			stores := map[string]*store{"server group": s.groups, "port": s.ports, "volume": s.volumes}
			for _, name := range stays {
				stores[name].keeps = true
			}
			_, err := open(t, s.config(t)).CreateVM(bounded(t), driver.VMSpec{
				ID: "p_bs/db", Cluster: "az1", VCPUs: 1, MemoryMiB: 512, Group: "mine", GroupPolicy: driver.Apart,
				Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}}, NICs: []driver.NICSpec{{Network: "front"}},
			})
			if err == nil || !strings.Contains(err.Error(), "Bad flavour") {
				t.Errorf("err = %v", err)
			}
			for name, of := range stores {
				if left := of.ids(); (len(left) > 0) != of.keeps || of.made == 0 || strings.Contains(err.Error(), name+" ") != of.keeps {
					t.Errorf("of kind %s %d were made and %v are left: %v", name, of.made, left, err)
				}
			}
		})
	}
}
