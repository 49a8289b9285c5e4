package openstack_test

import (
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestForgedMarkIsNotFollowed: whoever may change a server may write that any
// volume is off it to grow. Only the machine's own disk is told and attached.
func TestForgedMarkIsNotFollowed(t *testing.T) {
	for name, mark := range map[string]string{
		"nobody's":        `{"volume": "data", "disk": 1, "gib": 1, "ends": true}`,
		"another's":       `{"volume": "web0", "disk": 0, "gib": 1, "ends": true}`,
		"another project": `{"volume": "far1", "disk": 1, "gib": 1, "ends": true}`,
		"another number":  `{"volume": "v1", "disk": 2, "gib": 1, "ends": true}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newOfflineSite(t)
			sv := s.servers.all["s1"]
			sv["metadata"].(object)["psn.growing"] = mark
			sv["os-extended-volumes:volumes_attached"] = []object{{"id": "v0"}}
			s.volumes.all["v1"]["attachments"], s.volumes.all["v1"]["status"] = []object{}, "available"
			s.volumes.put(object{"id": "data", "size": 1, "status": "available", "metadata": object{"psn.volume": "data"}})
			web, far := diskOf("p_bs/web", 0, 1), diskOf("p_bs/db", 1, 1)
			web["id"], far["id"], far["os-vol-tenant-attr:tenant_id"] = "web0", "far1", "t9"
			s.volumes.put(web)
			at := s.open(t)
			vm, err := at.DescribeVM(bounded(t), "s1")
			if err != nil || len(vm.Disks) != 1 {
				t.Errorf("told as %+v, %v", vm, err)
			}
			if name == "another project" {
				s.volumes.put(far)
				if vm, err := at.DescribeVM(bounded(t), "s1"); err != nil || len(vm.Disks) != 1 {
					t.Errorf("told as %+v, %v", vm, err)
				}
				return // the tenant's token does not find it
			}
			for what, err := range map[string]error{
				"start":  at.Power(bounded(t), "s1", psn.PoweredOn),
				"change": at.UpdateVM(bounded(t), "s1", driver.VMChange{Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}, {CapacityBytes: 1 << 30}}}),
			} {
				if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), "psn.growing") {
					t.Errorf("%s: %v", what, err)
				}
			}
			if n := s.count("POST /compute/v2.1/servers/s1/os-volume_attachments"); n != 0 {
				t.Errorf("attached %d times", n)
			}
		})
	}
}

// TestMarkIsNoAddress: what a mark names does not become a path.
func TestMarkIsNoAddress(t *testing.T) {
	s := newOfflineSite(t)
	s.servers.all["s1"]["metadata"].(object)["psn.growing"] = `{"volume": "../types", "disk": 1}`
	if vm, err := s.open(t).DescribeVM(bounded(t), "s1"); err != nil || len(vm.Disks) != 2 {
		t.Errorf("told as %+v, %v", vm, err)
	}
}

// TestDiskGoneWhileItGrew: no empty disk takes the place of one that was deleted
// while it was off its machine, unless it is not wanted any more.
func TestDiskGoneWhileItGrew(t *testing.T) {
	s := newOfflineSite(t)
	sv := s.servers.all["s1"]
	sv["metadata"].(object)["psn.growing"] = `{"volume": "v1", "disk": 1, "gib": 1}`
	sv["os-extended-volumes:volumes_attached"] = []object{{"id": "v0"}}
	delete(s.volumes.all, "v1")
	at := s.open(t)
	two := driver.VMChange{Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}, {CapacityBytes: 1 << 30}}}
	for what, err := range map[string]error{"change": at.UpdateVM(bounded(t), "s1", two), "start": at.Power(bounded(t), "s1", psn.PoweredOn)} {
		if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), "the volume is gone") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s.volumes.made != 0 || sv["metadata"].(object)["psn.growing"] == nil {
		t.Errorf("%d volumes made, %v", s.volumes.made, sv["metadata"])
	}
	if err := at.UpdateVM(bounded(t), "s1", driver.VMChange{Disks: two.Disks[:1]}); err != nil || sv["metadata"].(object)["psn.growing"] != nil {
		t.Errorf("without it: %v, %v", err, sv["metadata"])
	}
}
