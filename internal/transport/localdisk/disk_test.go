//go:build linux

package localdisk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/blockcopy"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/transport/localdisk"
)

var (
	_ blockcopy.Target       = (*localdisk.Disk)(nil)
	_ blockcopy.Source       = (*localdisk.Disk)(nil)
	_ blockcopy.StableReader = (*localdisk.Disk)(nil)
	_ blockcopy.ZeroProver   = (*localdisk.Disk)(nil)
)

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func wantCode(t *testing.T, err error, code psn.Code, words ...string) {
	t.Helper()
	if !psn.Is(err, code) {
		t.Fatalf("error %v: want code %s", err, code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func mustOpen(t *testing.T, path string, o localdisk.Options) *localdisk.Disk {
	t.Helper()
	d, err := localdisk.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// TestAgainstModel writes, zeroes, reads and flushes at random offsets and
// lengths, aligned and not, and holds the file against a byte slice.
func TestAgainstModel(t *testing.T) {
	for _, buffered := range []bool{false, true} {
		ctx := testContext(t)
		path := filepath.Join(t.TempDir(), "disk")
		const size = 3<<20 + 1234
		model := bytes.Repeat([]byte{0xAA}, size)
		if err := os.WriteFile(path, model, 0o600); err != nil {
			t.Fatal(err)
		}
		d := mustOpen(t, path, localdisk.Options{Buffered: buffered})
		if buffered == d.Direct() {
			t.Logf("direct I/O: %v with Buffered %v", d.Direct(), buffered)
		}
		rng := rand.New(rand.NewPCG(5, 5))
		for i := range 600 {
			off := rng.IntN(size)
			n := rng.IntN(min(size-off, 1<<uint(4+rng.IntN(17)))) + 1
			if rng.IntN(2) == 0 {
				off, n = off/4096*4096, min((n+4095)/4096*4096, size-off/4096*4096)
			}
			p := make([]byte, n+8)[rng.IntN(8):][:n]
			switch rng.IntN(4) {
			case 0:
				for k := range p {
					p[k] = byte(rng.Uint32())
				}
				copy(model[off:], p)
				if err := d.WriteAt(ctx, p, int64(off)); err != nil {
					t.Fatal(err)
				}
			case 1:
				clear(model[off : off+n])
				if err := d.Zero(ctx, int64(off), int64(n)); err != nil {
					t.Fatal(err)
				}
			case 2:
				if err := d.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				if err := d.ReadStable(ctx, p, int64(off)); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(p, model[off:off+n]) {
					t.Fatalf("step %d: stable read of %d bytes at %d differs", i, n, off)
				}
			case 3:
				if err := d.ReadAt(ctx, p, int64(off)); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(p, model[off:off+n]) {
					t.Fatalf("step %d: read of %d bytes at %d differs", i, n, off)
				}
			}
		}
		if err := d.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, model) {
			t.Fatal("the file differs from the model")
		}
	}
}

// TestZeroFrees proves that zeroing a file gives the space back, and that a
// hole is known to be zero while data is not.
func TestZeroFrees(t *testing.T) {
	ctx := testContext(t)
	path := filepath.Join(t.TempDir(), "disk")
	const size = 64 << 20
	if err := os.WriteFile(path, bytes.Repeat([]byte{0xAA}, size), 0o600); err != nil {
		t.Fatal(err)
	}
	d := mustOpen(t, path, localdisk.Options{})
	if zero, err := d.ReadsZero(ctx, 0, size); err != nil || zero {
		t.Fatalf("data reads as zero: %v, %v", zero, err)
	}
	if err := d.Zero(ctx, 1, size-1); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, size)
	if err := d.ReadAt(ctx, p, 0); err != nil {
		t.Fatal(err)
	}
	if p[0] != 0xAA || len(bytes.Trim(p[1:], "\x00")) > 0 {
		t.Fatal("zeroing left data behind or took the byte before")
	}
	zero, err := d.ReadsZero(ctx, 4096, size-4096)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if used := st.Sys().(*syscall.Stat_t).Blocks * 512; zero != (used < size/2) {
		t.Errorf("hole %v, %d bytes in use", zero, used)
	}
}

func TestCreateExtendsAndKeeps(t *testing.T) {
	ctx := testContext(t)
	path := filepath.Join(t.TempDir(), "disk")
	d := mustOpen(t, path, localdisk.Options{Create: 10000})
	if d.Size() != 10000 {
		t.Errorf("size %d", d.Size())
	}
	if err := d.WriteAt(ctx, []byte("kept"), 9996); err != nil {
		t.Fatal(err)
	}
	d.Close()
	d = mustOpen(t, path, localdisk.Options{Create: 20000})
	p := make([]byte, 4)
	if err := d.ReadAt(ctx, p, 9996); err != nil || string(p) != "kept" || d.Size() != 20000 {
		t.Errorf("%q, %v, size %d", p, err, d.Size())
	}
	d.Close()
	if d = mustOpen(t, path, localdisk.Options{Create: 5}); d.Size() != 20000 {
		t.Errorf("a larger file was cut to %d", d.Size())
	}
}

func TestExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	d := mustOpen(t, path, localdisk.Options{Create: 4096})
	_, err := localdisk.Open(path, localdisk.Options{})
	wantCode(t, err, psn.Conflict, path, "another process")
	mustOpen(t, path, localdisk.Options{ReadOnly: true}) // reading is allowed
	d.Close()
	mustOpen(t, path, localdisk.Options{})
}

func TestRefused(t *testing.T) {
	ctx, dir := testContext(t), t.TempDir()
	_, err := localdisk.Open(filepath.Join(dir, "none"), localdisk.Options{})
	wantCode(t, err, psn.NotFound, "none")
	_, err = localdisk.Open(dir, localdisk.Options{})
	wantCode(t, err, psn.InvalidInput, "neither a block device nor a regular file")
	d := mustOpen(t, filepath.Join(dir, "disk"), localdisk.Options{Create: 4096})
	for _, r := range [][2]int64{{-1, 1}, {4096, 1}, {0, 4097}, {1 << 62, 1 << 62}} {
		wantCode(t, d.Zero(ctx, r[0], r[1]), psn.InvalidInput, "outside the disk")
	}
	wantCode(t, d.WriteAt(ctx, make([]byte, 2), 4095), psn.InvalidInput, "outside the disk")
	d.Close()
	ro := mustOpen(t, filepath.Join(dir, "disk"), localdisk.Options{ReadOnly: true})
	if err := ro.WriteAt(ctx, make([]byte, 4096), 0); err == nil {
		t.Error("a disk opened for reading was written")
	}
	// A file that became shorter behind our back.
	if err := os.Truncate(filepath.Join(dir, "disk"), 100); err != nil {
		t.Fatal(err)
	}
	if err := ro.ReadAt(ctx, make([]byte, 4096), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short read: %v", err)
	}
}

func TestOpenDevice(t *testing.T) {
	ctx, dir := testContext(t), t.TempDir()
	const id = "6000c29a1b2c3d4e5f60718293a4b5c6"
	data := filepath.Join(dir, "sdb")
	if err := os.WriteFile(data, make([]byte, 8192), 0o600); err != nil {
		t.Fatal(err)
	}
	byID := filepath.Join(dir, "by-id")
	if err := os.Mkdir(byID, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(byID, "wwn-0x"+id)); err != nil {
		t.Fatal(err) // a link that leads nowhere is no device
	}
	timer := time.AfterFunc(300*time.Millisecond, func() { os.Symlink(data, filepath.Join(byID, "scsi-3"+id)) })
	defer timer.Stop()
	d, err := localdisk.OpenDevice(ctx, byID, id, 8192, localdisk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	_, err = localdisk.OpenDevice(ctx, byID, id, 8193, localdisk.Options{})
	wantCode(t, err, psn.InvalidInput, "8192", "8193")
	mustOpen(t, data, localdisk.Options{}) // the refused one was closed

	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err = localdisk.OpenDevice(short, byID, strings.Repeat("ab", 16), 1, localdisk.Options{})
	wantCode(t, err, psn.NotFound, "disk.EnableUUID", byID)
	for _, bad := range []string{"", "../../etc/passwd", "ABCDEF0123456789", "12-34"} {
		_, err = localdisk.OpenDevice(ctx, byID, bad, 1, localdisk.Options{})
		wantCode(t, err, psn.InvalidInput, "lower-case")
	}
}
