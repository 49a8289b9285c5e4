package image

import (
	"errors"
	"io/fs"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const object = "the image"

// Validate implements located.Object.
func (image) Validate(c model) diag.Diagnostics {
	var diags diag.Diagnostics
	if p := c.On(); p != "" {
		if err := driver.NotionImageUpload.On(p); err != nil {
			diags.Append(diagnose.UnableAt(path.Root("platform"), "plan", object, psn.Errorf(psn.InvalidInput, "%w", err)))
		}
	}
	return diags
}

// Plan implements located.Object. The content is as much part of the
// configuration as the path of it.
func (image) Plan(c model, plan *model, prior *model) (replace []path.Path, diags diag.Diagnostics) {
	if err := plan.content(c, prior); err != nil {
		diags.Append(diagnose.UnableAt(path.Root("file"), "plan", object, err))
		return nil, diags
	}
	if prior == nil {
		return nil, diags
	}
	if prior.SHA256.IsNull() && !c.File.IsNull() {
		diags.AddAttributeWarning(path.Root("sha256"), "The content of image \""+prior.ID.ValueString()+"\" is taken on trust",
			"The platform does not tell the SHA-256 of the image, so it cannot be compared with the file. Replace the image to be sure.")
	}
	for _, a := range []struct {
		name    string
		was, is attr.Value
	}{
		{"format", prior.Format, plan.Format},
		{"min_disk_gib", prior.MinDiskGiB, plan.MinDiskGiB},
		{"min_memory_mib", prior.MinMemoryMiB, plan.MinMemoryMiB},
	} {
		if !a.was.Equal(a.is) {
			replace = append(replace, path.Root(a.name))
		}
	}
	if was, is := prior.SHA256, plan.SHA256; !was.IsNull() && !was.Equal(is) {
		replace = append(replace, path.Root("sha256"))
	}
	if was, is := prior.Firmware, plan.Firmware; !is.IsNull() && !was.Equal(is) {
		replace = append(replace, path.Root("firmware"))
	}
	for name, v := range plan.Properties.Elements() {
		if was, ok := prior.Properties.Elements()[name]; !ok || !was.Equal(v) {
			replace = append(replace, path.Root("properties"))
			break
		}
	}
	return replace, diags
}

// content completes hash and size.
func (m *model) content(c model, prior *model) error {
	switch {
	case c.File.IsUnknown():
		m.SizeBytes = types.Int64Unknown()
		if c.SHA256.IsNull() {
			m.SHA256 = types.StringUnknown()
		}
		return nil
	case c.File.IsNull() && prior != nil:
		if c.SHA256.IsNull() {
			m.SHA256 = prior.SHA256
		}
		m.SizeBytes = prior.SizeBytes
		return nil
	case c.File.IsNull():
		return psn.Errorf(psn.InvalidInput, "file: an image is made of a file: give its path")
	}
	file := c.File.ValueString()
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !c.SHA256.IsNull():
		m.SizeBytes = types.Int64Unknown()
		return nil // it may be fetched before it is needed
	case errors.Is(err, fs.ErrNotExist):
		return psn.Errorf(psn.InvalidInput, "file: %w: give sha256 as well when the file is fetched during the apply", err)
	case err != nil:
		return psn.Errorf(psn.InvalidInput, "file: %w", err)
	case !info.Mode().IsRegular():
		return psn.Errorf(psn.InvalidInput, "file %q is not a regular file", file)
	}
	m.SizeBytes = types.Int64Value(info.Size())
	if !c.SHA256.IsNull() {
		return nil
	}
	sum, err := hash(file)
	if err != nil {
		return psn.Errorf(psn.InvalidInput, "file: %w", err)
	}
	m.SHA256 = types.StringValue(sum)
	return nil
}
