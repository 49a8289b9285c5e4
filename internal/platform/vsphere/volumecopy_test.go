package vsphere_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// severed lets requests pass up to the first that calls the method; from then on
// none, when the process is to be dead, or all but that one.
type severed struct {
	next   http.RoundTripper
	method string
	dead   bool
	cut    atomic.Bool
}

func (s *severed) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		if bytes.Contains(b, []byte(s.method)) {
			s.cut.Store(true)
			return nil, errors.New("cut")
		}
	}
	if s.dead && s.cut.Load() {
		return nil, errors.New("dead")
	}
	return s.next.RoundTrip(r)
}

// TestAVolumeIsNeverHalfAnImage cuts the making of a volume of an image off at
// each of its steps: there is no volume then, and the next try makes a whole one
// and leaves nothing else.
func TestAVolumeIsNeverHalfAnImage(t *testing.T) {
	for _, dead := range []bool{false, true} {
		for _, method := range []string{"ExtendVirtualDisk_Task", "MoveVirtualDisk_Task"} {
			t.Run(map[bool]string{true: "killed at ", false: "failed at "}[dead]+method, func(t *testing.T) {
				sb, c := start(t, "acilia")
				if err := c.AddTemplate("debian-12", 16<<20); err != nil {
					t.Fatal(err)
				}
				whole := open(t, sandboxConfig(sb, c, sandbox.Operator))
				ctx := bounded(t)
				if err := whole.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
					t.Fatal(err)
				}
				cfg := sandboxConfig(sb, c, sandbox.Operator)
				cut := &severed{method: method, dead: dead}
				cfg.Wrap = func(next http.RoundTripper) http.RoundTripper { cut.next = next; return cut }
				spec := driver.VolumeSpec{Tenant: "p_bs", Name: "sistema", SizeBytes: 24 << 20, Image: "debian-12", StorageClass: "acilia-cl01-ds01"}
				if v, err := open(t, cfg).CreateVolume(ctx, spec); err == nil || !cut.cut.Load() {
					t.Fatalf("made: %+v", v)
				}
				if all, err := whole.Volumes(ctx); err != nil || len(all) > 0 {
					t.Errorf("half a volume is told: %+v, %v", all, err)
				}
				parts := filepath.Join(sb.Dir(), "datastores", "acilia", "acilia-cl01-ds01", "psn-volumes", "p_bs", ".parts")
				left := func() []string {
					all, err := whole.TenantLeftovers(ctx, "p_bs")
					if err != nil {
						t.Fatal(err)
					}
					var out []string
					for _, v := range all {
						if file, is := strings.CutPrefix(v, "unfinished volume [acilia-cl01-ds01] psn-volumes/p_bs/.parts/"); is {
							out = append(out, file)
						}
					}
					return out
				}
				cutOff := left()
				if dead != (len(cutOff) == 1) || dead && !strings.HasPrefix(cutOff[0], "sistema.") {
					t.Errorf("left: %q", cutOff)
				}
				v, err := whole.CreateVolume(ctx, spec)
				if err != nil || v.SizeBytes != spec.SizeBytes {
					t.Fatalf("again: %+v, %v", v, err)
				}
				// It may be of a process that is at it: only one of another day is removed.
				if d := cmp.Diff(cutOff, left()); d != "" {
					t.Errorf("left after all: %s", d)
				}
				found, err := os.ReadDir(parts)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range found {
					if old := time.Now().Add(-25 * time.Hour); os.Chtimes(filepath.Join(parts, f.Name()), old, old) != nil {
						t.Fatal(f.Name())
					}
				}
				other := spec
				if other.Name = "altro"; dead {
					if _, err := whole.CreateVolume(ctx, other); err != nil {
						t.Fatal(err)
					}
				}
				if got := left(); len(got) > 0 {
					t.Errorf("left of another day: %q", got)
				}
				a := create(t, whole, at("p_bs/a"))
				if err := whole.AttachVolume(ctx, v.Ref, a); err != nil {
					t.Fatal(err)
				}
				image, err := os.ReadFile(c.DiskFile("debian-12", 0))
				if err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(c.DiskFile("a", 1))
				if err != nil || len(got) != 24<<20 || !bytes.Equal(got[:len(image)], image) {
					t.Errorf("the volume has not the image's content: %d bytes, %v", len(got), err)
				}
			})
		}
	}
}

// rival makes the same volume, by another process, when this one's copy is whole.
type rival struct {
	next http.RoundTripper
	make func()
	done atomic.Bool
}

func (r *rival) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(b))
		if bytes.Contains(b, []byte("MoveVirtualDisk_Task")) && r.done.CompareAndSwap(false, true) {
			r.make()
		}
	}
	return r.next.RoundTrip(req)
}

// TestTwoMakeAVolumeOfAnImage: neither takes the other's copy away, both get the
// one volume, and nothing else is left.
func TestTwoMakeAVolumeOfAnImage(t *testing.T) {
	sb, c := start(t, "acilia")
	if err := c.AddTemplate("debian-12", 16<<20); err != nil {
		t.Fatal(err)
	}
	second := open(t, sandboxConfig(sb, c, sandbox.Operator))
	ctx := bounded(t)
	if err := second.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	spec := driver.VolumeSpec{Tenant: "p_bs", Name: "sistema", SizeBytes: 24 << 20, Image: "debian-12", StorageClass: "acilia-cl01-ds01"}
	for name, cut := range map[string]string{"whole": "", "cut off": "MoveVirtualDisk_Task"} {
		t.Run(name, func(t *testing.T) {
			theirs := sandboxConfig(sb, c, sandbox.Operator)
			if cut != "" {
				theirs.Wrap = func(next http.RoundTripper) http.RoundTripper { return &severed{next: next, method: cut, dead: true} }
			}
			other, spec := open(t, theirs), spec
			spec.Name += strings.ReplaceAll(name, " ", "-")
			cfg := sandboxConfig(sb, c, sandbox.Operator)
			cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
				return &rival{next: next, make: func() {
					if _, err := other.CreateVolume(ctx, spec); (err == nil) != (cut == "") {
						t.Errorf("the other: %v", err)
					}
				}}
			}
			v, err := open(t, cfg).CreateVolume(ctx, spec)
			if err != nil || v.SizeBytes != spec.SizeBytes {
				t.Fatalf("%+v, %v", v, err)
			}
		})
	}
	all, err := second.TenantLeftovers(ctx, "p_bs")
	if err != nil {
		t.Fatal(err)
	}
	unfinished := slices.DeleteFunc(all, func(v string) bool { return !strings.HasPrefix(v, "unfinished") })
	if len(unfinished) != 1 || !strings.Contains(unfinished[0], "sistemacut-off.") {
		t.Errorf("left: %q", unfinished)
	}
}
