package openstack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ driver.ImageUpload = (*Site)(nil)

// CreateImage implements driver.ImageUpload. The content is hashed while it is
// sent, and what Glance hashed of what arrived is held against it. An upload is
// not resumed, nor is one waited for that another process began: whether that goes
// on or was cut off nobody can tell. Each sends the content to an image of its own,
// and the first that is whole is the one of that name (see agreedImage).
func (s *Site) CreateImage(ctx context.Context, spec driver.ImageSpec, from io.Reader) (*driver.Image, error) {
	i, err := s.createImage(ctx, spec, from)
	what := fmt.Sprintf("create image %q of tenant %q", spec.Name, spec.Tenant)
	if spec.Tenant == "" {
		what = fmt.Sprintf("create image %q of all tenants", spec.Name)
	}
	return i, s.fault(err, what)
}

func (s *Site) createImage(ctx context.Context, spec driver.ImageSpec, from io.Reader) (*driver.Image, error) {
	if err := checkImage(spec); err != nil {
		return nil, err
	}
	project := "" // the operator's own
	if spec.Tenant != "" {
		var err error
		if project, err = s.projectOf(ctx, spec.Tenant); err != nil {
			return nil, err
		}
	}
	c, err := s.image(ctx, project)
	if err != nil {
		return nil, err
	}
	unlock, err := s.objects.lock(ctx, "image/"+project+"/"+spec.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	i, err := s.imageNamed(ctx, c, project, spec)
	if err != nil {
		return nil, err
	}
	if i == nil {
		if i, err = s.upload(ctx, c, project, spec, from); err != nil {
			return nil, err
		}
	}
	s.unmark(ctx, c, i)
	out := i.observed(spec.Tenant)
	return &out, nil
}

// imageNamed returns the image that an earlier call made, nil when it is yet to
// be made. What another process is sending stays; what nobody is, is removed.
func (s *Site) imageNamed(ctx context.Context, c *gophercloud.ServiceClient, project string, spec driver.ImageSpec) (*glanceImage, error) {
	found, err := s.imagesNamed(ctx, c, project, spec)
	if err != nil {
		return nil, err
	}
	var same *glanceImage
	for n, i := range found {
		switch {
		case i.unfinished() && i.Extra[propHash] != "":
			if i.abandoned(s.uploader, time.Now()) {
				if err := s.removeImage(ctx, c, i.ID); err != nil {
					return nil, err
				}
			}
		case same != nil && i.marked(): // its sender gives way
		case same != nil:
			return nil, psn.Errorf(psn.Conflict, "there are several images %q (%s, %s): remove all but one", spec.Name, same.ID, i.ID)
		default:
			if err := i.is(spec); err != nil {
				return nil, err
			}
			same = &found[n]
		}
	}
	return same, nil
}

// is says why an image that stands is not the one asked for, nil when it is.
func (i glanceImage) is(spec driver.ImageSpec) error {
	switch hash := i.Extra[propHash]; {
	case hash == "":
		return psn.Errorf(psn.AlreadyExists, "there is an image %q (%s) that this project did not upload: rename or remove it, or choose another name", spec.Name, i.ID)
	case hash != spec.SHA256:
		return psn.Errorf(psn.AlreadyExists, "image %q (%s) exists with other content: its SHA-256 is %s, not %s", spec.Name, i.ID, hash, spec.SHA256)
	case deref(i.Format) != spec.Format:
		return psn.Errorf(psn.AlreadyExists, "image %q (%s) exists in format %q, not %q", spec.Name, i.ID, deref(i.Format), spec.Format)
	case i.Status != imageActive:
		return psn.Errorf(psn.Conflict, "image %q (%s) exists in status %q: make it active, or remove it", spec.Name, i.ID, i.Status)
	}
	return nil
}

// sendingLife is how old an unfinished image is that nobody sends the content of
// any more: 1 TiB in that time is 12 MiB a second. Until then it stays beside others
// of its name.
const sendingLife = 24 * time.Hour

// newUploader makes a mark by which whoever uploads knows its own. Whoever sees
// the image sees it: it tells nothing of machines or people.
func newUploader() string { return rand.Text() }

// abandoned reports whether nobody sends the content of an unfinished image any
// more: Glance has given it up, it is one of this handle's own, which has one
// upload of a name at a time, or it is older than any upload takes.
func (i glanceImage) abandoned(own string, now time.Time) bool {
	began, err := time.Parse(time.RFC3339, i.Created)
	return i.Status == "killed" || i.Extra[propUploader] == own || err == nil && now.Sub(began) > sendingLife
}

// unmark takes the uploader's mark off an image that is complete. One that stays
// does no harm, and the next call that meets it tries again.
func (s *Site) unmark(ctx context.Context, c *gophercloud.ServiceClient, i *glanceImage) {
	if !i.marked() {
		return
	}
	delete(i.Extra, propUploader)
	_, _ = c.Request(ctx, http.MethodPatch, c.ServiceURL("images", i.ID), &gophercloud.RequestOpts{ //nolint:bodyclose // the client closes a body that it is not asked for
		JSONBody: []map[string]string{{"op": "remove", "path": "/" + propUploader}}, OkCodes: []int{http.StatusOK},
		MoreHeaders: map[string]string{"Content-Type": "application/openstack-images-v2.1-json-patch"},
	})
}

// upload makes the image and sends its content. What fails is removed.
func (s *Site) upload(ctx context.Context, c *gophercloud.ServiceClient, project string, spec driver.ImageSpec, from io.Reader) (*glanceImage, error) {
	var i glanceImage
	body := imageBody(spec)
	body[propUploader] = s.uploader
	if err := post(ctx, c, "images", body, &i); err != nil {
		return nil, err
	}
	// Content can be read once: it is not sent to an image that is not known yet.
	made, err := &i, get(ctx, c, "images/"+i.ID, &glanceImage{})
	if err == nil {
		made, err = s.fill(ctx, c, i.ID, newContent(from, spec.SizeBytes, spec.SHA256))
	}
	if err == nil {
		made, err = s.agreedImage(ctx, c, project, spec, made)
	}
	if err == nil {
		return made, nil
	}
	if left := s.cleanUp(ctx, func(ctx context.Context) error { return s.removeImage(ctx, c, i.ID) }); left != nil {
		err = fmt.Errorf("%w; and image %s is left without its content: %w", err, i.ID, left)
	}
	return nil, err
}

// fill sends the content and makes sure of what arrived.
func (s *Site) fill(ctx context.Context, c *gophercloud.ServiceClient, id string, body *content) (*glanceImage, error) {
	res, err := c.Request(ctx, http.MethodPut, c.ServiceURL("images", id, "file"), &gophercloud.RequestOpts{
		RawBody: body, OkCodes: []int{http.StatusNoContent, http.StatusOK},
		MoreHeaders: map[string]string{"Content-Type": "application/octet-stream"},
	})
	if err == nil {
		_ = res.Body.Close()
	}
	switch {
	case body.err != nil:
		return nil, body.err
	case err != nil && !(body.whole && unanswered(err)):
		return nil, err
	}
	// After a lost answer too: all of it was sent, so it may have arrived.
	var i glanceImage
	short, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	looked := s.wait(short, "image "+id, func(ctx context.Context) (bool, error) {
		i = glanceImage{}
		err := get(ctx, c, "images/"+id, &i)
		return !i.unfinished(), err
	})
	switch {
	case looked != nil && err != nil:
		return nil, err
	case looked != nil:
		return nil, fmt.Errorf("all content was sent, and the image is not active: %w", looked)
	}
	return &i, checkArrival(i, body)
}

// checkArrival holds what Glance says of the content against what was sent.
func checkArrival(i glanceImage, body *content) error {
	switch {
	case i.Status != imageActive:
		return psn.Errorf(psn.Internal, "image %s is in status %q after its upload", i.ID, i.Status)
	case i.Size == nil || *i.Size != body.n:
		return psn.Errorf(psn.Corrupt, "image %s has %d bytes, and %d were sent", i.ID, deref(i.Size), body.n)
	case deref(i.HashAlgo) == "sha512" && deref(i.Hash) != body.sha512():
		return psn.Errorf(psn.Corrupt, "image %s arrived with the SHA-512 %s, and %s was sent", i.ID, deref(i.Hash), body.sha512())
	case deref(i.HashAlgo) == "sha256" && deref(i.Hash) != body.want:
		return psn.Errorf(psn.Corrupt, "image %s arrived with the SHA-256 %s, and %s was sent", i.ID, deref(i.Hash), body.want)
	}
	return nil
}

// unanswered reports whether err came instead of an answer.
func unanswered(err error) bool {
	var answer gophercloud.ErrUnexpectedResponseCode
	return !errors.As(err, &answer)
}
