package platform_test

import (
	"context"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type imagesOnly struct {
	driver.Site
	all []driver.Image
}

func (i imagesOnly) Images(context.Context) ([]driver.Image, error) { return i.all, nil }

// TestFindImageBesideUploads: a name is that of the image that is whole, however
// many uploads of it go on or were cut off; a ref is that of any.
func TestFindImageBesideUploads(t *testing.T) {
	at := func(ref string, making bool) driver.Image {
		return driver.Image{ImageSpec: driver.ImageSpec{Name: "debian"}, Ref: ref, Making: making}
	}
	for name, c := range map[string]struct {
		all       []driver.Image
		ref, want string
		code      psn.Code
	}{
		"whole":           {[]driver.Image{at("a", true), at("b", false), at("c", true)}, "", "b", ""},
		"uploads only":    {[]driver.Image{at("a", true), at("b", true)}, "", "", psn.NotFound},
		"upload by ref":   {[]driver.Image{at("a", true), at("b", false)}, "a", "a", ""},
		"several of them": {[]driver.Image{at("a", false), at("b", false)}, "", "", psn.Conflict},
	} {
		s := platform.New(psn.Acilia, psn.OpenStack, "site acilia (openstack)", func(context.Context) (driver.Site, error) { return imagesOnly{all: c.all}, nil })
		i, err := s.FindImage(t.Context(), "", "debian", c.ref)
		if (err == nil) != (c.code == "") || err != nil && !psn.Is(err, c.code) || err == nil && i.Ref != c.want {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
}
