package image

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var sha256Re = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Schema implements located.Object.
func (image) Schema() schema.Schema {
	least := func(doc string) schema.Attribute {
		return schema.Int64Attribute{Optional: true, MarkdownDescription: doc, Validators: []validator.Int64{int64validator.AtLeast(1)}}
	}
	return schema.Schema{
		MarkdownDescription: "A disk's content, uploaded from a file, that machines of one site start from. An image never changes: another content, or another of the attributes below, replaces it. " +
			"OpenStack only: a vCenter's templates are made in the vCenter, and the plan fails there.",
		Attributes: map[string]schema.Attribute{
			"file": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Path of the file to upload; required unless the image was imported. The same content at another path replaces nothing.",
			},
			"sha256": schema.StringAttribute{
				Optional: true, Computed: true,
				Validators:          []validator.String{stringvalidator.RegexMatches(sha256Re, "must be a SHA-256 in 64 lower-case hexadecimal digits")},
				MarkdownDescription: "SHA-256 of the file, in lower-case hex. Default: reckoned from the file at every plan. To be given for a file that is not there yet when the plan is made, and to spare the reading of a large one. A file that changed between plan and apply is not uploaded: with a declared hash the error names the file and both hashes, with a reckoned one the CLI ends the apply because the plan does not hold any more. What arrives is checked against it: another content leaves nothing behind.",
			},
			"size_bytes": schema.Int64Attribute{Computed: true, MarkdownDescription: "Size of the file."},
			"format": schema.StringAttribute{
				Required: true, MarkdownDescription: "`raw`, `qcow2`, `vmdk` or `iso`.",
				Validators: []validator.String{stringvalidator.OneOf("raw", "qcow2", "vmdk", "iso")},
			},
			"min_disk_gib":   least("Smallest disk, in GiB, that a machine may start from it with."),
			"min_memory_mib": least("Least memory, in MiB, that a machine started from it may have."),
			"firmware": schema.StringAttribute{
				Optional: true, MarkdownDescription: "`bios` or `efi`. Default: the platform's.",
				Validators: []validator.String{stringvalidator.OneOf("bios", "efi")},
			},
			"properties": schema.MapAttribute{
				ElementType: types.StringType, Optional: true, Validators: []validator.Map{mapvalidator.SizeAtLeast(1)},
				MarkdownDescription: "The platform's own properties, for example `hw_disk_bus`. One that is not asked for any more stays as it is.",
			},
		},
	}
}
