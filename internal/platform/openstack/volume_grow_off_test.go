package openstack_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// offlineSite is a site whose storage grows no volume in use, with a machine,
// s1, that is off and has two disks.
type offlineSite struct {
	*site
	mu     sync.Mutex
	left   int // changing requests that get through; negative for all
	device string
	ends   bool
}

func newOfflineSite(t *testing.T) *offlineSite {
	t.Helper()
	s := &offlineSite{site: guardedSite(t), left: -1, device: "/dev/vdb", ends: true}
	on := []object{{"server_id": "s1"}}
	for n, id := range []string{"v0", "v1"} {
		v := diskOf("p_bs/db", n, 1)
		v["id"], v["status"], v["attachments"] = id, "in-use", on
		s.volumes.put(v)
	}
	s.answer("GET /volume/v3/p1/scheduler-stats/get_pools", `{"pools": []}`)
	sv := s.servers.all["s1"]
	sv["os-extended-volumes:volumes_attached"] = []object{{"id": "v0"}, {"id": "v1"}}
	s.mux.HandleFunc("GET /compute/v2.1/servers/s1/os-volume_attachments", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(object{"volumeAttachments": []object{{"volumeId": "v1", "device": s.device, "delete_on_termination": s.ends}}})
	})
	change := func(f func(v object, body object)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s.volumes.mu.Lock()
			defer s.volumes.mu.Unlock()
			var body object
			_ = json.NewDecoder(r.Body).Decode(&body)
			f(s.volumes.all["v1"], body)
			w.WriteHeader(http.StatusAccepted)
		}
	}
	s.mux.HandleFunc("DELETE /compute/v2.1/servers/s1/os-volume_attachments/v1", change(func(v, _ object) {
		v["attachments"], v["status"] = []object{}, "available"
		s.servers.mu.Lock()
		defer s.servers.mu.Unlock()
		sv["os-extended-volumes:volumes_attached"] = []object{{"id": "v0"}}
	}))
	s.mux.HandleFunc("POST /compute/v2.1/servers/s1/os-volume_attachments", change(func(v, body object) {
		with, _ := body["volumeAttachment"].(object)
		s.mu.Lock()
		s.device, _ = with["device"].(string)
		s.ends, _ = with["delete_on_termination"].(bool)
		s.mu.Unlock()
		v["attachments"], v["status"] = on, "in-use"
		s.servers.mu.Lock()
		defer s.servers.mu.Unlock()
		sv["os-extended-volumes:volumes_attached"] = []object{{"id": "v0"}, {"id": "v1"}}
	}))
	s.mux.HandleFunc("DELETE /compute/v2.1/servers/s1/metadata/{key}", func(_ http.ResponseWriter, r *http.Request) {
		s.servers.mu.Lock()
		defer s.servers.mu.Unlock()
		delete(sv["metadata"].(object), r.PathValue("key"))
	})
	s.mux.HandleFunc("POST /compute/v2.1/servers/s1/action", func(w http.ResponseWriter, _ *http.Request) {
		s.servers.mu.Lock()
		defer s.servers.mu.Unlock()
		sv["status"] = "ACTIVE"
		w.WriteHeader(http.StatusAccepted)
	})
	s.mux.HandleFunc("POST /volume/v3/p1/volumes/v1/action", change(func(v, body object) {
		if reset, ok := body["os-reset_status"].(object); ok {
			v["status"] = reset["status"]
		}
		if extend, ok := body["os-extend"].(object); ok {
			if v["status"] = "error_extending"; len(v["attachments"].([]object)) == 0 {
				v["status"], v["size"] = "available", extend["new_size"]
			}
		}
	}))
	return s
}

// open connects; once left requests have changed something, no further one
// arrives.
func (s *offlineSite) open(t *testing.T) driver.Site {
	t.Helper()
	cfg := s.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			s.mu.Lock()
			dead := s.left == 0
			if s.left > 0 && r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/auth/") {
				if s.left--; s.left == 0 {
					dead = true
				}
			}
			s.mu.Unlock()
			if dead {
				return nil, psn.Errorf(psn.Unavailable, "cut off: %w", errors.New("killed"))
			}
			return next.RoundTrip(r)
		})
	}
	return open(t, cfg)
}

func (s *offlineSite) allow(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = n
}

// whole holds the machine's disks against what they should be.
func (s *offlineSite) whole(t *testing.T, at driver.Site, gib int64) {
	t.Helper()
	vm, err := at.DescribeVM(bounded(t), "s1")
	if err != nil || len(vm.Disks) != 2 || vm.Disks[1].UUID != "v1" || vm.Disks[1].Key != 1 || vm.Disks[1].Foreign {
		t.Fatalf("%+v, %v", vm, err)
	}
	if got := vm.Disks[1].CapacityBytes >> 30; gib != 0 && got != gib {
		t.Errorf("disk 1 has %d GiB, want %d", got, gib)
	}
}

// TestDiskGrowsOffItsMachine: also when the work is cut off anywhere, the machine
// is told with all its disks, and the next change makes it so.
func TestDiskGrowsOffItsMachine(t *testing.T) {
	change := driver.VMChange{Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}, {CapacityBytes: 2 << 30}}}
	cuts := 0
	for through := 1; ; through++ {
		s := newOfflineSite(t)
		at := s.open(t)
		if err := at.UpdateVM(bounded(t), "s1", driver.VMChange{}); err != nil { // logs in
			t.Fatal(err)
		}
		s.allow(through)
		err := at.UpdateVM(bounded(t), "s1", change)
		s.allow(-1)
		if err != nil {
			cuts++
			was := int64(1) // as long as it is off, so that the plan still wants it grown
			if len(s.volumes.all["v1"]["attachments"].([]object)) > 0 {
				was = 0
			}
			s.whole(t, at, was)
			if err := s.open(t).UpdateVM(bounded(t), "s1", change); err != nil {
				t.Fatalf("after %d requests: %v", through-1, err)
			}
		}
		s.whole(t, at, 2)
		if s.device != "/dev/vdb" || !s.ends || s.servers.all["s1"]["metadata"].(object)["psn.growing"] != nil {
			t.Errorf("after %d requests it is put back at %q, ending with the machine %v: %v", through-1, s.device, s.ends, s.servers.all["s1"]["metadata"])
		}
		if err == nil {
			break
		}
	}
	if cuts < 6 {
		t.Errorf("it was cut off at %d requests only", cuts)
	}
}

// TestStartPutsDiskBack: a machine does not start without a disk that was taken
// off it to grow.
func TestStartPutsDiskBack(t *testing.T) {
	s := newOfflineSite(t)
	sv := s.servers.all["s1"]
	sv["metadata"].(object)["psn.growing"] = `{"volume": "v1", "disk": 1, "gib": 1, "device": "/dev/vdc", "ends": true}`
	sv["os-extended-volumes:volumes_attached"] = []object{{"id": "v0"}}
	s.volumes.all["v1"]["attachments"], s.volumes.all["v1"]["status"] = []object{}, "error_extending"
	if err := s.open(t).Power(bounded(t), "s1", psn.PoweredOn); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]object{{"server_id": "s1"}}, s.volumes.all["v1"]["attachments"]); d != "" || s.device != "/dev/vdc" {
		t.Errorf("at %q: %s", s.device, d)
	}
}

// TestGrowthThatCannotBe: the error says what helps, and the disk is as it was.
func TestGrowthThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		status string
		gibs   [2]int64
		says   string
	}{
		"boot disk":     {"SHUTOFF", [2]int64{2, 1}, "boot disk"},
		"while it runs": {"ACTIVE", [2]int64{1, 2}, "power the machine off"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newOfflineSite(t)
			s.servers.all["s1"]["status"] = c.status
			s.answer("POST /volume/v3/p1/volumes/v0/action", ``)
			s.volumes.all["v0"]["os-vol-host-attr:host"] = "c@b1#p"
			err := s.open(t).UpdateVM(bounded(t), "s1", driver.VMChange{Disks: []driver.DiskSpec{{CapacityBytes: c.gibs[0] << 30}, {CapacityBytes: c.gibs[1] << 30}}})
			if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v", err)
			}
			s.whole(t, s.open(t), 1)
		})
	}
}

// TestStorageSaysThatItCannot: where the pool says that it grows nothing in use
// nothing is tried.
func TestStorageSaysThatItCannot(t *testing.T) {
	s := newSite(t)
	s.answer("GET /volume/v3/p1/scheduler-stats/get_pools", `{"pools": [
		{"name": "c@other#p", "capabilities": {"online_extend_support": true}}, {"name": "c@b1#p", "capabilities": {"online_extend_support": false}}]}`)
	s.volumes.put(object{"id": "v", "name": "data", "size": 1, "status": "in-use", "os-vol-host-attr:host": "c@b1#p",
		"attachments": []object{{"server_id": "s1"}}, "metadata": object{"psn.volume": "data"}})
	_, err := open(t, s.config(t)).UpdateVolume(bounded(t), "v", driver.VolumeSpec{Tenant: "p_bs", Name: "data", SizeBytes: 2 << 30})
	if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), "take it off") || s.count("POST /volume/v3/p1/volumes/v/action") > 0 {
		t.Errorf("asked %d times: %v", s.count("POST /volume/v3/p1/volumes/v/action"), err)
	}
}
