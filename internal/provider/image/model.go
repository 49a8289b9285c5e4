package image

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
)

type model struct {
	located.Base
	File         types.String `tfsdk:"file"`
	SHA256       types.String `tfsdk:"sha256"`
	SizeBytes    types.Int64  `tfsdk:"size_bytes"`
	Format       types.String `tfsdk:"format"`
	MinDiskGiB   types.Int64  `tfsdk:"min_disk_gib"`
	MinMemoryMiB types.Int64  `tfsdk:"min_memory_mib"`
	Firmware     types.String `tfsdk:"firmware"`
	Properties   types.Map    `tfsdk:"properties"`

	uploading bool // by a create that has not been told the image
}

func (m *model) expand() driver.ImageSpec {
	spec := driver.ImageSpec{
		Tenant: m.Tenant(), Name: m.Name.ValueString(), Format: m.Format.ValueString(), SHA256: m.SHA256.ValueString(),
		MinDiskGiB: m.MinDiskGiB.ValueInt64(), MinMemoryMiB: m.MinMemoryMiB.ValueInt64(), Firmware: m.Firmware.ValueString(),
	}
	for name, v := range m.Properties.Elements() {
		if s, ok := v.(types.String); ok {
			if spec.Properties == nil {
				spec.Properties = map[string]string{}
			}
			spec.Properties[name] = s.ValueString()
		}
	}
	return spec
}

// flatten takes over what is observed. What the platform does not tell stays;
// of its properties only those that were asked for are looked at.
func (m *model) flatten(i driver.Image) {
	imported := m.Ref.IsNull()
	m.Ref = types.StringValue(i.Ref)
	if i.SHA256 != "" {
		m.SHA256 = types.StringValue(i.SHA256)
	}
	if i.SizeBytes > 0 {
		m.SizeBytes = types.Int64Value(i.SizeBytes)
	}
	m.Format = located.Optional(i.Format)
	m.MinDiskGiB, m.MinMemoryMiB = positive(i.MinDiskGiB), positive(i.MinMemoryMiB)
	if imported || !m.Firmware.IsNull() {
		m.Firmware = located.Optional(i.Firmware)
	}
	if m.Properties.IsNull() && !imported {
		return
	}
	asked := m.Properties.Elements()
	seen := map[string]attr.Value{}
	for name, v := range i.Properties {
		if _, ok := asked[name]; ok || imported {
			seen[name] = types.StringValue(v)
		}
	}
	m.Properties = types.MapNull(types.StringType)
	if len(seen) > 0 {
		m.Properties = types.MapValueMust(types.StringType, seen)
	}
}

func positive(n int64) types.Int64 {
	if n <= 0 {
		return types.Int64Null()
	}
	return types.Int64Value(n)
}
