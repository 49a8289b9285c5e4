package platformtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"slices"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// frozen is a backend that freezes and reads a machine's disk.
type frozen struct {
	t    *testing.T
	m    *Machine
	site driver.Site
	driver.Snapshotter
	driver.ChangeTracker
	driver.DiskReader
	ref string
	key int32
}

func (h *Harness) freezer(t *testing.T) *frozen {
	t.Helper()
	m := h.Machine(t)
	s, err := m.Open(within(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	f := &frozen{t: t, m: m, site: s}
	var a, b, c bool
	f.Snapshotter, a = s.(driver.Snapshotter)
	f.ChangeTracker, b = s.(driver.ChangeTracker)
	f.DiskReader, c = s.(driver.DiskReader)
	if !a || !b || !c {
		t.Fatalf("capabilities: Snapshotter %v, ChangeTracker %v, DiskReader %v", a, b, c)
	}
	vms := h.named(t, s, m.Name)
	if len(vms) != 1 {
		t.Fatalf("%d machines are named %s", len(vms), m.Name)
	}
	f.ref = vms[0].Ref
	vm, err := s.DescribeVM(within(t), f.ref)
	if err != nil {
		t.Fatal(err)
	}
	f.key = vm.Disks[m.Disk].Key
	return f
}

// snapshot freezes the machine and returns the disk looked at.
func (f *frozen) snapshot(name string) (*driver.Snapshot, driver.SnapshotDisk) {
	f.t.Helper()
	tasks := 0
	snap, err := f.CreateSnapshot(within(f.t), f.ref, name, func(task string) {
		if task == "" {
			f.t.Error("started without a task id")
		}
		tasks++
	})
	if err != nil {
		f.t.Fatalf("snapshot %s: %v", name, err)
	}
	if tasks > 1 {
		f.t.Errorf("started was called %d times", tasks)
	}
	i := slices.IndexFunc(snap.Disks, func(d driver.SnapshotDisk) bool { return d.Key == f.key })
	if i < 0 {
		f.t.Fatalf("snapshot %s has no disk %d: %+v", name, f.key, snap.Disks)
	}
	return snap, snap.Disks[i]
}

// content reads the whole frozen disk.
func (f *frozen) content(snap *driver.Snapshot, d driver.SnapshotDisk) []byte {
	f.t.Helper()
	ctx := within(f.t)
	c, err := f.OpenDisk(ctx, f.ref, snap.Ref, d)
	if err != nil {
		f.t.Fatalf("open disk: %v", err)
	}
	defer c.Close()
	if c.Size() != d.CapacityBytes {
		f.t.Fatalf("size %d, capacity %d", c.Size(), d.CapacityBytes)
	}
	b := make([]byte, c.Size())
	if err := c.ReadAt(ctx, b, 0); err != nil {
		f.t.Fatalf("read disk: %v", err)
	}
	return b
}

// areas reads all pages of changed areas.
func (f *frozen) areas(snap *driver.Snapshot, d driver.SnapshotDisk, changeID string) []driver.Area {
	f.t.Helper()
	var out []driver.Area
	for off := int64(0); off < d.CapacityBytes; {
		page, err := f.ChangedAreas(within(f.t), f.ref, snap.Ref, d.Key, changeID, off)
		if err != nil {
			f.t.Fatalf("changed areas since %s from %d: %v", changeID, off, err)
		}
		if page.Start != off || page.Length <= 0 {
			f.t.Fatalf("page covers [%d, +%d), want to start at %d and go on", page.Start, page.Length, off)
		}
		out = append(out, page.Areas...)
		off = page.Start + page.Length
	}
	return out
}

func testSnapshots(t *testing.T, h *Harness) {
	f := h.freezer(t)
	ctx := within(t)
	f.m.Quiet()
	for range 2 {
		if err := f.EnableChangeTracking(ctx, f.ref); err != nil {
			t.Fatal(err)
		}
	}
	vm, err := f.site.DescribeVM(ctx, f.ref)
	if err != nil || !vm.ChangeTracking || vm.Snapshots != 0 {
		t.Fatalf("after enabling change tracking: tracking %v, %d snapshots, %v", vm.ChangeTracking, vm.Snapshots, err)
	}

	first, disk := f.snapshot("pass-0")
	if again, _ := f.snapshot("pass-0"); again.Ref != first.Ref {
		t.Errorf("a second snapshot of the name was made: %s, %s", first.Ref, again.Ref)
	}
	all, err := f.Snapshots(ctx, f.ref)
	if err != nil || len(all) != 1 || all[0].Name != "pass-0" || all[0].Ref != first.Ref {
		t.Fatalf("snapshots: %+v, %v", all, err)
	}
	if disk.ChangeID == "" || disk.UUID == "" {
		t.Fatalf("frozen disk has no identity: %+v", disk)
	}
	base := f.content(first, disk)
	onDisk, err := os.ReadFile(f.m.File())
	if err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(base) != sha256.Sum256(onDisk) {
		t.Error("bytes read differ from the datastore's")
	}
	seed := make([]byte, len(base))
	for _, a := range f.areas(first, disk, "*") {
		copy(seed[a.Start:a.Start+a.Length], base[a.Start:])
	}
	if !bytes.Equal(seed, base) {
		t.Error("the allocated areas do not hold all that is not zero")
	}

	during := bytes.Repeat([]byte("written while frozen "), 4000)
	if err := f.m.Write(during, 4<<20); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(base, f.content(first, disk)) {
		t.Error("the frozen content changed under a write of the guest")
	}
	for range 2 {
		if err := f.RemoveSnapshot(ctx, f.ref, first.Ref); err != nil {
			t.Fatalf("remove snapshot: %v", err)
		}
	}
	if err := f.m.Write([]byte("after"), 7<<20); err != nil {
		t.Fatal(err)
	}

	second, disk2 := f.snapshot("pass-1")
	now := f.content(second, disk2)
	if bytes.Equal(base, now) {
		t.Fatal("nothing changed: the harness does not write")
	}
	var changed int64
	delta := bytes.Clone(base)
	for _, a := range f.areas(second, disk2, disk.ChangeID) {
		copy(delta[a.Start:a.Start+a.Length], now[a.Start:])
		changed += a.Length
	}
	if !bytes.Equal(delta, now) {
		t.Error("old content plus changed areas is not the new content")
	}
	if changed == 0 || changed > disk.CapacityBytes/2 {
		t.Errorf("%d of %d bytes are said to have changed", changed, disk.CapacityBytes)
	}
	if err := f.RemoveSnapshot(ctx, f.ref, second.Ref); err != nil {
		t.Fatal(err)
	}
}

func testStale(t *testing.T, h *Harness) {
	f := h.freezer(t)
	ctx := within(t)
	if _, err := f.CreateSnapshot(ctx, f.ref, "someone's", nil); err != nil {
		t.Fatal(err)
	}
	err := f.EnableChangeTracking(ctx, f.ref)
	wantCode(t, err, psn.Conflict)
	wantText(t, err, "someone's")
	all, err := f.Snapshots(ctx, f.ref)
	if err != nil || len(all) != 1 {
		t.Fatalf("snapshots: %+v, %v", all, err)
	}
	if err := f.RemoveSnapshot(ctx, f.ref, all[0].Ref); err != nil {
		t.Fatal(err)
	}
	if err := f.EnableChangeTracking(ctx, f.ref); err != nil {
		t.Fatal(err)
	}
	one, disk := f.snapshot("one")
	if err := f.RemoveSnapshot(ctx, f.ref, one.Ref); err != nil {
		t.Fatal(err)
	}
	f.m.ResetTracking()
	two, disk2 := f.snapshot("two")
	_, err = f.ChangedAreas(ctx, f.ref, two.Ref, f.key, disk.ChangeID, 0)
	wantCode(t, err, psn.Stale)
	// From the middle on, the server alone tells.
	_, err = f.ChangedAreas(ctx, f.ref, two.Ref, f.key, disk.ChangeID, 1<<20)
	wantCode(t, err, psn.Stale)
	if _, err := f.ChangedAreas(ctx, f.ref, two.Ref, f.key, disk2.ChangeID, 0); err != nil {
		t.Errorf("the new change id: %v", err)
	}
	_, err = f.ChangedAreas(ctx, f.ref, two.Ref, 9999, disk2.ChangeID, 0)
	wantCode(t, err, psn.NotFound)
	_, err = f.ChangedAreas(ctx, f.ref, two.Ref, f.key, "", 0)
	wantCode(t, err, psn.InvalidInput)
}

func testReadExpiry(t *testing.T, h *Harness) {
	f := h.freezer(t)
	ctx := within(t)
	f.m.Quiet()
	snap, disk := f.snapshot("long")
	want := f.content(snap, disk)
	c, err := f.OpenDisk(ctx, f.ref, snap.Ref, disk)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const lane = 1 << 20
	got := make([]byte, len(want))
	each(t, 8, func(i int) error {
		for off := int64(i * lane); off < int64(len(got)); off += 8 * lane {
			if i == 3 && off == 3*lane {
				f.m.ExpireSessions()
			}
			if err := c.ReadAt(ctx, got[off:min(off+lane, int64(len(got)))], off); err != nil {
				return err
			}
		}
		return nil
	})
	if !bytes.Equal(want, got) {
		t.Error("bytes differ after sessions expired")
	}
	if err := f.RemoveSnapshot(ctx, f.ref, snap.Ref); err != nil {
		t.Fatal(err)
	}
	_, err = f.OpenDisk(ctx, f.ref, snap.Ref, driver.SnapshotDisk{Key: disk.Key, CapacityBytes: disk.CapacityBytes, Path: "[nix] nix/nix.vmdk"})
	wantCode(t, err, psn.NotFound)
}
