package platformtest

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var deviceIDRe = regexp.MustCompile(`^[0-9a-f]{32}$`)

func testAttach(t *testing.T, h *Harness) {
	s := h.open(t)
	a, ok := s.(driver.DiskAttacher)
	if !ok || h.Worker == "" {
		t.Fatal("backend attaches no disks, or the harness has no worker")
	}
	ctx := within(t)
	workers := h.named(t, s, h.Worker)
	if len(workers) != 1 {
		t.Fatalf("%d machines are named %s", len(workers), h.Worker)
	}
	worker := workers[0].Ref
	own, err := s.DescribeVM(ctx, worker)
	if err != nil {
		t.Fatal(err)
	}
	h.tenant(t, s)
	spec := h.spec("target")
	spec.Disks = append(spec.Disks, driver.DiskSpec{CapacityBytes: 2 * h.DiskUnit})
	ref, err := s.CreateVM(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := s.DescribeVM(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}

	ids := map[string]bool{}
	for i, d := range vm.Disks {
		id, err := a.AttachDisk(ctx, worker, ref, d.Key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := a.AttachDisk(ctx, worker, ref, d.Key)
		if err != nil || again != id || !deviceIDRe.MatchString(id) {
			t.Fatalf("attached as %q, again as %q, %v", id, again, err)
		}
		ids[id] = true
		content := bytes.Repeat([]byte{byte('a' + i)}, 4096)
		writeDevice(t, h.Device(id), content)
		if got := head(t, h.DiskFile("target", i)); !bytes.Equal(got, content) {
			t.Errorf("disk %d of the target does not hold what was written to device %s", i, id)
		}
	}
	if len(ids) != 2 {
		t.Errorf("two disks have the ids %v", ids)
	}
	for id := range ids {
		for range 2 {
			if err := a.DetachDisk(ctx, worker, id); err != nil {
				t.Fatalf("detach: %v", err)
			}
		}
		if _, err := os.Stat(h.Device(id)); !os.IsNotExist(err) {
			t.Errorf("device %s is still there: %v", id, err)
		}
	}
	if w, err := s.DescribeVM(ctx, worker); err != nil || len(w.Disks) != len(own.Disks) {
		t.Errorf("worker has %d disks, had %d, %v", len(w.Disks), len(own.Disks), err)
	}

	if err := s.Power(ctx, ref, psn.PoweredOn); err != nil {
		t.Fatal(err)
	}
	_, err = a.AttachDisk(ctx, worker, ref, vm.Disks[0].Key)
	wantCode(t, err, psn.Conflict)
	if err := s.Power(ctx, ref, psn.PoweredOff); err != nil {
		t.Fatal(err)
	}
	_, err = a.AttachDisk(ctx, worker, ref, 9999)
	wantCode(t, err, psn.NotFound)
	testDeleteKeepsAttached(t, h, s, a, ref, vm)
}

// testDeleteKeepsAttached deletes a machine that has a disk of another: the
// disk must outlive it.
func testDeleteKeepsAttached(t *testing.T, h *Harness, s driver.Site, a driver.DiskAttacher, ref string, vm *psn.VM) {
	ctx := within(t)
	second := h.create(t, s, "second-worker")
	if _, err := a.AttachDisk(ctx, second, ref, vm.Disks[0].Key); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteVM(ctx, second); err != nil {
		t.Fatal(err)
	}
	if got := head(t, h.DiskFile("target", 0)); !bytes.Equal(got, bytes.Repeat([]byte("a"), 4096)) {
		t.Error("deleting a worker destroyed the disk it had on loan")
	}
	if err := s.Power(ctx, ref, psn.PoweredOn); err != nil {
		t.Errorf("the owner of the disk does not start any more: %v", err)
	}
}

func writeDevice(t *testing.T, path string, p []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatalf("device: %v", err)
	}
	defer f.Close()
	if _, err := f.WriteAt(p, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

func head(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 4096)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}
