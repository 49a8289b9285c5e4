package inventory

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Named is what a cluster has beside vCPUs, memory and storage.
type Named struct {
	Site           psn.Site
	Platform       psn.Platform
	Cluster        string
	GPUs           int64
	StorageClasses map[string]int64 // MiB by name
}

// ExpandNamed reads the GPUs and kinds of storage of every cluster of a wholly
// known list, in its order; what is null is left out. Amounts are not judged.
func ExpandNamed(ctx context.Context, list types.List) ([]Named, diag.Diagnostics) {
	var models []SiteModel
	diags := list.ElementsAs(ctx, &models, false)
	var out []Named
	for _, s := range models {
		for _, c := range s.Clusters {
			n := Named{
				Site: psn.Site(s.Site.ValueString()), Platform: psn.Platform(s.Platform.ValueString()), Cluster: c.Name.ValueString(),
				GPUs: c.GPUs.ValueInt64(),
			}
			for name, v := range c.Classes.Elements() {
				if mib, ok := v.(types.Int64); ok && !mib.IsNull() {
					if n.StorageClasses == nil {
						n.StorageClasses = map[string]int64{}
					}
					n.StorageClasses[name] = mib.ValueInt64()
				}
			}
			out = append(out, n)
		}
	}
	return out, diags
}
