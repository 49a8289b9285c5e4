// Package images is data.psn_images: what machines of a site may start from, in
// one bulk read. It must not know a hypervisor.
package images

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type element struct {
	Ref          types.String      `tfsdk:"ref"`
	TenantID     types.String      `tfsdk:"tenant_id"`
	Name         types.String      `tfsdk:"name"`
	Status       types.String      `tfsdk:"status"`
	Format       types.String      `tfsdk:"format"`
	SizeBytes    types.Int64       `tfsdk:"size_bytes"`
	SHA256       types.String      `tfsdk:"sha256"`
	MinDiskGiB   types.Int64       `tfsdk:"min_disk_gib"`
	MinMemoryMiB types.Int64       `tfsdk:"min_memory_mib"`
	Firmware     types.String      `tfsdk:"firmware"`
	Properties   map[string]string `tfsdk:"properties"`
}

// New returns the data source.
func New() datasource.DataSource {
	return located.NewListing(located.Listing[driver.Image, element]{
		Name: "images", Element: "Images, by tenant, name, then reference.", Notion: driver.NotionImage,
		Doc: "Images (on vSphere templates) that machines of a site may start from, in one bulk read.",
		Item: map[string]schema.Attribute{
			"ref":            located.Text("The platform's own id of it."),
			"tenant_id":      located.Text("Tenant it belongs to; null when every tenant may use it."),
			"name":           located.Text("Name."),
			"status":         located.Text("Status, in the platform's word; machines start from `active` ones only."),
			"format":         located.Text("Format, for example `qcow2`; null when it is not known."),
			"size_bytes":     located.Number("Size in bytes."),
			"sha256":         located.Text("SHA-256 of the content; null when the platform does not know it."),
			"min_disk_gib":   located.Number("Smallest disk in GiB, 0 for any."),
			"min_memory_mib": located.Number("Least memory in MiB, 0 for any."),
			"firmware":       located.Text("`bios` or `efi`; null for the platform's default."),
			"properties":     schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "The platform's own properties."},
		},
		Read:   func(ctx context.Context, at *platform.Site) ([]driver.Image, error) { return at.Images(ctx) },
		Tenant: func(i driver.Image, t psn.TenantID) bool { return i.Tenant == t || i.Tenant == "" },
		Flatten: func(i driver.Image) element {
			return element{
				Ref: types.StringValue(i.Ref), TenantID: located.Optional(string(i.Tenant)), Name: types.StringValue(i.Name),
				Status: types.StringValue(i.Status), Format: located.Optional(i.Format), SizeBytes: types.Int64Value(i.SizeBytes),
				SHA256: located.Optional(i.SHA256), MinDiskGiB: types.Int64Value(i.MinDiskGiB), MinMemoryMiB: types.Int64Value(i.MinMemoryMiB),
				Firmware: located.Optional(i.Firmware), Properties: i.Properties,
			}
		},
	})
}
