package platformtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// picture is an image to upload and its content, the same each time.
func picture(id psn.TenantID, name string, size int) (driver.ImageSpec, []byte) {
	content := make([]byte, size)
	source := rand.NewChaCha8([32]byte{byte(size)})
	_, _ = source.Read(content) // never fails
	sum := sha256.Sum256(content)
	return driver.ImageSpec{
		Tenant: id, Name: name, Format: "raw", SizeBytes: int64(size), SHA256: hex.EncodeToString(sum[:]),
		MinDiskGiB: 1, MinMemoryMiB: 256, Firmware: "efi", Properties: map[string]string{"hw_disk_bus": "scsi", "os_distro": "debian"},
	}, content
}

func imagesOf(t testing.TB, s driver.Site, id psn.TenantID) []driver.Image {
	t.Helper()
	all, err := as[driver.Images](t, s).Images(within(t))
	if err != nil {
		t.Fatalf("images: %v", err)
	}
	var out []driver.Image
	for _, i := range all {
		if i.Tenant == id {
			out = append(out, i)
		}
	}
	return out
}

// unread is content that must not be needed.
type unread struct{ t testing.TB }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("content of an image that stands was read")
	return 0, io.EOF
}

func testImage(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.ImageUpload](t, s)
	spec, content := picture("c_nessuno", "system", 5<<20+17)
	_, err := o.CreateImage(within(t), spec, unread{t})
	wantCode(t, err, psn.NotFound) // no such tenant
	id := h.ownTenant(t, s)
	spec.Tenant = id
	made, err := o.CreateImage(within(t), spec, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	want := driver.Image{ImageSpec: spec, Ref: made.Ref, Status: "active"}
	if d := cmp.Diff(want, *made); d != "" || made.Ref == "" {
		t.Errorf("made: %s", d)
	}
	if got := start(t, h.ImageFile(made.Ref), len(content)); !bytes.Equal(got, content) {
		t.Error("the platform does not hold the content that was sent")
	}
	again, err := as[driver.ImageUpload](t, h.open(t)).CreateImage(within(t), spec, unread{t})
	if err != nil || again.Ref != made.Ref {
		t.Fatalf("made again: %+v, %v", again, err)
	}
	if d := cmp.Diff([]driver.Image{want}, imagesOf(t, s, id)); d != "" {
		t.Errorf("listed: %s", d)
	}
	other, _ := picture(id, "system", 1<<20)
	_, err = o.CreateImage(within(t), other, unread{t})
	wantCode(t, err, psn.AlreadyExists)
	wantText(t, err, "system", spec.SHA256, other.SHA256)
	for range 2 {
		if err := o.DeleteImage(within(t), made.Ref); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	if left := imagesOf(t, s, id); len(left) != 0 {
		t.Errorf("after delete: %+v", left)
	}
}

// failing fails after some of the content.
type failing struct{ io.Reader }

var errTape = errors.New("the tape tore")

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = errTape
	}
	return n, err
}

func testImageFails(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.ImageUpload](t, s)
	id := h.ownTenant(t, s)
	good, content := picture(id, "broken", 2<<20)
	flipped := slices.Clone(content)
	flipped[1<<20] ^= 1
	for name, c := range map[string]struct {
		change  func(*driver.ImageSpec)
		content io.Reader
		code    psn.Code
		says    string
	}{
		"one bit":   {nil, bytes.NewReader(flipped), psn.Corrupt, good.SHA256},
		"too short": {nil, bytes.NewReader(content[:1<<20]), psn.Corrupt, "1048576 of 2097152 bytes"},
		"too long":  {nil, io.MultiReader(bytes.NewReader(content), bytes.NewReader([]byte{0})), psn.Corrupt, "longer than the 2097152 bytes"},
		"torn":      {nil, failing{bytes.NewReader(content[:1<<20])}, psn.Internal, "the tape tore"},
		"name":      {func(i *driver.ImageSpec) { i.Name = "" }, unread{t}, psn.InvalidInput, "name"},
		"format":    {func(i *driver.ImageSpec) { i.Format = "zip" }, unread{t}, psn.InvalidInput, `"zip"`},
		"hash":      {func(i *driver.ImageSpec) { i.SHA256 = "12" }, unread{t}, psn.InvalidInput, `"12"`},
		"firmware":  {func(i *driver.ImageSpec) { i.Firmware = "rom" }, unread{t}, psn.InvalidInput, `"rom"`},
		"property":  {func(i *driver.ImageSpec) { i.Properties = map[string]string{"status": "x"} }, unread{t}, psn.InvalidInput, `"status"`},
	} {
		spec := good
		if c.change != nil {
			c.change(&spec)
		}
		_, err := o.CreateImage(within(t), spec, c.content)
		if !psn.Is(err, c.code) {
			t.Errorf("%s: err = %v (code %s), want code %s", name, err, psn.CodeOf(err), c.code)
		}
		wantText(t, err, c.says)
		if left := imagesOf(t, s, id); len(left) != 0 {
			t.Fatalf("%s left %+v", name, left)
		}
	}
	if _, err := o.CreateImage(within(t), good, bytes.NewReader(content)); err != nil {
		t.Errorf("after failures of that name: %v", err)
	}
}

func testImageLost(t *testing.T, h *Harness) {
	var c cutter
	s := h.openAs(t, Access{Wrap: c.Wrap})
	o := as[driver.ImageUpload](t, s)
	id := h.ownTenant(t, s)
	h.eachLost(t, &c, func(name string) (string, error) {
		spec, content := picture(id, name, 1<<20)
		i, err := o.CreateImage(within(t), spec, bytes.NewReader(content))
		if err != nil {
			return "", err
		}
		if d := cmp.Diff([]driver.Image{{ImageSpec: spec, Ref: i.Ref, Status: "active"}}, imagesOf(t, s, id)); d != "" {
			t.Errorf("after a lost answer: %s", d)
		}
		return i.Ref, nil
	}, func(ref string) error { return o.DeleteImage(within(t), ref) })
}

// testImagePublic: an image of no tenant is for each.
func testImagePublic(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.ImageUpload](t, s)
	id := h.ownTenant(t, s)
	spec, content := picture("", "conformance-"+string(id)[3:], 1<<20)
	made, err := o.CreateImage(within(t), spec, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.DeleteImage(within(t), made.Ref); err != nil {
			t.Error(err)
		}
	})
	if !slices.ContainsFunc(imagesOf(t, s, ""), func(i driver.Image) bool { return cmp.Equal(i, *made) }) {
		t.Error("an image of all is not listed as one")
	}
	if again, err := o.CreateImage(within(t), spec, unread{t}); err != nil || again.Ref != made.Ref {
		t.Errorf("made again: %+v, %v", again, err)
	}
	v := h.volume(id, "public")
	v.Image = spec.Name
	if _, err := as[driver.Volumes](t, s).CreateVolume(within(t), v); err != nil {
		t.Errorf("a tenant cannot use it: %v", err)
	}
}
