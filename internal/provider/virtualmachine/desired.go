package virtualmachine

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// sizeChange is what may restart the machine. Memory is compared in GiB: what
// was not made by this project may have a size between two.
func (m model) sizeChange(vm psn.VM) driver.VMChange {
	var c driver.VMChange
	if n := m.VCPUs.ValueInt64(); n != vm.VCPUs {
		c.VCPUs = &n
	}
	if n := m.MemoryGiB.ValueInt64(); n != memoryGiB(vm.MemoryMiB) {
		n *= mibPerGiB
		c.MemoryMiB = &n
	}
	return c
}

// quietChange is what no machine restarts for. had is how many disks are known
// to be the machine's own: what follows them has a life of its own. Away from home, where storage and
// networks have other names, only disks grow.
func (m model) quietChange(active seen, had int) (driver.VMChange, error) {
	vm, atHome := *active.vm, active.spot().site == m.home().site && active.spot().platform == m.home().platform
	vm.Disks = own(vm.Disks)
	vm.Disks = vm.Disks[:min(had, len(vm.Disks))]
	c := driver.VMChange{Labels: labelChange(vm, m.labels(psn.RoleActive)), Disks: grown(m.Disks, vm.Disks), NICs: more(m.NICs, vm.NICs)}
	if !atHome {
		for i := range c.Disks {
			if i >= len(vm.Disks) {
				c.Disks[i].StorageClass = ""
			}
		}
		if c.NICs != nil {
			return c, psn.Errorf(psn.Conflict, "the machine runs at %s, away from its home %s: network cards are added at home only", active.spot(), m.home())
		}
	}
	if name := m.DisplayName.ValueString(); name != vm.Name {
		c.DisplayName = &name
	}
	if want := m.metadata(); !maps.Equal(want, vm.Metadata) {
		c.Metadata = &want
	}
	// Cards that are added get the groups as they are made.
	if want := m.groups(); atHome && want != nil && (c.NICs != nil || !slices.Equal(want, m.guards(vm))) {
		c.SecurityGroups = &want
	}
	return c, nil
}

// standbyChange keeps the reserve as large as what it is for.
func (m model) standbyChange(vm psn.VM) driver.VMChange {
	c := m.sizeChange(vm)
	c.Labels = labelChange(vm, m.labels(psn.RoleStandby))
	c.Disks = grown(m.Disks, vm.Disks)
	for i := len(own(vm.Disks)); i < len(c.Disks); i++ {
		c.Disks[i].StorageClass = ""
	}
	return c
}

func labelChange(vm psn.VM, l driver.Labels) *driver.Labels {
	if vm.Service == l.Service && vm.Classification == l.Classification && vm.PrimarySite == l.PrimarySite {
		return nil
	}
	return &l
}

// settle fills in what was not known in the plan by what was made, or by nothing
// as long as nothing is.
func (m *model) settle(made *psn.VM) {
	var vm psn.VM
	m.ActiveSite = types.StringNull()
	if made != nil {
		vm, m.ActiveSite = *made, m.Site
	}
	m.observed(vm)
}

// observed fills in what was not known in the plan.
func (m *model) observed(vm psn.VM) {
	if m.MACAddresses.IsUnknown() || len(vm.NICs) > 0 {
		m.MACAddresses = flattenMACs(vm.NICs)
	}
	seen := refreshDisks(m.Disks, vm.Disks)
	m.Disks = settleDisks(m.Disks, seen)
	m.NICs = settle(m.NICs, refreshCards(m.NICs, vm.NICs))
	if m.SecurityGroups.IsUnknown() {
		m.SecurityGroups = refreshGroups(m.SecurityGroups, m.guards(vm))
	}
	if m.Disruption.IsUnknown() {
		m.Disruption = types.StringValue("none")
	}
}
