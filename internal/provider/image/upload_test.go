package image_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/image"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// glance takes uploads, or loses its answers to them.
type glance struct {
	driver.Site
	all  []driver.Image
	lost bool
}

func (g *glance) Images(context.Context) ([]driver.Image, error) { return g.all, nil }

func (g *glance) CreateImage(_ context.Context, spec driver.ImageSpec, _ io.Reader) (*driver.Image, error) {
	if g.lost {
		return nil, psn.Errorf(psn.Unavailable, "no answer")
	}
	i := driver.Image{ImageSpec: spec, Ref: "ours", Status: "active"}
	g.all = append(g.all, i)
	return &i, nil
}

func (g *glance) DeleteImage(context.Context, string) error { return nil }

// TestAFailedUploadHasMadeNone: an image that stands after it is another's, or the
// next apply's: it must not come into the state, for it would be replaced.
func TestAFailedUploadHasMadeNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "debian")
	if err := os.WriteFile(file, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, lost := range []bool{true, false} {
		g := &glance{lost: lost}
		at := platform.New(psn.Acilia, psn.OpenStack, "site acilia (openstack)", func(context.Context) (driver.Site, error) { return g, nil })
		m := given(file, none)
		m.Name = types.StringValue("debian")
		err := image.Create(t.Context(), at, &m)
		if lost != psn.Is(err, psn.Unavailable) || !lost && (err != nil || m.Ref.ValueString() != "ours") {
			t.Fatalf("lost %t: %v", lost, err)
		}
		if lost {
			g.all = []driver.Image{{ImageSpec: driver.ImageSpec{Name: "debian"}, Ref: "theirs", Status: "active"}}
		}
		if err := image.Read(t.Context(), at, &m); lost != psn.Is(err, psn.NotFound) || !lost && err != nil {
			t.Errorf("lost %t: read as %s, %v", lost, m.Ref, err)
		}
	}
}
