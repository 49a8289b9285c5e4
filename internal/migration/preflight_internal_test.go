package migration

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// fakeSite is a source or site of which only what a test sets exists.
type fakeSite struct {
	driver.Site
	vms       []psn.VM
	clusters  []psn.Cluster
	snapshots []driver.Snapshot
	removed   []string
	pages     map[int64]*driver.AreaPage
	asked     []int64
	areasErr  error
	powered   []string // "<ref> <state>", in order
	tenants   []psn.TenantID
	reached   string // cluster that the worker reaches
}

func (f *fakeSite) Power(_ context.Context, ref string, want psn.PowerState) error {
	f.powered = append(f.powered, ref+" "+string(want))
	return nil
}

func (f *fakeSite) SetLinks(context.Context, string, bool, ...string) error { return nil }

func (f *fakeSite) UpdateVM(context.Context, string, driver.VMChange) error { return nil }

func (f *fakeSite) TenantExists(_ context.Context, id psn.TenantID) (bool, error) {
	return slices.Contains(f.tenants, id), nil
}

func (f *fakeSite) Reaches(_ context.Context, _, cluster string) (bool, error) {
	return cluster == f.reached, nil
}

func (f *fakeSite) Inventory(context.Context) (*psn.SiteInventory, error) {
	return &psn.SiteInventory{VMs: f.vms, Clusters: f.clusters}, nil
}

func (f *fakeSite) DescribeVM(_ context.Context, ref string) (*psn.VM, error) {
	for _, vm := range f.vms {
		if vm.Ref == ref {
			return &vm, nil
		}
	}
	return nil, psn.Errorf(psn.NotFound, "no %s", ref)
}

func (f *fakeSite) Snapshots(context.Context, string) ([]driver.Snapshot, error) {
	return f.snapshots, nil
}

func (f *fakeSite) CreateSnapshot(context.Context, string, string, func(string)) (*driver.Snapshot, error) {
	return nil, psn.Errorf(psn.Internal, "no snapshot is expected")
}

func (f *fakeSite) RemoveSnapshot(_ context.Context, _, ref string) error {
	f.removed = append(f.removed, ref)
	return nil
}

func (f *fakeSite) EnableChangeTracking(context.Context, string) error { return nil }

func (f *fakeSite) ChangedAreas(_ context.Context, _, _ string, _ int32, _ string, off int64) (*driver.AreaPage, error) {
	f.asked = append(f.asked, off)
	if f.areasErr != nil {
		return nil, f.areasErr
	}
	if p := f.pages[off]; p != nil {
		return p, nil
	}
	return nil, psn.Errorf(psn.Internal, "no page at %d", off)
}

func TestChangedAreasAreReadToTheEnd(t *testing.T) {
	const mib = 1 << 20
	disk := driver.SnapshotDisk{Key: 2000, CapacityBytes: 10 * mib}
	for name, tc := range map[string]struct {
		pages map[int64]*driver.AreaPage
		want  []blockcopy.Extent
		err   string
	}{
		"an empty page is not the end": {
			pages: map[int64]*driver.AreaPage{
				0:       {Start: 0, Length: 4 * mib, Areas: []driver.Area{{Start: 0, Length: mib}}},
				4 * mib: {Start: 4 * mib, Length: 4 * mib},
				8 * mib: {Start: 8 * mib, Length: 2 * mib, Areas: []driver.Area{{Start: 9 * mib, Length: mib}}},
			},
			want: []blockcopy.Extent{{Start: 0, Length: mib}, {Start: 9 * mib, Length: mib}},
		},
		"nothing changed is an answer": {
			pages: map[int64]*driver.AreaPage{0: {Length: 10 * mib}},
			want:  []blockcopy.Extent{},
		},
		"an area past the end is clipped": {
			pages: map[int64]*driver.AreaPage{0: {Length: 16 * mib, Areas: []driver.Area{{Start: 9 * mib, Length: 5 * mib}, {Start: 12 * mib, Length: mib}}}},
			want:  []blockcopy.Extent{{Start: 9 * mib, Length: mib}},
		},
		"no progress": {
			pages: map[int64]*driver.AreaPage{0: {Start: 0, Length: 4 * mib}, 4 * mib: {Start: 4 * mib}},
			err:   "makes no progress",
		},
		"a gap between pages": {
			pages: map[int64]*driver.AreaPage{0: {Start: 0, Length: 4 * mib}, 4 * mib: {Start: 5 * mib, Length: 5 * mib}},
			err:   "leaves a gap",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := changed(t.Context(), &fakeSite{pages: tc.pages}, "vm", "snap", disk, "id")
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want %q in it", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("extents (-want +got):\n%s", d)
			}
		})
	}
}

func TestPlanOfADisk(t *testing.T) {
	disk := driver.SnapshotDisk{Key: 2000, CapacityBytes: 1 << 20, ChangeID: "new"}
	whole := map[int64]*driver.AreaPage{0: {Length: 1 << 20, Areas: []driver.Area{{Start: 0, Length: 4096}}}}
	committed := &blockcopy.Commit{Pass: "old", Kind: blockcopy.KindSeed, ChangeID: "since"}
	same := &blockcopy.Commit{Pass: "pass", Kind: blockcopy.KindDelta, ChangeID: "new"}
	namesake := &blockcopy.Commit{Pass: "pass", Kind: blockcopy.KindDelta, ChangeID: "since"}
	stale := psn.Errorf(psn.Stale, "reset")
	unsupported := psn.Errorf(psn.Unsupported, "no allocated areas")
	for name, tc := range map[string]struct {
		first   bool
		tracker *fakeSite // nil for a platform that tracks nothing
		last    *blockcopy.Commit
		noID    bool
		want    blockcopy.Kind
		extents int
	}{
		"first":                             {first: true, tracker: &fakeSite{pages: whole}, want: blockcopy.KindSeed, extents: 1},
		"first, allocation unknown":         {first: true, tracker: &fakeSite{areasErr: unsupported}, want: blockcopy.KindSeed},
		"first, no tracking":                {first: true, want: blockcopy.KindSeed},
		"first over an earlier run":         {first: true, tracker: &fakeSite{pages: whole}, last: committed, want: blockcopy.KindCompare},
		"later":                             {tracker: &fakeSite{pages: whole}, last: committed, want: blockcopy.KindDelta, extents: 1},
		"later, change id stale":            {tracker: &fakeSite{areasErr: stale}, last: committed, want: blockcopy.KindCompare},
		"later, no tracking":                {last: committed, want: blockcopy.KindCompare},
		"later, records lost":               {tracker: &fakeSite{pages: whole}, want: blockcopy.KindCompare},
		"later, tracking stopped":           {tracker: &fakeSite{pages: whole}, last: committed, noID: true, want: blockcopy.KindCompare},
		"committed before the worker died":  {tracker: &fakeSite{pages: whole}, last: same, want: blockcopy.KindDelta},
		"same name, another state":          {tracker: &fakeSite{pages: whole}, last: namesake, want: blockcopy.KindCompare},
		"first, committed before the death": {first: true, tracker: &fakeSite{pages: whole}, last: same, want: blockcopy.KindDelta},
	} {
		t.Run(name, func(t *testing.T) {
			d := disk
			if tc.noID {
				d.ChangeID = ""
			}
			var tracker driver.ChangeTracker
			if tc.tracker != nil {
				tracker = tc.tracker
			}
			p, err := planDisk(t.Context(), tracker, "vm", tc.first, "snap", d, "pass", tc.last)
			if err != nil {
				t.Fatal(err)
			}
			if p.kind != tc.want || len(p.extents) != tc.extents {
				t.Errorf("plan %s with %d extents, want %s with %d", p.kind, len(p.extents), tc.want, tc.extents)
			}
			if (p.done != nil) != (tc.last == same) {
				t.Errorf("plan says done %v for last %+v", p.done, tc.last)
			}
		})
	}
}

func TestDisksAreMatchedByKey(t *testing.T) {
	known := []SourceDisk{{Key: 2000, UUID: "a", CapacityBytes: 10}, {Key: 2001, UUID: "b", CapacityBytes: 20}}
	a := driver.SnapshotDisk{Key: 2000, UUID: "a", CapacityBytes: 10}
	b := driver.SnapshotDisk{Key: 2001, UUID: "b", CapacityBytes: 20}
	replaced, resized, added := b, b, b
	replaced.UUID, resized.CapacityBytes, added.Key = "c", 30, 2002
	for name, tc := range map[string]struct {
		frozen []driver.SnapshotDisk
		want   []driver.SnapshotDisk
		err    string
	}{
		"in another order": {frozen: []driver.SnapshotDisk{b, a}, want: []driver.SnapshotDisk{a, b}},
		"replaced":         {frozen: []driver.SnapshotDisk{a, replaced}, want: []driver.SnapshotDisk{a, replaced}},
		"removed":          {frozen: []driver.SnapshotDisk{a}, err: "disk 2001 was removed"},
		"resized":          {frozen: []driver.SnapshotDisk{a, resized}, err: "resized from 20 to 30"},
		"added":            {frozen: []driver.SnapshotDisk{a, b, added}, err: "disk 2002 was added"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := match(known, tc.frozen)
			if tc.err != "" {
				if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want a conflict that says %q", err, tc.err)
				}
				return
			}
			if d := cmp.Diff(tc.want, got); err != nil || d != "" {
				t.Errorf("%v, (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestSourceIsFound(t *testing.T) {
	site := &fakeSite{vms: []psn.VM{
		{Ref: "vm-1", Name: "db", InstanceUUID: "52A1", Folder: "old"},
		{Ref: "vm-2", Name: "db", InstanceUUID: "52A2", Folder: "new"},
		{Ref: "vm-3", Name: "web", InstanceUUID: "52A3"},
	}}
	for name, tc := range map[string]struct{ vm, ref, err string }{
		"by name":       {vm: "web", ref: "vm-3"},
		"by uuid":       {vm: "52a2", ref: "vm-2"},
		"ambiguous":     {vm: "db", err: `2 machines are named "db": name one by instance UUID: 52A1 (folder "old"), 52A2 (folder "new")`},
		"not there":     {vm: "mail", err: `"mail"`},
		"other letters": {vm: "WEB", err: `"WEB"`},
	} {
		t.Run(name, func(t *testing.T) {
			vm, err := findSource(t.Context(), site, SourceRef{Name: "brescia", VM: tc.vm})
			switch {
			case tc.err == "" && (err != nil || vm.Ref != tc.ref):
				t.Errorf("found %v, %v; want %s", vm, err, tc.ref)
			case tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)):
				t.Errorf("error %v, want %q in it", err, tc.err)
			}
		})
	}
}

func TestUnfitDisks(t *testing.T) {
	for name, tc := range map[string]struct {
		disk psn.Disk
		want string
	}{
		"ordinary":    {psn.Disk{CapacityBytes: 1, Mode: "persistent", Sharing: "sharingNone"}, ""},
		"independent": {psn.Disk{CapacityBytes: 1, Mode: "independent_persistent"}, "independent"},
		"shared":      {psn.Disk{CapacityBytes: 1, Sharing: "sharingMultiWriter"}, "shared"},
		"raw mapping": {psn.Disk{CapacityBytes: 1, RawMapping: true}, "raw device mapping"},
		"empty":       {psn.Disk{}, "no capacity"},
	} {
		if got := unfit(tc.disk); (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q in it", name, got, tc.want)
		}
	}
}

func TestSnapshotsOfOthersAreRefused(t *testing.T) {
	s := Spec{ID: "p_bs/db-1"}
	mine := driver.Snapshot{Ref: "s-1", Name: "psn-p_bs.db-1-7"}
	site := &fakeSite{snapshots: []driver.Snapshot{mine, {Ref: "s-2", Name: "VEEAM BACKUP"}, {Ref: "s-3", Name: "psn-p_bs.db-10-0"}}}
	err := clearSnapshots(t.Context(), site, s, "vm-1", "")
	if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), `"VEEAM BACKUP", "psn-p_bs.db-10-0"`) || len(site.removed) != 0 {
		t.Errorf("error %v, removed %v; want the others' snapshots named and nothing removed", err, site.removed)
	}
	site = &fakeSite{snapshots: []driver.Snapshot{mine, {Ref: "s-4", Name: "psn-p_bs.db-1-8"}}}
	if err := clearSnapshots(t.Context(), site, s, "vm-1", "psn-p_bs.db-1-8"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"s-1"}, site.removed); d != "" {
		t.Errorf("removed (-want +got):\n%s", d)
	}
}

func TestTargetIsChecked(t *testing.T) {
	s := Spec{ID: "p_bs/db-1", Target: TargetRef{Cluster: "c1"}}
	m := Machine{VCPUs: 4, MemoryMiB: 4096, Disks: []SourceDisk{{CapacityBytes: 10<<20 + 1}}}
	cluster := psn.Cluster{Name: "c1", Capacity: psn.Resources{VCPUs: 16, MemoryMiB: 16384, StorageMiB: 100}, Commitments: []psn.Commitment{
		{Tenant: "p_bs", Resources: psn.Resources{VCPUs: 4, MemoryMiB: 1024, StorageMiB: 10}},
		{Tenant: "p_bs", ForSite: psn.Pomezia, Resources: psn.Resources{VCPUs: 8, MemoryMiB: 1024, StorageMiB: 40}},
		{Tenant: "c_x", ForSite: psn.Rozzano, Resources: psn.Resources{VCPUs: 6, MemoryMiB: 8192, StorageMiB: 39}},
	}}
	full := cluster
	full.Capacity.StorageMiB--
	for name, tc := range map[string]struct {
		inv  psn.SiteInventory
		code psn.Code
		want string
	}{
		// 16-4-max(8,6) vCPU, 16384-1024-max(1024,8192) MiB and 100-10-40-39 MiB
		// are left: all but the vCPUs, of which 4 are left, are just enough.
		"just fits":         {inv: psn.SiteInventory{Clusters: []psn.Cluster{cluster}}},
		"one MiB short":     {psn.SiteInventory{Clusters: []psn.Cluster{full}}, psn.Exhausted, "needs 4 vCPU, 4096 MiB of memory, 11 MiB of storage, free are 4 vCPU, 7168 MiB of memory, 10 MiB of storage"},
		"no such cluster":   {psn.SiteInventory{Clusters: []psn.Cluster{{Name: "c2"}}}, psn.NotFound, `the site has "c2"`},
		"ours, needs none":  {inv: psn.SiteInventory{VMs: []psn.VM{{ID: s.ID, Role: psn.RoleReplica}}, Clusters: []psn.Cluster{full}}},
		"active already":    {psn.SiteInventory{VMs: []psn.VM{{ID: s.ID, Role: psn.RoleActive}}, Clusters: []psn.Cluster{cluster}}, psn.Conflict, `role "active"`},
		"uuid of a foreign": {psn.SiteInventory{VMs: []psn.VM{{InstanceUUID: s.ID.InstanceUUID()}}, Clusters: []psn.Cluster{cluster}}, psn.Conflict, "not a replica"},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkTarget(&tc.inv, s, m)
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !psn.Is(err, tc.code) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %s with %q", err, tc.code, tc.want)
			}
		})
	}
}

// memory is a disk in memory.
type memory struct{ data []byte }

func (m *memory) ReadAt(_ context.Context, p []byte, off int64) error {
	copy(p, m.data[off:])
	return nil
}

func (m *memory) WriteAt(_ context.Context, p []byte, off int64) error {
	copy(m.data[off:], p)
	return nil
}

func (m *memory) Zero(_ context.Context, off, n int64) error {
	clear(m.data[off : off+n])
	return nil
}

func (m *memory) Flush(context.Context) error { return nil }
func (m *memory) Size() int64                 { return int64(len(m.data)) }
func (m *memory) Close() error                { return nil }
