package virtualmachine

import (
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// flatten takes over what was observed. complete says that every expected site
// answered, so that a standby not found is gone.
func (m *model) flatten(active seen, standby *seen, complete bool) {
	at := active.spot()
	imported := m.Site.IsNull()
	m.ActiveSite = types.StringValue(string(at.site))
	if !imported && string(at.site) == m.Site.ValueString() && at.cluster != "" {
		m.Platform, m.Cluster = types.StringValue(string(at.platform)), types.StringValue(at.cluster)
	}
	m.VCPUs = types.Int64Value(active.vm.VCPUs)
	m.MemoryGiB = types.Int64Value(memoryGiB(active.vm.MemoryMiB))
	m.PowerState = types.StringValue(string(active.vm.Power))
	m.MACAddresses = flattenMACs(active.vm.NICs)
	if active.vm.Service != "" {
		m.ServiceID = types.StringValue(string(active.vm.Service))
		m.Classification = types.StringValue(string(active.vm.Classification))
	}
	if imported {
		m.TenantID = types.StringValue(string(m.vmid().Tenant()))
		m.Name = types.StringValue(m.vmid().Name())
		m.InstanceUUID = types.StringValue(m.vmid().InstanceUUID())
		m.Site, m.HomeSite = types.StringValue(string(at.site)), types.StringValue(string(at.site))
		m.Region = regionOf(m.Site)
		m.Platform, m.Cluster = types.StringValue(string(at.platform)), types.StringValue(at.cluster)
	}
	m.DisplayName = types.StringValue(active.vm.Name)
	m.Metadata = refreshMetadata(m.Metadata, active.vm.Metadata)
	if at.site == m.home().site && at.platform == m.home().platform {
		// Elsewhere storage, networks and addresses have other names.
		m.Disks = refreshDisks(m.Disks, active.vm.Disks)
		m.NICs = refreshCards(m.NICs, active.vm.NICs)
		m.SecurityGroups = refreshGroups(m.SecurityGroups, m.guards(*active.vm))
	}
	if standby != nil && m.StandbySite.ValueString() != string(standby.at.ID()) || standby == nil && complete {
		var s spot
		if standby != nil {
			s = standby.spot()
		}
		m.StandbySite, m.StandbyPlatform, m.StandbyCluster = optional(string(s.site)), optional(string(s.platform)), optional(s.cluster)
		m.StandbyRegion = regionOf(m.StandbySite)
	}
}
