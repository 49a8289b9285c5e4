package vsphere_test

import (
	"crypto/tls"
	"net/url"
	"slices"
	"testing"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// A worker on a host that mounts no datastore of a cluster takes none of its disks.
func TestWorkerReaches(t *testing.T) {
	m := simulator.VPX()
	m.Host, m.Machine = 1, 1
	if err := m.Create(); err != nil {
		t.Fatal(err)
	}
	var lonely types.ManagedObjectReference
	for _, e := range m.Map().All("HostSystem") {
		if h := e.(*simulator.HostSystem); h.Name == "DC0_H0" {
			lonely = h.Self
		}
	}
	store := m.Map().Any("Datastore").(*simulator.Datastore)
	store.Host = slices.DeleteFunc(store.Host, func(h types.DatastoreHostMount) bool { return h.Key == lonely })
	m.Service.TLS = new(tls.Config)
	m.Service.Listen = &url.URL{User: url.UserPassword(user, secret)}
	m.Service.RegisterEndpoints = true
	server := m.Service.NewServer()
	t.Cleanup(func() { server.Close(); m.Remove() })
	s := open(t, config(t, server))
	ctx := bounded(t)
	inv, err := s.Inventory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"DC0_H0_VM0": false, "DC0_C0_RP0_VM0": true}
	for _, vm := range inv.VMs {
		reach, known := want[vm.Name]
		if !known {
			t.Fatalf("unexpected machine %s", vm.Name)
		}
		got, err := s.Reaches(ctx, vm.Ref, "DC0_C0")
		if err != nil || got != reach {
			t.Errorf("%s reaches DC0_C0: %t, %v; want %t", vm.Name, got, err, reach)
		}
		if _, err := s.Reaches(ctx, vm.Ref, "DC9"); !psn.Is(err, psn.InvalidInput) {
			t.Errorf("%s reaches an unknown cluster: %v", vm.Name, err)
		}
	}
}
