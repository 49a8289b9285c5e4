package platformtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const gib = 1 << 30

func volumesOf(t testing.TB, s driver.Site, id psn.TenantID) []driver.Volume {
	t.Helper()
	all, err := as[driver.Volumes](t, s).Volumes(within(t))
	if err != nil {
		t.Fatalf("volumes: %v", err)
	}
	var out []driver.Volume
	for _, v := range all {
		if v.Tenant == id {
			out = append(out, v)
		}
	}
	return out
}

func (h *Harness) volume(id psn.TenantID, name string) driver.VolumeSpec {
	return driver.VolumeSpec{Tenant: id, Name: name, SizeBytes: gib, StorageClass: h.StorageClass, Zone: h.Cluster}
}

func testVolume(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Volumes](t, s)
	spec := h.volume("c_nessuno", "data")
	_, err := o.CreateVolume(within(t), spec)
	wantCode(t, err, psn.NotFound) // no such tenant
	id := h.ownTenant(t, s)
	spec.Tenant = id
	ours := spec
	ours.Maker = "ours"
	made, err := o.CreateVolume(within(t), ours)
	if err != nil {
		t.Fatal(err)
	}
	want := driver.Volume{VolumeSpec: spec, Ref: made.Ref, Status: made.Status}
	if d := cmp.Diff(want, *made); d != "" || made.Ref == "" {
		t.Errorf("made: %s", d)
	}
	if at, err := os.Stat(h.VolumeFile(made.Ref)); err != nil || at.Size() != gib {
		t.Errorf("bytes of the volume: %+v, %v", at, err)
	}
	again, err := as[driver.Volumes](t, h.open(t)).CreateVolume(within(t), spec)
	if err != nil || again.Ref != made.Ref {
		t.Fatalf("made again: %+v, %v", again, err)
	}
	ours.Maker = "another"
	_, err = o.CreateVolume(within(t), ours)
	wantCode(t, err, psn.AlreadyExists)
	wantText(t, err, "data", "stands already")
	larger := spec
	larger.SizeBytes = gib + 1 // rounded up to what the platform counts in
	_, err = o.CreateVolume(within(t), larger)
	wantCode(t, err, psn.AlreadyExists)
	wantText(t, err, "size")
	for range 2 {
		grown, err := o.UpdateVolume(within(t), made.Ref, larger)
		if err != nil {
			t.Fatal(err)
		}
		if at, err := os.Stat(h.VolumeFile(made.Ref)); err != nil || at.Size() != grown.SizeBytes || grown.SizeBytes <= gib {
			t.Errorf("grown to %d bytes; on disk: %+v, %v", grown.SizeBytes, at, err)
		}
		want.SizeBytes = grown.SizeBytes
	}
	_, err = o.UpdateVolume(within(t), made.Ref, spec)
	wantCode(t, err, psn.InvalidInput)
	wantText(t, err, "shrink")
	if d := cmp.Diff([]driver.Volume{want}, volumesOf(t, s, id)); d != "" {
		t.Errorf("listed: %s", d)
	}
	for range 2 {
		if err := o.DeleteVolume(within(t), made.Ref); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	if _, err := os.Stat(h.VolumeFile(made.Ref)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("bytes of a volume that was deleted: %v", err)
	}
	if left := volumesOf(t, s, id); len(left) != 0 {
		t.Errorf("after delete: %+v", left)
	}
	_, err = o.UpdateVolume(within(t), made.Ref, larger)
	wantCode(t, err, psn.NotFound)
	wantCode(t, o.AttachVolume(within(t), made.Ref, "nix"), psn.NotFound)
}

// testVolumeAtOnce: of two that make the same volume at the same time one has made
// it, and the other is told so.
func testVolumeAtOnce(t *testing.T, h *Harness) {
	s := h.open(t)
	id := h.ownTenant(t, s)
	var refs [2]string
	var errs [2]error
	var both sync.WaitGroup
	for n := range refs {
		o := as[driver.Volumes](t, h.open(t))
		both.Go(func() {
			spec := h.volume(id, "twin")
			spec.Maker = fmt.Sprintf("process-%d", n)
			v, err := o.CreateVolume(within(t), spec)
			if errs[n] = err; err == nil {
				refs[n] = v.Ref
			}
		})
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("made by %q: %v", refs, errs)
	}
	wantCode(t, errors.Join(errs[:]...), psn.AlreadyExists)
	if got := volumesOf(t, s, id); len(got) != 1 || got[0].Ref != refs[0]+refs[1] || got[0].Maker != "" {
		t.Errorf("made by %q: %+v", refs, got)
	}
}

func testVolumeChecks(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Volumes](t, s)
	id := h.ownTenant(t, s)
	for name, c := range map[string]struct {
		change func(*driver.VolumeSpec)
		says   []string
	}{
		"name":  {func(v *driver.VolumeSpec) { v.Name = "my data" }, []string{`"my data"`}},
		"size":  {func(v *driver.VolumeSpec) { v.SizeBytes = 0 }, []string{"0 bytes"}},
		"class": {func(v *driver.VolumeSpec) { v.StorageClass = "nix" }, []string{`"nix"`, h.StorageClass}},
		"zone":  {func(v *driver.VolumeSpec) { v.Zone = "nix" }, []string{`"nix"`, h.Cluster}},
		"image": {func(v *driver.VolumeSpec) { v.Image = "nix" }, []string{`"nix"`}},
	} {
		spec := h.volume(id, "checked")
		c.change(&spec)
		_, err := o.CreateVolume(within(t), spec)
		if !psn.Is(err, psn.InvalidInput) {
			t.Errorf("%s: err = %v, want code %s", name, err, psn.InvalidInput)
		}
		wantText(t, err, c.says...)
	}
	if left := volumesOf(t, s, id); len(left) != 0 {
		t.Errorf("refused specifications left %+v", left)
	}
}

// testVolumeFails: a volume that no storage has room for is refused in words
// and leaves nothing; one that cannot grow stays as it is.
func testVolumeFails(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Volumes](t, s)
	id := h.ownTenant(t, s)
	if is[driver.Quotas](s) { // it is the storage that has no room, and not the quota
		if err := s.EnsureTenant(within(t), driver.Tenant{ID: id, Quota: &driver.Quota{}}); err != nil {
			t.Fatal(err)
		}
	}
	spec := h.volume(id, "huge")
	spec.SizeBytes = h.TooLarge
	for range 2 {
		_, err := o.CreateVolume(within(t), spec)
		wantCode(t, err, psn.Exhausted)
		wantText(t, err, "huge")
	}
	if left := volumesOf(t, s, id); len(left) != 0 {
		t.Errorf("what could not be made left %+v", left)
	}
	small := h.volume(id, "small")
	made, err := o.CreateVolume(within(t), small)
	if err != nil {
		t.Fatal(err)
	}
	small.SizeBytes = h.TooLarge
	_, err = o.UpdateVolume(within(t), made.Ref, small)
	wantCode(t, err, psn.Exhausted)
	if d := cmp.Diff([]driver.Volume{*made}, volumesOf(t, s, id)); d != "" {
		t.Errorf("what could not grow changed: %s", d)
	}
}

// testVolumeLost: whoever names itself as the maker knows its own volume after
// every lost answer.
func testVolumeLost(t *testing.T, h *Harness) {
	var c cutter
	s := h.openAs(t, Access{Wrap: c.Wrap})
	o := as[driver.Volumes](t, s)
	id := h.ownTenant(t, s)
	h.eachLost(t, &c, func(name string) (string, error) {
		spec := h.volume(id, name)
		spec.Maker = "ours-" + name
		v, err := o.CreateVolume(within(t), spec)
		if err != nil {
			return "", err
		}
		if got := volumesOf(t, s, id); len(got) != 1 || got[0].Ref != v.Ref || got[0].Maker != "" {
			t.Errorf("after a lost answer: %+v", got)
		}
		return v.Ref, nil
	}, func(ref string) error { return o.DeleteVolume(within(t), ref) })
	// A caller that gives up while it is being made finds it later.
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, _ = o.CreateVolume(ctx, h.volume(id, "impatient"))
	if _, err := o.CreateVolume(within(t), h.volume(id, "impatient")); err != nil {
		t.Fatal(err)
	}
	if got := volumesOf(t, s, id); len(got) != 1 {
		t.Errorf("a caller that gave up left %+v", got)
	}
}

func testVolumeAttach(t *testing.T, h *Harness) {
	var c cutter
	s := h.openAs(t, Access{Wrap: c.Wrap})
	o := as[driver.Volumes](t, s)
	id := h.ownTenant(t, s)
	spec := h.volume(id, "data")
	made, err := o.CreateVolume(within(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	first, second := h.machine(t, s, id, "db-1", nil), h.machine(t, s, id, "db-2", nil)
	attachedTo := func(want string) {
		t.Helper()
		for _, v := range volumesOf(t, s, id) {
			if v.Ref == made.Ref && v.AttachedTo != want {
				t.Fatalf("attached to %q, want %q", v.AttachedTo, want)
			}
		}
	}
	for range 2 {
		if err := o.AttachVolume(within(t), made.Ref, first); err != nil {
			t.Fatal(err)
		}
		attachedTo(first)
	}
	err = o.AttachVolume(within(t), made.Ref, second)
	wantCode(t, err, psn.Conflict)
	wantText(t, err, "db-1", "data")
	err = o.DeleteVolume(within(t), made.Ref)
	wantCode(t, err, psn.Conflict)
	wantText(t, err, "db-1", "data")
	spec.SizeBytes = 2 * gib
	grown, err := o.UpdateVolume(within(t), made.Ref, spec)
	switch {
	case h.FixedAttached:
		wantCode(t, err, psn.Conflict)
		attachedTo(first) // and usable, as before
	case err != nil || grown.SizeBytes != 2*gib || grown.AttachedTo != first:
		t.Errorf("grown while attached: %+v, %v", grown, err)
	}
	if err := o.DetachVolume(within(t), made.Ref, second); err != nil {
		t.Errorf("detach from who does not have it: %v", err)
	}
	attachedTo(first)
	for range 2 {
		if err := o.DetachVolume(within(t), made.Ref, first); err != nil {
			t.Fatal(err)
		}
		attachedTo("")
	}
	// Moving on to the other, with the answers lost.
	c.arm(1, false)
	if err := o.AttachVolume(within(t), made.Ref, second); err != nil {
		wantCode(t, err, psn.Unavailable)
		if err := o.AttachVolume(within(t), made.Ref, second); err != nil {
			t.Fatal(err)
		}
	}
	attachedTo(second)
	// The volume outlives the machine that has it.
	if err := s.DeleteVM(within(t), second); err != nil {
		t.Fatal(err)
	}
	attachedTo("")
	if _, err := os.Stat(h.VolumeFile(made.Ref)); err != nil {
		t.Errorf("the volume went with the machine: %v", err)
	}
	if err := o.DeleteVolume(within(t), made.Ref); err != nil {
		t.Error(err)
	}
}

func testVolumeOfImage(t *testing.T, h *Harness) {
	s := h.open(t)
	o := as[driver.Volumes](t, s)
	id := h.ownTenant(t, s)
	image, content := picture(id, "system", 3<<20)
	made, err := as[driver.ImageUpload](t, s).CreateImage(within(t), image, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []string{made.Name, made.Ref} {
		spec := h.volume(id, "of-"+by[:6])
		spec.Image = by
		v, err := o.CreateVolume(within(t), spec)
		if err != nil {
			t.Fatal(err)
		}
		if v.Image != made.Ref {
			t.Errorf("volume says that it is of image %q, want %q", v.Image, made.Ref)
		}
		if got := start(t, h.VolumeFile(v.Ref), len(content)); !bytes.Equal(got, content) {
			t.Error("the volume does not begin with the image's content")
		}
		if again, err := o.CreateVolume(within(t), spec); err != nil || again.Ref != v.Ref {
			t.Errorf("made again: %+v, %v", again, err)
		}
		spec.Image = ""
		if _, err := o.CreateVolume(within(t), spec); err != nil {
			t.Errorf("asked for with any content: %v", err)
		}
	}
}

// start reads the first n bytes of a file.
func start(t testing.TB, path string, n int) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, n)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}
