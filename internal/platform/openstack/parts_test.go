package openstack_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestCodeOfAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		code   psn.Code
		says   string
	}{
		{400, `{"badRequest": {"code": 400, "message": "Invalid input for field name."}}`, psn.InvalidInput, "Invalid input for field name."},
		{401, `{"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}}`, psn.Unauthenticated, "requires authentication"},
		{403, `{"forbidden": {"code": 403, "message": "Quota exceeded for cores: Requested 4, but already used 20 of 20 cores"}}`, psn.Exhausted, "already used 20 of 20"},
		{403, `{"forbidden": {"code": 403, "message": "Policy doesn't allow os_compute_api:os-hypervisors:list-detail to be performed."}}`, psn.Forbidden, "Policy doesn't allow"},
		{404, `{"NeutronError": {"type": "NetworkNotFound", "message": "Network a could not be found.", "detail": ""}}`, psn.NotFound, "Network a"},
		{409, `{"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: ['port'].", "detail": ""}}`, psn.Exhausted, "['port']"},
		{409, `{"NeutronError": {"type": "IpAddressGenerationFailure", "message": "No more IP addresses available on network n.", "detail": ""}}`, psn.Exhausted, "No more IP"},
		{409, `{"conflictingRequest": {"code": 409, "message": "Cannot 'stop' instance i while it is in task_state powering-on"}}`, psn.Unavailable, "powering-on"},
		{409, `{"conflictingRequest": {"code": 409, "message": "Cannot 'resize' instance i while it is in vm_state paused"}}`, psn.Conflict, "paused"},
		{413, `{"overLimit": {"code": 413, "message": "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota."}}`, psn.Exhausted, "gigabytes"},
		{404, `{"errors": [{"status": 404, "title": "Not Found", "detail": "No resource provider with uuid u found"}]}`, psn.NotFound, "No resource provider"},
		{404, `{"message": "The resource could not be found.<br />", "code": "404 Not Found", "title": "Not Found"}`, psn.NotFound, "could not be found"},
		{500, "<html>\n <body>Internal   Server Error</body></html>", psn.Internal, "Internal Server Error"},
		{503, "", psn.Unavailable, "nothing said"},
		{406, `{"computeFault": {"message": "Version 2.79 is not supported"}}`, psn.Unsupported, "2.79"},
	} {
		said := openstack.Message([]byte(c.body))
		if got := openstack.CodeOf(c.status, said); got != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%d %s: code %s, want %s; %q", c.status, c.body, got, c.code, said)
		}
	}
	if long := openstack.Message([]byte(strings.Repeat("é", 5000))); len([]rune(long)) > 500 {
		t.Errorf("a page is told whole: %d runes", len([]rune(long)))
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"itemNotFound": {"message": "x"}}`))
	f.Add([]byte(`{"errors": [{}]}`))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m := openstack.Message(b); m == "" || strings.Contains(m, "\n") {
			t.Errorf("%q is told as %q", b, m)
		}
	})
}

func TestChooseSize(t *testing.T) {
	sizes := []openstack.Size{
		{ID: "1", Name: "disk", VCPUs: 2, RAM: 4096, Disk: 40},
		{ID: "2", Name: "plain", VCPUs: 2, RAM: 4096, Swap: ""},
		{ID: "3", Name: "gpu", VCPUs: 2, RAM: 4096, Extra: map[string]string{"resources:VGPU": "1"}},
		{ID: "4", Name: "swap", VCPUs: 1, RAM: 512, Swap: float64(512)},
		{ID: "5", Name: "gone", VCPUs: 1, RAM: 512, Disabled: true},
		{ID: "6", Name: "limited", VCPUs: 1, RAM: 1024, Disk: 10, Extra: map[string]string{"quota:disk_total_iops_sec": "100"}},
		{ID: "7", Name: "huge", VCPUs: 64, RAM: 1 << 20},
	}
	for _, c := range []struct {
		vcpus, memory int64
		want          string
	}{{2, 4096, "2"}, {1, 512, ""}, {1, 1024, "6"}, {2, 4097, ""}} {
		got := ""
		if z := openstack.ChooseSize(sizes, c.vcpus, c.memory); z != nil {
			got = z.ID
		}
		if got != c.want {
			t.Errorf("%d vCPUs, %d MiB: %q, want %q", c.vcpus, c.memory, got, c.want)
		}
	}
	if got := openstack.NearestSizes(sizes, 2, 2048); got != `nearest are "disk" (2 vCPUs, 4096 MiB), "plain" (2 vCPUs, 4096 MiB), "huge" (64 vCPUs, 1048576 MiB)` {
		t.Error(got)
	}
	if got := openstack.NearestSizes(sizes, 100, 1); !strings.HasPrefix(got, `nearest are "huge"`) {
		t.Error(got)
	}
	if got := openstack.NearestSizes(nil, 1, 1); !strings.Contains(got, "no plain flavour") {
		t.Error(got)
	}
}

func TestQuotas(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	q := driver.Quota{Instances: n(0), MemoryMiB: n(2048), StorageMiB: n(2047), Networks: n(3)}
	for service, want := range map[string]map[string]int64{
		"compute":       {"instances": 0, "cores": -1, "ram": 2048},
		"block storage": {"gigabytes": 1, "volumes": -1},
		"network":       {"network": 3, "security_group": -1, "floatingip": -1},
	} {
		got, err := openstack.Limits(service, q)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %s, %v", service, d, err)
		}
	}
	if _, err := openstack.Limits("compute", driver.Quota{VCPUs: n(-1)}); !psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), "vcpus") {
		t.Errorf("err = %v", err)
	}
	for _, c := range []struct {
		service, answer string
		want            []driver.Usage
	}{
		{"compute", `{"id": "p", "cores": {"limit": 20, "in_use": 3, "reserved": 1}, "instances": {"limit": -1, "in_use": 2, "reserved": 0}, "key_pairs": {"limit": 9}}`,
			[]driver.Usage{{Quantity: "instances", Used: 2}, {Quantity: "vcpus", Used: 4, Limit: n(20)}}},
		{"block storage", `{"id": "p", "gigabytes": {"limit": 10, "in_use": 3, "reserved": 0}}`, []driver.Usage{{Quantity: "storage_mib", Used: 3072, Limit: n(10240)}}},
		{"network", `{"network": {"limit": 0, "used": 1, "reserved": 0}}`, []driver.Usage{{Quantity: "networks", Used: 1, Limit: n(0)}}},
	} {
		var q openstack.QuotaSet
		if err := json.Unmarshal([]byte(c.answer), &q); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(any(c.want), openstack.UsageOf(q, c.service)); d != "" {
			t.Errorf("%s: %s", c.service, d)
		}
	}
}

func TestChooseNet(t *testing.T) {
	all := []openstack.NeutronNetwork{
		{ID: "1", Name: "front", ProjectID: "p"}, {ID: "2", Name: "front", ProjectID: "q", Shared: true},
		{ID: "3", Name: "servers", ProjectID: "q", Shared: true}, {ID: "4", Name: "public", ProjectID: "q", External: true},
		{ID: "5", Name: "twice", ProjectID: "p"}, {ID: "6", Name: "twice", ProjectID: "p"},
	}
	for _, c := range []struct{ name, fallback, want, says string }{
		{"front", "", "1", ""}, {"servers", "front", "3", ""}, {"", "servers", "3", ""}, {"6", "", "6", ""},
		{"twice", "", "", "2 networks have the name"}, {"public", "", "", `network "public" does not exist`}, {"", "", "", "the tenant has 3 of its own"}, {"nix", "", "", `"servers"`},
	} {
		got, err := openstack.ChooseNet(all, "p", c.name, c.fallback)
		if got != c.want || (err == nil) != (c.says == "") || (err != nil && (!psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), c.says))) {
			t.Errorf("%q or %q: %q, %v", c.name, c.fallback, got, err)
		}
	}
	if got, err := openstack.ChooseNet(all[:1], "p", "", ""); got != "1" || err != nil {
		t.Errorf("the only one: %q, %v", got, err)
	}
}

func TestCheckChange(t *testing.T) {
	vm := psn.VM{
		Disks: []psn.Disk{{Key: 0, CapacityBytes: 2 << 30, StorageClass: "fast"}, {Key: 1, CapacityBytes: 1 << 30}, {Key: 1000, CapacityBytes: 9 << 30}},
		NICs:  []psn.NIC{{Key: 0}, {Key: 1000}},
	}
	disk := func(gib int64) driver.DiskSpec { return driver.DiskSpec{CapacityBytes: gib << 30} }
	zero := int64(0)
	for name, c := range map[string]struct {
		change driver.VMChange
		says   string
	}{
		"same":        {driver.VMChange{Disks: []driver.DiskSpec{disk(2), disk(1)}, NICs: []driver.NICSpec{{}}}, ""},
		"larger":      {driver.VMChange{Disks: []driver.DiskSpec{disk(3), disk(1), disk(1)}, NICs: []driver.NICSpec{{}, {}}}, ""},
		"smaller":     {driver.VMChange{Disks: []driver.DiskSpec{disk(1), disk(1)}}, "disk 0 has 2 GiB"},
		"fewer disks": {driver.VMChange{Disks: []driver.DiskSpec{disk(2)}}, "disk 1"},
		"class":       {driver.VMChange{Disks: []driver.DiskSpec{{CapacityBytes: 2 << 30, StorageClass: "slow"}, disk(1)}}, `"fast", not "slow"`},
		"fewer cards": {driver.VMChange{NICs: []driver.NICSpec{}}, "card 0"},
		"bad card":    {driver.VMChange{NICs: []driver.NICSpec{{MAC: "x"}}}, `mac "x"`},
		"no vcpus":    {driver.VMChange{VCPUs: &zero}, "vcpus is 0"},
		"no memory":   {driver.VMChange{MemoryMiB: &zero}, "memory is 0"},
	} {
		err := openstack.CheckChange(vm, c.change)
		if (err == nil) != (c.says == "") || (err != nil && (!psn.Is(err, psn.InvalidInput) || !strings.Contains(err.Error(), c.says))) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRelabelled(t *testing.T) {
	now := map[string]string{"psn.id": "p_bs/db", "psn.role": "standby", "psn.primary_site": "rozzano", "owner": "a", "old": "b"}
	owner := map[string]string{"owner": "c"}
	got := openstack.Relabelled(now, driver.VMChange{Labels: &driver.Labels{Role: psn.RoleActive, Service: "p_bs/s"}, Metadata: &owner})
	if d := cmp.Diff(map[string]string{"psn.id": "p_bs/db", "psn.role": "active", "psn.service": "p_bs/s", "owner": "c"}, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(now, openstack.Relabelled(now, driver.VMChange{})); d != "" {
		t.Error(d)
	}
}

func TestCheckSpec(t *testing.T) {
	good := driver.VMSpec{ID: "p_bs/db", VCPUs: 1, MemoryMiB: 512, Disks: []driver.DiskSpec{{CapacityBytes: 1 << 20}}}
	if err := openstack.CheckSpec(good); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*driver.VMSpec)
		code   psn.Code
		says   string
	}{
		"no disk":     {func(v *driver.VMSpec) { v.Disks = nil }, psn.InvalidInput, "no disk"},
		"firmware":    {func(v *driver.VMSpec) { v.Firmware = "openboot" }, psn.InvalidInput, "openboot"},
		"user data":   {func(v *driver.VMSpec) { v.UserData = make([]byte, 49152) }, psn.InvalidInput, "49152 bytes"},
		"vendor data": {func(v *driver.VMSpec) { v.VendorData = []byte("x") }, psn.Unsupported, "vendor data"},
		"address":     {func(v *driver.VMSpec) { v.NICs = []driver.NICSpec{{FixedIP: "10.0.0"}} }, psn.InvalidInput, "10.0.0"},
		"our key":     {func(v *driver.VMSpec) { v.Metadata = map[string]string{"psn.id": "x"} }, psn.InvalidInput, "psn.id"},
		"long value":  {func(v *driver.VMSpec) { v.Metadata = map[string]string{"a": strings.Repeat("x", 256)} }, psn.InvalidInput, `"a"`},
		"policy":      {func(v *driver.VMSpec) { v.Group, v.GroupPolicy = "g", "nearby" }, psn.InvalidInput, "nearby"},
	} {
		spec := good
		c.change(&spec)
		if err := openstack.CheckSpec(spec); !psn.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
