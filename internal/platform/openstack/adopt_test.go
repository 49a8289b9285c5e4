package openstack_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// byHand is a server that people made: a boot volume, one that goes with the
// server, one that does not, one that is managed by itself, and two ports.
func byHand(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.servers.put(object{
		"id": "s1", "name": "hand", "status": "SHUTOFF", "tenant_id": "t1", "image": "", "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
		"os-extended-volumes:volumes_attached": []object{{"id": "data"}, {"id": "boot"}, {"id": "goes"}, {"id": "own"}}, "metadata": object{},
	})
	s.answer("GET /compute/v2.1/servers/s1/os-volume_attachments", `{"volumeAttachments": [
		{"volumeId": "data", "device": "/dev/vdb", "delete_on_termination": false}, {"volumeId": "boot", "device": "/dev/vda", "delete_on_termination": false},
		{"volumeId": "goes", "device": "/dev/vdc", "delete_on_termination": true}, {"volumeId": "own", "device": "/dev/vdd", "delete_on_termination": true}]}`)
	for _, id := range []string{"data", "boot", "goes", "own"} {
		s.volumes.put(object{"id": id, "name": id, "size": 1, "status": "in-use", "bootable": "true", "metadata": object{}})
	}
	s.volumes.all["own"]["metadata"] = object{"psn.volume": "own"}
	s.ports.put(object{"id": "k1", "name": "web frontend", "mac_address": "fa:16:3e:00:00:01", "device_id": "s1", "project_id": "t1", "network_id": "n1"})
	s.ports.put(object{"id": "k2", "name": "", "mac_address": "fa:16:3e:00:00:02", "device_id": "s1", "project_id": "t1", "network_id": "n1"})
	return s
}

// told is what DescribeVM says of the server's disks: which, and whose.
func told(t *testing.T, at *openstack.Site) map[string]string {
	t.Helper()
	vm, err := at.DescribeVM(bounded(t), "s1")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, d := range vm.Disks {
		whose := "own"
		if d.Foreign {
			whose = "foreign"
		}
		out[d.Path] = fmt.Sprintf("%d %s", d.Key, whose)
	}
	return out
}

// TestAdoptionCutOff: a server whose disks were marked and that was not is told
// as it will be.
func TestAdoptionCutOff(t *testing.T) {
	s := byHand(t)
	s.volumes.all["boot"]["metadata"] = object{"psn.id": "p_bs/db", "psn.disk": "0"}
	at := open(t, s.config(t))
	want := map[string]string{"boot": "0 own", "goes": "1 own", "data": "1000 foreign", "own": "1001 foreign"}
	if d := cmp.Diff(want, told(t, at)); d != "" {
		t.Error(d)
	}
}

// TestTakenOverVolumesStayTheirOwners: only what goes with a server becomes a
// disk of the machine, and ports keep their names.
func TestTakenOverVolumesStayTheirOwners(t *testing.T) {
	s := byHand(t)
	at := open(t, s.config(t))
	disks := map[string]string{"boot": "0 own", "goes": "1 own", "data": "1000 foreign", "own": "1001 foreign"}
	if d := cmp.Diff(disks, told(t, at)); d != "" {
		t.Errorf("before it is taken over: %s", d)
	}
	for range 2 {
		if err := at.AdoptVM(bounded(t), "s1", "p_bs/db", driver.Labels{Role: psn.RoleActive}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]any{}
	for id, v := range s.volumes.all {
		got[id] = v["metadata"].(object)["psn.disk"]
	}
	if d := cmp.Diff(map[string]any{"data": nil, "boot": "0", "goes": "1", "own": nil}, got); d != "" {
		t.Errorf("disks: %s", d)
	}
	if s.ports.all["k1"]["name"] != "web frontend" || s.ports.all["k2"]["name"] != "" || len(s.ports.all["k1"]["tags"].([]any)) != 1 {
		t.Errorf("ports: %v", s.ports.all)
	}
	vm, err := at.DescribeVM(bounded(t), "s1")
	if err != nil {
		t.Fatal(err)
	}
	keys := []int32{}
	for _, d := range vm.Disks {
		keys = append(keys, d.Key)
	}
	for _, n := range vm.NICs {
		keys = append(keys, n.Key)
	}
	if d := cmp.Diff([]int32{0, 1, 1000, 1001, 0, 1}, keys); d != "" {
		t.Errorf("told: %s", d)
	}
	if d := cmp.Diff(disks, told(t, at)); d != "" {
		t.Errorf("after it was taken over: %s", d)
	}
	// Nova lets go of volumes and ports as the server goes.
	for _, k := range s.ports.all {
		k["device_id"] = ""
	}
	if err := at.DeleteVM(bounded(t), "s1"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"data", "own"}, s.volumes.ids()); d != "" {
		t.Errorf("volumes left: %s", d)
	}
	if d := cmp.Diff([]string{"k1", "k2"}, s.ports.ids()); d != "" {
		t.Errorf("ports left: %s", d)
	}
}

func TestBootsFromAnothersVolume(t *testing.T) {
	for _, meta := range []object{{"psn.volume": "x"}, {"psn.id": "p_bs/other", "psn.disk": "0"}} {
		s := byHand(t)
		s.volumes.all["boot"]["metadata"] = meta
		if err := open(t, s.config(t)).AdoptVM(bounded(t), "s1", "p_bs/db", driver.Labels{}); !psn.Is(err, psn.Conflict) {
			t.Errorf("%v: %v", meta, err)
		}
		if s.volumes.all["goes"]["metadata"].(object)["psn.id"] != nil {
			t.Errorf("%v: something was marked", meta)
		}
	}
}
