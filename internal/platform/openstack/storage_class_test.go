package openstack

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func pools(t *testing.T, told bool, text string) []cinderPool {
	t.Helper()
	var out []cinderPool
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i].told = told
	}
	return out
}

func TestJoinClasses(t *testing.T) {
	types := []cinderType{
		{ID: "1", Name: "ssd", Extra: map[string]string{"volume_backend_name": "fast"}},
		{ID: "2", Name: "any"},
		{ID: "3", Name: "az2-only", Extra: map[string]string{"RESKEY:availability_zones": "az3, az2"}},
		{ID: "4", Name: "nowhere", Extra: map[string]string{"volume_backend_name": "nix"}},
	}
	services := []cinderService{
		{Binary: "cinder-volume", Host: "h@one", Zone: "az1", Status: "enabled"},
		{Binary: "cinder-volume", Host: "h@two", Zone: "az2", Status: "enabled"},
		{Binary: "cinder-volume", Host: "h@off", Zone: "az1", Status: "disabled"},
	}
	const shown = `[
		{"name": "h@one#fast", "capabilities": {"volume_backend_name": "fast", "total_capacity_gb": 10, "free_capacity_gb": 4.5, "reserved_percentage": 10}},
		{"name": "h@two#slow", "capabilities": {"volume_backend_name": "slow", "total_capacity_gb": "20", "free_capacity_gb": 20, "reserved_percentage": 0}},
		{"name": "h@off#fast", "capabilities": {"volume_backend_name": "fast", "total_capacity_gb": 99, "free_capacity_gb": 99}}]`
	got := joinClasses(types, pools(t, true, shown), services, "1")
	want := []driver.StorageClass{
		{Name: "any", Clusters: []string{"az1", "az2"}, CapacityMiB: 30 << 10, FreeMiB: 3584 + 20<<10},
		{Name: "az2-only", Clusters: []string{"az2"}, CapacityMiB: 20 << 10, FreeMiB: 20 << 10},
		{Name: "nowhere", CapacityMiB: -1, FreeMiB: -1},
		{Name: "ssd", Clusters: []string{"az1"}, CapacityMiB: 10 << 10, FreeMiB: 3584, Default: true},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for name, text := range map[string]string{
		"infinite": `[{"name": "h@one#fast", "capabilities": {"volume_backend_name": "fast", "total_capacity_gb": "infinite", "free_capacity_gb": 1}}]`,
		"unknown":  `[{"name": "h@one#fast", "capabilities": {"volume_backend_name": "fast", "total_capacity_gb": 5, "free_capacity_gb": "unknown"}}]`,
		"null":     `[{"name": "h@one#fast", "capabilities": {"volume_backend_name": "fast", "total_capacity_gb": null}}]`,
	} {
		got := joinClasses(types[:1], pools(t, true, text), services, "")
		if got[0].CapacityMiB != -1 || got[0].FreeMiB != -1 || len(got[0].Clusters) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// One pool that does not tell makes the sum unknown, wherever it stands.
	const mixed = `[{"name": "h@one#a", "capabilities": {"total_capacity_gb": "unknown"}}, {"name": "h@two#b", "capabilities": {"total_capacity_gb": 1, "free_capacity_gb": 1}}]`
	if got := joinClasses(types[1:2], pools(t, true, mixed), services, ""); got[0].CapacityMiB != -1 || len(got[0].Clusters) != 2 {
		t.Errorf("one pool in two does not tell: %+v", got)
	}
	// Without reports a pool is known by its own name.
	if got := joinClasses(types[:1], pools(t, false, `[{"name": "h@one#fast"}, {"name": "h@two#slow"}]`), services, ""); len(got[0].Clusters) != 1 || got[0].CapacityMiB != -1 {
		t.Errorf("without reports: %+v", got)
	}
}

func TestVolumeMessages(t *testing.T) {
	for event, want := range map[string]psn.Code{
		"VOLUME_VOLUME_001_003": psn.Exhausted, "VOLUME_VOLUME_007_006": psn.Exhausted,
		"VOLUME_VOLUME_001_002": psn.Internal, "": psn.Internal, "VOLUME_VOLUME_003_010": psn.Internal,
	} {
		if got := (cinderMessage{Event: event}).code(); got != want {
			t.Errorf("%q is %s, want %s", event, got, want)
		}
	}
	m := newest([]cinderMessage{{ID: "b", Created: "2026-01-01T00:00:01"}, {ID: "a", Created: "2026-01-01T00:00:02"}})
	if m.ID != "a" {
		t.Errorf("newest is %s", m.ID)
	}
}

func TestSizeGiB(t *testing.T) {
	for bytes, want := range map[int64]int64{1: 1, gib - 1: 1, gib: 1, gib + 1: 2, 1 << 50: 1 << 20, 1<<63 - 1: 1 << 33} {
		if got := sizeGiB(bytes); got != want {
			t.Errorf("%d bytes are %d GiB, want %d", bytes, got, want)
		}
	}
	if err := checkVolume(driver.VolumeSpec{Tenant: "p_bs", Name: "v", SizeBytes: 1<<63 - 1}); !psn.Is(err, psn.InvalidInput) {
		t.Errorf("more than Cinder counts: %v", err)
	}
}
