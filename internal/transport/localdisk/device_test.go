//go:build linux

package localdisk_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/transport/localdisk"
)

// loopDevice makes a block device out of a dirty file of the size.
func loopDevice(t *testing.T, size int) (device string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backing")
	if err := os.WriteFile(path, bytes.Repeat([]byte{0xAA}, size), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "losetup", "--find", "--show", path).Output()
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("losetup: %v", err)
	}
	if err != nil {
		t.Skipf("block devices cannot be made here (it takes root and losetup): %v", err)
	}
	device = strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if err := exec.Command("losetup", "--detach", device).Run(); err != nil {
			t.Errorf("losetup --detach %s: %v", device, err)
		}
	})
	return device
}

func TestBlockDevice(t *testing.T) {
	ctx := testContext(t)
	const size = 8 << 20
	device := loopDevice(t, size)
	d := mustOpen(t, device, localdisk.Options{})
	if d.Size() != size || !d.Direct() {
		t.Fatalf("size %d, direct %v", d.Size(), d.Direct())
	}
	_, err := localdisk.Open(device, localdisk.Options{})
	wantCode(t, err, psn.Conflict, "in use")
	_, err = localdisk.Open(device, localdisk.Options{Create: size})
	wantCode(t, err, psn.InvalidInput, "block device")

	model := bytes.Repeat([]byte{0xAA}, size)
	for _, z := range [][2]int64{{0, 1 << 20}, {3<<20 + 512, 2<<20 + 777}, {size - 100, 100}} {
		clear(model[z[0] : z[0]+z[1]])
		if err := d.Zero(ctx, z[0], z[1]); err != nil {
			t.Fatal(err)
		}
	}
	copy(model[100000:], bytes.Repeat([]byte("written"), 50000))
	if err := d.WriteAt(ctx, model[100000:450000], 100000); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, size)
	if err := d.ReadStable(ctx, got, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, model) {
		t.Error("the device differs from the model")
	}
	if zero, err := d.ReadsZero(ctx, 0, 4096); err != nil || zero {
		t.Errorf("a device proves zeros without reading: %v, %v", zero, err)
	}
}
