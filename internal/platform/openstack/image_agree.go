package openstack

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/patience"
)

// imagesNamed lists the images of that name that stand where spec's is to, those
// first that were whole first. Who has the mark of its uploader taken off was agreed
// on; that changes the time of the change, which else is that of being whole.
func (s *Site) imagesNamed(ctx context.Context, c *gophercloud.ServiceClient, project string, spec driver.ImageSpec) ([]glanceImage, error) {
	found, err := list(ctx, c, "images", url.Values{"name": {spec.Name}}, "images", glanceImage.id)
	found = slices.DeleteFunc(found, func(i glanceImage) bool {
		return i.Name != spec.Name || i.Owner != project && (spec.Tenant != "" || i.Visibility != imagePublic)
	})
	agreed := func(i glanceImage) int {
		if i.marked() {
			return 1
		}
		return 0
	}
	slices.SortFunc(found, func(a, b glanceImage) int {
		return cmp.Or(cmp.Compare(agreed(a), agreed(b)), cmp.Compare(a.Updated, b.Updated), cmp.Compare(a.ID, b.ID))
	})
	return found, err
}

// agreedImage returns the image of all uploads of that name, made being the one
// that is whole just now: the first that was whole. Where that is another's, made is
// removed. Who was first is settled agreeAfter one is whole: Glance tells the second
// in which that was.
func (s *Site) agreedImage(ctx context.Context, c *gophercloud.ServiceClient, project string, spec driver.ImageSpec, made *glanceImage) (*glanceImage, error) {
	if err := patience.Sleep(ctx, agreeAfter); err != nil {
		return nil, err
	}
	var found []glanceImage
	is := func(i glanceImage) bool { return i.ID == made.ID && i.Status == imageActive }
	err := s.listed(ctx, "image "+made.ID, func(ctx context.Context) (bool, error) {
		var err error
		found, err = s.imagesNamed(ctx, c, project, spec)
		return slices.ContainsFunc(found, is), err
	})
	if err != nil {
		return nil, err
	}
	first := &found[slices.IndexFunc(found, func(i glanceImage) bool { return is(i) || i.standsBefore(made) })]
	if is(*first) {
		return made, nil
	}
	if err := first.is(spec); err != nil {
		return nil, err
	}
	return first, s.removeImage(ctx, c, made.ID)
}

// standsBefore reports whether another image of the name is one to give way to, when
// it was whole before: not when its sender is about to find that it arrived wrong.
func (i glanceImage) standsBefore(made *glanceImage) bool {
	wrong := i.marked() && i.Extra[propHash] == made.Extra[propHash] && deref(i.HashAlgo) == deref(made.HashAlgo) && deref(i.Hash) != deref(made.Hash)
	return !i.unfinished() && !wrong
}
