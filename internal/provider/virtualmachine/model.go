package virtualmachine

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const (
	mibPerGiB   = 1024
	bytesPerGiB = 1 << 30
)

type model struct {
	ID              types.String   `tfsdk:"id"`
	TenantID        types.String   `tfsdk:"tenant_id"`
	Name            types.String   `tfsdk:"name"`
	Placement       types.Object   `tfsdk:"placement"`
	ServiceID       types.String   `tfsdk:"service_id"`
	Classification  types.String   `tfsdk:"classification"`
	Site            types.String   `tfsdk:"site"`
	Region          types.String   `tfsdk:"region"`
	Platform        types.String   `tfsdk:"platform"`
	Cluster         types.String   `tfsdk:"cluster"`
	StandbySite     types.String   `tfsdk:"standby_site"`
	StandbyRegion   types.String   `tfsdk:"standby_region"`
	StandbyPlatform types.String   `tfsdk:"standby_platform"`
	StandbyCluster  types.String   `tfsdk:"standby_cluster"`
	HomeSite        types.String   `tfsdk:"home_site"`
	ActiveSite      types.String   `tfsdk:"active_site"`
	VCPUs           types.Int64    `tfsdk:"vcpus"`
	MemoryGiB       types.Int64    `tfsdk:"memory_gib"`
	Disks           types.List     `tfsdk:"disks"`
	NICs            types.List     `tfsdk:"nics"`
	GuestOS         types.String   `tfsdk:"guest_os"`
	Firmware        types.String   `tfsdk:"firmware"`
	PowerState      types.String   `tfsdk:"power_state"`
	InstanceUUID    types.String   `tfsdk:"instance_uuid"`
	MACAddresses    types.List     `tfsdk:"mac_addresses"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
}

type identity struct {
	TenantID types.String `tfsdk:"tenant_id"`
	Name     types.String `tfsdk:"name"`
}

func identityOf(id psn.VMID) identity {
	return identity{types.StringValue(string(id.Tenant())), types.StringValue(id.Name())}
}

var diskType = types.ObjectType{AttrTypes: map[string]attr.Type{"size_gib": types.Int64Type, "storage_class": types.StringType}}

func (m model) vmid() psn.VMID { return psn.VMID(m.ID.ValueString()) }

// spot is a cluster of a site on a platform.
type spot struct {
	site     psn.Site
	platform psn.Platform
	cluster  string
}

func (m model) home() spot {
	return spot{psn.Site(m.Site.ValueString()), psn.Platform(m.Platform.ValueString()), m.Cluster.ValueString()}
}

// standby is the zero spot when the machine has none.
func (m model) standby() spot {
	return spot{psn.Site(m.StandbySite.ValueString()), psn.Platform(m.StandbyPlatform.ValueString()), m.StandbyCluster.ValueString()}
}

func (m model) labels(role psn.Role) driver.Labels {
	return driver.Labels{
		Service:        psn.ServiceID(m.ServiceID.ValueString()),
		Classification: psn.Classification(m.Classification.ValueString()),
		Role:           role,
		PrimarySite:    psn.Site(m.Site.ValueString()),
	}
}

// expandActive is the machine to make at home.
func (m model) expandActive() driver.VMSpec {
	spec := driver.VMSpec{
		ID: m.vmid(), Labels: m.labels(psn.RoleActive), Cluster: m.Cluster.ValueString(),
		VCPUs: m.VCPUs.ValueInt64(), MemoryMiB: m.MemoryGiB.ValueInt64() * mibPerGiB,
		GuestOS: m.GuestOS.ValueString(), Firmware: m.Firmware.ValueString(),
	}
	for _, d := range m.Disks.Elements() {
		attrs := attributes(d)
		spec.Disks = append(spec.Disks, driver.DiskSpec{
			CapacityBytes: number(attrs["size_gib"]) * bytesPerGiB, StorageClass: text(attrs["storage_class"]),
		})
	}
	if m.NICs.IsNull() {
		spec.NICs = []driver.NICSpec{{}}
	}
	for _, n := range m.NICs.Elements() {
		attrs := attributes(n)
		spec.NICs = append(spec.NICs, driver.NICSpec{Network: text(attrs["network"]), MAC: text(attrs["mac"])})
	}
	return spec
}

// expandStandby is the machine that holds the reserve: same CPU, memory and disk
// sizes, no network, never powered on by this resource. Its disks are on what
// storage the other site chooses: a class named for home need not exist there.
func (m model) expandStandby() driver.VMSpec {
	spec := m.expandActive()
	spec.Labels, spec.Cluster, spec.NICs = m.labels(psn.RoleStandby), m.StandbyCluster.ValueString(), nil
	for i := range spec.Disks {
		spec.Disks[i].StorageClass = ""
	}
	return spec
}

// diskSizes are the sizes in GiB; known is false when one is not known.
func diskSizes(l types.List) (sizes []int64, known bool) {
	if l.IsUnknown() {
		return nil, false
	}
	for _, d := range l.Elements() {
		n, ok := attributes(d)["size_gib"].(types.Int64)
		if !ok || n.IsUnknown() {
			return nil, false
		}
		sizes = append(sizes, n.ValueInt64())
	}
	return sizes, true
}

func flattenDisks(disks []psn.Disk) types.List {
	elems := make([]attr.Value, len(disks))
	for i, d := range disks {
		elems[i] = oneDisk(types.Int64Value((d.CapacityBytes + bytesPerGiB - 1) / bytesPerGiB)) // 256 MiB is not 0 GiB
	}
	return types.ListValueMust(diskType, elems)
}

func oneDisk(size types.Int64) types.Object {
	return types.ObjectValueMust(diskType.AttrTypes, map[string]attr.Value{"size_gib": size, "storage_class": types.StringNull()})
}

func flattenMACs(nics []psn.NIC) types.List {
	elems := make([]attr.Value, len(nics))
	for i, n := range nics {
		elems[i] = types.StringValue(n.MAC)
	}
	return types.ListValueMust(types.StringType, elems)
}

func attributes(v attr.Value) map[string]attr.Value {
	o, _ := v.(types.Object)
	return o.Attributes()
}

func text(v attr.Value) string {
	s, _ := v.(types.String)
	return s.ValueString()
}

func number(v attr.Value) int64 {
	n, _ := v.(types.Int64)
	return n.ValueInt64()
}

func optional(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
