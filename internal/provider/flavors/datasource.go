// Package flavors is data.psn_flavors: the sizes a site offers, in one bulk
// read. It must not know a hypervisor.
package flavors

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type element struct {
	Ref       types.String      `tfsdk:"ref"`
	Name      types.String      `tfsdk:"name"`
	VCPUs     types.Int64       `tfsdk:"vcpus"`
	MemoryMiB types.Int64       `tfsdk:"memory_mib"`
	DiskGiB   types.Int64       `tfsdk:"disk_gib"`
	Public    types.Bool        `tfsdk:"public"`
	Tenants   []string          `tfsdk:"tenants"`
	Extra     map[string]string `tfsdk:"extra"`
}

// New returns the data source.
func New() datasource.DataSource {
	return located.NewListing(located.Listing[driver.Flavor, element]{
		Name: "flavors", Element: "Sizes, by virtual CPUs, memory, then name.", Notion: driver.NotionFlavor,
		Doc: "Sizes that a site offers, and no others, in one bulk read. OpenStack only: on vSphere every size can be had.",
		Item: map[string]schema.Attribute{
			"ref":        located.Text("The platform's own id of it."),
			"name":       located.Text("Name."),
			"vcpus":      located.Number("Virtual CPUs."),
			"memory_mib": located.Number("Memory in MiB."),
			"disk_gib":   located.Number("Disk on the host in GiB; 0 for machines that boot from a volume."),
			"public":     located.Yes("Whether every tenant may use it."),
			"tenants":    schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Tenants that may use one that is not public."},
			"extra":      schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "The platform's extra specifications."},
		},
		Read: func(ctx context.Context, at *platform.Site) ([]driver.Flavor, error) { return at.Flavors(ctx) },
		Tenant: func(f driver.Flavor, t psn.TenantID) bool {
			return f.Public || slices.Contains(f.Tenants, t)
		},
		Flatten: func(f driver.Flavor) element {
			return element{
				Ref: types.StringValue(f.Ref), Name: types.StringValue(f.Name), VCPUs: types.Int64Value(f.VCPUs),
				MemoryMiB: types.Int64Value(f.MemoryMiB), DiskGiB: types.Int64Value(f.DiskGiB),
				Public: types.BoolValue(f.Public), Tenants: located.Names(f.Tenants), Extra: f.Extra,
			}
		},
	})
}
