package vsphere_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

// TestTwoMakersOfAVolume: of two that both found no volume one has made it, and the
// other, which is told so, leaves nothing; on whichever datastores they were at it.
func TestTwoMakersOfAVolume(t *testing.T) {
	const first, second = "acilia-cl01-ds01", "acilia-cl02-ds01"
	for name, theirs := range map[string]string{"the same datastore": first, "another datastore": second} {
		t.Run(name, func(t *testing.T) {
			sb, c := start(t, "acilia")
			other := open(t, sandboxConfig(sb, c, sandbox.Operator))
			ctx := bounded(t)
			if err := other.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
				t.Fatal(err)
			}
			spec := driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 8 << 20, StorageClass: first, Maker: "ours"}
			cfg := sandboxConfig(sb, c, sandbox.Operator)
			cfg.Wrap = func(next http.RoundTripper) http.RoundTripper {
				return &rival{next: next, make: func() {
					spec := spec
					spec.StorageClass, spec.Maker = theirs, "theirs"
					if v, err := other.CreateVolume(ctx, spec); err != nil || v.StorageClass != theirs || v.Maker != "" {
						t.Errorf("the other: %+v, %v", v, err)
					}
				}}
			}
			s := open(t, cfg)
			v, err := s.CreateVolume(ctx, spec)
			if !psn.Is(err, psn.AlreadyExists) {
				t.Errorf("%+v, %v", v, err)
			}
			if s.Claims() != 0 || other.Claims() != 0 {
				t.Errorf("claims are left: %d, of the other %d", s.Claims(), other.Claims())
			}
			left, err := other.TenantLeftovers(ctx, "p_bs")
			if err != nil || len(left) != 1 {
				t.Errorf("left: %q, %v", left, err)
			}
			if v := volumeAt(t, other, "p_bs/dati"); v == nil || v.StorageClass != theirs || v.Maker != "" {
				t.Errorf("stands: %+v", v)
			}
		})
	}
}

// meddler changes the request that makes a file a volume, and from then on fails
// those that call a method.
type meddler struct {
	next   http.RoundTripper
	change func([]byte) []byte
	fails  atomic.Pointer[string]
	then   string
}

func (m *meddler) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return m.next.RoundTrip(r)
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if method := m.fails.Load(); method != nil && bytes.Contains(b, []byte(*method)) {
		return nil, errors.New("cut")
	}
	if bytes.Contains(b, []byte("MoveVirtualDisk_Task")) {
		if m.change != nil {
			b = m.change(b)
		}
		m.fails.Store(&m.then)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return m.next.RoundTrip(r)
}

// TestAClaimEndsWhenTheServerRefuses: nothing of ours is there then, nor will be.
func TestAClaimEndsWhenTheServerRefuses(t *testing.T) {
	sb, c := start(t, "acilia")
	cfg := sandboxConfig(sb, c, sandbox.Operator)
	m := &meddler{then: "never", change: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("/.parts/"), []byte("/.nowhere/")) }}
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper { m.next = next; return m }
	s := open(t, cfg)
	ctx := bounded(t)
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	spec := driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 8 << 20, StorageClass: "acilia-cl01-ds01", Maker: "ours"}
	if v, err := s.CreateVolume(ctx, spec); !psn.Is(err, psn.NotFound) || m.fails.Load() == nil || s.Claims() != 0 {
		t.Errorf("%+v, %v, %d claims are left", v, err, s.Claims())
	}
}

// TestAClaimWhoseDiskCannotBeAsked: what was made is its maker's until that one is
// told so. While its disk cannot be asked all volumes are listed, it without its
// maker, who is told to try again and not that it is another's.
func TestAClaimWhoseDiskCannotBeAsked(t *testing.T) {
	sb, c := start(t, "acilia")
	cfg := sandboxConfig(sb, c, sandbox.Operator)
	m := &meddler{then: "SearchDatastoreSubFolders_Task"}
	cfg.Wrap = func(next http.RoundTripper) http.RoundTripper { m.next = next; return m }
	s := open(t, cfg)
	ctx := bounded(t)
	if err := s.EnsureTenant(ctx, driver.Tenant{ID: "p_bs"}); err != nil {
		t.Fatal(err)
	}
	spec := driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 8 << 20, StorageClass: "acilia-cl01-ds01", Maker: "ours"}
	told := func(maker string) {
		t.Helper()
		if v := volumeAt(t, s, "p_bs/dati"); v == nil || v.Maker != maker {
			t.Errorf("%+v, want the maker %q", v, maker)
		}
	}
	_, err := s.CreateVolume(ctx, spec)
	refused(t, err, psn.Unavailable)
	uuid := "QueryVirtualDiskUuid"
	m.fails.Store(&uuid)
	told("")
	_, err = s.CreateVolume(ctx, spec)
	refused(t, err, psn.Unavailable)
	m.fails.Store(nil)
	told("ours")
	if v, err := s.CreateVolume(ctx, spec); err != nil || v.Ref != "p_bs/dati" || s.Claims() != 0 {
		t.Errorf("%+v, %v, %d claims are left", v, err, s.Claims())
	}
	told("")
}
