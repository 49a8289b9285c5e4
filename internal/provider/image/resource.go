// Package image is psn_image: a disk's content, uploaded from a file, that
// machines of one site start from. It must not know a hypervisor.
package image

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var _ located.Object[model] = image{}

type image struct{}

// New returns the resource.
func New() resource.Resource { return located.New(image{}) }

// Kind implements located.Object.
func (image) Kind() string { return "image" }

// Shared implements located.Object.
func (image) Shared() bool { return true }

// Create implements located.Object. The platform checks what arrives against the
// hash of the plan; an upload that fails leaves nothing. The file is read once
// before that, so that nothing is uploaded of one that is another by now.
func (image) Create(ctx context.Context, at *platform.Site, m *model) error {
	file := m.File.ValueString()
	if file == "" {
		return psn.Errorf(psn.InvalidInput, "file: no content was given to upload")
	}
	info, err := os.Stat(file)
	if err != nil {
		return psn.Errorf(psn.InvalidInput, "file: %w", err)
	}
	sum, err := asPlanned(file, m.SHA256.ValueString()) // empty when the file was not known in the plan
	if err != nil {
		return err
	}
	m.SHA256 = types.StringValue(sum)
	spec := m.expand()
	spec.SizeBytes = info.Size()
	m.uploading = true
	made, err := at.CreateImage(ctx, spec, func() (io.ReadCloser, error) {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("file: %w", err)
		}
		return follow(ctx, f, m.ID.ValueString(), info.Size()), nil
	})
	if psn.Is(err, psn.Corrupt) {
		return psn.Errorf(psn.Corrupt, "file %q changed while it was uploaded, and what had arrived was removed: plan again: %w", file, err)
	}
	if err != nil {
		return err
	}
	m.uploading = false
	m.Ref, m.SizeBytes = types.StringValue(made.Ref), types.Int64Value(info.Size())
	return nil
}

// Read implements located.Object. A create that failed has left none: an image that
// stands after it is another's, or one that the next apply goes on with.
func (image) Read(ctx context.Context, at *platform.Site, m *model) error {
	if m.uploading {
		return psn.Errorf(psn.NotFound, "image %q was not uploaded", m.Name.ValueString())
	}
	i, err := at.FindImage(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	m.flatten(*i)
	return nil
}

// Update implements located.Object. An image never changes: what may differ is
// only where the same content lies.
func (image) Update(ctx context.Context, at *platform.Site, m *model, prior model) error {
	i, err := at.FindImage(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	m.Ref = types.StringValue(i.Ref)
	if m.SizeBytes.IsUnknown() {
		m.SizeBytes = prior.SizeBytes
	}
	if m.SHA256.IsUnknown() {
		m.SHA256 = prior.SHA256
	}
	return nil
}

// Delete implements located.Object.
func (image) Delete(ctx context.Context, at *platform.Site, m model) error {
	i, err := at.FindImage(ctx, m.Tenant(), m.Name.ValueString(), m.Ref.ValueString())
	if err != nil {
		return err
	}
	return at.DeleteImage(ctx, i.Ref)
}
