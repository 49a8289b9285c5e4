package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.Images = (*Site)(nil)

// Images implements driver.Images in two requests and one for each further page.
func (s *Site) Images(ctx context.Context) ([]driver.Image, error) {
	out, err := s.images(ctx)
	return out, s.fault(err, "list images")
}

func (s *Site) images(ctx context.Context) ([]driver.Image, error) {
	c, err := s.image(ctx, "")
	if err != nil {
		return nil, err
	}
	found, err := list(ctx, c, "images", url.Values{"visibility": {"all"}}, "images", glanceImage.id)
	if err != nil {
		return nil, err
	}
	tenants, err := s.tenantsByProject(ctx)
	if err != nil {
		return nil, err
	}
	return observeImages(found, tenants), nil
}

// imageFor finds the image that a machine or volume of the project starts from,
// by id or name: the project's own before one that everybody may use.
func (s *Site) imageFor(ctx context.Context, project, nameOrRef string) (*glanceImage, error) {
	c, err := s.image(ctx, project)
	if err != nil {
		return nil, err
	}
	var found []glanceImage
	if uuidRe.MatchString(nameOrRef) {
		var one glanceImage
		if err := get(ctx, c, "images/"+nameOrRef, &one); err == nil {
			found = append(found, one)
		} else if !gone(err) {
			return nil, err
		}
	} else if found, err = list(ctx, c, "images", url.Values{"name": {nameOrRef}}, "images", glanceImage.id); err != nil {
		return nil, err
	}
	// Uploads that go on, or were cut off, stand beside what they are of.
	for _, not := range []func(glanceImage) bool{
		glanceImage.unfinished,
		func(i glanceImage) bool { return i.Owner != project },
		glanceImage.marked,
	} {
		if better := slices.DeleteFunc(slices.Clone(found), not); len(better) > 0 {
			found = better
		}
	}
	switch {
	case len(found) == 0:
		return nil, psn.Errorf(psn.InvalidInput, "image %q does not exist for the tenant at this site: upload it, or name another", nameOrRef)
	case len(found) > 1:
		return nil, psn.Errorf(psn.InvalidInput, "%d images have the name %q (%s, %s): name one by its id", len(found), nameOrRef, found[0].ID, found[1].ID)
	case found[0].Status != imageActive:
		return nil, psn.Errorf(psn.Conflict, "image %q (%s) is in status %q: only active ones can be started from", nameOrRef, found[0].ID, found[0].Status)
	}
	return &found[0], nil
}

// DeleteImage implements driver.ImageUpload.
func (s *Site) DeleteImage(ctx context.Context, ref string) error {
	err := s.deleteImage(ctx, ref)
	if gone(err) {
		return nil
	}
	return s.fault(err, fmt.Sprintf("delete image %s", ref))
}

func (s *Site) deleteImage(ctx context.Context, ref string) error {
	c, err := s.image(ctx, "")
	if err != nil {
		return err
	}
	var i glanceImage
	if err := get(ctx, c, "images/"+url.PathEscape(ref), &i); err != nil {
		return err
	}
	if i.Extra[propHash] == "" {
		// Not uploaded by us: only a tenant's own is ours to remove.
		if _, err := s.tenantOf(ctx, i.Owner); err != nil {
			return err
		}
	}
	return s.removeImage(ctx, c, i.ID)
}

// removeImage deletes an image; a missing one is success.
func (s *Site) removeImage(ctx context.Context, c *gophercloud.ServiceClient, id string) error {
	err := send(ctx, c, http.MethodDelete, "images/"+id, nil, nil)
	switch {
	case gone(err):
		return nil
	case hasStatus(err, http.StatusForbidden) && strings.Contains(err.Error(), "protected"):
		return &psn.Error{Code: psn.Conflict, Err: s.words(err)}
	}
	return err
}
