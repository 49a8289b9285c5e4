// Package storageclasses is data.psn_storage_classes: what disks of a site can
// be made of, in one bulk read. It must not know a hypervisor.
package storageclasses

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/located"
)

type element struct {
	Name        types.String `tfsdk:"name"`
	Clusters    []string     `tfsdk:"clusters"`
	CapacityMiB types.Int64  `tfsdk:"capacity_mib"`
	FreeMiB     types.Int64  `tfsdk:"free_mib"`
	Default     types.Bool   `tfsdk:"default"`
}

// New returns the data source.
func New() datasource.DataSource {
	return located.NewListing(located.Listing[driver.StorageClass, element]{
		Name: "storage_classes", Element: "Kinds of storage, by name.",
		Doc: "Kinds of storage that disks and volumes of a site can be made of (datastores, volume types), in one bulk read.",
		Item: map[string]schema.Attribute{
			"name":         located.Text("Name, as `storage_class` takes it."),
			"clusters":     schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Clusters it can be reached from."},
			"capacity_mib": located.Number("Capacity in MiB; null when the platform does not tell."),
			"free_mib":     located.Number("What is free, in MiB; null when the platform does not tell."),
			"default":      located.Yes("Whether it is taken when none is asked for."),
		},
		Read: func(ctx context.Context, at *platform.Site) ([]driver.StorageClass, error) {
			return at.StorageClasses(ctx)
		},
		Flatten: func(c driver.StorageClass) element {
			return element{
				Name: types.StringValue(c.Name), Clusters: append([]string{}, c.Clusters...),
				CapacityMiB: told(c.CapacityMiB), FreeMiB: told(c.FreeMiB), Default: types.BoolValue(c.Default),
			}
		},
	})
}

func told(n int64) types.Int64 {
	if n < 0 {
		return types.Int64Null()
	}
	return types.Int64Value(n)
}
