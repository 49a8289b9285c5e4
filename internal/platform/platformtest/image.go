package platformtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// dying is a process that is killed while it sends content: nothing that it does
// later arrives.
type dying struct {
	next http.RoundTripper
	dead atomic.Bool
}

var errDead = errors.New("the process is dead")

func (d *dying) RoundTrip(req *http.Request) (*http.Response, error) {
	if d.dead.Load() {
		return nil, errDead
	}
	if req.Body != nil && req.GetBody == nil { // content, which can be read once
		req = req.Clone(req.Context())
		req.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(req.Body, 1<<20), deathbed{d}), req.Body}
	}
	return d.next.RoundTrip(req)
}

type deathbed struct{ d *dying }

func (b deathbed) Read([]byte) (int, error) {
	b.d.dead.Store(true)
	return 0, errDead
}

// testImageCutOff: what a process that was killed has left keeps nobody from making
// the image, is not taken for it, and is of no harm to what is started from it.
func testImageCutOff(t *testing.T, h *Harness) {
	d := &dying{}
	killed := h.openAs(t, Access{Wrap: func(next http.RoundTripper) http.RoundTripper { d.next = next; return d }})
	s := h.open(t)
	id := h.ownTenant(t, s)
	spec, content := picture(id, "cut-off", 4<<20)
	if i, err := as[driver.ImageUpload](t, killed).CreateImage(within(t), spec, bytes.NewReader(content)); err == nil || !d.dead.Load() {
		t.Fatalf("it was not killed: %+v", i)
	}
	left := imagesOf(t, s, id)
	if len(left) != 1 || !left[0].Making {
		t.Errorf("killed, it left %+v", left)
	}
	from := time.Now()
	made, err := as[driver.ImageUpload](t, s).CreateImage(within(t), spec, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("made by the next %s after it was killed", time.Since(from).Round(time.Millisecond))
	for _, i := range imagesOf(t, s, id) {
		if i.Making != (i.Ref != made.Ref) {
			t.Errorf("told as %+v, made is %s", i, made.Ref)
		}
	}
	v := h.volume(id, "started")
	v.Image = spec.Name
	if v, err := as[driver.Volumes](t, s).CreateVolume(within(t), v); err != nil || v.Image != made.Ref {
		t.Errorf("started from its name: %+v, %v", v, err)
	}
}

// testImageAtOnce: of two that upload the same image at the same time both get the
// one that is left, and none is cut.
func testImageAtOnce(t *testing.T, h *Harness) {
	s := h.open(t)
	id := h.ownTenant(t, s)
	spec, content := picture(id, "twin", 2<<20)
	var refs [2]string
	var both sync.WaitGroup
	for n := range refs {
		o := as[driver.ImageUpload](t, h.open(t))
		both.Go(func() {
			i, err := o.CreateImage(within(t), spec, bytes.NewReader(content))
			if err != nil {
				t.Errorf("upload %d: %v", n, err)
				return
			}
			refs[n] = i.Ref
		})
	}
	both.Wait()
	if d := cmp.Diff([]driver.Image{{ImageSpec: spec, Ref: refs[0], Status: "active"}}, imagesOf(t, s, id)); d != "" || refs[0] != refs[1] {
		t.Errorf("they have %q: %s", refs, d)
	}
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
