package virtualmachine

import (
	"slices"

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
	ID                  types.String   `tfsdk:"id"`
	TenantID            types.String   `tfsdk:"tenant_id"`
	Name                types.String   `tfsdk:"name"`
	DisplayName         types.String   `tfsdk:"display_name"`
	Placement           types.Object   `tfsdk:"placement"`
	ServiceID           types.String   `tfsdk:"service_id"`
	Classification      types.String   `tfsdk:"classification"`
	Site                types.String   `tfsdk:"site"`
	Region              types.String   `tfsdk:"region"`
	Platform            types.String   `tfsdk:"platform"`
	Cluster             types.String   `tfsdk:"cluster"`
	StandbySite         types.String   `tfsdk:"standby_site"`
	StandbyRegion       types.String   `tfsdk:"standby_region"`
	StandbyPlatform     types.String   `tfsdk:"standby_platform"`
	StandbyCluster      types.String   `tfsdk:"standby_cluster"`
	HomeSite            types.String   `tfsdk:"home_site"`
	ActiveSite          types.String   `tfsdk:"active_site"`
	VCPUs               types.Int64    `tfsdk:"vcpus"`
	MemoryGiB           types.Int64    `tfsdk:"memory_gib"`
	Image               types.String   `tfsdk:"image"`
	Disks               types.List     `tfsdk:"disks"`
	NICs                types.List     `tfsdk:"nics"`
	SecurityGroups      types.Set      `tfsdk:"security_groups"`
	UserData            types.String   `tfsdk:"user_data"`
	UserDataWO          types.String   `tfsdk:"user_data_wo"`
	UserDataWOVersion   types.Int64    `tfsdk:"user_data_wo_version"`
	VendorDataWO        types.String   `tfsdk:"vendor_data_wo"`
	VendorDataWOVersion types.Int64    `tfsdk:"vendor_data_wo_version"`
	SSHKeys             types.List     `tfsdk:"ssh_keys"`
	Metadata            types.Map      `tfsdk:"metadata"`
	Group               types.String   `tfsdk:"group"`
	GroupPolicy         types.String   `tfsdk:"group_policy"`
	GuestOS             types.String   `tfsdk:"guest_os"`
	Firmware            types.String   `tfsdk:"firmware"`
	PowerState          types.String   `tfsdk:"power_state"`
	Disruption          types.String   `tfsdk:"disruption"`
	InstanceUUID        types.String   `tfsdk:"instance_uuid"`
	MACAddresses        types.List     `tfsdk:"mac_addresses"`
	Timeouts            timeouts.Value `tfsdk:"timeouts"`
}

type identity struct {
	TenantID types.String `tfsdk:"tenant_id"`
	Name     types.String `tfsdk:"name"`
}

func identityOf(id psn.VMID) identity {
	return identity{types.StringValue(string(id.Tenant())), types.StringValue(id.Name())}
}

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

// expandActive is the machine to make at home, without what its guest reads.
func (m model) expandActive() driver.VMSpec {
	spec := driver.VMSpec{
		ID: m.vmid(), Labels: m.labels(psn.RoleActive), Cluster: m.Cluster.ValueString(),
		VCPUs: m.VCPUs.ValueInt64(), MemoryMiB: m.MemoryGiB.ValueInt64() * mibPerGiB,
		GuestOS: m.GuestOS.ValueString(), Firmware: m.Firmware.ValueString(),
		DisplayName: m.DisplayName.ValueString(), Image: m.Image.ValueString(),
		Disks: specs(m.Disks), SecurityGroups: m.groups(), Metadata: m.metadata(),
		Group: m.Group.ValueString(), GroupPolicy: driver.GroupPolicy(m.GroupPolicy.ValueString()),
		On: m.PowerState.ValueString() == string(psn.PoweredOn),
	}
	if spec.Group != "" && spec.GroupPolicy == "" {
		spec.GroupPolicy = driver.ApartIfCan
	}
	if m.NICs.IsNull() || m.NICs.IsUnknown() {
		spec.NICs = []driver.NICSpec{{}}
	}
	for _, c := range cardsOf(m.NICs) {
		spec.NICs = append(spec.NICs, c.spec())
	}
	return spec
}

// expandStandby is the machine that holds the reserve: same CPU, memory and disk
// sizes, empty, no network, never powered on by this resource. What has a name
// at home, such as storage, an image or a group, need not exist at the other
// site, which may be on the other platform: it chooses for itself.
func (m model) expandStandby() driver.VMSpec {
	home := m.expandActive()
	spec := driver.VMSpec{
		ID: home.ID, Labels: m.labels(psn.RoleStandby), Cluster: m.StandbyCluster.ValueString(),
		VCPUs: home.VCPUs, MemoryMiB: home.MemoryMiB, Firmware: home.Firmware,
	}
	if m.StandbyPlatform.Equal(m.Platform) {
		spec.GuestOS = home.GuestOS
	}
	for _, d := range home.Disks {
		spec.Disks = append(spec.Disks, driver.DiskSpec{CapacityBytes: d.CapacityBytes})
	}
	return spec
}

// groups are the security groups, nil when none were asked for.
func (m model) groups() []string {
	if m.SecurityGroups.IsNull() || m.SecurityGroups.IsUnknown() {
		return nil
	}
	out := []string{}
	for _, v := range m.SecurityGroups.Elements() {
		out = append(out, text(v))
	}
	slices.Sort(out)
	return out
}

func (m model) metadata() map[string]string {
	if len(m.Metadata.Elements()) == 0 {
		return nil
	}
	out := map[string]string{}
	for k, v := range m.Metadata.Elements() {
		out[k] = text(v)
	}
	return out
}

// refreshMetadata keeps null and empty apart as the configuration has them.
func refreshMetadata(state types.Map, seen map[string]string) types.Map {
	if len(seen) == 0 && (state.IsNull() || len(state.Elements()) == 0) && !state.IsUnknown() {
		return state
	}
	elems := map[string]attr.Value{}
	for k, v := range seen {
		elems[k] = types.StringValue(v)
	}
	return types.MapValueMust(types.StringType, elems)
}

// guards are the security groups of a machine in the words of m: its own id for
// one that m asks for by it.
func (m model) guards(vm psn.VM) []string {
	var out []string
	for _, g := range vm.SecurityGroups {
		if ref := vm.SecurityGroupRefs[g]; ref != "" && slices.Contains(m.groups(), ref) {
			g = ref
		}
		out = append(out, g)
	}
	slices.Sort(out)
	return out
}

// refreshGroups takes over the security groups where the platform tells them.
func refreshGroups(state types.Set, seen []string) types.Set {
	if seen == nil {
		if state.IsUnknown() {
			return types.SetNull(types.StringType)
		}
		return state
	}
	elems := make([]attr.Value, len(seen))
	for i, g := range seen {
		elems[i] = types.StringValue(g)
	}
	return types.SetValueMust(types.StringType, elems)
}

// memoryGiB rounds up, so that what is reserved for it is enough.
func memoryGiB(mib int64) int64 { return max(1, (mib+mibPerGiB-1)/mibPerGiB) }

func text(v attr.Value) string {
	s, _ := v.(types.String)
	return s.ValueString()
}

func optional(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
