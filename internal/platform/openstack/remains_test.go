package openstack_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestRemainsOfAMachine: what was made for a machine that somebody deleted by hand
// is told and removed, and nothing of others; while it stands, neither.
func TestRemainsOfAMachine(t *testing.T) {
	for _, stands := range []bool{true, false} {
		s := newSite(t)
		if stands {
			s.servers.put(object{"id": "s1", "name": "db", "status": "ACTIVE", "tags": []any{"psn:" + psn.VMID("p_bs/db").InstanceUUID()}})
		}
		for n := range 2 {
			s.volumes.put(diskOf("p_bs/db", n, 1))
		}
		s.volumes.put(diskOf("p_bs/app", 8, 1))
		s.volumes.put(object{"id": "data", "name": "data", "size": 1, "status": "available", "metadata": object{"psn.volume": "data"}})
		s.ports.put(object{"id": "k1", "name": "psn:p_bs/db/0", "mac_address": "fa:16:3e:00:00:01", "device_id": "", "project_id": "t1"})
		s.ports.put(object{"id": "k2", "name": "theirs", "device_id": "", "project_id": "t1"})
		at := open(t, s.config(t))
		left, err := at.VMRemains(bounded(t), "p_bs/db")
		if err != nil {
			t.Fatal(err)
		}
		err = at.DeleteVMRemains(bounded(t), "p_bs/db")
		if stands {
			if len(left) > 0 || !psn.Is(err, psn.Conflict) || len(s.volumes.ids()) != 4 {
				t.Errorf("while it stands: %q, %v, %v", left, err, s.volumes.ids())
			}
			continue
		}
		want := []string{"port k1 (fa:16:3e:00:00:01)", `volume old0 "" (1 GiB)`, `volume old1 "" (1 GiB)`}
		if d := cmp.Diff(want, left); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"data", "old8"}, s.volumes.ids()); err != nil || d != "" {
			t.Errorf("%v: %s", err, d)
		}
		if d := cmp.Diff([]string{"k2"}, s.ports.ids()); d != "" {
			t.Error(d)
		}
		if none, err := at.VMRemains(bounded(t), "c_b157/db"); err != nil || len(none) > 0 {
			t.Errorf("of a tenant that is not here: %q, %v", none, err)
		}
	}
}

// TestRemainsThatAreNot: nothing is removed of a machine that stands without its
// tag or can be restored, nor anything while somebody has a part of it.
func TestRemainsThatAreNot(t *testing.T) {
	for name, c := range map[string]struct {
		with func(*site)
		told int
		says string
	}{
		"disk lent": {func(s *site) { s.volumes.all["old1"]["attachments"] = []object{{"server_id": "rescue"}} }, 3, "volume old1"},
		"port used": {func(s *site) { s.ports.all["k1"]["device_id"] = "s7" }, 2, "port k1"},
		"tag taken off": {func(s *site) {
			s.servers.put(object{"id": "s1", "name": "db", "status": "ACTIVE", "tenant_id": "t1", "metadata": object{"psn.id": "p_bs/db"}})
		}, 0, "stands (server s1)"},
		"can be restored": {func(s *site) {
			s.servers.deleted = []object{{"id": "s1", "name": "db", "status": "SOFT_DELETED", "tenant_id": "t1", "metadata": object{"psn.id": "p_bs/db"}}}
		}, 0, "openstack server restore s1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			for n := range 2 {
				s.volumes.put(diskOf("p_bs/db", n, 1))
			}
			s.ports.put(object{"id": "k1", "name": "psn:p_bs/db/0", "device_id": "", "project_id": "t1"})
			c.with(s)
			at := open(t, s.config(t))
			left, err := at.VMRemains(bounded(t), "p_bs/db")
			if restorable := strings.Contains(c.says, "restore"); len(left) != c.told || restorable && (!psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), c.says)) || !restorable && err != nil {
				t.Errorf("told %q, %v", left, err)
			}
			if told := strings.Contains(strings.Join(left, " "), "which server rescue has"); told != (name == "disk lent") {
				t.Errorf("who has it: %q", left)
			}
			err = at.DeleteVMRemains(bounded(t), "p_bs/db")
			if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v", err)
			}
			if len(s.volumes.ids()) != 2 || len(s.ports.ids()) != 1 {
				t.Errorf("left are %v, %v", s.volumes.ids(), s.ports.ids())
			}
		})
	}
}

// TestFoundWithoutItsTag: a machine whose tag somebody took off is found as a
// refresh of the site finds it, and not another of its name.
func TestFoundWithoutItsTag(t *testing.T) {
	s := guardedSite(t)
	s.servers.put(object{"id": "s0", "name": "db", "status": "ACTIVE", "tenant_id": "t9", "metadata": object{"psn.id": "p_bs/db"}})
	s.servers.put(object{"id": "s2", "name": "web", "status": "ACTIVE", "tenant_id": "t1", "metadata": object{"psn.id": "p_bs/web"}})
	s.answer("GET /compute/v2.1/servers", `{"servers": []}`)
	at := open(t, s.config(t))
	if vm, err := at.FindVM(bounded(t), "p_bs/db"); err != nil || vm.Ref != "s1" {
		t.Errorf("%+v, %v", vm, err)
	}
	if vm, err := at.FindVM(bounded(t), "p_bs/none"); !psn.Is(err, psn.NotFound) {
		t.Errorf("%+v, %v", vm, err)
	}
}

// TestFoundByItsDisks: a machine whose tag somebody took off and that goes by
// another name is found by the disks that bear its id, and not whoever else has
// one of them; where the tag says all, the disks are not asked for.
func TestFoundByItsDisks(t *testing.T) {
	for name, c := range map[string]struct {
		id     string
		status string
		tagged bool
		code   psn.Code
		lists  int
	}{
		"renamed":         {"p_bs/db", "ACTIVE", false, "", 1},
		"not it":          {"p_bs/rescue", "ACTIVE", false, psn.NotFound, 1},
		"has its tag":     {"p_bs/db", "ACTIVE", true, "", 0},
		"can be restored": {"p_bs/db", "SOFT_DELETED", false, psn.Conflict, 1},
	} {
		s := guardedSite(t)
		sv := s.servers.all["s1"]
		sv["name"], sv["metadata"], sv["status"] = "renamed by hand", object{"psn.id": c.id}, c.status
		tagged := `{"servers": []}`
		if c.tagged {
			tagged = `{"servers": [{"id": "s1"}]}`
		}
		s.answer("GET /compute/v2.1/servers", tagged)
		s.volumes.put(diskOf("p_bs/app", 8, 1))
		disk := diskOf("p_bs/db", 0, 1)
		disk["status"], disk["attachments"] = "in-use", []object{{"server_id": "gone"}, {"server_id": "s1"}}
		s.volumes.put(disk)
		vm, err := open(t, s.config(t)).FindVM(bounded(t), "p_bs/db")
		if c.code == "" && (err != nil || vm.Ref != "s1") || c.code != "" && !psn.Is(err, c.code) {
			t.Errorf("%s: %+v, %v", name, vm, err)
		}
		if got := s.count("GET /volume/v3/p1/volumes/detail"); got != c.lists {
			t.Errorf("%s: volumes were listed %d times", name, got)
		}
	}
}

// TestMadeOnceWithoutItsTag: a machine whose tag somebody took off is not made
// again beside itself.
func TestMadeOnceWithoutItsTag(t *testing.T) {
	s := guardedSite(t)
	cfg := s.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("tags") != "" {
				body := io.NopCloser(strings.NewReader(`{"servers": []}`))
				return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Request: r}, nil
			}
			return next.RoundTrip(r)
		})
	}
	ref, err := open(t, cfg).CreateVM(bounded(t), driver.VMSpec{ID: "p_bs/db", Cluster: "az1", VCPUs: 1, MemoryMiB: 512, Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}}})
	if err != nil || ref != "s1" || s.volumes.made+s.servers.made != 0 {
		t.Errorf("%q, %v; %d volumes and %d servers made", ref, err, s.volumes.made, s.servers.made)
	}
}
