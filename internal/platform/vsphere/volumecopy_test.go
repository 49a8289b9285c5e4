package vsphere_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

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
				var want []string
				if dead {
					want = []string{"unfinished volume [acilia-cl01-ds01] psn-volumes/p_bs/.parts/sistema.vmdk"}
				}
				left := func() []string {
					all, err := whole.TenantLeftovers(ctx, "p_bs")
					if err != nil {
						t.Fatal(err)
					}
					var out []string
					for _, v := range all {
						if strings.HasPrefix(v, "unfinished") {
							out = append(out, v)
						}
					}
					return out
				}
				if d := cmp.Diff(want, left()); d != "" {
					t.Errorf("left: %s", d)
				}
				v, err := whole.CreateVolume(ctx, spec)
				if err != nil || v.SizeBytes != spec.SizeBytes {
					t.Fatalf("again: %+v, %v", v, err)
				}
				if got := left(); len(got) > 0 {
					t.Errorf("left after all: %q", got)
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
