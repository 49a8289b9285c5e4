package virtualmachine

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/provider/diagnose"
	"github.com/italia/terraform-provider-psn/internal/provider/finding"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// resolve fills in what follows from the configuration: names, place and sizes
// from the placement, ids from names. What depends on unknown input stays
// unknown. It is a function of its argument alone.
func resolve(config model) (model, diag.Diagnostics) {
	var diags diag.Diagnostics
	m := config
	a := assignment{config.Placement}

	m.Name = a.text(m.Name, "vm")
	m.ServiceID = a.text(m.ServiceID, "service_id")
	m.Classification = a.text(m.Classification, "classification")
	m.Site = a.text(m.Site, "site")
	m.Platform = a.text(m.Platform, "platform")
	m.Cluster = a.text(m.Cluster, "cluster")
	m.StandbySite = a.text(m.StandbySite, "standby_site")
	m.StandbyPlatform = a.text(types.StringNull(), "standby_platform")
	m.StandbyCluster = a.text(types.StringNull(), "standby_cluster")
	m.VCPUs = a.number(m.VCPUs, "vcpus")
	m.MemoryGiB = a.number(m.MemoryGiB, "memory_gib")
	if a.absent() && m.Platform.IsNull() {
		m.Platform = types.StringValue(string(psn.VSphere))
	}
	m.HomeSite = m.Site
	m.Region = regionOf(m.Site)
	m.StandbyRegion = regionOf(m.StandbySite)
	if m.Disks.IsNull() {
		if size := a.number(types.Int64Null(), "storage_gib"); !size.IsNull() {
			m.Disks = listOf([]disk{{size, types.StringNull()}})
		}
	}
	if m.DisplayName.IsNull() {
		m.DisplayName = m.Name
	}
	m.identify(&diags)
	config.ID, config.Name = m.ID, m.Name
	config.checkGuest(&diags)
	config.notions(m.Platform, &diags)
	complete := m.required(a, &diags)
	m.within(a, &diags)
	if complete {
		m.judge(a, &diags)
	}
	return m, diags
}

// assignment reads the placement given, which may be null, unknown or have
// unknown parts.
type assignment struct{ types.Object }

func (a assignment) absent() bool { return a.IsNull() }

func (a assignment) text(own types.String, name string) types.String {
	if !own.IsNull() || a.IsNull() {
		if own.IsUnknown() && a.IsNull() { // a computed attribute nobody set
			return types.StringUnknown()
		}
		return own
	}
	if a.IsUnknown() {
		return types.StringUnknown()
	}
	s, _ := a.Attributes()[name].(types.String)
	return s
}

func (a assignment) number(own types.Int64, name string) types.Int64 {
	if !own.IsNull() || a.IsNull() {
		return own
	}
	if a.IsUnknown() {
		return types.Int64Unknown()
	}
	n, _ := a.Attributes()[name].(types.Int64)
	return n
}

func regionOf(site types.String) types.String {
	if site.IsNull() || site.IsUnknown() {
		return site
	}
	return optional(string(psn.Site(site.ValueString()).Region()))
}

// required refuses a machine of which something needed is told nowhere, with one
// error for all that is missing; complete says that the rules can judge the rest.
func (m model) required(a assignment, diags *diag.Diagnostics) (complete bool) {
	if a.absent() && psn.Classification(m.Classification.ValueString()).Protected() {
		return true // the rules refuse it for its place, which is what matters
	}
	var missing []string
	for _, n := range []struct {
		name string
		v    attr.Value
	}{
		{"name", m.Name}, {"service_id", m.ServiceID}, {"classification", m.Classification}, {"site", m.Site}, {"cluster", m.Cluster},
		{"vcpus", m.VCPUs}, {"memory_gib", m.MemoryGiB}, {"disks", m.Disks},
	} {
		if n.v.IsNull() {
			missing = append(missing, fmt.Sprintf("%q", n.name))
		}
	}
	switch {
	case len(missing) > 0:
		list := strings.Join(missing, ", ")
		diags.AddAttributeError(path.Root("placement"), "Unable to plan "+describe(m.ID, m.Name),
			fmt.Sprintf("Neither %s nor a placement that tells it is given.\n\nWhat to do: set placement to one value of psn_placement.….assignments, or set %s.", list, list))
	case a.absent() && m.Classification.IsUnknown():
		diags.AddAttributeError(path.Root("placement"), "Unable to plan "+describe(m.ID, m.Name),
			"Its class is not known yet and its place is chosen by hand, which a critical or strategic machine may not have.\n\n"+
				"What to do: set placement to one value of psn_placement.….assignments, give the class in the configuration, or apply first what it depends on.")
	default:
		return true
	}
	return false
}

// within refuses sizes larger than those the place was decided for.
func (m model) within(a assignment, diags *diag.Diagnostics) {
	over := func(name, unit string, want, limit types.Int64) {
		if limit.IsNull() || limit.IsUnknown() || want.IsUnknown() || want.ValueInt64() <= limit.ValueInt64() {
			return
		}
		diags.AddAttributeError(path.Root(name), "Unable to plan "+describe(m.ID, m.Name),
			fmt.Sprintf("It asks for %d %s, its place was decided for %d: its reserve would not be there when a site is lost.\n\nWhat to do: ask for more in the workload of psn_placement, not here.",
				want.ValueInt64(), unit, limit.ValueInt64()))
	}
	none := types.Int64Null()
	over("vcpus", "vCPUs", m.VCPUs, a.number(none, "vcpus"))
	over("memory_gib", "GiB of memory", m.MemoryGiB, a.number(none, "memory_gib"))
	if sum, known := sumOf(m.Disks); known {
		over("disks", "GiB of storage", types.Int64Value(sum), a.number(none, "storage_gib"))
	}
}

// identify derives tenant, id and UUID.
func (m *model) identify(diags *diag.Diagnostics) {
	m.TenantID, m.ID, m.InstanceUUID = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	if m.ServiceID.IsUnknown() || m.ServiceID.IsNull() {
		return
	}
	service, err := psn.ParseServiceID(m.ServiceID.ValueString())
	if err != nil {
		diags.Append(diagnose.UnableAt(path.Root("service_id"), "plan", "the virtual machine", err))
		return
	}
	m.TenantID = types.StringValue(string(service.Tenant()))
	if m.Name.IsUnknown() || m.Name.IsNull() {
		return
	}
	id, err := psn.NewVMID(service.Tenant(), m.Name.ValueString())
	if err != nil {
		diags.Append(diagnose.UnableAt(path.Root("name"), "plan", "the virtual machine", err))
		return
	}
	m.ID = types.StringValue(string(id))
	m.InstanceUUID = types.StringValue(id.InstanceUUID())
}

// judge asks the rules on the machine's place.
func (m model) judge(a assignment, diags *diag.Diagnostics) {
	unknown := policy.Unknown{}
	known := func(field string, v types.String) string {
		if v.IsUnknown() {
			unknown[field] = true
		}
		return v.ValueString()
	}
	none := types.StringNull()
	if a.IsUnknown() {
		unknown["from_placement"] = true
	}
	// The service stands in for itself: its own rules are judged by psn_service.
	service := policy.Service{
		ID: psn.ServiceID(m.ServiceID.ValueString()), Classification: m.Classification.ValueString(),
		Unknown: policy.Unknown{"classification": m.Classification.IsUnknown()},
	}
	doc := policy.Document{Services: []policy.Service{service}, Machines: []policy.Machine{{
		ID: psn.VMID(known("id", m.ID)), Service: psn.ServiceID(known("service", m.ServiceID)),
		Classification: known("classification", m.Classification),
		Site:           known("site", m.Site), Platform: known("platform", m.Platform), Cluster: known("cluster", m.Cluster),
		StandbySite: known("standby_site", m.StandbySite), StandbyPlatform: known("standby_platform", m.StandbyPlatform), StandbyCluster: known("standby_cluster", m.StandbyCluster),
		FromPlacement:        !a.absent(),
		PlacementSite:        known("placement_site", a.text(none, "site")),
		PlacementStandbySite: known("placement_standby_site", a.text(none, "standby_site")),
		Unknown:              unknown,
	}}}
	finding.Report(diags, oneCause(finding.Without(finding.OnPlace(policy.Evaluate(doc)), a.text(none, "derogated").ValueString())),
		func(psn.Finding) string { return diagnose.Summary("place", describe(m.ID, m.Name)) },
		func(f psn.Finding) path.Path {
			switch {
			case a.absent():
				return path.Root("placement")
			case m.StandbySite.ValueString() != a.text(none, "standby_site").ValueString():
				return path.Root("standby_site")
			}
			return path.Root("site")
		})
}

// oneCause keeps only that the place does not come from a placement, when that
// is so: what else is wrong with the place follows from it.
func oneCause(fs []psn.Finding) []psn.Finding {
	for _, f := range fs {
		if f.Rule == "PLC-007" && f.Outcome == psn.Failed {
			return []psn.Finding{f}
		}
	}
	return fs
}

func describe(id, name types.String) string {
	switch {
	case id.ValueString() != "":
		return fmt.Sprintf("virtual machine %q", id.ValueString())
	case name.ValueString() != "":
		return fmt.Sprintf("virtual machine %q", name.ValueString())
	}
	return "the virtual machine"
}
