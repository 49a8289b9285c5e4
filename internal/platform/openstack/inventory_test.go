package openstack_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// region scripts a small region: two zones, three hosts, one of them full and one
// switched off, machines of a tenant and of others.
func region(t *testing.T) *cloud {
	c := newCloud(t)
	c.mux = http.NewServeMux()
	c.mux.HandleFunc("POST /identity/v3/auth/tokens", c.login)
	c.mux.HandleFunc("DELETE /identity/v3/auth/tokens", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for pattern, body := range map[string]string{
		"GET /compute/{$}":                       `{"versions": [{"id": "v2.1", "version": "2.79", "min_version": "2.1"}]}`,
		"GET /volume/{$}":                        `{"versions": [{"id": "v3.0", "version": "3.59", "min_version": "3.0"}]}`,
		"GET /placement/{$}":                     `{"versions": [{"id": "v1.0", "max_version": "1.30", "min_version": "1.0"}]}`,
		"GET /identity/v3/domains":               `{"domains": [{"id": "d1", "name": "Default"}]}`,
		"GET /identity/v3/projects":              `{"projects": [{"id": "t1", "name": "p_bs", "enabled": true, "tags": ["psn", "site:acilia"]}, {"id": "t2", "name": "c_b157", "enabled": true, "tags": ["psn", "site:rozzano"]}]}`,
		"GET /compute/v2.1/os-availability-zone": `{"availabilityZoneInfo": [{"zoneName": "az2", "zoneState": {"available": true}}, {"zoneName": "az1", "zoneState": {"available": true}}]}`,
		"GET /compute/v2.1/os-aggregates":        `{"aggregates": [{"availability_zone": "az1", "hosts": ["h1", "h2", "h3"]}, {"availability_zone": null, "hosts": ["h1"]}, {"availability_zone": "az2", "hosts": ["h4"]}]}`,
		"GET /compute/v2.1/os-hypervisors/detail": `{"hypervisors": [
			{"id": "r1", "state": "up", "status": "enabled", "service": {"host": "h1"}},
			{"id": "r2", "state": "up", "status": "enabled", "service": {"host": "h2"}},
			{"id": "r3", "state": "up", "status": "disabled", "service": {"host": "h3"}},
			{"id": "r4", "state": "up", "status": "enabled", "service": {"host": "h4"}}]}`,
		"GET /placement/allocation_candidates": `{"provider_summaries": {
			"r1": {"resources": {"VCPU": {"capacity": 64, "used": 3}, "MEMORY_MB": {"capacity": 1000, "used": 9}}, "root_provider_uuid": "r1"},
			"r3": {"resources": {"VCPU": {"capacity": 500, "used": 0}}, "root_provider_uuid": "r3"},
			"r4n0": {"resources": {"VCPU": {"capacity": 8, "used": 0}, "MEMORY_MB": {"capacity": 50, "used": 0}}, "root_provider_uuid": "r4"},
			"r4n1": {"resources": {"VCPU": {"capacity": 8, "used": 0}, "MEMORY_MB": {"capacity": 60, "used": 0}}, "root_provider_uuid": "r4"}}}`,
		"GET /placement/resource_providers/r2/inventories": `{"inventories": {
			"VCPU": {"total": 10, "reserved": 2, "allocation_ratio": 4.0}, "MEMORY_MB": {"total": 2000, "reserved": 500, "allocation_ratio": 1.0}}}`,
		"GET /volume/v3/p1/scheduler-stats/get_pools": `{"pools": [
			{"name": "c@b1#p", "capabilities": {"total_capacity_gb": 100, "reserved_percentage": 10}},
			{"name": "c@b2#p", "capabilities": {"total_capacity_gb": "unknown", "reserved_percentage": 0}},
			{"name": "c@shared#p", "capabilities": {"total_capacity_gb": 20.5, "reserved_percentage": 0}},
			{"name": "c@down#p", "capabilities": {"total_capacity_gb": 1000, "reserved_percentage": 0}}]}`,
		"GET /volume/v3/p1/os-services": `{"services": [
			{"host": "c@b1", "zone": "az1", "state": "up", "status": "enabled"}, {"host": "c@b2", "zone": "az2", "state": "up", "status": "enabled"},
			{"host": "c@shared", "zone": "nova", "state": "up", "status": "enabled"}, {"host": "c@down", "zone": "az1", "state": "down", "status": "enabled"}]}`,
		"GET /volume/v3/p1/volumes/detail": `{"volumes": [
			{"id": "v0", "size": 2, "volume_type": "std", "metadata": {"psn.id": "p_bs/db", "psn.disk": "0"}, "attachments": [{"server_id": "s1"}]},
			{"id": "v1", "size": 3, "volume_type": "fast", "metadata": {"psn.id": "p_bs/db", "psn.disk": "1"}, "attachments": [{"server_id": "s1"}]},
			{"id": "v2", "size": 4, "volume_type": "std", "metadata": {}, "attachments": [{"server_id": "s1"}]},
			{"id": "v3", "size": 5, "metadata": {"psn.id": "p_bs/sb", "psn.disk": "0"}, "attachments": [{"server_id": "s2"}]},
			{"id": "v4", "size": 7, "availability_zone": "az2", "metadata": {}, "attachments": []}]}`,
		"GET /network/v2.0/security-groups": `{"security_groups": [
			{"id": "g1", "name": "web", "project_id": "t1"}, {"id": "g2", "name": "db", "project_id": "t1"}, {"id": "g3", "name": "db", "project_id": "t9"}]}`,
		"GET /network/v2.0/networks": `{"networks": [{"id": "n1", "name": "front"}]}`,
		"GET /network/v2.0/ports": `{"ports": [
			{"id": "k2", "name": "psn:p_bs/db/1", "mac_address": "FA:16:3E:00:00:02", "network_id": "n1", "device_id": "s1", "admin_state_up": false, "fixed_ips": [], "security_groups": ["g1", "g2"]},
			{"id": "k1", "name": "psn:p_bs/db/0", "mac_address": "fa:16:3e:00:00:01", "network_id": "n1", "device_id": "s1", "admin_state_up": true, "fixed_ips": [{"ip_address": "10.0.0.5"}], "security_groups": ["g1"]},
			{"id": "k9", "name": "", "mac_address": "fa:16:3e:00:00:09", "network_id": "n1", "device_id": "", "admin_state_up": true, "fixed_ips": []}]}`,
	} {
		c.answer(pattern, body)
	}
	c.mux.HandleFunc("GET /compute/v2.1/servers/detail", servers)
	return c
}

// servers answers in pages of two.
func servers(w http.ResponseWriter, r *http.Request) {
	all := []string{
		`{"id": "s1", "name": "db", "status": "SHUTOFF", "tenant_id": "t1", "OS-EXT-AZ:availability_zone": "az1", "image": "",
		  "metadata": {"psn.id": "p_bs/db", "psn.service": "p_bs/prot", "psn.classification": "critical", "psn.role": "active", "owner": "x"},
		  "flavor": {"original_name": "f", "vcpus": 2, "ram": 4096, "disk": 40},
		  "addresses": {"front": [{"addr": "10.0.0.5", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01"}]},
		  "os-extended-volumes:volumes_attached": [{"id": "v2"}, {"id": "v1"}, {"id": "v0"}]}`,
		`{"id": "s2", "name": "sb", "status": "SHUTOFF", "tenant_id": "t1", "OS-EXT-AZ:availability_zone": "az1", "image": "",
		  "metadata": {"psn.id": "p_bs/sb", "psn.service": "p_bs/prot", "psn.role": "standby", "psn.primary_site": "rozzano"},
		  "flavor": {"vcpus": 4, "ram": 1024, "disk": 0}, "os-extended-volumes:volumes_attached": [{"id": "v3"}]}`,
		`{"id": "s3", "name": "b", "status": "ACTIVE", "tenant_id": "t9", "OS-EXT-AZ:availability_zone": "az2", "image": {"id": "i"},
		  "metadata": {"psn.id": "p_bs/db"}, "flavor": {"vcpus": 1, "ram": 512, "disk": 10, "ephemeral": 1}}`,
	}
	from := 0
	if m := r.URL.Query().Get("marker"); m != "" {
		_, _ = fmt.Sscanf(m, "s%d", &from)
	}
	to := min(from+2, len(all))
	links := ""
	if to < len(all) {
		links = `, "servers_links": [{"rel": "next", "href": "http://wrong.example/next"}]`
	}
	if r.URL.Query().Get("all_tenants") != "1" {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, `{"servers": [%s]%s}`, strings.Join(all[from:to], ", "), links)
}

func TestInventoryAddsUp(t *testing.T) {
	c := region(t)
	inv, err := open(t, c.config(t)).Inventory(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	db := psn.VMID("p_bs/db")
	want := &psn.SiteInventory{
		Site: psn.Acilia, Platform: psn.OpenStack,
		Clusters: []psn.Cluster{
			// Of 64 and 32 vCPUs, 1000 and 1500 MiB the larger is held back; 90 GiB
			// and half of 20.5 GiB.
			{Name: "az1", Capacity: psn.Resources{VCPUs: 32, MemoryMiB: 1000, StorageMiB: 90<<10 + 20992/2}, Commitments: []psn.Commitment{
				{Tenant: "p_bs", Service: "p_bs/prot", Resources: psn.Resources{VCPUs: 2, MemoryMiB: 4096, StorageMiB: 14 << 10}},
				{Tenant: "p_bs", Service: "p_bs/prot", ForSite: psn.Rozzano, Resources: psn.Resources{VCPUs: 4, MemoryMiB: 1024}},
			}},
			{Name: "az2", Capacity: psn.Resources{StorageMiB: 20992 / 2}, Commitments: []psn.Commitment{
				{Resources: psn.Resources{VCPUs: 1, MemoryMiB: 512, StorageMiB: 18 << 10}},
			}},
		},
		VMs: []psn.VM{
			{Ref: "s3", Name: "b", InstanceUUID: "s3", BIOSUUID: "s3", Cluster: "az2", Folder: "t9", Power: psn.PoweredOn, VCPUs: 1, MemoryMiB: 512, StorageMiB: 11 << 10},
			{
				ID: db, Service: "p_bs/prot", Classification: psn.Critical, Role: psn.RoleActive,
				Ref: "s1", Name: "db", InstanceUUID: db.InstanceUUID(), BIOSUUID: "s1", Cluster: "az1", Folder: "p_bs", Power: psn.PoweredOff,
				VCPUs: 2, MemoryMiB: 4096, StorageMiB: 9 << 10, IPs: []string{"10.0.0.5"}, Metadata: map[string]string{"owner": "x"}, SecurityGroups: []string{"db", "web"},
				SecurityGroupRefs: map[string]string{"db": "g2", "web": "g1"},
				Disks: []psn.Disk{
					{Key: 0, UUID: "v0", Path: "v0", CapacityBytes: 2 << 30, Mode: "persistent", StorageClass: "std"},
					{Key: 1, UUID: "v1", Path: "v1", CapacityBytes: 3 << 30, Mode: "persistent", StorageClass: "fast"},
					{Key: 1000, UUID: "v2", Path: "v2", CapacityBytes: 4 << 30, Mode: "persistent", StorageClass: "std", Foreign: true},
				},
				NICs: []psn.NIC{
					{Key: 0, MAC: "fa:16:3e:00:00:01", Network: "front", Connected: true, IPs: []string{"10.0.0.5"}},
					{Key: 1, MAC: "fa:16:3e:00:00:02", Network: "front"},
				},
			},
			{
				ID: "p_bs/sb", Service: "p_bs/prot", Role: psn.RoleStandby, PrimarySite: psn.Rozzano,
				Ref: "s2", Name: "sb", InstanceUUID: psn.VMID("p_bs/sb").InstanceUUID(), BIOSUUID: "s2", Cluster: "az1", Folder: "p_bs", Power: psn.PoweredOff,
				VCPUs: 4, MemoryMiB: 1024, StorageMiB: 5 << 10, NICs: []psn.NIC{},
				Disks: []psn.Disk{{Key: 0, UUID: "v3", Path: "v3", CapacityBytes: 5 << 30, Mode: "persistent"}},
			},
		},
	}
	if d := cmp.Diff(want, inv); d != "" {
		t.Error(d)
	}
	if n := c.count("GET /compute/v2.1/servers/detail"); n != 2 {
		t.Errorf("servers were read in %d requests, want 2 pages", n)
	}
}

// TestHalfASiteIsNone: a service that fails is named, and nothing is told.
func TestHalfASiteIsNone(t *testing.T) {
	for broken, want := range map[string]string{
		"/network/v2.0/ports":                 `ports of service network`,
		"/volume/v3/p1/volumes/detail":        `volumes of service block storage`,
		"/placement/allocation_candidates":    `service placement of region "acilia"`,
		"/compute/v2.1/os-hypervisors/detail": `hypervisors of service compute`,
	} {
		t.Run(broken, func(t *testing.T) {
			c := region(t)
			cfg := c.config(t)
			cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == broken {
						return &http.Response{StatusCode: 500, Status: "500", Body: http.NoBody, Header: http.Header{}, Request: r}, nil
					}
					return next.RoundTrip(r)
				})
			}
			inv, err := open(t, cfg).Inventory(bounded(t))
			if err == nil || inv != nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v, %v; want %s", inv, err, want)
			}
		})
	}
}

// TestSourceIsReadWithItsOwnRights: of a source only what its credential owns is
// asked for.
func TestSourceIsReadWithItsOwnRights(t *testing.T) {
	c := region(t)
	cfg := c.config(t)
	cfg.Site = ""
	var mu sync.Mutex
	var all []string
	cfg.Observe = func(_, _, path string, _ int) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, path)
	}
	_, err := open(t, cfg).Inventory(bounded(t))
	if !psn.Is(err, psn.InvalidInput) { // the script wants all_tenants
		t.Errorf("err = %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(all) < 2 { // the first list that is refused ends the others, begun or not
		t.Errorf("asked only for %q", all)
	}
	for _, p := range all {
		for _, never := range []string{"hypervisors", "aggregates", "projects", "get_pools", "allocation_candidates"} {
			if strings.Contains(p, never) {
				t.Errorf("asked for %s", p)
			}
		}
	}
}
