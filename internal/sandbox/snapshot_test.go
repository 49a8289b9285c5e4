package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// frozen is one disk of a snapshot.
type frozen struct {
	key            int32
	size           int64
	name, changeID string
}

func snapshot(t *testing.T, c *govmomi.Client, vm *object.VirtualMachine, name string) (types.ManagedObjectReference, []frozen) {
	t.Helper()
	ctx := testContext(t)
	task, err := vm.CreateSnapshot(ctx, name, "", false, false)
	if err != nil {
		t.Fatal(err)
	}
	info, err := task.WaitForResult(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	ref := info.Result.(types.ManagedObjectReference)
	var s mo.VirtualMachineSnapshot
	if err := c.RetrieveOne(ctx, ref, []string{"config"}, &s); err != nil {
		t.Fatal(err)
	}
	var disks []frozen
	for _, d := range s.Config.Hardware.Device {
		if vd, ok := d.(*types.VirtualDisk); ok {
			b := vd.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
			disks = append(disks, frozen{vd.Key, vd.CapacityInBytes, b.FileName, b.ChangeId})
		}
	}
	return ref, disks
}

func removeSnapshot(t *testing.T, c *govmomi.Client, ref types.ManagedObjectReference) {
	t.Helper()
	ctx := testContext(t)
	res, err := methods.RemoveSnapshot_Task(ctx, c.Client, &types.RemoveSnapshot_Task{This: ref})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, object.NewTask(c.Client, res.Returnval), nil)
}

// areas reads all pages and returns the changed areas and the number of pages.
func areas(ctx context.Context, c *govmomi.Client, vm *object.VirtualMachine, snap types.ManagedObjectReference, d frozen, since string) ([]types.DiskChangeExtent, int, error) {
	var all []types.DiskChangeExtent
	pages := 0
	for off := int64(0); off < d.size; pages++ {
		res, err := methods.QueryChangedDiskAreas(ctx, c.Client, &types.QueryChangedDiskAreas{
			This: vm.Reference(), Snapshot: &snap, DeviceKey: d.key, StartOffset: off, ChangeId: since,
		})
		if err != nil {
			return nil, pages, err
		}
		p := res.Returnval
		if p.StartOffset != off || p.Length <= 0 {
			return nil, pages, fmt.Errorf("page at %d covers [%d, +%d)", off, p.StartOffset, p.Length)
		}
		all = append(all, p.ChangedArea...)
		off += p.Length
	}
	return all, pages, nil
}

// fileURL is the address of a disk's content.
func fileURL(sb *sandbox.Sandbox, center, name string) string {
	var p object.DatastorePath
	p.FromString(name)
	u, _ := url.Parse(sb.Center(center).Endpoint())
	u.Path = "/folder/" + strings.TrimSuffix(p.Path, ".vmdk") + "-flat.vmdk"
	u.RawQuery = url.Values{"dcPath": {center}, "dsName": {p.Datastore}}.Encode()
	return u.String()
}

// get reads a range with the migrator's password.
func get(t *testing.T, sb *sandbox.Sandbox, hc *http.Client, address string, off, n int64) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(testContext(t), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(sandbox.Migrator, sb.Center("brescia").Password(sandbox.Migrator))
	r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+n-1))
	res, err := hc.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusPartialContent || int64(len(b)) != n {
		t.Fatalf("range [%d, +%d): %s, %d bytes, %v", off, n, res.Status, len(b), err)
	}
	return b
}

func enableTracking(t *testing.T, vm *object.VirtualMachine) {
	t.Helper()
	on := true
	task, err := vm.Reconfigure(testContext(t), types.VirtualMachineConfigSpec{ChangeTrackingEnabled: &on})
	wait(t, task, err)
}

// TestReplication copies a running machine the way a migration does, and
// compares the copy with what the guest left when it shut down.
func TestReplication(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}, AreasPerPage: 2, WriteRate: 200})
	hc := httpClient(t, sb)
	c := login(t, sb, "brescia", sandbox.Migrator)
	vm := vmNamed(t, c, "protocollo")
	guest := sb.Center("brescia").Guest("protocollo")
	enableTracking(t, vm)

	copies := map[int32][]byte{}
	since := map[int32]string{}
	var changed []int64
	for pass := range 3 {
		before, _ := guest.Writes()
		eventually(t, "guest writes", func() bool { n, _ := guest.Writes(); return n >= before+5 })
		if pass == 2 {
			if err := vm.ShutdownGuest(testContext(t)); err != nil {
				t.Fatal(err)
			}
			eventually(t, "machine off", func() bool {
				return properties(t, vm, "runtime").Runtime.PowerState == types.VirtualMachinePowerStatePoweredOff
			})
		}
		ref, disks := snapshot(t, c, vm, fmt.Sprint("pass-", pass))
		if len(disks) != 2 {
			t.Fatalf("snapshot has %d disks", len(disks))
		}
		var sum int64
		for _, d := range disks {
			id := since[d.key]
			if pass == 0 {
				id = "*"
				copies[d.key] = bytes.Repeat([]byte{0xAA}, int(d.size))
				clear(copies[d.key]) // what is not allocated reads as zeros
			}
			list, pages, err := areas(testContext(t), c, vm, ref, d, id)
			if err != nil {
				t.Fatal(err)
			}
			if want := (len(list) + 1) / 2; pages < want {
				t.Errorf("pass %d: %d areas came in %d pages of at most 2", pass, len(list), pages)
			}
			for _, a := range list {
				copy(copies[d.key][a.Start:], get(t, sb, hc, fileURL(sb, "brescia", d.name), a.Start, a.Length))
				sum += a.Length
			}
			since[d.key] = d.changeID
		}
		changed = append(changed, sum)
		removeSnapshot(t, c, ref)
	}
	if changed[1] == 0 || changed[1] >= changed[0] {
		t.Errorf("bytes by pass: %v: a delta must be smaller than the seed and not empty", changed)
	}
	n := 0
	for _, d := range object.VirtualDeviceList(properties(t, vm, "config").Config.Hardware.Device).SelectByType((*types.VirtualDisk)(nil)) {
		want, err := os.ReadFile(sb.Center("brescia").DiskFile("protocollo", n))
		if err != nil {
			t.Fatal(err)
		}
		if got := copies[d.GetVirtualDevice().Key]; !bytes.Equal(got, want) {
			t.Errorf("disk %d: the copy differs from the source", n)
		}
		if !bytes.Contains(want, []byte("ARRESTO REGOLARE protocollo")) {
			t.Errorf("disk %d carries no mark of an orderly shutdown", n)
		}
		n++
	}
}

// TestSnapshotIsNotTorn looks for the journal's head in frozen content and for
// the record it names.
func TestSnapshotIsNotTorn(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}, WriteRate: 1000})
	c := login(t, sb, "brescia", sandbox.Migrator)
	vm := vmNamed(t, c, "protocollo")
	head := regexp.MustCompile(`TESTA protocollo n=(\d{12}) sha256=`)
	for range 5 {
		ref, _ := snapshot(t, c, vm, "torn?")
		var content []byte
		for n := range 2 {
			b, err := os.ReadFile(sb.Center("brescia").DiskFile("protocollo", n))
			if err != nil {
				t.Fatal(err)
			}
			content = append(content, b...)
		}
		m := head.FindSubmatch(content)
		if m == nil {
			t.Fatal("no journal head in the snapshot")
		}
		n, _ := strconv.Atoi(string(m[1]))
		if !bytes.Contains(content, fmt.Appendf(nil, "REGISTRO protocollo n=%012d ", n)) {
			t.Errorf("head names record %d, which is not there", n)
		}
		if bytes.Contains(content, fmt.Appendf(nil, "REGISTRO protocollo n=%012d ", n+1)) {
			t.Errorf("record %d is there without its head", n+1)
		}
		removeSnapshot(t, c, ref)
	}
}

// TestNestedSnapshots checks each frozen content, consolidation in any order,
// and reverting.
func TestNestedSnapshots(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}})
	hc := httpClient(t, sb)
	c := login(t, sb, "brescia", sandbox.Operator)
	m := login(t, sb, "brescia", sandbox.Migrator)
	vm := vmNamed(t, c, "web")
	center := sb.Center("brescia")
	const off = 5<<20 + 12345
	write := func(b byte) {
		if err := center.Guest("web").WriteAt(0, bytes.Repeat([]byte{b}, 70000), off); err != nil {
			t.Fatal(err)
		}
	}
	frozenByte := func(d frozen) byte { return get(t, sb, hc, fileURL(sb, "brescia", d.name), off+69999, 1)[0] }
	live := func() byte {
		b, err := os.ReadFile(center.DiskFile("web", 0))
		if err != nil {
			t.Fatal(err)
		}
		return b[off+69999]
	}
	write('1')
	s1, d1 := snapshot(t, m, vm, "s1")
	write('2')
	s2, d2 := snapshot(t, m, vm, "s2")
	write('3')
	if a, b := frozenByte(d1[0]), frozenByte(d2[0]); a != '1' || b != '2' {
		t.Errorf("frozen content: %c and %c, want 1 and 2", a, b)
	}
	removeSnapshot(t, m, s1)
	if b := frozenByte(d2[0]); b != '2' {
		t.Errorf("second snapshot after the first is gone: %c, want 2", b)
	}
	removeSnapshot(t, m, s2)
	if b := live(); b != '3' {
		t.Errorf("consolidated content: %c, want 3", b)
	}

	s3, _ := snapshot(t, m, vm, "s3")
	write('4')
	task, err := vm.RevertToSnapshot(testContext(t), s3.Value, true)
	wait(t, task, err)
	if p := properties(t, vm, "runtime").Runtime.PowerState; p != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("after reverting to a snapshot without memory the machine is %s", p)
	}
	task, err = vm.RemoveAllSnapshot(testContext(t), nil)
	wait(t, task, err)
	if b := live(); b != '3' {
		t.Errorf("content after reverting: %c, want 3", b)
	}
	if p := properties(t, vm, "snapshot"); p.Snapshot != nil {
		t.Errorf("snapshots left: %+v", p.Snapshot)
	}
}

func TestChangedAreasFaults(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"brescia"}, BytesPerPage: 1 << 20})
	c := login(t, sb, "brescia", sandbox.Migrator)
	vm := vmNamed(t, c, "personale")
	ctx := testContext(t)

	ref, disks := snapshot(t, c, vm, "untracked")
	if id := disks[0].changeID; id != "" {
		t.Errorf("change id %q although nothing is tracked", id)
	}
	on := true
	task, err := vm.Reconfigure(ctx, types.VirtualMachineConfigSpec{ChangeTrackingEnabled: &on})
	if err == nil {
		err = task.Wait(ctx)
	}
	if !fault.Is(err, &types.InvalidState{}) {
		t.Errorf("tracking turned on under a snapshot: %v", err)
	}
	removeSnapshot(t, c, ref)
	enableTracking(t, vm)

	ref, disks = snapshot(t, c, vm, "one")
	removeSnapshot(t, c, ref)
	old := disks[0]
	ref, disks = snapshot(t, c, vm, "two")
	list, pages, err := areas(ctx, c, vm, ref, disks[0], old.changeID)
	if err != nil || len(list) != 0 {
		t.Errorf("nothing was written, yet: %v, %v", list, err)
	}
	if want := int(disks[0].size >> 20); pages != want {
		t.Errorf("%d pages of 1 MiB, want %d empty ones", pages, want)
	}
	removeSnapshot(t, c, ref)

	sb.Center("brescia").ResetChangeTracking("personale")
	ref, disks = snapshot(t, c, vm, "three")
	if _, _, err := areas(ctx, c, vm, ref, disks[0], old.changeID); !fault.Is(err, &types.FileFault{}) {
		t.Errorf("stale change id: %v, want a FileFault", err)
	}
	if strings.Split(old.changeID, "/")[0] == strings.Split(disks[0].changeID, "/")[0] {
		t.Errorf("UUID part did not change on reset: %s", old.changeID)
	}
	bad := disks[0]
	bad.key = 1
	if _, _, err := areas(ctx, c, vm, ref, bad, "*"); !fault.Is(err, &types.InvalidArgument{}) {
		t.Errorf("unknown device key: %v", err)
	}
	var gone *types.ManagedObjectNotFound
	_, _, err = areas(ctx, c, vm, types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: "snapshot-0"}, disks[0], "*")
	if _, ok := fault.As(err, &gone); !ok {
		t.Errorf("unknown snapshot: %v", err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("the query hung")
	}
}
