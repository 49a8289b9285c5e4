package volume

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const bytesPerGiB = 1 << 30

type model struct {
	located.Base
	SizeGiB      types.Int64  `tfsdk:"size_gib"`
	StorageClass types.String `tfsdk:"storage_class"`
	Zone         types.String `tfsdk:"zone"`
	Image        types.String `tfsdk:"image"`
	AttachedTo   types.String `tfsdk:"attached_to"`

	maker string // of a volume that a create has not been told to be made
}

func (m *model) vm() psn.VMID { return psn.VMID(m.AttachedTo.ValueString()) }

func (m *model) expand() driver.VolumeSpec {
	return driver.VolumeSpec{
		Tenant: m.Tenant(), Name: m.Name.ValueString(), SizeBytes: m.SizeGiB.ValueInt64() * bytesPerGiB,
		StorageClass: m.StorageClass.ValueString(), Zone: m.Zone.ValueString(), Image: m.Image.ValueString(),
	}
}

// flatten takes over what is observed, but for where the bytes lie and what they
// came from: a volume that went to other storage with its machine, or whose image
// is named in another way, is never replaced for it.
func (m *model) flatten(v driver.Volume, holder string) {
	m.Ref = types.StringValue(v.Ref)
	m.SizeGiB = types.Int64Value(sizeOf(v))
	m.StorageClass = asked(m.StorageClass, v.StorageClass)
	m.Zone = asked(m.Zone, v.Zone)
	m.AttachedTo = located.Optional(holder)
}

// sizeOf rounds up: 256 MiB are not 0 GiB.
func sizeOf(v driver.Volume) int64 { return (v.SizeBytes + bytesPerGiB - 1) / bytesPerGiB }

// asked is what was asked for, else what the platform chose.
func asked(was types.String, is string) types.String {
	if was.IsNull() || was.IsUnknown() {
		return located.Optional(is)
	}
	return was
}
