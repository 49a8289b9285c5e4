package inventory

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// SiteModel is one site on one platform as Terraform sees it. Machines are left
// out: a decision needs what is committed, not by whom in detail.
type SiteModel struct {
	Site      types.String   `tfsdk:"site"`
	Platform  types.String   `tfsdk:"platform"`
	Reachable types.Bool     `tfsdk:"reachable"`
	Error     types.String   `tfsdk:"error"`
	Clusters  []ClusterModel `tfsdk:"clusters"`
}

// ClusterModel is a cluster and what stands on it. Sizes are in MiB, so that
// nothing is rounded between what was read and what was decided on.
type ClusterModel struct {
	Name        types.String      `tfsdk:"name"`
	VCPUs       types.Int64       `tfsdk:"vcpus"`
	MemoryMiB   types.Int64       `tfsdk:"memory_mib"`
	StorageMiB  types.Int64       `tfsdk:"storage_mib"`
	GPUs        types.Int64       `tfsdk:"gpus"`
	Classes     types.Map         `tfsdk:"storage_classes"` // of types.Int64, in MiB
	Commitments []CommitmentModel `tfsdk:"commitments"`
}

// CommitmentModel is capacity that a tenant holds on a cluster.
type CommitmentModel struct {
	Tenant     types.String `tfsdk:"tenant"`
	Service    types.String `tfsdk:"service"`
	ForSite    types.String `tfsdk:"for_site"`
	VCPUs      types.Int64  `tfsdk:"vcpus"`
	MemoryMiB  types.Int64  `tfsdk:"memory_mib"`
	StorageMiB types.Int64  `tfsdk:"storage_mib"`
}

var commitmentType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"tenant": types.StringType, "service": types.StringType, "for_site": types.StringType,
	"vcpus": types.Int64Type, "memory_mib": types.Int64Type, "storage_mib": types.Int64Type,
}}

var clusterType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"name":  types.StringType,
	"vcpus": types.Int64Type, "memory_mib": types.Int64Type, "storage_mib": types.Int64Type,
	"gpus": types.Int64Type, "storage_classes": types.MapType{ElemType: types.Int64Type},
	"commitments": types.ListType{ElemType: commitmentType},
}}

// SiteType is the object type of one element of "sites".
var SiteType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"site": types.StringType, "platform": types.StringType,
	"reachable": types.BoolType, "error": types.StringType,
	"clusters": types.ListType{ElemType: clusterType},
}}

// Flatten returns the sites in the order of the inventory.
func Flatten(inv psn.Inventory) []SiteModel {
	out := make([]SiteModel, len(inv.Sites))
	for i, s := range inv.Sites {
		m := SiteModel{
			Site:      types.StringValue(string(s.Site)),
			Platform:  types.StringValue(string(s.Platform)),
			Reachable: types.BoolValue(s.Reachable()),
			Error:     optional(s.Error),
			Clusters:  make([]ClusterModel, len(s.Clusters)),
		}
		for j, c := range s.Clusters {
			m.Clusters[j] = flattenCluster(c)
		}
		out[i] = m
	}
	return out
}

func flattenCluster(c psn.Cluster) ClusterModel {
	m := ClusterModel{
		Name:        types.StringValue(c.Name),
		VCPUs:       types.Int64Value(c.Capacity.VCPUs),
		MemoryMiB:   types.Int64Value(c.Capacity.MemoryMiB),
		StorageMiB:  types.Int64Value(c.Capacity.StorageMiB),
		GPUs:        types.Int64Null(), // no platform tells them
		Classes:     types.MapNull(types.Int64Type),
		Commitments: make([]CommitmentModel, len(c.Commitments)),
	}
	for i, k := range c.Commitments {
		m.Commitments[i] = CommitmentModel{
			Tenant:     optional(string(k.Tenant)),
			Service:    optional(string(k.Service)),
			ForSite:    optional(string(k.ForSite)),
			VCPUs:      types.Int64Value(k.Resources.VCPUs),
			MemoryMiB:  types.Int64Value(k.Resources.MemoryMiB),
			StorageMiB: types.Int64Value(k.Resources.StorageMiB),
		}
	}
	return m
}

func optional(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

// Expand is the inverse of Flatten for a wholly known list. A site that is not
// one of the four, a platform that does not exist and a negative capacity are
// refused.
func Expand(ctx context.Context, list types.List) ([]psn.SiteInventory, diag.Diagnostics) {
	var models []SiteModel
	diags := list.ElementsAs(ctx, &models, false)
	if diags.HasError() {
		return nil, diags
	}
	out := make([]psn.SiteInventory, 0, len(models))
	for _, m := range models {
		s, err := expandSite(m)
		if err != nil {
			diags.AddError("Unable to read the inventory given", err.Error())
			continue
		}
		out = append(out, s)
	}
	return out, diags
}

func expandSite(m SiteModel) (psn.SiteInventory, error) {
	site, err := psn.ParseSite(m.Site.ValueString())
	if err != nil {
		return psn.SiteInventory{}, err
	}
	platform, err := psn.ParsePlatform(m.Platform.ValueString())
	if err != nil {
		return psn.SiteInventory{}, psn.At("site "+string(site), err)
	}
	s := psn.SiteInventory{Site: site, Platform: platform, Error: m.Error.ValueString()}
	if !m.Reachable.ValueBool() && s.Error == "" {
		s.Error = "the site did not answer"
	}
	for _, c := range m.Clusters {
		cluster := psn.Cluster{Name: c.Name.ValueString(), Capacity: psn.Resources{
			VCPUs: c.VCPUs.ValueInt64(), MemoryMiB: c.MemoryMiB.ValueInt64(), StorageMiB: c.StorageMiB.ValueInt64(),
		}}
		if r := cluster.Capacity; r.VCPUs < 0 || r.MemoryMiB < 0 || r.StorageMiB < 0 {
			return s, psn.Errorf(psn.InvalidInput, "cluster %q of site %q has a negative capacity", cluster.Name, site)
		}
		for _, k := range c.Commitments {
			cluster.Commitments = append(cluster.Commitments, psn.Commitment{
				Tenant:  psn.TenantID(k.Tenant.ValueString()),
				Service: psn.ServiceID(k.Service.ValueString()),
				ForSite: psn.Site(k.ForSite.ValueString()),
				Resources: psn.Resources{
					VCPUs: k.VCPUs.ValueInt64(), MemoryMiB: k.MemoryMiB.ValueInt64(), StorageMiB: k.StorageMiB.ValueInt64(),
				},
			})
		}
		s.Clusters = append(s.Clusters, cluster)
	}
	return s, nil
}
