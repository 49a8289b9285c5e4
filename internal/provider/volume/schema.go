package volume

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// maxGiB is the largest virtual disk of vSphere (62 TiB), the smaller limit of
// the two platforms.
const maxGiB = 62 * 1024

// Schema implements located.Object.
func (volume) Schema() schema.Schema {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	return schema.Schema{
		MarkdownDescription: "A disk of a tenant with a life of its own: it outlives the machines it is given to. It grows in place and never shrinks.",
		Attributes: map[string]schema.Attribute{
			"size_gib": schema.Int64Attribute{
				Required: true, MarkdownDescription: "Size in GiB. It may grow, in place; the guest's partitions and file systems do not grow by it. Some storage of OpenStack (NFS, for example) cannot grow a volume that a machine has: then it is refused, in words, until the volume is taken off.",
				Validators: []validator.Int64{int64validator.Between(1, maxGiB)},
			},
			"storage_class": schema.StringAttribute{
				Optional: true, Computed: true, Validators: given,
				MarkdownDescription: "Volume type or datastore, one of `data.psn_storage_classes`. Default: chosen by the platform. Where the platform moves it later is left to it. Another one asked for replaces the volume: what is on it is lost.",
			},
			"zone": schema.StringAttribute{
				Optional: true, Computed: true, Validators: given,
				MarkdownDescription: "Cluster from which it must be reachable. Default: any. Another one replaces the volume: what is on it is lost.",
			},
			"image": schema.StringAttribute{
				Optional: true, Validators: given,
				MarkdownDescription: "Name or reference of the image it starts from. Default: empty. Another one replaces the volume: what is on it is lost.",
			},
			"attached_to": schema.StringAttribute{
				Optional: true, Validators: given,
				MarkdownDescription: "Id of the machine that has it, of the same tenant, site and platform, for example `psn_virtual_machine.db.id`. Default: none. Changed in place.",
			},
		},
	}
}
