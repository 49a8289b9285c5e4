package placement

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

const mibPerGiB = 1024

// Field is one attribute of an assignment.
type Field struct {
	Name string
	Type attr.Type
	Doc  string
}

// Fields are the attributes of an assignment: what psn_placement computes for a
// machine and what psn_virtual_machine and psn_replica take as "placement".
func Fields() []Field {
	return []Field{
		{"vm", types.StringType, "Name of the machine: `<workload>-<n>`, the key in `assignments`."},
		{"workload", types.StringType, "Workload the machine belongs to."},
		{"service_id", types.StringType, "Service the machine belongs to."},
		{"classification", types.StringType, "Class of the service."},
		{"site", types.StringType, "Home site."},
		{"region", types.StringType, "Region of the home site: `lazio` or `lombardia`."},
		{"platform", types.StringType, "Platform at the home site."},
		{"cluster", types.StringType, "Cluster at the home site."},
		{"standby_site", types.StringType, "Site of the standby; null for ordinary services."},
		{"standby_region", types.StringType, "Region of the standby's site."},
		{"standby_platform", types.StringType, "Platform at the standby's site."},
		{"standby_cluster", types.StringType, "Cluster at the standby's site."},
		{"vcpus", types.Int64Type, "Virtual CPUs of the machine."},
		{"memory_gib", types.Int64Type, "Memory of the machine in GiB."},
		{"storage_gib", types.Int64Type, "Storage of the machine in GiB."},
		{"standby_mode", types.StringType, "`active-active` when the capacity of the standby is kept every day; null when it is kept for the loss of the home site, and without a standby."},
		{"derogated", types.StringType, "Rules that derogations of the placement set aside for the machine, separated by spaces; null when there are none."},
	}
}

// AssignmentType is the object type of an assignment.
func AssignmentType() types.ObjectType {
	t := map[string]attr.Type{}
	for _, f := range Fields() {
		t[f.Name] = f.Type
	}
	return types.ObjectType{AttrTypes: t}
}

// Flatten returns the Terraform value of an assignment.
func Flatten(a placement.Assignment) types.Object {
	return types.ObjectValueMust(AssignmentType().AttrTypes, map[string]attr.Value{
		"vm":               types.StringValue(a.VM),
		"workload":         types.StringValue(a.Workload),
		"service_id":       types.StringValue(string(a.Service)),
		"classification":   types.StringValue(string(a.Classification)),
		"site":             types.StringValue(string(a.Site)),
		"region":           types.StringValue(string(a.Region)),
		"platform":         types.StringValue(string(a.Platform)),
		"cluster":          types.StringValue(a.Cluster),
		"standby_site":     optional(string(a.StandbySite)),
		"standby_region":   optional(string(a.StandbyRegion)),
		"standby_platform": optional(string(a.StandbyPlatform)),
		"standby_cluster":  optional(a.StandbyCluster),
		"vcpus":            types.Int64Value(a.Resources.VCPUs),
		"memory_gib":       types.Int64Value(a.Resources.MemoryMiB / mibPerGiB),
		"storage_gib":      types.Int64Value(a.Resources.StorageMiB / mibPerGiB),
		"standby_mode":     optional(string(a.StandbyMode)),
		"derogated":        types.StringNull(),
	})
}

// Expand is the inverse of Flatten for a known object; null and unknown fields
// read as zero.
func Expand(o types.Object) placement.Assignment {
	attrs := o.Attributes()
	text := func(name string) string {
		s, _ := attrs[name].(types.String)
		return s.ValueString()
	}
	number := func(name string) int64 {
		n, _ := attrs[name].(types.Int64)
		return n.ValueInt64()
	}
	return placement.Assignment{
		VM:              text("vm"),
		Workload:        text("workload"),
		Service:         psn.ServiceID(text("service_id")),
		Classification:  psn.Classification(text("classification")),
		Site:            psn.Site(text("site")),
		Region:          psn.Region(text("region")),
		Platform:        psn.Platform(text("platform")),
		Cluster:         text("cluster"),
		StandbySite:     psn.Site(text("standby_site")),
		StandbyRegion:   psn.Region(text("standby_region")),
		StandbyPlatform: psn.Platform(text("standby_platform")),
		StandbyCluster:  text("standby_cluster"),
		StandbyMode:     placement.StandbyMode(text("standby_mode")),
		Resources: psn.Resources{
			VCPUs: number("vcpus"), MemoryMiB: number("memory_gib") * mibPerGiB, StorageMiB: number("storage_gib") * mibPerGiB,
		},
	}
}

func optional(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
