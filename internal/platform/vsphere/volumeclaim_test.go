package vsphere_test

import (
	"net/http"
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
			v, err := open(t, cfg).CreateVolume(ctx, spec)
			if !psn.Is(err, psn.AlreadyExists) {
				t.Errorf("%+v, %v", v, err)
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
