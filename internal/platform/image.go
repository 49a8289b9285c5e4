package platform

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func newImages() *listing[driver.Image] {
	return &listing[driver.Image]{
		ref: func(i driver.Image) string { return i.Ref },
		order: func(a, b driver.Image) int {
			return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
		},
	}
}

func (s *Site) imageKind() kind[driver.Images, driver.Image] {
	return kind[driver.Images, driver.Image]{
		what: "image", notions: []driver.Notion{driver.NotionImage},
		kept: s.images, read: driver.Images.Images,
	}
}

func (s *Site) uploadKind() kind[driver.ImageUpload, driver.Image] {
	return kind[driver.ImageUpload, driver.Image]{
		what: "image upload", notions: []driver.Notion{driver.NotionImageUpload}, kept: s.images,
	}
}

// Images lists what machines may be started from, read at most once per TTL.
// Callers must not change it.
func (s *Site) Images(ctx context.Context) ([]driver.Image, error) {
	return s.imageKind().list(ctx, s)
}

// FindImage returns the image of that name, of the tenant or, without one, of
// the site; or psn.NotFound. ref is as of FindNetwork; without one those are left
// out that are being made.
func (s *Site) FindImage(ctx context.Context, t psn.TenantID, name, ref string) (*driver.Image, error) {
	return s.imageKind().find(ctx, s, name, ref, func(i driver.Image) bool { return i.Tenant == t && i.Name == name && (ref != "" || !i.Making) })
}

// CreateImage uploads what open returns. It is opened again for each try.
func (s *Site) CreateImage(ctx context.Context, spec driver.ImageSpec, open func() (io.ReadCloser, error)) (*driver.Image, error) {
	return s.uploadKind().write(ctx, s, func(d driver.ImageUpload) (img *driver.Image, err error) {
		content, err := open()
		if err != nil {
			return nil, psn.Errorf(psn.InvalidInput, "open the content: %w", err)
		}
		defer func() {
			if e := content.Close(); e != nil && err == nil {
				err = fmt.Errorf("close the content: %w", e)
			}
		}()
		return d.CreateImage(ctx, spec, content)
	})
}

// DeleteImage removes an image; one that is gone is success.
func (s *Site) DeleteImage(ctx context.Context, ref string) error {
	return s.uploadKind().remove(ctx, s, ref, func(d driver.ImageUpload) error { return d.DeleteImage(ctx, ref) })
}

func newFlavors() *listing[driver.Flavor] {
	return &listing[driver.Flavor]{
		ref: func(f driver.Flavor) string { return f.Ref },
		order: func(a, b driver.Flavor) int {
			return cmp.Or(cmp.Compare(a.VCPUs, b.VCPUs), cmp.Compare(a.MemoryMiB, b.MemoryMiB), cmp.Compare(a.Name, b.Name))
		},
	}
}

// Flavors lists the sizes the platform offers, sorted by vCPUs, memory, then
// name, read at most once per TTL. Callers must not change it.
func (s *Site) Flavors(ctx context.Context) ([]driver.Flavor, error) {
	return kind[driver.Flavors, driver.Flavor]{
		what: "flavour", notions: []driver.Notion{driver.NotionFlavor},
		kept: s.flavors, read: driver.Flavors.Flavors,
	}.list(ctx, s)
}

// ConsoleLog returns the last lines of the serial console of the machine of
// that ref; lines 0 means all that is kept.
func (s *Site) ConsoleLog(ctx context.Context, ref string, lines int) (text string, err error) {
	err = capable(ctx, s, "console log", func(c driver.Console) (err error) {
		text, err = c.ConsoleLog(ctx, ref, lines)
		return err
	}, driver.NotionConsoleLog)
	return text, err
}
