package openstack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type object = map[string]any

// store keeps the objects of a collection, as an API does.
type store struct {
	mu     sync.Mutex
	key    string // of one object
	prefix string // of ids
	made   int
	all    map[string]object
	gone   []string // deleted, by id
	refuse int      // the status of every further creation, unless 0
	said   string
	keeps  bool   // nothing can be deleted
	stamp  object // fields that the service gives to what is made

	deleted []object // told to administrators who ask for what was deleted
}

// keep serves a collection: creation, list, one object, its metadata, deletion.
func (c *cloud) keep(path, lists, key, prefix string) *store {
	s := &store{key: key, prefix: prefix, all: map[string]object{}}
	write := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	c.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.refuse != 0 {
			w.WriteHeader(s.refuse)
			write(w, object{"fault": object{"message": s.said}})
			return
		}
		body := map[string]object{}
		_ = json.NewDecoder(r.Body).Decode(&body)
		s.made++
		o := body[key]
		o["id"] = fmt.Sprintf("%s%d", prefix, s.made)
		if o["status"] == nil {
			o["status"] = "available"
		}
		maps.Copy(o, s.stamp)
		s.all[o["id"].(string)] = o
		w.WriteHeader(http.StatusCreated)
		write(w, object{key: o})
	})
	find := func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		out := []object{}
		if r.URL.Query().Get("deleted") == "true" {
			write(w, object{key + "s": s.deleted})
			return
		}
		named := regexp.MustCompile(r.URL.Query().Get("name"))
		for _, o := range s.all {
			if name, _ := o["name"].(string); !named.MatchString(name) {
				continue
			}
			if v := r.URL.Query().Get("device_id"); v != "" && o["device_id"] != v {
				continue
			}
			out = append(out, o)
		}
		slices.SortFunc(out, func(a, b object) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
		write(w, object{key + "s": out})
	}
	c.mux.HandleFunc("GET "+lists, find)
	c.mux.HandleFunc("GET "+path+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.all[r.PathValue("id")] == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		write(w, object{key: s.all[r.PathValue("id")]})
	})
	c.mux.HandleFunc("POST "+path+"/{id}/metadata", func(_ http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var body struct{ Metadata object }
		_ = json.NewDecoder(r.Body).Decode(&body)
		now, _ := s.all[r.PathValue("id")]["metadata"].(object)
		if now == nil {
			now = object{}
		}
		for k, v := range body.Metadata {
			now[k] = v
		}
		s.all[r.PathValue("id")]["metadata"] = now
	})
	c.mux.HandleFunc("POST "+path+"/{id}/action", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	c.mux.HandleFunc("PUT "+path+"/{id}/tags/{tag}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		tags, _ := s.all[r.PathValue("id")]["tags"].([]any)
		s.all[r.PathValue("id")]["tags"] = append(tags, r.PathValue("tag"))
		w.WriteHeader(http.StatusCreated)
	})
	c.mux.HandleFunc("PUT "+path+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body := map[string]object{}
		_ = json.NewDecoder(r.Body).Decode(&body)
		for k, v := range body[key] {
			s.all[r.PathValue("id")][k] = v
		}
		write(w, object{key: s.all[r.PathValue("id")]})
	})
	c.mux.HandleFunc("DELETE "+path+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.all[r.PathValue("id")] == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if s.keeps {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		delete(s.all, r.PathValue("id"))
		s.gone = append(s.gone, r.PathValue("id"))
		w.WriteHeader(http.StatusNoContent)
	})
	return s
}

func (s *store) put(o object) { s.all[o["id"].(string)] = o }

func (s *store) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for id := range s.all {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// site is a region with a tenant, in which machines can be made.
type site struct {
	*cloud
	servers, volumes, ports, groups *store
}

func newSite(t *testing.T) *site {
	t.Helper()
	c := newCloudWith(t, `{"projects": [{"id": "t1", "name": "p_bs", "enabled": true, "tags": ["psn", "site:acilia"]}]}`)
	s := &site{cloud: c}
	s.servers = c.keep("/compute/v2.1/servers", "/compute/v2.1/servers/detail", "server", "s")
	s.volumes = c.keep("/volume/v3/p1/volumes", "/volume/v3/p1/volumes/detail", "volume", "v")
	s.ports = c.keep("/network/v2.0/ports", "/network/v2.0/ports", "port", "k")
	s.groups = c.keep("/compute/v2.1/os-server-groups", "/compute/v2.1/os-server-groups", "server_group", "g")
	c.answer("GET /compute/v2.1/os-availability-zone", `{"availabilityZoneInfo": [{"zoneName": "az1", "zoneState": {"available": true}}]}`)
	c.answer("GET /volume/v3/p1/os-availability-zone", `{"availabilityZoneInfo": []}`)
	c.answer("GET /compute/v2.1/flavors/detail", `{"flavors": [{"id": "f1", "name": "one", "vcpus": 1, "ram": 512, "disk": 0, "swap": ""}]}`)
	c.answer("GET /network/v2.0/networks", `{"networks": [{"id": "n1", "name": "front", "project_id": "t1"}]}`)
	c.answer("GET /volume/v3/p1/messages", `{"messages": []}`)
	return s
}

func diskOf(id string, n int, gib int64) object {
	return object{
		"id": fmt.Sprintf("old%d", n), "size": gib, "status": "available", "created_at": "2025-01-01T00:00:00",
		"metadata": object{"psn.id": id, "psn.disk": fmt.Sprint(n)},
	}
}

// TestFailedMachineKeepsWhatStoodBefore: whatever refuses a machine, volumes of
// an earlier one of its id stay, and what the call itself made goes.
func TestFailedMachineKeepsWhatStoodBefore(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*site)
		code   psn.Code
		says   string
		left   []string
	}{
		"quota": {func(s *site) {
			s.volumes.put(diskOf("p_bs/db", 0, 1))
			s.servers.refuse, s.servers.said = 403, "Quota exceeded for cores"
		}, psn.Exhausted, "old0", []string{"old0"}},
		"another size": {func(s *site) { s.volumes.put(diskOf("p_bs/db", 0, 2)) }, psn.Conflict, "has 2 GiB", []string{"old0"}},
		"in error": {func(s *site) {
			v := diskOf("p_bs/db", 0, 1)
			v["status"] = "error"
			s.volumes.put(v)
		}, psn.Conflict, "old0", []string{"old0"}},
		"never whole": {func(s *site) {
			v := diskOf("p_bs/db", 0, 1)
			v["status"], v["metadata"].(object)["psn.making"] = "error", "1"
			s.volumes.put(v)
			s.servers.refuse, s.servers.said = 400, "Bad flavour"
		}, psn.InvalidInput, "Bad flavour", []string{}},
		"whole, then in error": {func(s *site) {
			v := diskOf("p_bs/db", 0, 1)
			v["status"], v["bootable"], v["metadata"].(object)["psn.making"] = "error", "true", "1"
			s.volumes.put(v)
		}, psn.Conflict, "old0", []string{"old0"}},
		"conflict":       {func(s *site) { s.servers.refuse, s.servers.said = 409, "Port is in use" }, psn.Conflict, "v1", []string{"v1", "v2"}},
		"nothing before": {func(s *site) { s.servers.refuse, s.servers.said = 400, "Bad flavour" }, psn.InvalidInput, "Bad flavour", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c.before(s)
			_, err := open(t, s.config(t)).CreateVM(bounded(t), driver.VMSpec{
				ID: "p_bs/db", Cluster: "az1", VCPUs: 1, MemoryMiB: 512,
				Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}, {CapacityBytes: 1 << 30}}, NICs: []driver.NICSpec{{Network: "front"}},
			})
			if !psn.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v", err)
			}
			if d := cmp.Diff(c.left, s.volumes.ids()); d != "" {
				t.Error(d)
			}
			if left := s.ports.ids(); len(left) > 0 && name != "conflict" {
				t.Errorf("ports left: %v", left)
			}
		})
	}
}

// TestServerTakesOnlyItsOwnAway: Nova removes with a server what was made for
// it, not what it was given.
func TestServerTakesOnlyItsOwnAway(t *testing.T) {
	s := newSite(t)
	s.volumes.put(diskOf("p_bs/db", 0, 1))
	var body struct {
		Server struct {
			Devices []struct {
				UUID string `json:"uuid"`
				Ends bool   `json:"delete_on_termination"`
			} `json:"block_device_mapping_v2"`
		}
	}
	cfg := s.config(t)
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/servers") {
				b, err := r.GetBody()
				if err != nil {
					return nil, err
				}
				_ = json.NewDecoder(b).Decode(&body)
			}
			return next.RoundTrip(r)
		})
	}
	s.servers.refuse, s.servers.said = 400, "no"
	_, _ = open(t, cfg).CreateVM(bounded(t), driver.VMSpec{
		ID: "p_bs/db", Cluster: "az1", VCPUs: 1, MemoryMiB: 512, Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}, {CapacityBytes: 1 << 30}},
	})
	got := map[string]bool{}
	for _, d := range body.Server.Devices {
		got[d.UUID] = d.Ends
	}
	if d := cmp.Diff(map[string]bool{"old0": false, "v1": true}, got); d != "" {
		t.Error(d)
	}
}

// TestServerInErrorThatRanIsKept: one whose making was never noted as ended may
// have run for years.
func TestServerInErrorThatRanIsKept(t *testing.T) {
	for launched, kept := range map[string]bool{"": false, "2025-01-01T00:00:00.000000": true} {
		s := newSite(t)
		sv := object{"id": "s1", "name": "db", "status": "ERROR", "tenant_id": "t1", "metadata": object{"psn.id": "p_bs/db", "psn.making": "1"}, "fault": object{"message": "No valid host was found."}}
		if launched != "" {
			sv["OS-SRV-USG:launched_at"] = launched
		}
		s.servers.put(sv)
		s.volumes.put(diskOf("p_bs/db", 0, 1))
		s.answer("GET /compute/v2.1/servers", `{"servers": [{"id": "s1"}]}`)
		_, err := open(t, s.config(t)).CreateVM(bounded(t), driver.VMSpec{ID: "p_bs/db", Cluster: "az1", VCPUs: 1, MemoryMiB: 512, Disks: []driver.DiskSpec{{CapacityBytes: 1 << 30}}})
		if !psn.Is(err, psn.Exhausted) && !psn.Is(err, psn.Conflict) {
			t.Errorf("launched %q: %v", launched, err)
		}
		if got := slices.Contains(s.servers.ids(), "s1"); got != kept {
			t.Errorf("launched %q: the server stands: %v, %v", launched, got, err)
		}
		if left := s.volumes.ids(); !slices.Contains(left, "old0") {
			t.Errorf("launched %q: volumes %v", launched, left)
		}
	}
}

// TestOnlyTheMachinesGroupGoes: an empty group may be another machine's that is
// being made.
func TestOnlyTheMachinesGroupGoes(t *testing.T) {
	s := newSite(t)
	s.servers.put(object{"id": "s1", "name": "db", "status": "SHUTOFF", "tenant_id": "t1", "metadata": object{"psn.id": "p_bs/db", "psn.group": "mine"}})
	for id, name := range map[string]string{"g1": "psn:mine", "g2": "psn:other", "g3": "theirs"} {
		s.groups.put(object{"id": id, "name": name, "project_id": "t1", "members": []any{}})
	}
	s.groups.put(object{"id": "g4", "name": "psn:mine", "project_id": "t9", "members": []any{}})
	if err := open(t, s.config(t)).DeleteVM(bounded(t), "s1"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"g2", "g3", "g4"}, s.groups.ids()); d != "" {
		t.Error(d)
	}
}

// TestVolumeInErrorIsNotReplaced: a volume that an earlier call made may hold data.
func TestVolumeInErrorIsNotReplaced(t *testing.T) {
	s := newSite(t)
	s.volumes.put(object{"id": "old", "name": "data", "size": 1, "status": "error", "metadata": object{"psn.volume": "data"}})
	_, err := open(t, s.config(t)).CreateVolume(bounded(t), driver.VolumeSpec{Tenant: "p_bs", Name: "data", SizeBytes: 1 << 30})
	if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), "old") || !slices.Contains(s.volumes.ids(), "old") {
		t.Errorf("left %v: %v", s.volumes.ids(), err)
	}
}

// TestDeletionCutOff: when the server is gone and its disks are not, the next
// call removes them, and nothing that another machine may use.
func TestDeletionCutOff(t *testing.T) {
	s := newSite(t)
	s.servers.put(object{"id": "s1", "name": "db", "status": "SHUTOFF", "tenant_id": "t1", "metadata": object{"psn.id": "p_bs/db"}})
	for n := range 2 {
		s.volumes.put(diskOf("p_bs/db", n, 1))
	}
	lent := diskOf("p_bs/web", 7, 1)
	lent["metadata"].(object)["psn.leaving"], lent["attachments"] = "s1", []object{{"server_id": "s9"}}
	s.volumes.put(lent)
	s.volumes.put(diskOf("p_bs/app", 8, 1))
	s.ports.put(object{"id": "k1", "name": "psn:p_bs/db/0", "device_id": "s1", "project_id": "t1"})
	s.ports.put(object{"id": "k2", "name": "theirs", "device_id": "s1", "project_id": "t1"})
	s.answer("GET /compute/v2.1/servers", `{"servers": []}`)
	at := open(t, s.config(t))
	s.volumes.keeps = true
	if err := at.DeleteVM(bounded(t), "s1"); err == nil {
		t.Fatal("deleted, and its volumes were not")
	}
	if left := s.servers.ids(); len(left) > 0 {
		t.Fatalf("servers left: %v", left)
	}
	s.volumes.keeps = false
	for _, k := range s.ports.all {
		k["device_id"] = ""
	}
	if err := at.DeleteVM(bounded(t), "s1"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"old7", "old8"}, s.volumes.ids()); d != "" {
		t.Errorf("volumes: %s", d)
	}
	if d := cmp.Diff([]string{"k2"}, s.ports.ids()); d != "" {
		t.Errorf("ports: %s", d)
	}
}
